//! What is set, and taking over another configuration.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::Query;
use super::super::list::List;
use super::super::problem::{Problem, ProblemItem};
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::ADMIN;
use crate::config::{ConfigErrors, Known, Origin, Reloaded, Running, Standing};
use crate::store::in_tx;

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
struct Setting {
    /// The whole key.
    key: String,
    /// Its value as TOML, secrets as `***`; `null` where it is not set.
    value: Option<String>,
    /// Where the value comes from.
    origin: String,
    /// What it means.
    about: &'static str,
}

/// What a new configuration changed.
#[derive(Debug, Serialize, ToSchema)]
struct TakenOver {
    /// Keys that hold with their new values.
    changed: Vec<String>,
    /// Keys whose new values hold from the next start on.
    at_restart: Vec<String>,
}

#[derive(Clone)]
struct Configured {
    platform: Platform,
    running: Arc<dyn Running>,
}

/// The routes that show and change what that program runs by.
pub fn routes(platform: Platform, running: Arc<dyn Running>) -> Routes {
    let show_route = Endpoint::get("/api/v1/platform/config", Access::Needs(ADMIN)).summary("What is set, by key");
    let reload_route = Endpoint::post("/api/v1/platform/config/reload", Access::Needs(ADMIN))
        .summary("Takes over the configuration as it is now, all of it or nothing");
    Routes::new()
        .route(show_route.answers::<List<Setting>>(200), show)
        .route(reload_route.answers::<TakenOver>(200), reload)
        .with_state(Configured { platform, running })
}

async fn show(State(configured): State<Configured>, Query(()): Query<()>) -> Json<List<Setting>> {
    let set = configured.running.shown().into_iter().filter(|known| known.standing != Standing::Example);
    let setting = |known: Known| Setting {
        key: known.key,
        value: known.value,
        origin: known.origin.to_string(),
        about: known.doc.trim(),
    };
    Json(List { items: set.map(setting).collect(), next: None })
}

async fn reload(State(configured): State<Configured>, caller: Caller) -> Result<Answer, Problem> {
    let running = Arc::clone(&configured.running);
    // it reads files
    let reloaded = tokio::task::spawn_blocking(move || running.reload()).await;
    let Reloaded { changed, at_restart } = reloaded.map_err(|error| Problem::fault(&error))?.map_err(refused)?;
    let (caller, taken) = (&caller, &TakenOver { changed, at_restart });
    let done = caller.write(&configured.platform, "platform.config.reload", |tx| {
        in_tx(async move {
            let change = json!({"reloaded": taken});
            caller.record(tx, Record { permission: ADMIN, object: "config".to_owned(), reason: None, change });
            Ok(Answer::ok(taken))
        })
    });
    done.await
}

/// Every mistake with its place. The old configuration goes on to hold.
fn refused(errors: ConfigErrors) -> Problem {
    let item = |issue: crate::config::Issue| {
        let (line, column) = match &issue.at {
            Origin::File { line, column, .. } => (Some(*line), Some(*column)),
            Origin::Environment(_) | Origin::Default => (None, None),
        };
        let at = format!("config:{}", issue.at);
        ProblemItem { line, column, ..ProblemItem::new(at, "platform.bad-value", issue.text) }
    };
    Problem { status: 409, code: "platform.conflict", ..Problem::of_items(errors.0.into_iter().map(item).collect()) }
}
