//! What the demo does as a client of its own service, through the interfaces that everybody uses.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderValue, SET_COOKIE};
use serde_json::{Value, json};
use tidegate_platform::secret::Secret;
use tokio::time::{MissedTickBehavior, interval};

use super::ci::Ci;
use crate::failure::Failure;
use crate::remote::Server;

/// The name of the first admin.
pub(super) const ADMIN: &str = "demo";
/// A result comes so often.
pub(super) const PACE: Duration = Duration::from_millis(1_200);
/// What the demo pauses, and why.
pub(super) const PAUSED_JOB: &str = "platform.retention";
const PAUSED_WHY: &str = "the demo keeps everything";

/// Whoever is at work in the demo.
pub(super) struct Visitors {
    /// The admin.
    pub(super) admin: Server,
    /// The CI system.
    pub(super) ci: Server,
    /// The cookie of the admin's session.
    pub(super) cookie: HeaderValue,
}

/// Makes the first admin, and a CI system with the role and the token that it needs.
pub(super) async fn move_in(url: &str, setup: &Secret, password: &Secret) -> Result<Visitors, Failure> {
    let mut admin = Server::new(url, None)?;
    let origin = ("origin", url);
    let first = json!({"token": setup.expose(), "name": ADMIN, "password": password.expose()});
    let made = admin.ask(Method::POST, "/api/v1/platform/setup", Some(&first), &[origin]).await?;
    let log_in = json!({"name": ADMIN, "password": password.expose()});
    let session = admin.ask(Method::POST, "/api/v1/platform/session", Some(&log_in), &[origin]).await?;
    let missing = |what: &str| Failure::fault(format!("the service gave no {what}"));
    let cookie = session.headers.get(SET_COOKIE).cloned().ok_or_else(|| missing("cookie"))?;
    admin.token = Some(token_of(&made.body).ok_or_else(|| missing("token"))?);

    let user = json!({"name": "ci", "title": "The demo's CI system"});
    admin.post("/api/v1/platform/users", &user).await?;
    for role in ["results.reporter", "results.importer"] {
        admin.post("/api/v1/platform/grants", &json!({"role": role, "user": "ci"})).await?;
    }
    let token = admin.post("/api/v1/platform/tokens", &json!({"name": "demo", "user": "ci"})).await?;
    let ci = Server::new(url, Some(token_of(&token.body).ok_or_else(|| missing("token"))?))?;
    Ok(Visitors { admin, ci, cookie })
}

fn token_of(body: &Value) -> Option<Secret> {
    body["token"].as_str().map(Secret::new)
}

impl Visitors {
    /// Brings a history in, of which nothing is told, and says how many results were stored.
    pub(super) async fn import(&self, history: &[Value]) -> Result<u64, Failure> {
        let lines: String = history.iter().flat_map(|body| [body.to_string(), "\n".to_owned()]).collect();
        let request = self.ci.request(Method::POST, "/api/v1/results/import?id=demo&announce=none", &[]);
        let response = self.ci.answered(request.body(lines)).await?;
        let text = response.bytes().await.map_err(|error| self.ci.away(&error))?;
        let answer: Value = serde_json::from_slice(&text).unwrap_or_default();
        answer["accepted"].as_u64().ok_or_else(|| Failure::fault(format!("an import answered {answer}")))
    }

    /// Pauses a job, so that there is something that stands still and says so.
    pub(super) async fn pause(&self) -> Result<(), Failure> {
        let path = format!("/api/v1/platform/jobs/{PAUSED_JOB}/pause");
        self.admin.post(&path, &json!({"reason": PAUSED_WHY})).await.map(drop)
    }

    /// Posts a result as a CI system does that knows ResultsDB.
    pub(super) async fn report(&self, result: &Value) -> Result<(), Failure> {
        self.ci.post("/resultsdb/api/v2.0/results", result).await.map(drop)
    }

    /// Goes on reporting for ever.
    pub(super) async fn report_on(&self, ci: &mut Ci) -> Result<(), Failure> {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            self.report(&ci.next()).await?;
        }
    }
}
