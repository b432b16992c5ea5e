//! The gate behind its HTTP interfaces.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tidegate_kernel::Actor;
use tidegate_results::api::{Caller, Callers, Gate, Known, NotKnown, native, resultsdb};
use tidegate_results::compat::render::Links;
use tidegate_results::permission::Permission;
use tidegate_testkit::TestDb;
use tower::ServiceExt as _;

use crate::gate;

/// Who has which token.
struct Tokens;

impl Callers for Tokens {
    fn caller<'a>(&'a self, token: Option<&'a str>) -> Known<'a> {
        Box::pin(async move {
            let (user, may_write) = match token {
                Some("tg_writer") => ("alice", true),
                Some("tg_reader") => ("bob", false),
                Some(_) | None => return Err(NotKnown::Refused),
            };
            Ok(Caller {
                actor: Actor::user(user),
                user: user.to_owned(),
                groups: vec!["qa".to_owned()],
                may_write,
                may_import: may_write,
            })
        })
    }
}

/// The interfaces over a store, with a look at what was told.
pub(crate) struct Web {
    router: Router,
    pub(crate) gate: gate::Gate,
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

impl Web {
    pub(crate) fn over(t: &TestDb) -> Self {
        Self::with(t, |_| {})
    }

    pub(crate) fn with(t: &TestDb, change: impl FnOnce(&mut Gate)) -> Self {
        let mut gate = Gate::new(t.db.clone(), Links::at("http://public/resultsdb/api/v2.0"), Arc::new(Tokens));
        let entry = json!({"name": "qa", "testcases": ["dist.*"], "groups": ["qa"], "users": []});
        gate.v3_permissions = vec![Permission::of(entry)];
        change(&mut gate);
        let gate = Arc::new(gate);
        let router = Router::new().nest("/resultsdb", resultsdb(Arc::clone(&gate))).merge(native(gate));
        Self { router, gate: gate::Gate::over(t) }
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
        self.post_as("tg_writer", path, body).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/resultsdb{path}")).header("host", "h");
        let request =
            request.header("content-type", "application/json").header("authorization", format!("Bearer {token}"));
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// A result that is taken.
    pub(crate) async fn result(&self, body: Value) -> Value {
        let answer = self.post("/api/v2.0/results", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }
}
