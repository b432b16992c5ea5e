//! Whatever is sent, the answer is one of those that clients know, and what is refused leaves nothing behind.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tidegate_testkit::{Kind, TestDb};

use crate::gate::TABLES;
use crate::web::Web;

#[path = "bodies/body.rs"]
mod body;
#[path = "bodies/import.rs"]
mod import;
#[path = "bodies/query.rs"]
mod query;

/// JSON that has the form of a body, with anything in it.
fn bodies() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,25}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#""\ud800""#.to_owned()),
        Just(r#""\u0000""#.to_owned()),
        Just(r#""FAILED""#.to_owned()),
    ];
    let value = scalar.prop_recursive(4, 24, 4, |inner| {
        let key =
            prop_oneof![any::<String>(), Just("name".to_owned()), Just("uuid".to_owned()), Just("item".to_owned())];
        let field = (key, inner.clone()).prop_map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key)));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(","))),
        ]
    });
    let names =
        ["outcome", "testcase", "groups", "note", "ref_url", "submit_time", "data", "id", "ci_email", "_auth_token"];
    let field = (prop::sample::select(names.to_vec()), value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let object = prop::collection::vec(field, 0..8).prop_map(|fields| format!("{{{}}}", fields.join(",")));
    prop_oneof![8 => object, 1 => any::<String>(), 1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())]
}

fn queries() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "outcome",
        "testcases",
        "testcases:like",
        "groups",
        "since",
        "_sort",
        "_distinct_on",
        "page",
        "limit",
        "_cursor",
        "item",
        "item:like",
        "item:x",
        "callback",
        "a%00",
        "uuid",
        "description",
        "name:like",
        "%FF",
    ]);
    let value = prop_oneof!["[a-z0-9,:*%+. -]{0,20}", any::<String>().prop_map(|text| text.replace('&', ""))];
    let pairs = prop::collection::vec((name, value), 0..5);
    pairs.prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

proptest! {
    #[test]
    fn a_body_is_taken_or_refused_in_json(body in bodies()) {
        body::run(body.as_bytes());
    }

    #[test]
    fn any_bytes_are_taken_or_refused_as_a_body(data in any::<Vec<u8>>()) {
        body::run(&data);
    }

    #[test]
    fn a_query_is_read_or_refused(query in queries()) {
        query::run(query.as_bytes());
    }

    #[test]
    fn a_cursor_is_read_or_refused(text in "[-0-9]{0,20}[.]?[-0-9]{0,20}") {
        query::run(text.as_bytes());
    }

    #[test]
    fn a_stream_is_read_or_refused(data in any::<Vec<u8>>()) {
        import::run(&data);
    }
}

/// The same through HTTP and into the stores: no answer is a fault of ours.
fn no_fault_on(kind: Kind, cases: usize) {
    TestDb::on(kind, TABLES, async |t| {
        let web = Web::with(t, |gate| gate.open_writes = true).await;
        let mut runner = TestRunner::default();
        for _ in 0..cases {
            let body = bodies().new_tree(&mut runner).expect("a body").current();
            for path in
                ["/api/v2.0/results", "/api/v2.0/groups", "/api/v2.0/testcases", "/api/v3/results/redhat-modules"]
            {
                let answer = web.post(path, body.clone()).await;
                assert!(answer.status.as_u16() < 500, "{path} {body:?}: {}", answer.text);
            }
            let query = queries().new_tree(&mut runner).expect("a query").current();
            for path in
                ["results", "results/latest", "groups", "testcases", "results/x", "testcases/a%00b", "groups/%FF"]
            {
                let request = Request::get(format!("/resultsdb/api/v2.0/{path}?{query}"));
                let Ok(request) = request.body(Body::empty()) else { continue };
                let answer = web.send(request).await;
                assert!(answer.status.as_u16() < 500, "{path}?{query:?}: {}", answer.text);
            }
        }
    });
}

#[test]
fn no_request_is_a_fault_on_sqlite() {
    no_fault_on(Kind::Sqlite, 60);
}

#[test]
fn no_request_is_a_fault_on_postgres() {
    no_fault_on(Kind::Postgres, 60);
}
