//! Sessions of browsers, and pages that would abuse them.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tidegate_testkit::TestDb;

use super::{Service, json_of, named, sent};
use crate::wake::PLATFORM;

const TEAMS: &str = "/api/v1/platform/teams";

struct Browser {
    cookie: String,
    csrf: String,
}

async fn log_in(service: &Service) -> Browser {
    let body = json!({"name": "ann", "password": "spring tide"});
    let request = service.request(Method::POST, "/api/v1/platform/session").json(&body);
    let response = request.send().await.expect("the service answers");
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().expect("it is a text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let csrf = json_of(response).await["csrf_token"].as_str().expect("it is a text").to_owned();
    Browser { cookie: cookie.split(';').next().unwrap_or_default().to_owned(), csrf }
}

#[test]
fn only_our_own_pages_write_with_a_cookie() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let browser = log_in(&service).await;
        let ours = format!("http://{}", service.at);
        let form = |name: &str| -> RequestBuilder {
            service.request(Method::POST, TEAMS).header("cookie", &browser.cookie).json(&named(name))
        };
        for (why, request) in [
            (
                "another origin",
                form("a").header("origin", "https://evil.example").header("x-csrf-token", &browser.csrf),
            ),
            ("no origin", form("a").header("x-csrf-token", &browser.csrf)),
            ("no token", form("a").header("origin", &ours)),
            ("a wrong token", form("a").header("origin", &ours).header("x-csrf-token", "0".repeat(64))),
        ] {
            let (status, problem) = sent(request).await;
            assert_eq!((status, &problem["code"]), (403, &json!("platform.csrf")), "{why}");
        }
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_team").await, [["0"]]);

        let good = form("crew").header("origin", &ours).header("x-csrf-token", &browser.csrf);
        assert_eq!(sent(good).await.0, 201);
        assert_eq!(t.rows("SELECT via FROM platform_write").await, [["page"]]);
        let by_token = service.post(TEAMS, &named("guests")).header("origin", "https://evil.example");
        assert_eq!(sent(by_token).await.0, 201, "a token is no cookie: no page of another origin has it");
        let both = form("more").bearer_auth(&service.admin).header("origin", "https://evil.example");
        assert_eq!(sent(both).await.0, 201, "with a token the cookie does not count");
        service.end().await;
    });
}

#[test]
fn a_session_ends_by_logging_out() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let browser = log_in(&service).await;
        let me = || service.request(Method::GET, "/api/v1/platform/me").header("cookie", &browser.cookie);
        let known = sent(me()).await.1;
        assert_eq!(
            (&known["user"], &known["by"], &known["csrf_token"]),
            (&json!("ann"), &json!("session"), &json!(browser.csrf))
        );
        let out = service.request(Method::DELETE, "/api/v1/platform/session").header("cookie", &browser.cookie);
        let out =
            out.header("sec-fetch-site", "same-origin").header("x-csrf-token", &browser.csrf).send().await.unwrap();
        assert_eq!(out.status(), 204);
        assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        let unknown = sent(me()).await;
        assert_eq!((unknown.0, &unknown.1["user"]), (200, &json!(null)));
        service.end().await;
    });
}

#[test]
fn whoever_guesses_a_password_has_to_wait() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let guess = |password: &str| {
            let body = json!({"name": "ann", "password": password});
            service.request(Method::POST, "/api/v1/platform/session").json(&body)
        };
        for _ in 0..5 {
            assert_eq!(sent(guess("a wrong one")).await.0, 401);
        }
        let response = guess("spring tide").send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 200);
        service.end().await;
    });
}
