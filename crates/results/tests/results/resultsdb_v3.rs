//! The third interface of ResultsDB through HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tidegate_testkit::TestDb;

use crate::gate::TABLES;
use crate::web::Web;

fn compose(change: impl FnOnce(&mut Value)) -> String {
    let mut body = json!({"testcase": "dist.install", "outcome": "PASSED", "ci_name": "n", "ci_team": "t",
        "ci_docs": "https://d.example", "ci_email": "ci@d.example", "id": "RHEL-8.8.0-20221129.0",
        "system_variant": "BaseOS", "system_architecture": "x86_64"});
    change(&mut body);
    body.to_string()
}

/// Scenario 27.
#[test]
fn a_compose_is_two_items_and_two_changes() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let posted = web.post("/api/v3/results/productmd-composes", compose(|_| {})).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
        let items = json!(["RHEL-8.8.0-20221129.0/BaseOS/x86_64", "RHEL-8.8.0-20221129.0"]);
        let data = &posted.json()["data"];
        assert_eq!(
            (&data["item"], &data["username"], &data["type"]),
            (&items, &json!(["alice"]), &json!(["productmd-compose"]))
        );
        assert_eq!(posted.json()["href"], "http://h/resultsdb/api/v2.0/results/1");
        assert_eq!(
            web.gate.changes().await,
            [
                "RHEL-8.8.0-20221129.0/BaseOS/x86_64 1: nothing -> PASSED +0",
                "RHEL-8.8.0-20221129.0 1: nothing -> PASSED +0"
            ]
        );
    });
}

/// Scenario 26.
#[test]
fn first_the_token_then_the_body_then_the_right() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let path = "/api/v3/results/productmd-composes";
        assert_eq!(web.post_as("nobody", path, "{").await.message().0, 401);
        let other = compose(|body| body["testcase"] = json!("other"));
        let wrong = compose(|body| {
            body["testcase"] = json!("other");
            body["outcome"] = json!("passed");
        });
        assert_eq!(web.post(path, wrong).await.mistakes().len(), 1);
        let sentence = "403 Forbidden: User bob is not authorized to submit results for the test case other";
        assert_eq!(web.post_as("reader", path, other).await.message(), (403, sentence.to_owned()));
        assert_eq!(web.post_as("reader", path, compose(|_| {})).await.status, StatusCode::CREATED);
        assert_eq!(web.post("/api/v3/results/nothings", "{}").await.message(), (404, "Not found".to_owned()));
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_result").await, [["1"]]);
    });
}

#[test]
fn what_may_be_sent_can_be_looked_up() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let all = web.get("/api/v3/permissions").await.json();
        assert_eq!(all[0]["name"], "qa");
        assert_eq!(web.get("/api/v3/permissions?testcase=dist.x").await.json(), all);
        assert_eq!(web.get("/api/v3/permissions?testcase=other").await.json(), json!([]));
        let schema = web.get("/api/v3/schemas/brew-builds").await.json();
        assert!(schema["required"].as_array().unwrap().contains(&json!("brew_task_id")));
        assert!(schema["properties"]["item"].is_object());
        assert_eq!(web.get("/api/v3/schemas/x").await.status, StatusCode::NOT_FOUND);
        let page = web.get("/api/v3/").await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert!(page.text.contains("http://h/resultsdb/api/v3/results/brew-builds"));
        assert!(page.text.contains("session.get(\"http://h/resultsdb/auth/oidclogin\")"));
    });
}

#[test]
fn wrong_methods_and_hosts_do_no_harm() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let put = Request::put("/resultsdb/api/v3/results/brew-builds").body(Body::empty()).unwrap();
        assert_eq!(web.send(put).await.message(), (405, "Method Not Allowed".to_owned()));
        let odd = Request::get("/resultsdb/api/v3").header("host", "<script>").body(Body::empty()).unwrap();
        assert!(!web.send(odd).await.text.contains("<script>"));
    });
}

#[test]
fn an_old_host_finds_the_interface_at_its_root() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let stored = web.result(json!({"outcome": "PASSED", "testcase": "a/b", "groups": ["g"]})).await;
        let get = async |host: &str, path: &str| {
            web.send(Request::get(path).header("host", host).body(Body::empty()).unwrap()).await
        };
        let old = "ResultsDB.example.org:5001";
        let one = get(old, "/api/v2.0/results/1").await.json();
        assert_eq!(one["id"], stored["id"]);
        assert_eq!(one["href"], format!("http://{old}/api/v2.0/results/1"));
        assert_eq!(one["testcase"]["href"], format!("http://{old}/api/v2.0/testcases/a/b"));
        let listed = get(old, "/api/v2.0/results?limit=1&page=1").await.json();
        assert_eq!(listed["prev"], format!("http://{old}/api/v2.0/results?limit=1&page=0"));
        assert_eq!(get(old, "/api/v2.0/nothing").await.message(), (404, "Not found".to_owned()));
        let page = get(old, "/").await;
        assert!(page.text.contains(r#"curl --json "$test_result_data""#), "{}", page.text);
        assert!(page.text.contains(&format!("http://{old}/api/v3/results/brew-builds")));
        assert!(page.text.contains(&format!("session.get(\"http://{old}/auth/oidclogin\")")));
        assert_eq!(get(old, "/auth/logout").await.message(), (200, "Logged out".to_owned()));
        let (status, why) = get(old, "/auth/oidclogin").await.message();
        assert_eq!((status, why.contains("auth.oidc is not configured")), (501, true));
        assert_eq!(get(old, "/api/v1/results/records/1").await.status, StatusCode::OK, "our own is there, too");
        assert_eq!(get("other.example.org", "/api/v2.0/results/1").await.status, StatusCode::NOT_FOUND);
    });
}
