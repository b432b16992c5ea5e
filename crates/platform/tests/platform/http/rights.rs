//! No route without a permission, and no permission that opens more than its routes.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tidegate_platform::MIGRATIONS;
use tidegate_platform::http::{Access, Endpoint, Platform, RouteLine, Routes, document, platform_routes};
use tidegate_platform::relay::{Policy, Relay, Trouble};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Wake;
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::watch;

use super::{HAUL, Service, sent, settings};
use crate::auth::auth;
use crate::checked_in;
use crate::relay::{TestSink, announce, bench};
use crate::wake::PLATFORM;

fn routes_of(t: &TestDb) -> Routes {
    let stopping = watch::channel(false).1;
    let platform = Platform::new(t.db.clone(), auth(&t.db), settings(), vec![HAUL.as_str()], stopping);
    let configuration = super::configuration::routes(&platform);
    platform_routes(platform, configuration)
}

/// Regenerates and compares: run with `TIDEGATE_BLESS=1` after a change that is meant.
#[test]
fn the_checked_in_lists_are_what_the_code_says() {
    TestDb::on(Kind::Sqlite, &[MIGRATIONS], async |t| {
        let routes = routes_of(t);
        let lines: Vec<_> = routes.lines().iter().map(|line| line.to_string().trim_end().to_owned()).collect();
        checked_in("routes.txt", &(lines.join("\n") + "\n"));
        let document = document(&routes).to_pretty_json().unwrap();
        checked_in("openapi.json", &(document + "\n"));
    });
}

/// What a good request of a route is: its path, its body, and the status of its answer.
type Sample = (String, Option<Value>, u16);

fn at(path: &str) -> Sample {
    (path.to_owned(), None, 200)
}

fn with(path: &str, body: Value, status: u16) -> Sample {
    (path.to_owned(), Some(body), status)
}

fn samples() -> BTreeMap<&'static str, Sample> {
    let mut samples = samples_of_work();
    samples.extend(samples_of_people());
    samples
}

fn samples_of_work() -> BTreeMap<&'static str, Sample> {
    let key = "/api/v1/platform/jobs/harbour.haul/a%2Fmain";
    BTreeMap::from([
        ("GET /healthz", at("/healthz")),
        ("GET /readyz", at("/readyz")),
        ("GET /metrics", at("/metrics")),
        ("GET /api/openapi.json", at("/api/openapi.json")),
        ("GET /api/v1/events", at("/api/v1/events?topic=*&limit=2")),
        ("GET /api/v1/platform/me", at("/api/v1/platform/me")),
        (
            "POST /api/v1/platform/me/password",
            with("/api/v1/platform/me/password", json!({"current": "spring tide", "password": "spring tide"}), 204),
        ),
        ("GET /api/v1/platform/sinks", at("/api/v1/platform/sinks")),
        ("GET /api/v1/platform/messages", at("/api/v1/platform/messages?sink=test&state=set_aside")),
        (
            "POST /api/v1/platform/messages/{id}/retry",
            with("/api/v1/platform/messages/{message}/retry", json!({"sink": "test"}), 200),
        ),
        (
            "POST /api/v1/platform/messages/{id}/drop",
            with("/api/v1/platform/messages/{dropped}/drop", json!({"sink": "test", "reason": "fog"}), 200),
        ),
        ("GET /api/v1/platform/messages/{id}", at("/api/v1/platform/messages/{message}")),
        (
            "POST /api/v1/platform/messages/resend",
            with("/api/v1/platform/messages/resend", json!({"sink": "test", "from": 0, "to": 9, "dry_run": true}), 200),
        ),
        ("GET /api/v1/platform/inbox", at("/api/v1/platform/inbox?consumer=harbour&state=set_aside&limit=2")),
        ("GET /api/v1/platform/inbox/{id}", at("/api/v1/platform/inbox/a%2F1?consumer=harbour")),
        (
            "POST /api/v1/platform/inbox/{id}/retry",
            with("/api/v1/platform/inbox/a%2F1/retry", json!({"consumer": "harbour"}), 200),
        ),
        (
            "POST /api/v1/platform/inbox/{id}/drop",
            with("/api/v1/platform/inbox/b%2F1/drop", json!({"consumer": "harbour", "reason": "fog"}), 200),
        ),
        ("GET /api/v1/platform/config", at("/api/v1/platform/config")),
        ("POST /api/v1/platform/config/reload", at("/api/v1/platform/config/reload")),
        ("GET /api/v1/platform/hooks", at("/api/v1/platform/hooks")),
        ("POST /api/v1/platform/hooks", with("/api/v1/platform/hooks", hook("new"), 201)),
        ("GET /api/v1/platform/hooks/{name}", at("/api/v1/platform/hooks/pilot")),
        (
            "PATCH /api/v1/platform/hooks/{name}",
            with("/api/v1/platform/hooks/pilot", json!({"version": 1, "topics": ["harbour.*"]}), 200),
        ),
        ("DELETE /api/v1/platform/hooks/{name}", ("/api/v1/platform/hooks/goner".to_owned(), None, 204)),
        ("GET /api/v1/blockers", at("/api/v1/blockers?level=hold&since_before=-1h&limit=2")),
        ("GET /api/v1/blockers/history", at("/api/v1/blockers/history?gate=platform&limit=2")),
        ("GET /api/v1/blockers/{id}", at("/api/v1/blockers/{blocker}")),
        ("GET /api/v1/trail/{subject}", at("/api/v1/trail/item%3Atidegate-sink%2Ftest?direction=forward&depth=2")),
        (
            "POST /api/v1/trail/links",
            with("/api/v1/trail/links", json!({"from": COMMIT, "to": "build:web-1-1.fc44"}), 201),
        ),
        ("GET /api/v1/search", at("/api/v1/search?q=tidegate-sink")),
        ("GET /api/v1/platform/workers", at("/api/v1/platform/workers")),
        ("GET /api/v1/platform/jobs", at("/api/v1/platform/jobs")),
        ("GET /api/v1/platform/jobs/{job}", at("/api/v1/platform/jobs/harbour.haul?limit=3")),
        ("GET /api/v1/platform/jobs/{job}/{key}/runs", at(&format!("{key}/runs"))),
        ("POST /api/v1/platform/jobs/{job}/{key}/run", (format!("{key}/run"), None, 202)),
        ("POST /api/v1/platform/jobs/{job}/{key}/pause", with(&format!("{key}/pause"), json!({"reason": "fog"}), 200)),
        ("POST /api/v1/platform/jobs/{job}/{key}/resume", at(&format!("{key}/resume"))),
        (
            "POST /api/v1/platform/jobs/{job}/pause",
            with("/api/v1/platform/jobs/harbour.haul/pause", json!({"reason": "fog"}), 200),
        ),
        ("POST /api/v1/platform/jobs/{job}/resume", at("/api/v1/platform/jobs/harbour.haul/resume")),
    ])
}

fn samples_of_people() -> BTreeMap<&'static str, Sample> {
    BTreeMap::from([
        ("GET /api/v1/platform/users", at("/api/v1/platform/users")),
        ("POST /api/v1/platform/users", with("/api/v1/platform/users", json!({"name": "new"}), 201)),
        ("GET /api/v1/platform/users/{name}", at("/api/v1/platform/users/guest")),
        (
            "PATCH /api/v1/platform/users/{name}",
            with("/api/v1/platform/users/guest", json!({"version": 1, "title": "A guest"}), 200),
        ),
        ("DELETE /api/v1/platform/users/{name}", ("/api/v1/platform/users/goner".to_owned(), None, 204)),
        ("GET /api/v1/platform/teams", at("/api/v1/platform/teams")),
        ("POST /api/v1/platform/teams", with("/api/v1/platform/teams", json!({"name": "crew"}), 201)),
        ("DELETE /api/v1/platform/teams/{team}", ("/api/v1/platform/teams/goners".to_owned(), None, 204)),
        ("PUT /api/v1/platform/teams/{team}/members/{user}", at("/api/v1/platform/teams/dockers/members/guest")),
        (
            "DELETE /api/v1/platform/teams/{team}/members/{user}",
            ("/api/v1/platform/teams/dockers/members/guest".to_owned(), None, 204),
        ),
        ("GET /api/v1/platform/tokens", at("/api/v1/platform/tokens")),
        ("POST /api/v1/platform/tokens", with("/api/v1/platform/tokens", json!({"name": "ci"}), 201)),
        ("DELETE /api/v1/platform/tokens/{id}", ("/api/v1/platform/tokens/{token}".to_owned(), None, 204)),
        ("GET /api/v1/platform/writes", at("/api/v1/platform/writes?object=user:guest&limit=2")),
        ("GET /api/v1/platform/grants", at("/api/v1/platform/grants")),
        (
            "POST /api/v1/platform/grants",
            with("/api/v1/platform/grants", json!({"user": "guest", "role": "platform.auditor"}), 201),
        ),
        ("DELETE /api/v1/platform/grants/{id}", ("/api/v1/platform/grants/{grant}".to_owned(), None, 204)),
        (
            "POST /api/v1/platform/session",
            with("/api/v1/platform/session", json!({"name": "ann", "password": "spring tide"}), 200),
        ),
        ("DELETE /api/v1/platform/session", ("/api/v1/platform/session".to_owned(), None, 204)),
        ("POST /api/v1/platform/setup", with("/api/v1/platform/setup", json!({"token": "tgs_0", "name": "eve"}), 401)),
    ])
}

const COMMIT: &str = "commit:acme/web@9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

fn hook(name: &str) -> Value {
    json!({"name": name, "url": "https://chat.example.org/secret-part", "topics": ["merge.*"]})
}

/// Sets these aside in the inbox, as ten failures would.
async fn set_aside(t: &TestDb, ids: &[&str]) {
    for id in ids {
        let payload = &json!({"ship": id});
        let came: Result<bool> =
            t.db.write("harbour.hook", |tx| in_tx(tx.receive_later("harbour", id, "ship.new", payload))).await;
        assert!(came.expect("it is committed"));
    }
    t.rows("UPDATE platform_inbox SET state = 'set_aside', attempts = 10, error = 'no crane'").await;
}

/// What the samples speak of, and the ids of what is to be removed, sent again or given up.
async fn prepare(t: &TestDb, service: &Service) -> BTreeMap<&'static str, String> {
    for name in ["guest", "goner"] {
        assert_eq!(sent(service.post("/api/v1/platform/users", &json!({"name": name}))).await.0, 201);
    }
    for name in ["dockers", "goners"] {
        assert_eq!(sent(service.post("/api/v1/platform/teams", &json!({"name": name}))).await.0, 201);
    }
    let wake = || -> Wake { HAUL.key("a/main") };
    let woken: Result<()> =
        t.db.write("harbour.wake", |tx| {
            in_tx(async move {
                tx.wake(wake());
                Ok(())
            })
        })
        .await;
    woken.expect("it is committed");
    let token = sent(service.post("/api/v1/platform/tokens", &json!({"name": "old"}))).await.1;
    let grant = json!({"user": "guest", "role": "platform.linker"});
    let grant = sent(service.post("/api/v1/platform/grants", &grant)).await.1;
    let id = |made: Value| made["id"].as_str().expect("it has an id").to_owned();
    let refusing = TestSink::new(Policy::HOOK, |_, _| Some(Trouble::Refused("never".to_owned())));
    let bench = bench(t, Relay::new().with(refusing)).await;
    let (message, dropped) = (announce(&t.db, "a/1").await, announce(&t.db, "b/1").await);
    bench.advance(std::time::Duration::from_secs(7_200)).await;
    for name in ["pilot", "goner"] {
        assert_eq!(sent(service.post("/api/v1/platform/hooks", &hook(name))).await.0, 201);
    }
    set_aside(t, &["a/1", "b/1"]).await;
    let blockers = sent(service.get("/api/v1/blockers?code=platform.message-set-aside")).await.1;
    let blocker = id(blockers["items"][0].clone());
    let (message, dropped) = (message.to_string(), dropped.to_string());
    BTreeMap::from([
        ("{blocker}", blocker),
        ("{token}", id(token)),
        ("{grant}", id(grant)),
        ("{message}", message),
        ("{dropped}", dropped),
    ])
}

#[test]
fn every_route_asks_for_its_permission() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let made = prepare(t, &service).await;
        let nobody = service.token_for(t, "nobody", None, None).await;
        let samples = samples();
        let lines = routes_of(t).lines();
        let known: Vec<_> = lines.iter().map(|line| format!("{} {}", line.method, line.path)).collect();
        let sampled: Vec<_> = samples.keys().map(|line| (*line).to_owned()).collect();
        let (mut known, mut sampled) = (known, sampled);
        known.sort();
        sampled.sort();
        assert_eq!(known, sampled, "each route has a sample");

        for RouteLine { path, method, access } in &lines {
            let line = format!("{method} {path}");
            let (target, body, status) = &samples[line.as_str()];
            let target = made.iter().fold(target.clone(), |target, (name, id)| target.replace(name, id));
            let request = |token: Option<&str>| {
                let request = service.request(method.parse::<Method>().expect("it is a method"), &target);
                let request = if let Some(body) = body { request.json(body) } else { request };
                if let Some(token) = token { request.bearer_auth(token) } else { request }
            };
            let is_open = access == "open" || access == "read";
            if !is_open {
                assert_eq!(sent(request(None)).await.0, 401, "{line} without a token");
                assert_eq!(
                    sent(request(Some(&format!("tg_{}", "0".repeat(64))))).await.0,
                    401,
                    "{line} with a wrong one"
                );
            }
            if !is_open && access != "signed-in" {
                let (refused, problem) = sent(request(Some(&nobody))).await;
                assert_eq!((refused, &problem["code"]), (403, &json!("platform.forbidden")), "{line}");
            }
            let (done, answer) = sent(request(Some(&service.admin))).await;
            assert_eq!(done, *status, "{line} with the permission: {answer}");
        }
        service.end().await;
    });
}

#[test]
fn a_token_opens_what_its_scope_names_and_nothing_else() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let token = service.token_for(t, "bob", Some("platform.admin"), Some(&["platform:operate"])).await;
        let pause = "/api/v1/platform/jobs/harbour.haul/pause";
        let ask =
            |method: Method, path: &str, body: Value| service.request(method, path).bearer_auth(&token).json(&body);
        assert_eq!(sent(ask(Method::POST, pause, json!({"reason": "fog"}))).await.0, 200);
        for path in ["/api/v1/platform/users", "/api/v1/platform/grants", "/api/v1/platform/teams"] {
            assert_eq!(sent(ask(Method::GET, path, json!({}))).await.0, 403, "{path}");
        }
        let (status, me) = sent(ask(Method::GET, "/api/v1/platform/me", json!({}))).await;
        assert_eq!((status, &me["permissions"]), (200, &json!([{"permission": "platform:operate", "object": null}])));

        let wider = json!({"name": "wider", "scopes": ["platform:admin"]});
        assert_eq!(sent(ask(Method::POST, "/api/v1/platform/tokens", wider)).await.0, 403);
        service.end().await;
    });
}

#[test]
fn reading_needs_a_login_where_that_is_set() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        use tidegate_platform::auth::{Auth, AuthOptions, Rights};
        let options = AuthOptions { anonymous_read: false, ..crate::auth::options(vec![]) };
        let closed = Auth::new(t.db.clone(), Rights::of(&[]).unwrap(), options).unwrap();
        let (_stop, stopping) = watch::channel(false);
        let platform = Platform::new(t.db.clone(), closed, settings(), vec![], stopping.clone());
        let routes = platform_routes(platform.clone(), Routes::new());
        let router = tidegate_platform::http::serve(platform, routes, tidegate_platform::http::Mounts::default());
        let listeners = tidegate_platform::http::Listeners::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let at = listeners.addresses()[0];
        tokio::spawn(listeners.serve(router, stopping, std::time::Duration::ZERO));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let status = async |path: &str| reqwest::get(format!("http://{at}{path}")).await.unwrap().status().as_u16();
        assert_eq!(status("/api/v1/platform/jobs").await, 401);
        assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    });
}

#[test]
#[should_panic(expected = "Overlapping method route")]
fn a_route_cannot_be_declared_twice() {
    let endpoint = || Endpoint::get("/harbour", Access::Open);
    let _ = Routes::<()>::new().route(endpoint(), async || "a").route(endpoint(), async || "b");
}
