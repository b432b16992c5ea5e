//! Our own interface: `/api/v1/results/…`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tidegate_platform::http::{
    Access, Answer, Body, Caller, Endpoint, Fields, FromFields, FromParams, List, Page, Params, Path, Problem, Query,
    Record, Routes,
};
use tidegate_platform::store::{Result, in_tx};
use utoipa::ToSchema;

use super::answer::Failure;
use super::{Gate, Shared, import, records};
use crate::model::wire_time;
use crate::rights::{IMPORT, WRITE};
use crate::store::{self, AnnouncedRow, StateRow};

const OF_ITEM: &[(&str, &str)] = &[
    ("item", "the build, or whatever else was tested"),
    ("limit", "items on a page, at most 500"),
    ("cursor", "where the page begins, from `next`"),
];

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let get = |path, summary| Endpoint::get(path, Access::Read).summary(summary);
    let create = Endpoint::post("/api/v1/results/records", Access::Needs(WRITE)).summary("Stores a result");
    let import_route = Endpoint::post("/api/v1/results/import", Access::Needs(IMPORT))
        .summary("Stores a history: one result a line")
        .query(&[("id", "names the import, so that it can be resumed"), ("announce", "none, changed or all")])
        .endless();
    let states_route = get("/api/v1/results/announcements/state", "What is known of an item");
    let builds_route = Endpoint::put("/api/v1/results/updates/{id}/builds", Access::Needs(WRITE));
    let builds_route = builds_route.summary("Says which builds an update has").takes::<Builds>();
    Routes::new()
        .route(get("/api/v1/results/records", "Results, newest first"), records::list)
        .route(create, records::create)
        .route(get("/api/v1/results/records/{id}", "One result"), records::one)
        .route(import_route, import::import)
        .route(get("/api/v1/results/announcements", "What was told of an item").query(OF_ITEM), announcements)
        .route(states_route.query(OF_ITEM), states)
        .route(builds_route, builds)
}

/// What a list about one item is asked for.
struct OfItem {
    item: String,
    page: Page,
}

impl FromParams for OfItem {
    fn read(params: &mut Params) -> Option<Self> {
        let (item, page) = (params.optional::<String>("item"), Page::read(params));
        let item = item?;
        if item.is_none() {
            params.refuse("item", "is needed: the build, or whatever else was tested");
        }
        Some(Self { item: item?, page: page? })
    }
}

/// What is known of an item, with the counts of what was not told.
async fn states(State(gate): Shared, Query(asked): Query<OfItem>) -> std::result::Result<Json<List<Value>>, Problem> {
    let OfItem { item, page } = &asked;
    let after = &page.after::<String>()?.unwrap_or_default();
    let read =
        gate.db().read(|reader| in_tx(async move { store::states_of_item(reader, item, after, page.rows()).await }));
    let rows: Result<Vec<StateRow>> = read.await;
    let List { items, next } = page.list(rows?, |row| row.key_hash.clone());
    let shown = items.into_iter().map(|row| {
        json!({
            "key": row.key_hash,
            "testcase": row.testcase,
            "subject": {"type": row.key_parts["type"], "item": row.key_parts["item"]},
            "variant": row.key_parts["variant"],
            "outcome": row.outcome,
            "result_id": row.result_id,
            "progress_outcome": row.progress_outcome,
            "seq": row.seq,
            "suppressed": row.suppressed,
            "late": row.late,
            "changed_at": row.changed_at.and_then(at),
        })
    });
    Ok(Json(List { items: shown.collect(), next }))
}

/// What was told of an item.
async fn announcements(
    State(gate): Shared,
    Query(asked): Query<OfItem>,
) -> std::result::Result<Json<List<Value>>, Problem> {
    let OfItem { item, page } = &asked;
    let (key, seq) = &page.after::<(String, i64)>()?.unwrap_or_default();
    let read = gate
        .db()
        .read(|reader| in_tx(async move { store::announcements(reader, item, (key, *seq), page.rows()).await }));
    let rows: Result<Vec<AnnouncedRow>> = read.await;
    let List { items, next } = page.list(rows?, |row| (row.key_hash.clone(), row.seq));
    let shown = items.into_iter().map(|row| {
        json!({
            "key": row.key_hash,
            "seq": row.seq,
            "testcase": row.testcase,
            "subject": {"type": row.key_parts["type"], "item": row.key_parts["item"]},
            "variant": row.key_parts["variant"],
            "reason": row.reason,
            "prev_outcome": row.prev_outcome,
            "outcome": row.outcome,
            "result_id": row.result_id,
            "via": row.via,
            "message_id": row.message_id,
            "at": at(row.created_at),
        })
    });
    Ok(Json(List { items: shown.collect(), next }))
}

fn at(microseconds: i64) -> Option<String> {
    tidegate_kernel::Timestamp::from_microseconds(microseconds).map(|at| format!("{}Z", wire_time(at)))
}

/// The builds of an update.
#[derive(ToSchema)]
struct Builds {
    /// Their names, version and release.
    builds: BTreeSet<String>,
}

impl FromFields for Builds {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { builds: fields.required("builds")? })
    }
}

/// The builds of an update are these and no others.
async fn builds(
    State(gate): Shared,
    Path(update): Path<String>,
    caller: Caller,
    Body(Builds { builds }): Body<Builds>,
) -> std::result::Result<Answer, Problem> {
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
            Ok::<_, Failure>(Answer::ok(&json!({"update": update, "builds": builds})))
        })
    });
    write.await.map_err(Problem::from)
}
