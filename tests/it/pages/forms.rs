//! What forms post, and what is refused: as text, since no page of ours would send it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::Site;
use crate::serve::{House, both};

type Headers<'h> = &'h [(&'h str, &'h str)];

/// Status, headers and body.
struct Answered {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Posts a form with these headers.
fn post(at: &str, path: &str, headers: Headers<'_>, form: &str) -> Answered {
    let mut stream = TcpStream::connect(at).expect("the service listens");
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    let length = form.len().to_string();
    let kind = "content-type: application/x-www-form-urlencoded\r\ncontent-length: ";
    request.extend([kind, &length, "\r\n\r\n", form]);
    stream.write_all(request.as_bytes()).expect("the service reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the service answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answered { status, headers: head.lines().filter_map(header).collect(), body: body.to_owned() }
}

/// Cookie and token of a session of the admin.
fn log_in(site: &Site) -> (String, String) {
    let at = &site.service.at;
    let ours = format!("http://{at}");
    let entered = post(at, "/login", &[("origin", &ours)], "name=ann&password=spring+tide&then=/account");
    assert_eq!((entered.status, entered.headers["location"].as_str()), (303, "/account"), "{}", entered.body);
    let cookie = entered.headers["set-cookie"].split(';').next().unwrap_or_default().to_owned();
    let me = site.service.ask("GET", "/api/v1/platform/me", &[("cookie", &cookie)], None).expect("it answers").1;
    (cookie, me["csrf_token"].as_str().expect("a session has one").to_owned())
}

#[test]
fn a_form_of_another_origin_is_refused_and_leaves_nothing() {
    both(|house| {
        let site = Site::open(house);
        let at = site.service.at.clone();
        let ours = format!("http://{at}");
        let (cookie, csrf) = log_in(&site);
        let good = format!("name=crew&csrf_token={csrf}");
        let refused: [(_, Headers<'_>, _); 5] = [
            ("another origin", &[("cookie", &cookie), ("origin", "https://evil.example")], good.as_str()),
            ("no origin", &[("cookie", &cookie)], good.as_str()),
            ("no token", &[("cookie", &cookie), ("origin", &ours)], "name=crew"),
            ("a wrong token", &[("cookie", &cookie), ("origin", &ours)], "name=crew&csrf_token=x"),
            ("a login from elsewhere", &[("origin", "https://evil.example")], good.as_str()),
        ];
        for (why, headers, form) in refused {
            let answered = post(&at, "/admin/teams", headers, form);
            assert_eq!(answered.status, 403, "{why}: {}", answered.body);
            assert!(answered.body.contains("platform.csrf"), "{why}");
        }
        let admin = format!("Bearer {}", site.token);
        let teams = || site.service.ask("GET", "/api/v1/platform/teams", &[("authorization", &admin)], None);
        assert_eq!(teams().expect("it answers").1["items"], Value::Array(vec![]));

        let made = post(&at, "/admin/teams", &[("cookie", &cookie), ("origin", &ours)], &(good + "&then=/admin/teams"));
        assert_eq!((made.status, made.headers["location"].as_str()), (303, "/admin/teams"));
        assert_eq!(teams().expect("it answers").1["items"][0]["name"], "crew");
        let writes = site.service.ask("GET", "/api/v1/platform/writes", &[("authorization", &admin)], None);
        let write = writes.expect("it answers").1["items"][0].clone();
        let by = (write["via"].as_str(), write["object"].as_str(), write["actor"]["name"].as_str());
        assert_eq!(by, (Some("page"), Some("team:crew"), Some("ann")));
        site.end();
    });
}

#[test]
fn a_form_says_all_that_is_wrong_with_it_and_leads_back() {
    let house = House::sqlite();
    let site = Site::open(&house);
    let at = site.service.at.clone();
    let ours = format!("http://{at}");
    let (cookie, csrf) = log_in(&site);
    let headers = [("cookie", cookie.as_str()), ("origin", ours.as_str())];
    let form = format!("name=a+b&password=short&mail=x&csrf_token={csrf}&then=/admin/users");
    let answered = post(&at, "/admin/users", &headers, &form);
    assert_eq!(answered.status, 400);
    for part in ["/body/name", "/body/password", "/body/mail", "<a href=\"/admin/users\">Back to the page</a>"] {
        assert!(answered.body.contains(part), "{part}: {}", answered.body);
    }
    let away = post(&at, "/login", &[("origin", &ours)], "name=ann&password=spring+tide&then=//evil.example");
    assert_eq!((away.status, away.headers["location"].as_str()), (303, "/"));
    let wrong = post(&at, "/login", &[("origin", &ours)], "name=a%22b&password=x&then=/ops");
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("Name or password is wrong.") && wrong.body.contains("value=\"a&#34;b\""));
    let without = post(&at, "/ops/jobs/platform.relay/pause", &[("origin", &ours)], "reason=fog&then=/ops");
    assert_eq!(without.status, 401);
    assert!(
        without.body.contains("name=\"then\" value=\"/ops\""),
        "after the login the page is shown, not the form sent"
    );
    site.end();
}

#[test]
fn a_new_password_ends_all_sessions_but_the_one_that_asked() {
    both(|house| {
        let site = Site::open(house);
        let at = site.service.at.clone();
        let ours = format!("http://{at}");
        let (other, _) = log_in(&site);
        let (cookie, csrf) = log_in(&site);
        let headers = [("cookie", cookie.as_str()), ("origin", ours.as_str())];
        let change = |current: &str| {
            let form = format!("current={current}&password=neap+tide+too&csrf_token={csrf}&then=/account");
            post(&at, "/account/password", &headers, &form)
        };
        let refused = change("wrong");
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains("this is not your password"), "{}", refused.body);
        let changed = change("spring+tide");
        assert_eq!(changed.status, 303, "{}", changed.body);
        let fresh = changed.headers["set-cookie"].split(';').next().unwrap_or_default().to_owned();
        let user = |cookie: &str| {
            let me = site.service.ask("GET", "/api/v1/platform/me", &[("cookie", cookie)], None);
            me.expect("it answers").1["user"].clone()
        };
        assert_eq!(user(&fresh), "ann");
        assert_eq!((user(&cookie), user(&other)), (Value::Null, Value::Null));
        site.end();
    });
}
