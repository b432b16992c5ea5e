//! Streams of people who may not listen any more.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;
use tidegate_kernel::Clock as _;
use tidegate_platform::http::{Mounts, Routes};
use tidegate_platform::store::Place;
use tidegate_platform::wake::Bridge;
use tidegate_testkit::{Kind, TestDb};

use super::live::{EVENTS, announce};
use super::{Service, json_of, sent, settings};
use crate::wake::PLATFORM;

const AN_HOUR: Duration = Duration::from_secs(3_600);

/// A stream, and what was heard on it.
struct Ear {
    text: String,
    stream: Response,
}

impl Ear {
    async fn on(request: RequestBuilder) -> Self {
        let stream = request.header("accept", "text/event-stream").send().await.expect("the service answers");
        assert_eq!(stream.status(), 200);
        Self { text: String::new(), stream }
    }

    /// Whether there was more.
    async fn listen(&mut self) -> bool {
        let more = self.stream.chunk().await.expect("the stream is read");
        self.text.push_str(&String::from_utf8_lossy(more.as_deref().unwrap_or_default()));
        more.is_some()
    }

    async fn hears(&mut self, ship: &str) {
        while !self.text.contains(ship) {
            assert!(self.listen().await, "the stream goes on: {}", self.text);
        }
    }

    /// Listens until the stream ends, before that is heard.
    async fn ends_before(mut self, ship: &str) {
        while self.listen().await {
            assert!(!self.text.contains(ship), "the stream goes on: {}", self.text);
        }
    }
}

/// A token of a new user that is good for an hour: its id, and the token.
async fn token(t: &TestDb, service: &Service, user: &str) -> (String, String) {
    let new = json!({"name": user, "password": "spring tide"});
    assert_eq!(sent(service.post("/api/v1/platform/users", &new)).await.0, 201);
    let token = json!({"user": user, "name": "ci", "expires_at": t.clock.now().later(AN_HOUR)});
    let (status, made) = sent(service.post("/api/v1/platform/tokens", &token)).await;
    assert_eq!(status, 201, "{made}");
    let text = |field: &str| made[field].as_str().expect("it is a text").to_owned();
    (text("id"), text("token"))
}

/// The cookie of a session.
async fn session(service: &Service, user: &str) -> String {
    let body = json!({"name": user, "password": "spring tide"});
    let opened = service.request(Method::POST, "/api/v1/platform/session").json(&body).send().await;
    let opened = opened.expect("the service answers");
    let cookie = opened.headers()["set-cookie"].to_str().expect("it is a text");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    assert_eq!(json_of(opened).await["user"], user);
    cookie
}

#[test]
fn whoever_loses_the_login_hears_nothing_more() {
    TestDb::both(PLATFORM, async |t| {
        let mut settings = settings();
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.trusted_user_header = Some("x-remote-user".to_owned());
        let service = Service::with(t, settings, Routes::new(), Mounts::default()).await;
        let listen = || service.request(Method::GET, EVENTS);
        let admin = |method: Method, path: &str| {
            service.request(method, &format!("/api/v1/platform/{path}")).bearer_auth(&service.admin)
        };
        let block = |user: &str| {
            let change = json!({"version": 1, "state": "blocked"});
            admin(Method::PATCH, &format!("users/{user}")).json(&change)
        };
        let (revoked, by_revoked) = token(t, &service, "ria").await;
        let (_, by_blocked) = token(t, &service, "bob").await;
        let (_, by_removed) = token(t, &service, "rex").await;
        token(t, &service, "sue").await;
        token(t, &service, "pia").await;
        let cookie = session(&service, "sue").await;
        let password = json!({"version": 1, "password": "neap tide, neap tide"});
        let losses = [
            (listen().bearer_auth(&by_revoked), admin(Method::DELETE, &format!("tokens/{revoked}"))),
            (listen().bearer_auth(&by_blocked), block("bob")),
            (listen().bearer_auth(&by_removed), admin(Method::DELETE, "users/rex")),
            (listen().header("cookie", cookie), admin(Method::PATCH, "users/sue").json(&password)),
            (listen().header("x-remote-user", "pia"), block("pia")),
        ];
        let (mut anonymous, mut of_admin) = (Ear::on(listen()).await, Ear::on(service.get(EVENTS)).await);
        let mut ears = Vec::new();
        for (open, loss) in losses {
            ears.push((Ear::on(open).await, loss));
        }
        announce(t, "harbour.ship.came", "before").await;
        for (ear, loss) in &mut ears {
            ear.hears("before").await;
            let (status, answer) = sent(loss.try_clone().expect("its body is in memory")).await;
            assert!((200..300).contains(&status), "{status} {answer}");
        }
        announce(t, "harbour.ship.came", "after").await;
        for (ear, _) in ears {
            ear.ends_before("after").await;
        }
        for ear in [&mut anonymous, &mut of_admin] {
            ear.hears("before").await;
            ear.hears("after").await;
        }
        assert_eq!(sent(listen().bearer_auth(&by_revoked)).await.0, 401, "nor is it let in again");
        drop((anonymous, of_admin));
        service.end().await;
    });
}

#[test]
fn a_stream_ends_with_the_time_of_its_token() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let (_, expiring) = token(t, &service, "ria").await;
        let mut ear = Ear::on(service.request(Method::GET, EVENTS).bearer_auth(&expiring)).await;
        announce(t, "harbour.ship.came", "before").await;
        ear.hears("before").await;
        t.clock.advance(AN_HOUR);
        // whoever was met is known for some seconds, unless rights change
        token(t, &service, "bob").await;
        announce(t, "harbour.ship.came", "after").await;
        ear.ends_before("after").await;
        service.end().await;
    });
}

/// Scenario 27 for streams: as soon as another process is told.
#[test]
fn a_token_revoked_in_one_process_ends_a_stream_of_another() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let Place::Postgres(url) = t.options().place.clone() else { unreachable!() };
        let other = t.another(4).await;
        let _bridges = [Bridge::start(&t.db, &url).unwrap(), Bridge::start(&other, &url).unwrap()];
        let here = Service::start(t).await;
        let there = here.beside(&other).await;
        let (id, revoked) = token(t, &here, "ria").await;
        let mut ear = Ear::on(there.request(Method::GET, EVENTS).bearer_auth(&revoked)).await;
        announce(t, "harbour.ship.came", "before").await;
        ear.hears("before").await;
        let mut heard = other.signals().listen();
        let revoke = here.request(Method::DELETE, &format!("/api/v1/platform/tokens/{id}"));
        assert_eq!(sent(revoke.bearer_auth(&here.admin)).await.0, 204);
        while !heard.next().await.rights {}
        announce(t, "harbour.ship.came", "after").await;
        ear.ends_before("after").await;
        here.end().await;
        there.end().await;
        other.close().await;
    });
}
