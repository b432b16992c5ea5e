//! Errors of one shape, versions, pages, headers, dialects.

use axum::response::{IntoResponse, Response};
use reqwest::Method;
use serde_json::{Value, json};
use tidegate_platform::http::{Access, Dialect, Endpoint, Mounts, Problem, Routes};
use tidegate_testkit::{Kind, TestDb};

use super::{Service, json_of, named, sent, settings};
use crate::wake::PLATFORM;

const USERS: &str = "/api/v1/platform/users";

#[test]
fn all_mistakes_of_a_request_are_told_at_once() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let body = json!({"name": "two words", "titel": "x", "mail": "nowhere", "password": "short"});
        let response = service.post(USERS, &body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["tidegate-code"], "bad-value");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let problem = json_of(response).await;
        assert_eq!(problem["request_id"], json!(id));
        let errors = problem["errors"].as_array().unwrap();
        let told: Vec<_> =
            errors.iter().map(|error| (error["at"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
        assert_eq!(
            told,
            [
                ("/body/name", "platform.bad-value"),
                ("/body/mail", "platform.bad-value"),
                ("/body/password", "platform.bad-value"),
                ("/body/titel", "platform.unknown-parameter"),
            ]
        );

        let (status, problem) = sent(service.get("/api/v1/platform/users?limt=2&order=up")).await;
        assert_eq!((status, problem["errors"].as_array().unwrap().len()), (400, 2));
        for (path, status) in [("/nowhere", 404), ("/api/v1/platform/users/nobody", 404)] {
            let (found, problem) = sent(service.get(path)).await;
            assert_eq!((found, &problem["code"]), (status, &json!("platform.not-found")), "{path}");
        }
        assert_eq!(sent(service.request(Method::PUT, USERS)).await.0, 405);
        service.end().await;
    });
}

#[test]
fn a_write_says_which_version_it_changes() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let made = service.post(USERS, &named("bob")).send().await.unwrap();
        assert_eq!((made.status().as_u16(), made.headers()["etag"].to_str().unwrap()), (201, "\"1\""));
        assert_eq!(made.headers()["location"], "/api/v1/platform/users/bob");
        let bob = "/api/v1/platform/users/bob";
        let change = |etag: Option<&str>, body: Value| {
            let request = service.request(Method::PATCH, bob).bearer_auth(&service.admin).json(&body);
            if let Some(etag) = etag { request.header("if-match", etag) } else { request }
        };
        assert_eq!(sent(change(None, json!({"title": "Bob"}))).await.0, 412);
        assert_eq!(sent(change(Some("\"1\""), json!({"title": "Bob"}))).await.0, 200);
        let (status, problem) = sent(change(Some("\"1\""), json!({"title": "Robert"}))).await;
        assert_eq!((status, &problem["code"]), (412, &json!("platform.precondition-failed")));
        assert_eq!(sent(change(None, json!({"title": "Robert", "version": 2}))).await.0, 200);
        assert_eq!(sent(change(Some("tide"), json!({}))).await.0, 400);

        let known = service.get(bob).header("if-none-match", "\"3\"").send().await.unwrap();
        assert_eq!(known.status(), 304);
        let (status, user) = sent(service.get(bob).header("if-none-match", "\"2\"")).await;
        assert_eq!((status, &user["title"], &user["version"]), (200, &json!("Robert"), &json!(3)));
        service.end().await;
    });
}

#[test]
fn a_list_comes_in_pages() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        for number in 0..5 {
            assert_eq!(sent(service.post(USERS, &named(&format!("user{number}")))).await.0, 201);
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = sent(service.get(&format!("{USERS}?limit=2{cursor}"))).await;
            assert_eq!(status, 200);
            let names = page["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned());
            seen.extend(names);
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ["ann", "user0", "user1", "user2", "user3", "user4"]);
        service.end().await;
    });
}

#[test]
fn every_write_leaves_one_record() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        assert_eq!(sent(service.post(USERS, &named("bob"))).await.0, 201);
        assert_eq!(sent(service.post(USERS, &named("bob"))).await.0, 409);
        let sql = "SELECT via, permission, object, reason FROM platform_write ORDER BY id";
        assert_eq!(t.rows(sql).await, [["api", "platform:admin", "user:bob", "NULL"]]);
        let pause = "/api/v1/platform/jobs/harbour.haul/pause";
        let by_cli = service.post(pause, &json!({"reason": "fog"})).header("user-agent", "tidegate/1");
        assert_eq!(sent(by_cli).await.0, 200);
        let last = t.rows(sql).await.pop().unwrap();
        assert_eq!(last, ["cli", "platform:operate", "job:harbour.haul", "fog"]);

        let (status, writes) = sent(service.get("/api/v1/platform/writes?object=user:bob")).await;
        let writes = writes["items"].as_array().unwrap();
        assert_eq!((status, writes.len(), &writes[0]["actor"]["name"]), (200, 1, &json!("ann")));
        assert_eq!(sent(service.get("/api/v1/platform/writes")).await.1["items"].as_array().unwrap().len(), 2);
        service.end().await;
    });
}

#[test]
fn pages_of_other_origins_need_to_be_allowed() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let ask = async |origin: &str| {
            let request = service.request(Method::OPTIONS, USERS).header("origin", origin);
            let response = request.header("access-control-request-method", "POST").send().await.unwrap();
            let allowed =
                response.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned());
            (response.status().as_u16(), allowed)
        };
        assert_eq!(ask("https://pages.example.org").await, (204, Some("https://pages.example.org".to_owned())));
        assert_eq!(ask("https://evil.example").await.1, None);
        let answer = service.get(USERS).header("origin", "https://pages.example.org").send().await.unwrap();
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
        for (name, part) in [
            ("content-security-policy", "frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
        ] {
            assert!(answer.headers()[name].to_str().unwrap().contains(part), "{name}");
        }
        assert!(!answer.headers()["content-security-policy"].to_str().unwrap().contains("unsafe-inline"));
        service.end().await;
    });
}

struct Peer;

impl Dialect for Peer {
    fn render(&self, problem: &Problem, _: &str) -> Response {
        axum::Json(json!({"message": problem.detail})).into_response()
    }
}

#[test]
fn a_mount_has_errors_of_its_own_shape() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let fail = async || Problem::not_found("no such ship");
        let panicking = async || -> &'static str { panic!("the mast breaks") };
        let routes = Routes::new()
            .route(Endpoint::get("/peer/api/ships", Access::Open), fail)
            .route(Endpoint::get("/peer/api/mast", Access::Open), panicking);
        let service = Service::with(t, settings(), routes, Mounts::default().with("/peer/api", Peer)).await;
        let response = service.get("/peer/api/ships").send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["tidegate-code"].to_str().unwrap()),
            (404, "not-found")
        );
        assert_eq!(json_of(response).await, json!({"message": "no such ship"}));
        assert_eq!(
            sent(service.get("/peer/api/elsewhere")).await.1["message"],
            "there is nothing at /peer/api/elsewhere"
        );
        assert_eq!(sent(service.get("/peer/apis")).await.1["code"], "platform.not-found");
        let wrong = service.request(Method::GET, "/peer/api/ships").bearer_auth("tg_0");
        assert_eq!(sent(wrong).await.1, json!({"message": "this login is not valid, or not any more"}));
        let (status, body) = sent(service.get("/peer/api/mast")).await;
        assert_eq!(status, 500);
        assert!(!body["message"].as_str().unwrap().contains("mast"), "a fault tells nothing of itself: {body}");
        service.end().await;
    });
}
