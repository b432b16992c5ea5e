//! What existing test suites of ResultsDB are run through: the routes below `/test`.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tidegate_platform::fault::Fault;
use tidegate_platform::store::{StoreError, in_tx};
use tidegate_results::store;
use tidegate_testkit::TestDb;

use crate::gate::TABLES;
use crate::web::{Answer, Web};

/// The gate as test suites get it, on tables that may be emptied.
async fn rehearsal(t: &TestDb) -> (Web, Fault) {
    let allowed: Result<(), StoreError> = t.db.write("test", |tx| in_tx(store::allow_emptying(tx))).await;
    allowed.expect("the store takes it");
    let bus = Fault::default();
    let web = Web::of(t, |gate| gate.for_tests("testuser1", bus.clone())).await;
    (web, bus)
}

async fn ask(web: &Web, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "any.example.org");
    let request = request.header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    web.send(request.body(body).expect("a request")).await
}

async fn post(web: &Web, path: &str, body: Value) -> Answer {
    ask(web, Method::POST, path, Some(body)).await
}

async fn told(web: &Web, query: &str) -> Vec<Value> {
    let answer = ask(web, Method::GET, &format!("/test/messages{query}"), None).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"].as_bytes()),
        (StatusCode::OK, &&b"application/json"[..])
    );
    answer.json().as_array().expect("a list").clone()
}

fn result(item: &str) -> Value {
    json!({"outcome": "FAILED", "testcase": "t", "groups": ["g"], "data": {"item": item, "type": "koji_build"}})
}

const RESULTS: &str = "/resultsdb/api/v2.0/results";

#[test]
fn a_reset_leaves_a_store_as_new() {
    TestDb::both(TABLES, async |t| {
        let (web, bus) = rehearsal(t).await;
        for id in [1, 2] {
            let stored = post(&web, RESULTS, result("a-1-1")).await;
            assert_eq!((stored.status, &stored.json()["id"]), (StatusCode::CREATED, &json!(id)));
        }
        assert_eq!(told(&web, "").await.len(), 2);
        assert_eq!(told(&web, "?topic=results.result.changed").await.len(), 1);
        assert_eq!(ask(&web, Method::POST, "/test/messages/clear", None).await.text, "{}");
        assert_eq!(told(&web, "").await, Vec::<Value>::new());
        let third = post(&web, RESULTS, result("b-1-1")).await.json();
        assert_eq!(told(&web, "?topic=resultsdb.result.new").await[0]["id"], third["id"]);

        post(&web, "/test/fault", json!({"db": true, "bus": true})).await;
        let reset = ask(&web, Method::POST, "/test/reset", None).await;
        assert_eq!((reset.status, reset.text.as_str(), bus.is_on()), (StatusCode::OK, "{}", false));
        assert_eq!(told(&web, "").await, Vec::<Value>::new());
        for path in ["results", "testcases", "groups"] {
            assert_eq!(web.get(&format!("/api/v2.0/{path}")).await.json()["data"], json!([]), "{path}");
        }
        let again = post(&web, RESULTS, result("a-1-1")).await.json();
        assert_eq!(again["id"], 1);
        let changes = told(&web, "?topic=results.result.changed").await;
        assert_eq!((changes.len(), &changes[0]["announcement"]["seq"]), (1, &json!(1)), "the first again");
        assert_eq!(web.gate.changes().await.len(), 1);
    });
}

#[test]
fn a_store_with_what_somebody_needs_is_not_emptied() {
    TestDb::both(TABLES, async |t| {
        let web = Web::of(t, |gate| gate.for_tests("testuser1", Fault::default())).await;
        post(&web, RESULTS, result("a-1-1")).await;
        let refused = ask(&web, Method::POST, "/test/reset", None).await;
        assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::CONFLICT, &json!("results.not-for-tests")));
        assert_eq!(web.get("/api/v2.0/results").await.ids(), [1]);
    });
}

#[test]
fn without_a_token_a_suite_is_somebody() {
    TestDb::both(TABLES, async |t| {
        let (web, _) = rehearsal(t).await;
        let body = json!({"testcase": "dist.x", "outcome": "PASSED", "ci_name": "n", "ci_team": "t", "item": "a-1-1",
            "ci_docs": "https://d.example", "ci_email": "ci@d.example", "brew_task_id": 7});
        let submit = async || post(&web, "/resultsdb/api/v3/results/brew-builds", body.clone()).await;
        let sentence = "403 Forbidden: User testuser1 is not authorized to submit results for the test case dist.x";
        assert_eq!(submit().await.message(), (403, sentence.to_owned()));
        let entries = json!([{"name": "x", "maintainers": [], "testcases": ["dist.*"], "users": ["testuser1"]}]);
        for method in [Method::POST, Method::PUT] {
            let taken = ask(&web, method, "/test/config", Some(json!({"PERMISSIONS": entries}))).await;
            assert_eq!((taken.status, taken.text.as_str()), (StatusCode::OK, "{}"));
        }
        assert_eq!(web.get("/api/v3/permissions").await.json(), entries);
        let stored = submit().await;
        assert_eq!((stored.status, &stored.json()["data"]["username"]), (StatusCode::CREATED, &json!(["testuser1"])));
        assert_eq!(t.rows("SELECT submitter FROM results_result").await, [["testuser1"]]);
        let kept = json!({"PERMISSION_MAPPING": {"^x": {"groups": ["g"], "users": []}}, "SUPERUSERS": ["bodhi"]});
        assert_eq!(post(&web, "/test/config", kept).await.status, StatusCode::OK);
        assert_eq!(web.get("/api/v3/permissions").await.json(), entries, "what is not named stays");
        for wrong in [json!({"X": 1}), json!({"PERMISSIONS": {}}), json!({"SUPERUSERS": [1]}), json!([])] {
            assert_eq!(post(&web, "/test/config", wrong).await.status, StatusCode::BAD_REQUEST);
        }
        ask(&web, Method::POST, "/test/reset", None).await;
        assert_eq!(web.get("/api/v3/permissions").await.json()[0]["name"], "qa", "the configured ones are back");
    });
}

#[test]
fn the_store_goes_and_comes_back() {
    TestDb::both(TABLES, async |t| {
        let (web, bus) = rehearsal(t).await;
        assert_eq!(ask(&web, Method::PUT, "/test/fault", Some(json!({"db": true}))).await.text, "{}");
        let gone = (503, "Unable to communicate with database".to_owned());
        for path in ["healthcheck", "results", "results/1", "results/latest?item=a", "testcases/t", "groups"] {
            assert_eq!(web.get(&format!("/api/v2.0/{path}")).await.message(), gone, "{path}");
        }
        assert_eq!(post(&web, RESULTS, result("a-1-1")).await.message(), gone);
        assert_eq!(told(&web, "").await.len(), 0, "the routes of tests go on");
        post(&web, "/test/fault", json!({"db": false, "bus": true})).await;
        assert!(bus.is_on());
        assert_eq!(web.get("/api/v2.0/healthcheck").await.message(), (200, "Health check OK".to_owned()));
        assert_eq!(post(&web, RESULTS, result("a-1-1")).await.status, StatusCode::CREATED);
        assert_eq!(told(&web, "").await.len(), 1, "it is written, sent or not");
        for wrong in [json!({"db": 1}), json!({"x": true}), json!("db")] {
            assert_eq!(post(&web, "/test/fault", wrong).await.status, StatusCode::BAD_REQUEST);
        }
    });
}

#[test]
fn whoever_sends_it_a_request_that_comes_again_has_one_effect() {
    TestDb::both(TABLES, async |t| {
        let (web, _) = rehearsal(t).await;
        let entries = json!([{"name": "x", "testcases": ["*"], "users": ["testuser1"]}]);
        post(&web, "/test/config", json!({"PERMISSIONS": entries})).await;
        let brew = json!({"testcase": "dist.x", "outcome": "PASSED", "ci_name": "n", "ci_team": "t", "item": "a-1-1",
            "ci_docs": "https://d.example", "ci_email": "ci@d.example", "brew_task_id": 7});
        for (path, body) in [
            ("/api/v2.0/results", result("a-1-1")),
            ("/api/v2.0/groups", json!({"description": "run"})),
            ("/api/v2.0/testcases", json!({"name": "n", "ref_url": "u"})),
            ("/api/v3/results/brew-builds", brew),
        ] {
            let send = async |body: &Value| {
                let request = Request::post(format!("/resultsdb{path}")).header("content-type", "application/json");
                let request = request.header("idempotency-key", path).body(Body::from(body.to_string()));
                web.send(request.expect("a request")).await
            };
            let first = send(&body).await;
            assert_eq!(
                (first.status, first.headers.get("idempotency-replayed")),
                (StatusCode::CREATED, None),
                "{path}"
            );
            let again = send(&body).await;
            assert_eq!((&again.text, &again.headers["idempotency-replayed"]), (&first.text, &"true".parse().unwrap()));
            let mut other = body.clone();
            other["note"] = json!("another");
            assert_eq!(send(&other).await.status, StatusCode::CONFLICT, "{path}");
        }
        let counts = "SELECT (SELECT COUNT(*) FROM results_result), (SELECT COUNT(*) FROM results_group)";
        assert_eq!(t.rows(counts).await, [["2", "2"]]);
    });
}

#[test]
fn people_have_no_routes_of_tests() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for path in ["/test/reset", "/test/config", "/test/fault", "/test/messages/clear"] {
            assert_eq!(post(&web, path, json!({})).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    });
}
