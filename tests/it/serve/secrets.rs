//! No secret is in the log or in the store, whichever road it takes.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_platform::store::Place;
use tidegate_testkit::{Answer, Broker, Kind, TestDb, Web};

use super::{House, Service, send};

const PASSWORD: &str = "correct horse battery";
const WRONG: &str = "incorrect horse battery";
const NEXT: &str = "another horse entirely";
const HOOK: &str = "hook-secret-7f3a";
const HIDDEN: &str = "hidden-part-of-the-address";
const BUS: &str = "s3cr3t";
const MAIL: &str = "mail-secret-91bd";

/// Configures every road that has a secret.
fn furnish(house: &House, web: &Web) {
    let secret = |name: &str, text: &str| {
        let path = house.folder.path().join(name);
        std::fs::write(&path, format!("{text}\n")).expect("the folder can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        path.display().to_string()
    };
    let text = format!(
        "[log]\nlevel = \"trace\"\n\n[bus]\npassword_file = {:?}\n\n[mail]\nurl = \"smtp://robot@127.0.0.1:1\"\n\
         password_file = {:?}\n\n[hook.chat]\nurl = {:?}\ntopics = [\"*\"]\nsecret_file = {:?}\n",
        secret("bus", BUS),
        secret("mail", MAIL),
        web.url(HIDDEN),
        secret("hook", HOOK),
    );
    std::fs::write(house.folder.path().join("tidegate.toml"), text).expect("the folder can be written");
}

/// Sends it, with any body, and gives head and body of the answer.
fn asked(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (String, Value) {
    use std::io::Read as _;
    let mut stream = send(&service.at, method, path, headers, Some(body)).expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("it answers");
    (head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

/// Takes every road, and gives the secrets that were met on the way.
fn travel(service: &mut Service, web: &Web) -> Vec<String> {
    let setup = service.setup_token();
    let service = &*service;
    let ask =
        |method: &str, path: &str, headers: &[(&str, &str)], body: &Value| asked(service, method, path, headers, body);
    let (_, made) =
        ask("POST", "/api/v1/platform/setup", &[], &json!({"token": setup, "name": "ann", "password": PASSWORD}));
    let token = made["token"].as_str().expect("it is shown").to_owned();
    let log_in =
        |password: &str| ask("POST", "/api/v1/platform/session", &[], &json!({"name": "ann", "password": password}));
    log_in(WRONG);
    let (head, session) = log_in(PASSWORD);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: tidegate_session=")).expect("a session");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let csrf = session["csrf_token"].as_str().expect("it is shown").to_owned();

    let basic = STANDARD.encode(format!("ann:{token}"));
    let shown =
        [format!("Bearer {token}"), format!("token {token}"), format!("Basic {basic}"), format!("Bearer {token}0")];
    let origin = format!("http://{}", service.at);
    let with_cookie = format!("tidegate_session={cookie}");
    let by_page = [("cookie", with_cookie.as_str()), ("origin", origin.as_str()), ("x-csrf-token", csrf.as_str())];
    ask("POST", "/api/v1/platform/teams", &by_page, &json!({"name": "crew"}));
    ask("POST", "/api/v1/platform/teams", &by_page[..1], &json!({"name": "forged"}));
    for (number, shown) in shown.iter().enumerate() {
        let headers = [("authorization", shown.as_str())];
        ask("GET", "/api/v1/platform/me", &headers, &Value::Null);
        ask("POST", "/api/v1/platform/tokens", &headers, &json!({"name": format!("ci{number}"), "nmae": PASSWORD}));
        ask("POST", "/api/v1/platform/users", &headers, &json!({"name": format!("u{number}"), "password": NEXT}));
    }
    let bearer = [("authorization", shown[0].as_str()), ("idempotency-key", "k")];
    let (_, other) = ask("POST", "/api/v1/platform/tokens", &bearer, &json!({"name": "kept"}));
    let other = other["token"].as_str().expect("it is shown").to_owned();
    let result = json!({"_auth_token": other, "testcase": "t", "outcome": "FAILED", "data": {"item": "a-1-1"}});
    // what is no HTTP is worth a word where every word is kept
    let _ = TcpStream::connect(&service.at).and_then(|mut stream| stream.write_all(b"\x16\x03\x01\r\n\r\n"));
    let (head, _) = ask("POST", "/resultsdb/api/v2.0/results", &[], &result);
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let odd = json!({"_auth_token": other, "testcase": 1, "outcome": "odd"});
    ask("POST", "/resultsdb/api/v2.0/results", &[], &odd);
    ask("GET", &format!("/api/v1/platform/writes?token={token}"), &[], &Value::Null);

    // refused once and then taken; and refused for good by the bus
    while web.requests().len() < 2 {
        std::thread::yield_now();
    }
    loop {
        let (_, sinks) = ask("GET", "/api/v1/platform/sinks", &bearer[..1], &Value::Null);
        let sinks = sinks["items"].as_array().expect("a list");
        if sinks.iter().any(|sink| sink["name"] == "amqp" && (sink["error"].is_string() || sink["pending"] != 0)) {
            break;
        }
    }
    let fixed = [PASSWORD, WRONG, NEXT, HOOK, HIDDEN, BUS, MAIL].map(str::to_owned);
    let sasl = STANDARD.encode(format!("\0gate\0{BUS}"));
    [setup, token, other, cookie, csrf, basic, sasl].into_iter().chain(fixed).collect()
}

/// What the service said but for the line that shows the first admin the way.
fn log(said: &str) -> String {
    assert!(said.contains("\"level\":\"DEBUG\"") || said.contains("\"level\":\"TRACE\""), "it says more than usual");
    said.lines().filter(|line| !line.starts_with("setup: ")).collect::<Vec<_>>().join("\n")
}

fn told(house: &House, broker: &str) -> (Vec<String>, String) {
    let refused_once = AtomicUsize::new(0);
    let web =
        Web::start(move |_| Answer::status(if refused_once.fetch_add(1, Ordering::SeqCst) == 0 { 500 } else { 204 }));
    furnish(house, &web);
    let mut service = house.serve(&[("TIDEGATE_BUS__URL", broker)]);
    let secrets = travel(&mut service, &web);
    let (status, said) = service.stop();
    assert!(status.success(), "{said}");
    (secrets, log(&said))
}

#[test]
fn no_secret_is_in_the_log_or_in_the_store() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let Some(broker) = runtime.block_on(Broker::start()) else { return };
    // it may log in, and publish nowhere
    let url = broker.url_for("gate", "").replace(":@", "@");

    let house = House::sqlite();
    let (secrets, said) = told(&house, &url);
    let files = std::fs::read_dir(house.folder.path().join("data")).expect("it is there").flatten();
    let mut places = vec![("the log".to_owned(), said.into_bytes())];
    for file in files.filter(|file| file.path().is_file()) {
        places.push((file.file_name().display().to_string(), std::fs::read(file.path()).expect("it can be read")));
    }
    assert!(places.len() > 1, "there is a store");
    assert_in_none(&secrets, &places);

    TestDb::on(Kind::Postgres, &[], async |t| {
        let Place::Postgres(store) = &t.options().place else { unreachable!() };
        let (secrets, said) = told(&House::with_store(store), &url);
        let mut places = vec![("the log".to_owned(), said.into_bytes())];
        for table in t.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").await.concat() {
            let rows = t.rows(&format!("SELECT rows::text FROM {table} AS rows")).await;
            places.push((table, rows.concat().join("\n").into_bytes()));
        }
        assert!(places.len() > 10, "there are tables");
        assert_in_none(&secrets, &places);
    });
}

fn assert_in_none(secrets: &[String], places: &[(String, Vec<u8>)]) {
    for (place, bytes) in places {
        for secret in secrets {
            let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
            let around = |at: usize| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(200)..bytes.len().min(at + 200)]).into_owned()
            };
            assert_eq!(found.map(around), None, "{secret} is in {place}");
        }
    }
}
