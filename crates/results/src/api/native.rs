//! Our own interface: `/api/v1/results/…`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_platform::store::in_tx;
use url::form_urlencoded;

use super::answer::{Failure, json};
use super::problem::Problem;
use super::{Gate, import, records, request};
use crate::model::wire_time;
use crate::store::{self, AnnouncedRow, StateRow};

type Shared = State<Arc<Gate>>;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 500;

pub(super) fn router() -> Router<Arc<Gate>> {
    Router::new()
        .route("/api/v1/results/records", get(records::list).post(records::create))
        .route("/api/v1/results/records/{id}", get(records::one))
        .route("/api/v1/results/import", post(import::import))
        .route("/api/v1/results/announcements", get(announcements))
        .route("/api/v1/results/announcements/state", get(states))
        .route("/api/v1/results/updates/{id}/builds", put(builds))
}

/// What a list about one item is asked for.
struct OfItem {
    item: String,
    limit: i64,
    cursor: Option<String>,
}

impl OfItem {
    fn of(query: &str) -> Result<Self, Problem> {
        let (mut item, mut limit, mut cursor) = (None, DEFAULT_LIMIT, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "item" if !value.contains('\0') => item = Some(value.into_owned()),
                "limit" => {
                    let asked = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                    limit = asked.ok_or_else(|| Problem::bad_value(format!("limit must be from 1 to {MAX_LIMIT}")))?;
                }
                "cursor" if !value.contains('\0') => cursor = Some(value.into_owned()),
                "item" | "cursor" => return Err(Problem::bad_value(format!("{name} must not contain U+0000"))),
                other => {
                    let detail = format!("there is no parameter {other}");
                    return Err(Problem::new(StatusCode::BAD_REQUEST, "platform.unknown-parameter", detail));
                }
            }
        }
        let item = item.ok_or_else(|| Problem::bad_value("item is needed: the build, or whatever else was tested"))?;
        Ok(Self { item, limit, cursor })
    }
}

fn listed(items: &[Value], next: Option<&str>) -> Result<Response, Problem> {
    json(StatusCode::OK, &json!({"items": items, "next": next})).map_err(Problem::from)
}

/// What is known of an item, with the counts of what was not told.
async fn states(State(gate): Shared, request: Request) -> Result<Response, Problem> {
    let asked = OfItem::of(request.uri().query().unwrap_or_default())?;
    let (item, after) = (&asked.item, asked.cursor.as_deref().unwrap_or_default());
    let read =
        gate.db.read(|reader| in_tx(async move { store::states_of_item(reader, item, after, asked.limit).await }));
    let rows: Vec<StateRow> = read.await.map_err(Failure::from)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == asked.limit);
    let next = rows.last().filter(|_| is_full).map(|row| row.key_hash.clone());
    let shown = rows.into_iter().map(|row| {
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
    listed(&shown.collect::<Vec<_>>(), next.as_deref())
}

/// What was told of an item.
async fn announcements(State(gate): Shared, request: Request) -> Result<Response, Problem> {
    let asked = OfItem::of(request.uri().query().unwrap_or_default())?;
    let after = asked.cursor.as_deref().map_or(Some(("", 0)), |cursor| {
        let (key, seq) = cursor.split_once('/')?;
        Some((key, seq.parse().ok()?))
    });
    let after = after.ok_or_else(|| Problem::bad_value("cursor must be the one that the page before gave"))?;
    let item = &asked.item;
    let read =
        gate.db.read(|reader| in_tx(async move { store::announcements(reader, item, after, asked.limit).await }));
    let rows: Vec<AnnouncedRow> = read.await.map_err(Failure::from)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == asked.limit);
    let next = rows.last().filter(|_| is_full).map(|row| format!("{}/{}", row.key_hash, row.seq));
    let shown = rows.into_iter().map(|row| {
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
    listed(&shown.collect::<Vec<_>>(), next.as_deref())
}

fn at(microseconds: i64) -> Option<String> {
    tidegate_kernel::Timestamp::from_microseconds(microseconds).map(|at| format!("{}Z", wire_time(at)))
}

/// The body of `PUT updates/{id}/builds`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Builds {
    builds: BTreeSet<String>,
}

/// The builds of an update are these and no others.
async fn builds(State(gate): Shared, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = request::body(&gate, body).await?;
    let caller = request::writer(&gate, &parts, b"").await.map_err(Failure::from)?;
    if !caller.may_write {
        return Err(Failure::Forbidden("results:write is needed".to_owned()).into());
    }
    let path = parts.uri.path();
    let update = path.split_once("/updates/").and_then(|(_, rest)| rest.strip_suffix("/builds")).unwrap_or_default();
    let update = percent_decode_str(update).decode_utf8_lossy().into_owned();
    let read = serde_json::from_slice(&body);
    let Builds { builds } = read.map_err(|error| Problem::bad_value(format!("/body: {error}")))?;
    let most = gate.rules.fan_out.max_builds;
    let is_name = |text: &String| !text.is_empty() && text.len() <= 1_024 && !text.contains('\0');
    if builds.len() > most || !builds.iter().chain([&update]).all(is_name) {
        return Err(Problem::bad_value(format!(
            "an update has at most {most} builds, each a name of at most 1024 bytes"
        )));
    }
    let (update, builds) = (&update, &builds);
    let set =
        gate.db.write("results.builds", |tx| in_tx(async move { store::set_builds(tx, update, builds, "api").await }));
    set.await.map_err(Failure::from)?;
    json(StatusCode::OK, &json!({"update": update, "builds": builds})).map_err(Problem::from)
}
