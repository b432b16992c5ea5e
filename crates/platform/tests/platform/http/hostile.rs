//! Whatever is sent to whichever route, it is answered, and no answer is a fault of ours.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use tidegate_platform::http::{Platform, RouteLine, Routes, platform_routes};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::watch;

use super::{HAUL, Service, settings};
use crate::auth::auth;
use crate::wake::PLATFORM;

#[path = "../bodies/parameters.rs"]
mod parameters;

proptest! {
    #[test]
    fn any_query_is_read_or_refused(query in queries()) {
        parameters::run(query.as_bytes());
    }

    #[test]
    fn any_bytes_are_no_cursor_with_a_zero(data in any::<Vec<u8>>()) {
        use base64::Engine as _;
        parameters::run(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&data).as_bytes());
        parameters::run(&data);
    }
}

/// Cursors that were made of something near to a key.
fn cursor() -> impl Strategy<Value = String> {
    use base64::Engine as _;
    let json = prop_oneof![
        Just(r#"["a\u0000",1]"#.to_owned()),
        Just(r#""\u0000""#.to_owned()),
        Just("[9223372036854775807,\"\"]".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("9223372036854775808".to_owned()),
        any::<(String, i64)>().prop_map(|key| serde_json::to_string(&key).expect("it has a JSON form")),
        any::<String>().prop_map(|key| serde_json::to_string(&key).expect("it has a JSON form")),
        any::<i64>().prop_map(|key| key.to_string()),
    ];
    json.prop_map(|json| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json))
}

fn queries() -> impl Strategy<Value = String> {
    let names =
        ["limit", "cursor", "order", "topic", "subject", "gate", "after", "sink", "state", "object", "q", "%00", "é"];
    let value = prop_oneof![
        cursor(),
        "[0-9]{1,20}",
        Just("-24h".to_owned()),
        Just("9999999999999999999999h".to_owned()),
        any::<String>().prop_map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect()),
    ];
    let pairs = prop::collection::vec((prop::sample::select(names.to_vec()), value), 0..4);
    pairs.prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let names = [
        "authorization",
        "cookie",
        "origin",
        "x-csrf-token",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "content-encoding",
        "content-type",
        "accept",
        "last-event-id",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "access-control-request-method",
        "user-agent",
        "sec-fetch-site",
    ];
    let value = prop_oneof![
        prop::collection::vec(prop_oneof![Just(b'\t'), 0x20..=0x7Eu8, 0x80..=0xFFu8], 0..60),
        prop::sample::select(vec![
            "Bearer tg_0",
            "Basic Og==",
            "tidegate_session=",
            "gzip",
            "application/json",
            "text/event-stream",
            "\"1\"",
            "W/\"1\"",
            "1, 2, ::1",
            "99999999999999999999",
            "null",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((prop::sample::select(names.to_vec()), value), 0..5)
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just(r#""\u0000""#.to_owned()),
        Just(r#""\ud800""#.to_owned()),
        Just("1e400".to_owned()),
        Just("{}".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<Vec<String>>().prop_map(|texts| serde_json::Value::from(texts).to_string()),
    ];
    let names = [
        "name",
        "title",
        "mail",
        "password",
        "version",
        "state",
        "team",
        "user",
        "role",
        "object",
        "only",
        "scopes",
        "expires_at",
        "reason",
        "sink",
        "token",
        "from",
        "to",
        "topic",
        "url",
        "topics",
        "evidence",
    ];
    let field = (prop::sample::select(names.to_vec()), value).prop_map(|(name, value)| format!("{name:?}:{value}"));
    let object = prop::collection::vec(field, 0..6).prop_map(|fields| format!("{{{}}}", fields.join(",")).into_bytes());
    prop_oneof![6 => object, 1 => any::<Vec<u8>>()]
}

/// What stands in the place of a name in a path.
fn names() -> impl Strategy<Value = String> {
    let text = any::<String>()
        .prop_map(|text| percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string());
    prop_oneof![Just("1".to_owned()), Just("%00".to_owned()), Just("%FF".to_owned()), Just("9".repeat(30)), text]
}

fn no_fault_on(kind: Kind, cases: usize) {
    TestDb::on(kind, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let stopping = watch::channel(false).1;
        let platform = Platform::new(t.db.clone(), auth(&t.db), settings(), vec![HAUL.as_str()], stopping);
        let lines = platform_routes(platform, Routes::new()).lines();
        let mut runner = TestRunner::default();
        let mut any = async |line: &RouteLine| {
            let name = names().new_tree(&mut runner).expect("a name").current();
            let parts = line.path.split('/').map(|part| if part.starts_with('{') { name.as_str() } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let query = queries().new_tree(&mut runner).expect("a query").current();
            let method = line.method.parse::<Method>().expect("it is a method");
            let mut request = service.request(method, &format!("{path}?{query}"));
            let mut as_admin = true;
            for (header, value) in headers().new_tree(&mut runner).expect("headers").current() {
                as_admin &= header != "authorization";
                let Ok(value) = reqwest::header::HeaderValue::from_bytes(&value) else { continue };
                request = request.header(header, value);
            }
            if as_admin {
                request = request.bearer_auth(&service.admin);
            }
            if line.method != "GET" {
                let body = bodies().new_tree(&mut runner).expect("a body").current();
                request = request.header("content-type", "application/json").body(body);
            }
            let shown = format!("{request:?}");
            // one whose end nobody waits for
            let response = request.send().await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert!(response.status().as_u16() < 500, "{}: {shown}", response.status());
        };
        for _ in 0..cases {
            for line in &lines {
                // who logs out ends the test
                if !line.path.ends_with("/session") {
                    any(line).await;
                }
            }
        }
        service.end().await;
    });
}

#[test]
fn no_request_is_a_fault_on_sqlite() {
    no_fault_on(Kind::Sqlite, 10);
}

#[test]
fn no_request_is_a_fault_on_postgres() {
    no_fault_on(Kind::Postgres, 10);
}
