//! The service over a real socket, on both databases.

mod answers;
mod configuration;
mod forgery;
mod forms;
mod hostile;
mod limits;
mod listening;
mod live;
mod metrics;
mod operating;
mod repeating;
mod rights;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tidegate_platform::auth::Auth;
use tidegate_platform::http::{GateState, HttpSettings, Listeners, Mounts, Platform, Routes, platform_routes, serve};
use tidegate_platform::store::Db;
use tidegate_platform::trail::Trail;
use tidegate_platform::wake::JobName;
use tidegate_testkit::TestDb;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::{Office, auth, user};

pub(crate) const HAUL: JobName = JobName::new("harbour.haul");

/// A service on a store, with an admin called ann.
pub(crate) struct Service {
    pub(crate) at: SocketAddr,
    pub(crate) auth: Auth,
    client: reqwest::Client,
    pub(crate) admin: String,
    pub(crate) stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        public_url: None,
        trusted_proxies: vec![],
        trusted_user_header: None,
        cors_origins: vec!["https://pages.example.org".parse().expect("it is an origin")],
        max_body: 64 * 1024,
        handler_timeout: Duration::from_secs(30),
        drain: Duration::ZERO,
        idempotency_ttl: Duration::from_secs(604_800),
        anonymous_rate: 50,
    }
}

impl Service {
    pub(crate) async fn start(t: &TestDb) -> Self {
        Self::with(t, settings(), Routes::new(), Mounts::default()).await
    }

    pub(crate) async fn with(t: &TestDb, settings: HttpSettings, gates: Routes, mounts: Mounts) -> Self {
        Self::with_gates(t, settings, gates, mounts, Vec::new()).await
    }

    pub(crate) async fn with_gates(
        t: &TestDb,
        settings: HttpSettings,
        gates: Routes,
        mounts: Mounts,
        states: Vec<GateState>,
    ) -> Self {
        let mut service = Self::without_admin(&t.db, settings, gates, mounts, states).await;
        service.admin = service.token_for(t, "ann", Some("platform.admin"), None).await;
        service
    }

    /// One more on a store where the admin has a token already.
    pub(crate) async fn beside(&self, db: &Db) -> Self {
        let service = Self::without_admin(db, settings(), Routes::new(), Mounts::default(), Vec::new()).await;
        Self { admin: self.admin.clone(), ..service }
    }

    async fn without_admin(
        db: &Db,
        settings: HttpSettings,
        gates: Routes,
        mounts: Mounts,
        states: Vec<GateState>,
    ) -> Self {
        let auth = auth(db);
        let (stop, stopping) = watch::channel(false);
        let listeners = Listeners::bind(&["127.0.0.1:0".parse().expect("it is an address")]).await;
        let listeners = listeners.expect("loopback has a free port");
        let at = listeners.addresses()[0];
        let platform = Platform::new(db.clone(), auth.clone(), settings, vec![HAUL.as_str()], stopping.clone());
        let platform = platform.with_gates(states, Trail::default());
        let gates = gates.and(configuration::routes(&platform));
        let router = serve(platform.clone(), platform_routes(platform, gates), mounts);
        let serving = tokio::spawn(listeners.serve(router, stopping, Duration::ZERO));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        Self { at, auth, client, admin: String::new(), stop, serving }
    }

    /// The token of a new user with that role, narrowed to these scopes.
    pub(crate) async fn token_for(
        &self,
        t: &TestDb,
        name: &str,
        role: Option<&str>,
        scopes: Option<&[&str]>,
    ) -> String {
        let office = Office { db: &t.db, auth: &self.auth };
        office.user(name, Some("spring tide")).await.expect("the name is free");
        if let Some(role) = role {
            office.grant(user(name), role, None).await.expect("there is such a role");
        }
        let principal = office.by_name(name).await;
        let (_, secret) = office.token(&principal, scopes).await.expect("a token can be made");
        secret.expose().to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.at))
    }

    /// As the admin.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path).bearer_auth(&self.admin)
    }

    /// As the admin.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).bearer_auth(&self.admin).json(body)
    }

    /// Ends it when all requests are answered.
    pub(crate) async fn end(self) {
        self.stop.send_replace(true);
        drop(self.client);
        self.serving.await.expect("the service ends well");
    }
}

/// Sends it, and gives status and JSON.
pub(crate) async fn sent(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the service answers");
    (response.status().as_u16(), json_of(response).await)
}

pub(crate) async fn json_of(response: Response) -> Value {
    let text = response.bytes().await.expect("the body arrives");
    serde_json::from_slice(&text).unwrap_or(Value::Null)
}

pub(crate) fn named(name: &str) -> Value {
    json!({"name": name})
}
