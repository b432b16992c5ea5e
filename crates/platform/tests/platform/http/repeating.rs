//! A client that asks again gets the first answer, and there is one effect.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tidegate_platform::retention::Retention;
use tidegate_platform::wake::Jobs;
use tidegate_platform::{auth, http};
use tidegate_testkit::{Bench, TestDb};

use super::{Service, json_of, named, sent};
use crate::wake::PLATFORM;

const TEAMS: &str = "/api/v1/platform/teams";

#[test]
fn two_at_once_have_one_effect_and_one_answer() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let ask = async || {
            let response = service.post(TEAMS, &named("crew")).header("idempotency-key", "k1").send().await.unwrap();
            let replayed = response.headers().contains_key("idempotency-replayed");
            (response.status().as_u16(), response.headers()["location"].clone(), json_of(response).await, replayed)
        };
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!((one.0, &one.1, &one.2), (201, &other.1, &other.2));
        assert_eq!(other.0, 201);
        assert!(one.3 != other.3, "one of them is the first");
        assert!(ask().await.3);
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_team").await, [["1"]]);
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_write").await, [["1"]]);
        service.end().await;
    });
}

#[test]
fn a_key_belongs_to_its_request_and_its_caller() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let other = service.token_for(t, "bob", Some("platform.admin"), None).await;
        let with = |token: &str, key: &str, name: &str| {
            let request = service.request(Method::POST, TEAMS).bearer_auth(token);
            request.header("idempotency-key", key).json(&named(name))
        };
        assert_eq!(sent(with(&service.admin, "k", "crew")).await.0, 201);
        let (status, problem) = sent(with(&service.admin, "k", "guests")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("platform.idempotency-conflict")));
        assert_eq!(sent(with(&other, "k", "guests")).await.0, 201, "another's key is another key");
        for key in ["", &"x".repeat(201)] {
            assert_eq!(sent(with(&service.admin, key, "x")).await.0, 400, "{key}");
        }
        service.end().await;
    });
}

#[test]
fn what_failed_is_tried_anew() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let grant = json!({"team": "crew", "role": "platform.operator"});
        let ask = || service.post("/api/v1/platform/grants", &grant).header("idempotency-key", "k");
        assert_eq!(sent(ask()).await.0, 404, "there is no such team yet");
        assert_eq!(sent(service.post(TEAMS, &named("crew"))).await.0, 201);
        assert_eq!(sent(ask()).await.0, 201);
        t.clock.advance(Duration::from_secs(8 * 86_400));
        assert_eq!(sent(ask()).await.0, 409, "after its time the key is forgotten, and the grant is there already");
        service.end().await;
    });
}

#[test]
fn old_answers_and_sessions_go() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let rules = [auth::rules(&crate::auth::options(vec![])), http::rules()].concat();
        let retention = Retention::at(Duration::ZERO).with("platform", rules);
        let bench = Bench::new(t, Jobs::default().with(retention.enrol(&t.db).await.unwrap()));
        let day = Duration::from_secs(86_400);
        let use_it = async |name: &str| {
            assert_eq!(sent(service.post(TEAMS, &named(name)).header("idempotency-key", name)).await.0, 201);
            let body = json!({"name": "ann", "password": "spring tide"});
            assert_eq!(sent(service.request(Method::POST, "/api/v1/platform/session").json(&body)).await.0, 200);
        };
        let kept = async || {
            let count = async |table: &str| t.rows(&format!("SELECT COUNT(*) FROM {table}")).await[0][0].clone();
            (count("platform_idempotency").await, count("platform_session").await)
        };
        let both = |answers: &str, sessions: &str| (answers.to_owned(), sessions.to_owned());
        use_it("crew").await;
        bench.advance(day * 6).await;
        assert_eq!(kept().await, both("1", "1"));
        use_it("guests").await;
        bench.advance(day * 2).await;
        use_it("pilots").await;
        bench.advance(day).await;
        assert_eq!(kept().await, both("2", "2"), "those of the first day are gone");
        service.end().await;
    });
}

#[test]
fn a_secret_is_shown_once_and_not_kept() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let ask = || service.post("/api/v1/platform/tokens", &named("ci")).header("idempotency-key", "k");
        let (status, first) = sent(ask()).await;
        let text = first["token"].as_str().unwrap();
        assert!(status == 201 && text.starts_with("tg_"));
        let (status, again) = sent(ask()).await;
        assert_eq!((status, &again["token"], &again["id"]), (201, &json!(null), &first["id"]));
        let kept = t.rows("SELECT answer FROM platform_idempotency").await;
        assert!(!format!("{kept:?}").contains(&text[3..]));
        assert_eq!(sent(service.request(Method::GET, "/api/v1/platform/me").bearer_auth(text)).await.1["user"], "ann");
        service.end().await;
    });
}
