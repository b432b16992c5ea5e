//! The HTTP service: routes that say who may use them, errors of one shape, limits on everything.
//!
//! A request passes three places. The [shell](serve) knows who asks and where from, and gives every answer its headers and
//! every error its shape. The guard of its route asks whether that one may, and keeps body and time within limits. The
//! handler reads the input, all mistakes at once, and does its one transaction through [`Caller::write`], which also keeps
//! the answer for a client that asks again.
//!
//! *Invariant:* no route exists outside of [`Routes::route`], so each is in the list of routes, in the documentation and in
//! the test of rights.

mod answer;
mod api;
mod body;
mod caller;
mod credentials;
mod form;
mod forms;
mod gates;
mod guard;
mod heads;
mod health;
mod input;
mod jsonp;
mod list;
mod listen;
mod local;
mod metrics;
mod openapi;
mod problem;
mod rate;
mod route;
mod shell;
mod store;
mod when;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::auth::Auth;
use crate::config::{HttpConfig, Network, PublicUrl};
use crate::retention::Rule;
use crate::store::Db;
use crate::trail::Trail;

pub use answer::{Answer, etag, expected_version};
pub use api::{
    CreateToken, LogIn, SetUp, config_routes, create_token, log_in, make_admin, routes as platform_routes, topic_routes,
};
pub use caller::{Caller, Record};
pub use form::Then;
pub use forms::routes as form_routes;
pub use gates::GateState;
pub use input::{Body, Fields, FromFields, FromParams, Params, Path, Query, Raw};
pub use list::{List, PAGE_PARAMETERS, Page};
pub use listen::{ListenError, Listeners};
pub use local::ask_store;
pub use metrics::{Count, Metrics};
pub use openapi::document;
pub use problem::{Dialect, NativeDialect, Problem, ProblemBody, ProblemItem};
pub use route::{Access, Endpoint, RouteLine, Routes};
pub use shell::{Mounts, serve};
pub use store::{STATEMENTS, forget_answers};
pub use when::{NotAWhen, When};

/// What is set about HTTP.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// How the service is reached from outside.
    pub public_url: Option<PublicUrl>,
    /// Who may say for whom a request is forwarded.
    pub trusted_proxies: Vec<Network>,
    /// The header by which they name an authenticated user.
    pub trusted_user_header: Option<String>,
    /// Pages of other origins that may use the API.
    pub cors_origins: Vec<PublicUrl>,
    /// The largest body where a route has no limit of its own, in bytes.
    pub max_body: usize,
    /// How long a handler may take.
    pub handler_timeout: Duration,
    /// How long the listener stays open after a stop began.
    pub drain: Duration,
    /// How long an answer is kept for its `Idempotency-Key`.
    pub idempotency_ttl: Duration,
    /// Requests a second from an address without a login.
    pub anonymous_rate: u32,
}

/// What all handlers share. Clones share it.
#[derive(Clone)]
pub struct Platform {
    db: Db,
    inner: Arc<Inner>,
}

struct Inner {
    auth: Auth,
    settings: HttpSettings,
    metrics: Metrics,
    rate: rate::Rate,
    stopping: watch::Receiver<bool>,
    live: api::Live,
    jobs: Vec<&'static str>,
    gates: Vec<GateState>,
    trail: Trail,
}

impl Platform {
    /// On that store, with those rights and the names of all jobs. It stops when the receiver says so.
    pub fn new(
        db: Db,
        auth: Auth,
        settings: HttpSettings,
        jobs: Vec<&'static str>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let metrics = Metrics::default();
        let rate = rate::Rate::new(settings.anonymous_rate);
        let live = api::Live::new(db.clone());
        let (gates, trail) = (Vec::new(), Trail::default());
        let inner = Inner { auth, settings, metrics, rate, stopping, live, jobs, gates, trail };
        Self { db, inner: Arc::new(inner) }
    }

    /// The same with another handle of the store, for handlers whose store can be taken away.
    #[must_use]
    pub fn over(&self, db: Db) -> Self {
        Self { db, ..self.clone() }
    }

    /// The store.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Who may do what.
    pub fn auth(&self) -> &Auth {
        &self.inner.auth
    }

    /// What is set.
    pub fn settings(&self) -> &HttpSettings {
        &self.inner.settings
    }

    /// The names of all jobs.
    pub fn jobs(&self) -> &[&'static str] {
        &self.inner.jobs
    }

    /// Where changes went, as far as that caller may know.
    pub fn trail_for(&self, caller: &Caller) -> Trail {
        self.inner.trail.without(self.hidden_from(caller))
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Whether a stop has begun.
    pub fn is_stopping(&self) -> bool {
        *self.inner.stopping.borrow()
    }
}

/// What the job of retention deletes here.
pub fn rules() -> Vec<Rule> {
    vec![store::rule()]
}

impl From<&HttpConfig> for HttpSettings {
    fn from(config: &HttpConfig) -> Self {
        Self {
            public_url: config.public_url.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            trusted_user_header: config.trusted_user_header.clone(),
            cors_origins: config.cors_origins.clone(),
            max_body: config.max_body.bytes(),
            handler_timeout: config.handler_timeout,
            drain: config.drain,
            idempotency_ttl: config.idempotency_ttl,
            anonymous_rate: config.anonymous_rate.get(),
        }
    }
}
