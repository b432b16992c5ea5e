//! The gate behind its HTTP interfaces.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tidegate_platform::auth::{
    Auth, AuthError, AuthOptions, Credentials, Holder, Name, NewGrant, NewToken, NewUser, Rights,
};
use tidegate_platform::config::{Reader, Sources};
use tidegate_platform::http::{HttpSettings, Mounts, Platform, RouteLine, document, serve};
use tidegate_platform::store::{Db, in_tx};
use tidegate_results::api::{Gate, RESULTSDB, RESULTSDB_PATHS, ResultsDb, routes};
use tidegate_results::config::ResultsConfig;
use tidegate_results::permission::Permission;
use tidegate_results::rights::RIGHTS;
use tidegate_testkit::TestDb;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::gate;

/// A well-formed token that nobody has.
const UNKNOWN: &str = "tg_0000000000000000000000000000000000000000000000000000000000000000";

/// The interfaces over a store, with a look at what was told. Alice may write and import, Bob may not; both are in the
/// team that the third interface knows.
pub(crate) struct Web {
    router: Router,
    lines: Vec<RouteLine>,
    document: String,
    tokens: BTreeMap<&'static str, String>,
    pub(crate) gate: gate::Gate,
    _stop: watch::Sender<bool>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status and the message of an error.
    pub(crate) fn message(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["message"].as_str().unwrap_or_default().to_owned())
    }

    /// What is wrong with the fields, as `field: sentence`.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let errors = self.json()["validation_error"].as_array().cloned().unwrap_or_default();
        let shown = |error: &Value| format!("{}: {}", error["loc"], error["msg"].as_str().unwrap_or_default());
        errors.iter().map(shown).collect()
    }

    /// The ids of a list of results.
    pub(crate) fn ids(&self) -> Vec<i64> {
        let data = self.json()["data"].as_array().cloned().unwrap_or_default();
        data.iter().filter_map(|result| result["id"].as_i64()).collect()
    }
}

fn settings() -> HttpSettings {
    HttpSettings {
        public_url: None,
        trusted_proxies: vec![],
        trusted_user_header: None,
        cors_origins: vec![],
        max_body: 4 * 1024 * 1024,
        handler_timeout: Duration::from_secs(60),
        drain: Duration::ZERO,
        idempotency_ttl: Duration::from_secs(86_400),
        anonymous_rate: 1_000_000,
    }
}

fn config() -> ResultsConfig {
    let sources = Sources::of_text("tidegate.toml", "");
    ResultsConfig::of(&mut Reader::new(&sources)).expect("nothing is mistaken")
}

fn auth(db: &Db) -> Auth {
    let day = Duration::from_secs(86_400);
    let options = AuthOptions {
        anonymous_read: true,
        anonymous_read_of: std::collections::BTreeMap::new(),
        session_idle: day,
        session_max: day,
        grants: vec![],
    };
    Auth::new(db.clone(), Rights::of(&[RIGHTS]).expect("the rights fit"), options).expect("no grants, no mistakes")
}

/// A token of that user, who is made with these roles if there is none of the name.
async fn token(db: &Db, auth: &Auth, name: &str, roles: &[&str]) -> String {
    let user: Name = name.parse().expect("it is a name");
    let known = Credentials::Proxy(name.to_owned());
    if auth.principal(&known).await.is_err() {
        let new = &NewUser { name: user.clone(), title: None, mail: None, password: None };
        let team: &Name = &"qa".parse().expect("it is a name");
        let made: Result<(), AuthError> = db
            .write("test.user", |tx| {
                let user = user.clone();
                in_tx(async move {
                    auth.add_user(tx, new).await?;
                    match auth.team(tx, team.as_str()).await {
                        Ok(_) => {}
                        Err(_) => drop(auth.add_team(tx, team, None).await?),
                    }
                    auth.set_member(tx, team.as_str(), user.as_str(), true).await?;
                    for role in roles {
                        let (holder, role) = (Holder::User(user.clone()), (*role).to_owned());
                        auth.add_grant(tx, &NewGrant { holder, role, object: None, only: None }).await?;
                    }
                    Ok(())
                })
            })
            .await;
        made.expect("the user can be made");
    }
    let principal = &*auth.principal(&known).await.expect("the user is known");
    let new = &NewToken { user: None, name: "ci".to_owned(), scopes: None, object: None, expires_at: None };
    let made: Result<_, AuthError> = db.write("test.token", |tx| in_tx(auth.add_token(tx, principal, new))).await;
    made.expect("a token can be made").1.expose().to_owned()
}

impl Web {
    pub(crate) async fn over(t: &TestDb) -> Self {
        Self::with(t, |_| {}).await
    }

    pub(crate) async fn with(t: &TestDb, change: impl FnOnce(&mut Gate)) -> Self {
        Self::of(t, |mut gate| {
            change(&mut gate);
            gate
        })
        .await
    }

    pub(crate) async fn of(t: &TestDb, made: impl FnOnce(Gate) -> Gate) -> Self {
        let auth = auth(&t.db);
        let writer = token(&t.db, &auth, "alice", &["results.reporter", "results.importer"]).await;
        let reader = token(&t.db, &auth, "bob", &[]).await;
        let tokens = [("writer", writer), ("reader", reader), ("nobody", UNKNOWN.to_owned())].into();
        let (stop, stopping) = watch::channel(false);
        let platform = Platform::new(t.db.clone(), auth, settings(), vec![], stopping);
        let mut gate = Gate::new(platform.clone(), "http://public", &config());
        let entry = json!({"name": "qa", "testcases": ["dist.*"], "groups": ["qa"], "users": []});
        gate.v3_permissions = vec![Permission::of(entry)];
        let routes = routes(Arc::new(made(gate)));
        let (lines, document) = (routes.lines(), document(&routes).to_pretty_json().expect("it has a JSON form"));
        let hosts = ["resultsdb.example.org".to_owned()];
        let mounts = Mounts::default().with(RESULTSDB, ResultsDb).hosted(RESULTSDB, RESULTSDB_PATHS, &hosts);
        let router = serve(platform, routes, mounts);
        Self { router, lines, document, tokens, gate: gate::Gate::over(t), _stop: stop }
    }

    /// What routes there are, and their description.
    pub(crate) fn described(&self) -> (&[RouteLine], &str) {
        (&self.lines, &self.document)
    }

    /// The token of the writer, the reader, or of nobody.
    pub(crate) fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    pub(crate) fn bearer(&self, who: &str) -> String {
        format!("Bearer {}", self.token(who))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("a router answers always");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("an answer has an end");
        let text = String::from_utf8(body.to_vec()).expect("answers are text");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// GET, below the mount.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(format!("/resultsdb{path}")).header("host", "h");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// POST of JSON by who may write.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.post_as("writer", path, body).await
    }

    pub(crate) async fn post_as(&self, who: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/resultsdb{path}")).header("host", "h");
        let request = request.header("content-type", "application/json").header("authorization", self.bearer(who));
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// GET of our own interface.
    pub(crate) async fn native(&self, path: &str) -> Value {
        let request = Request::get(format!("/api/v1/results/{path}")).body(Body::empty()).expect("a request");
        self.send(request).await.json()
    }

    /// An import by who may.
    pub(crate) async fn import(&self, query: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/api/v1/results/import{query}"));
        let request = request.header("authorization", self.bearer("writer"));
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// A result of test case `t` for that build, which is taken.
    pub(crate) async fn tested(&self, item: &str, outcome: &str) -> Value {
        let data = json!({"item": item, "type": "koji_build"});
        self.result(json!({"outcome": outcome, "testcase": "t", "data": data})).await
    }

    /// A result that is taken.
    pub(crate) async fn result(&self, body: Value) -> Value {
        let answer = self.post("/api/v2.0/results", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }
}
