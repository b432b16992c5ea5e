//! No route without a permission, and none that is not in the checked-in lists.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tidegate_platform::http::RouteLine;
use tidegate_testkit::{Kind, TestDb};

use crate::checked_in;
use crate::gate::TABLES;
use crate::web::Web;

#[test]
fn the_checked_in_lists_are_what_the_code_says() {
    TestDb::on(Kind::Sqlite, TABLES, async |t| {
        let web = Web::over(t).await;
        let (lines, document) = web.described();
        let lines: Vec<_> = lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect();
        checked_in("routes.txt", &(lines.join("\n") + "\n"));
        checked_in("openapi.json", &(document.to_owned() + "\n"));
    });
}

/// What a good request of each route is: its path, its body, and the status of its answer.
fn samples() -> BTreeMap<&'static str, (&'static str, String, u16)> {
    let result = || json!({"outcome": "PASSED", "testcase": "dist.a/b", "data": {"item": "a-1-1"}}).to_string();
    let brew = json!({"testcase": "dist.x", "outcome": "PASSED", "ci_name": "n", "ci_team": "t", "item": "a-1-1",
        "ci_docs": "https://d.example", "ci_email": "ci@d.example", "brew_task_id": 7});
    let at = |path: &'static str| (path, String::new(), 200);
    BTreeMap::from([
        ("GET /api/v1/results/announcements", at("/api/v1/results/announcements?testcase=dist.a/b")),
        ("GET /api/v1/results/announcements/state", at("/api/v1/results/announcements/state?update=U-1")),
        ("GET /api/v1/results/groups", at("/api/v1/results/groups?description=r*")),
        ("GET /api/v1/results/groups/{uuid}", at("/api/v1/results/groups/g")),
        ("POST /api/v1/results/import", ("/api/v1/results/import?id=one", result(), 200)),
        ("GET /api/v1/results/imports", at("/api/v1/results/imports")),
        ("GET /api/v1/results/imports/{id}", at("/api/v1/results/imports/one")),
        ("GET /api/v1/results/latest", at("/api/v1/results/latest?item=a-1-1&distinct_on=scenario")),
        ("GET /api/v1/results/records", at("/api/v1/results/records?item=a-1-1&order=asc")),
        ("POST /api/v1/results/records", ("/api/v1/results/records", result(), 201)),
        ("GET /api/v1/results/records/{id}", at("/api/v1/results/records/1")),
        ("GET /api/v1/results/subjects/{type}/{*id}", at("/api/v1/results/subjects/koji_build/b-1-1")),
        ("GET /api/v1/results/testcases", at("/api/v1/results/testcases?name=dist.*")),
        ("GET /api/v1/results/testcases/{*name}", at("/api/v1/results/testcases/dist.a/b")),
        ("GET /api/v1/results/updates/{id}/builds", at("/api/v1/results/updates/U-1/builds")),
        (
            "PUT /api/v1/results/updates/{id}/builds",
            ("/api/v1/results/updates/U-1/builds", json!({"builds": ["b-1-1"]}).to_string(), 200),
        ),
        ("GET /resultsdb/api/v2.0", ("/resultsdb/api/v2.0", String::new(), 300)),
        ("GET /resultsdb/api/v2.0/", ("/resultsdb/api/v2.0/", String::new(), 300)),
        ("GET /resultsdb/api/v2.0/groups", at("/resultsdb/api/v2.0/groups")),
        ("POST /resultsdb/api/v2.0/groups", ("/resultsdb/api/v2.0/groups", json!({"uuid": "g"}).to_string(), 201)),
        ("GET /resultsdb/api/v2.0/groups/{uuid}", at("/resultsdb/api/v2.0/groups/g")),
        ("GET /resultsdb/api/v2.0/groups/{uuid}/results", at("/resultsdb/api/v2.0/groups/g/results")),
        ("GET /resultsdb/api/v2.0/healthcheck", at("/resultsdb/api/v2.0/healthcheck")),
        ("GET /resultsdb/api/v2.0/results", at("/resultsdb/api/v2.0/results?limit=1")),
        ("POST /resultsdb/api/v2.0/results", ("/resultsdb/api/v2.0/results", result(), 201)),
        ("GET /resultsdb/api/v2.0/results/latest", at("/resultsdb/api/v2.0/results/latest?item=a-1-1")),
        ("GET /resultsdb/api/v2.0/results/{id}", at("/resultsdb/api/v2.0/results/1")),
        ("GET /resultsdb/api/v2.0/testcases", at("/resultsdb/api/v2.0/testcases")),
        (
            "POST /resultsdb/api/v2.0/testcases",
            ("/resultsdb/api/v2.0/testcases", json!({"name": "dist.a/b"}).to_string(), 201),
        ),
        ("GET /resultsdb/api/v2.0/testcases/{*name}", at("/resultsdb/api/v2.0/testcases/dist.a/b/results")),
        ("GET /resultsdb", at("/resultsdb")),
        ("GET /resultsdb/", at("/resultsdb/")),
        ("GET /resultsdb/auth/oidclogin", ("/resultsdb/auth/oidclogin", String::new(), 501)),
        ("GET /resultsdb/auth/logout", at("/resultsdb/auth/logout")),
        ("GET /resultsdb/api/v3", at("/resultsdb/api/v3")),
        ("GET /resultsdb/api/v3/", at("/resultsdb/api/v3/")),
        ("GET /resultsdb/api/v3/permissions", at("/resultsdb/api/v3/permissions")),
        ("POST /resultsdb/api/v3/results/{type}", ("/resultsdb/api/v3/results/brew-builds", brew.to_string(), 201)),
        ("GET /resultsdb/api/v3/schemas/{type}", at("/resultsdb/api/v3/schemas/brew-builds")),
    ])
}

#[test]
fn every_route_asks_for_its_permission() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        web.result(json!({"outcome": "PASSED", "testcase": "dist.a/b", "groups": ["g"], "data": {"item": "b-1-1",
            "type": "koji_build"}}))
            .await;
        let samples = samples();
        let (lines, _) = web.described();
        let known: Vec<_> = lines.iter().map(|line| format!("{} {}", line.method, line.path)).collect();
        let missing: Vec<_> = known.iter().filter(|line| !samples.contains_key(line.as_str())).collect();
        assert_eq!((missing, known.len()), (vec![], samples.len()), "each route has a sample, and no other");
        for RouteLine { path, method, access } in lines {
            let line = format!("{method} {path}");
            let (target, body, status) = &samples[line.as_str()];
            let ask = async |token: Option<&str>| {
                let request = Request::builder().method(method.as_str()).uri(*target);
                let request = request.header("content-type", "application/json");
                let request =
                    token.iter().fold(request, |request, who| request.header("authorization", web.bearer(who)));
                web.send(request.body(Body::from(body.clone())).expect("a request")).await.status.as_u16()
            };
            let is_open = access == "open" || access == "read";
            if !is_open {
                assert_eq!((ask(None).await, ask(Some("nobody")).await), (401, 401), "{line} without a token");
            }
            if !is_open && access != "signed-in" {
                assert_eq!(ask(Some("reader")).await, 403, "{line} without the permission");
            }
            assert_eq!(ask(Some("writer")).await, *status, "{line} with the permission");
        }
    });
}
