//! `updates/{id}/builds`: which builds an update has, so that its results are told for each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tidegate_platform::http::{
    Access, Answer, Body, Caller, Endpoint, Fields, FromFields, List, PAGE_PARAMETERS, Page, Path, Problem, Query,
    Record, Routes,
};
use tidegate_platform::store::{Result as StoreResult, in_tx};
use utoipa::ToSchema;

use super::answer::Failure;
use super::native::instant;
use super::{Gate, Shared};
use crate::rights::WRITE;
use crate::store::{self, BuildRow};

/// The builds of an update.
#[derive(ToSchema)]
struct Builds {
    /// Their names, version and release.
    builds: BTreeSet<String>,
}

/// A build of an update.
#[derive(Debug, Serialize, ToSchema)]
struct Build {
    /// Its name, version and release.
    nvr: String,
    /// Who told: a result (`data`), somebody (`api`), or the bus.
    source: String,
    /// When.
    seen_at: Option<String>,
}

/// The builds of an update as they were set.
#[derive(Debug, Serialize, ToSchema)]
struct SetBuilds<'a> {
    /// The update.
    update: &'a str,
    /// Its builds.
    builds: &'a BTreeSet<String>,
}

impl FromFields for Builds {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { builds: fields.required("builds")? })
    }
}

pub(super) fn routes() -> Routes<Arc<Gate>> {
    const PATH: &str = "/api/v1/results/updates/{id}/builds";
    let list = Endpoint::get(PATH, Access::Read).summary("The builds of an update, as far as they are known");
    let set = Endpoint::put(PATH, Access::Needs(WRITE)).summary("Says which builds an update has, and no others");
    Routes::new()
        .route(list.query(PAGE_PARAMETERS).answers::<List<Build>>(200), builds)
        .route(set.takes::<Builds>().answers::<SetBuilds<'_>>(200), set_builds)
}

async fn builds(
    State(gate): Shared,
    Path(update): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<Build>>, Problem> {
    let (after, update, rows) = (&page.after::<String>()?.unwrap_or_default(), &update, page.rows());
    let found: StoreResult<Vec<BuildRow>> =
        gate.db().read(|reader| in_tx(async move { store::update_builds(reader, update, after, rows).await })).await;
    let List { items, next } = page.list(found?, |row| row.nvr.clone());
    let shown = |row: BuildRow| Build { nvr: row.nvr, source: row.source, seen_at: instant(row.seen_at) };
    Ok(Json(List { items: items.into_iter().map(shown).collect(), next }))
}

async fn set_builds(
    State(gate): Shared,
    Path(update): Path<String>,
    caller: Caller,
    Body(Builds { builds }): Body<Builds>,
) -> Result<Answer, Problem> {
    let most = gate.rules.fan_out.max_builds;
    let is_name = |text: &String| !text.is_empty() && text.len() <= 1_024 && !text.contains('\0');
    if builds.len() > most || !builds.iter().chain([&update]).all(is_name) {
        let detail = format!("an update has at most {most} builds, each a name of at most 1024 bytes");
        return Err(Problem::bad_value("/body/builds", detail));
    }
    let (update, builds, caller) = (&update, &builds, &caller);
    let write = caller.write(&gate.platform, "results.builds", |tx| {
        in_tx(async move {
            store::set_builds(tx, update, builds, "api").await?;
            let (object, change) = (format!("update:{update}"), json!({ "builds": builds.len() }));
            caller.record(tx, Record { permission: WRITE, object, reason: None, change });
            Ok::<_, Failure>(Answer::ok(&SetBuilds { update, builds }))
        })
    });
    write.await.map_err(Problem::from)
}
