//! The store fails, and the service does what can be done.

use std::io::Read as _;
use std::process::Command;
use std::sync::mpsc;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tidegate_testkit::OwnPostgres;

use super::{House, Service, run, send};

const RESULTS: &str = "/resultsdb/api/v2.0/results";

fn result(number: usize) -> Value {
    json!({"testcase": "t", "outcome": "PASSED", "data": {"item": format!("a-{number}")}})
}

/// The head of the answer to a result that is posted under its own key; empty where the connection broke off.
fn post(at: &str, token: &str, number: usize) -> String {
    let key = format!("k{number}");
    let headers = [("authorization", token), ("idempotency-key", key.as_str())];
    let mut text = String::new();
    if let Some(mut stream) = send(at, "POST", RESULTS, &headers, Some(&result(number))) {
        let _ = stream.read_to_string(&mut text);
    }
    text.split("\r\n\r\n").next().unwrap_or_default().to_lowercase()
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// What is answered there. Whoever gets a connection that was cut off is told to come again, and does.
fn answered(service: &Service, path: &str) -> Value {
    loop {
        match service.ask("GET", path, &[], None).expect("it answers") {
            (200, answer) => return answer,
            (status, answer) => assert_eq!(status, 503, "{answer}"),
        }
    }
}

/// The items of all stored results, and of the messages about them, sorted.
fn stored_and_told(service: &Service) -> (Vec<String>, Vec<String>) {
    let sorted = |mut items: Vec<String>| {
        items.sort();
        items
    };
    let list = answered(service, &format!("{RESULTS}?limit=1000"));
    let items = list["data"].as_array().expect("a list").iter().map(|one| &one["data"]["item"][0]);
    let stored = sorted(items.map(|item| item.as_str().expect("a text").to_owned()).collect());
    loop {
        let path = "/api/v1/events?topic=resultsdb.result.new&limit=500";
        let told = answered(service, path);
        let told = told["items"].as_array().expect("a list").iter();
        let told = told.map(|one| one["message"]["body"]["data"]["item"][0].as_str().expect("a text").to_owned());
        let told = sorted(told.collect());
        // what is committed becomes visible by and by
        if told.len() >= stored.len() {
            return (stored, told);
        }
    }
}

/// PostgreSQL is restarted while results are posted: who asks meanwhile is told to come again, and nothing is stored or
/// told twice.
#[test]
fn a_restart_of_postgresql_is_waited_for() {
    let Some(server) = OwnPostgres::start(&[]) else { return };
    let mut service = House::with_store(&server.url()).serve(&[]);
    let token = format!("Bearer {}", service.set_up());
    let (at, bearer) = (service.at.clone(), token.clone());
    let (tell, heads) = mpsc::channel();
    let client = std::thread::spawn(move || {
        for number in 0..60 {
            loop {
                let head = post(&at, &bearer, number);
                let done = status(&head);
                // who asks no more goes on all the same
                let _ = tell.send((number, head));
                if done == 201 {
                    break;
                }
            }
        }
    });
    for stop_at in [10, 30] {
        while heads.recv().expect("the client goes on").0 < stop_at {}
        server.stop();
        let refused = heads.iter().map(|(_, head)| head).find(|head| status(head) != 201).expect("it is refused");
        assert_eq!(status(&refused), 503, "{refused}");
        assert!(refused.contains("retry-after: "), "{refused}");
        assert_eq!(service.ask("GET", "/readyz", &[], None).map(|(status, _)| status), Some(503));
        assert_eq!(service.ask("GET", "/healthz", &[], None).map(|(status, _)| status), Some(200));
        server.start_again(&[]);
    }
    for (_, head) in heads {
        assert!(matches!(status(&head), 201 | 503), "{head}");
    }
    client.join().expect("the client ends");
    let mut expected: Vec<_> = (0..60).map(|number| format!("a-{number}")).collect();
    expected.sort();
    assert_eq!(stored_and_told(&service), (expected.clone(), expected));
    assert!(service.stop().0.success());
}

/// No byte can be written any more: writes are refused for now, reads go on, and it is over when there is room.
#[test]
fn a_full_disk_refuses_writes_for_now() {
    let house = House::sqlite();
    let plain = house.command(&["serve", "--port", "0"]);
    let mut command = Command::new("sh");
    // the limit is to be an error, as a full disk is, and not a signal
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.current_dir(house.folder.path()).stdin(std::process::Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut service = House::serve_by(command, &[]);
    let token = format!("Bearer {}", service.set_up());
    let limit = |bytes: &str| {
        let pid = service.id().to_string();
        let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(limited.expect("prlimit is there").success());
    };
    assert_eq!(status(&post(&service.at, &token, 0)), 201);
    limit("1");
    for number in 1..5 {
        let head = post(&service.at, &token, number);
        assert_eq!(status(&head), 503, "{head}\n{}", service.says());
        assert!(head.contains("retry-after: "), "{head}");
        let (read, list) = service.ask("GET", RESULTS, &[], None).expect("it answers");
        assert_eq!((read, list["data"].as_array().map(Vec::len)), (200, Some(1)));
    }
    let blockers = |path: &str| {
        let (_, list) = service.ask("GET", path, &[], None).expect("it answers");
        let code = |item: &Value| item["code"].as_str().expect("a code").to_owned();
        list["items"].as_array().expect("a list").iter().map(code).collect::<Vec<_>>()
    };
    assert_eq!(blockers("/api/v1/blockers?gate=platform"), ["platform.disk-full"]);
    limit("unlimited");
    for number in 1..5 {
        assert_eq!(status(&post(&service.at, &token, number)), 201);
    }
    let expected: Vec<_> = (0..5).map(|number| format!("a-{number}")).collect();
    assert_eq!(stored_and_told(&service), (expected.clone(), expected));
    assert_eq!(blockers("/api/v1/blockers?gate=platform"), Vec::<String>::new());
    assert_eq!(blockers("/api/v1/blockers/history?gate=platform"), ["platform.disk-full"], "that it was so is kept");
    assert!(service.stop().0.success());
}

/// A store with a few results, of a service that has ended.
fn left_behind() -> House {
    let house = House::sqlite();
    let mut service = house.serve(&[]);
    let token = format!("Bearer {}", service.set_up());
    for number in 0..20 {
        assert_eq!(status(&post(&service.at, &token, number)), 201);
    }
    assert!(service.stop().0.success());
    house
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let house = left_behind();
    let path = house.folder.path().join("data/tidegate.sqlite");
    let whole = std::fs::read(&path).unwrap();
    let spoilt = |range: std::ops::Range<usize>| {
        let mut bytes = whole.clone();
        bytes[range].fill(0xA5);
        bytes
    };
    // the first page, and the middle of the file
    for range in [0..100, whole.len() / 2..whole.len() / 2 + 8_192] {
        let bytes = spoilt(range.clone());
        std::fs::write(&path, &bytes).unwrap();
        let (exit, answer, said) = run(house.command(&["serve", "--port", "0"]));
        assert_eq!((exit, answer.as_str()), (4, ""), "{range:?}: {said}");
        assert!(said.contains("tidegate.sqlite is damaged: "), "{said}");
        assert!(std::fs::read(&path).unwrap() == bytes, "it was written to: {range:?}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(house.serve(&[]).stop().0.success());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let house = House::sqlite();
    let mut command = house.command(&["serve", "--port", "0"]);
    command.env("TIDEGATE_STORE__URL", "sqlite:/sys/tidegate.sqlite");
    let (exit, _, said) = run(command);
    assert_eq!((exit, said.contains("/sys/tidegate.sqlite")), (2, true), "{said}");
}

#[test]
fn a_store_of_a_later_program_is_refused_with_both_versions() {
    let house = left_behind();
    let url = format!("sqlite:{}", house.folder.path().join("data/tidegate.sqlite").display());
    let later = "INSERT INTO platform_migration VALUES ('platform', 9999, 'later', 'x', 0)";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut beside = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(later).execute(&mut beside).await.unwrap();
        beside.close().await.unwrap();
    });
    let (exit, _, said) = run(house.command(&["serve", "--port", "0"]));
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("migration platform 9999 (later)") && said.contains("knows up to "), "{said}");
}

#[test]
fn a_server_that_is_away_at_the_start_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::with_store(&format!("postgres://postgres@localhost/postgres?host={}", folder.path().display()));
    let (exit, answer, said) = run(house.command(&["serve", "--port", "0"]));
    assert_eq!((exit, answer.as_str()), (3, ""), "{said}");
}
