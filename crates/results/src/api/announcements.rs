//! `announcements`: what was told, and what is known.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use tidegate_platform::http::{Access, Endpoint, FromParams, List, Page, Params, Problem, Query, Routes};
use tidegate_platform::store::{Result as StoreResult, in_tx};
use utoipa::ToSchema;

use super::native::instant;
use super::{Gate, Shared};
use crate::store::{self, About, After, AnnouncedRow, StateRow};

const PARAMETERS: &[(&str, &str)] = &[
    ("item", "the build, or whatever else was tested"),
    ("update", "the update whose builds are meant"),
    ("testcase", "the test case, alone or with one of the others"),
    ("limit", "items on a page, at most 500"),
    ("cursor", "where the page begins, from `next`"),
];

/// Of which thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Thing {
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>)]
    kind: Value,
    /// Its name.
    #[schema(value_type = String)]
    item: Value,
}

/// What is known of one test case for one thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Known {
    /// The identity.
    key: String,
    /// The test case.
    testcase: String,
    /// What was tested.
    subject: Thing,
    /// What tells results about it apart: `arch`, `scenario`, `system_architecture`, `system_variant`.
    #[schema(value_type = Object)]
    variant: Value,
    /// What was last told.
    outcome: Option<String>,
    /// The result that was last told.
    result_id: Option<i64>,
    /// What is on its way.
    progress_outcome: Option<String>,
    /// How many changes were told.
    seq: i64,
    /// Repetitions since then.
    suppressed: i64,
    /// Results that came after newer ones.
    late: i64,
    /// When something was last told.
    changed_at: Option<String>,
}

/// A change that was told.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// The identity.
    key: String,
    /// From 1 for each key.
    seq: i64,
    /// The test case.
    testcase: String,
    /// What was tested.
    subject: Thing,
    /// What tells results about it apart.
    #[schema(value_type = Object)]
    variant: Value,
    /// `new` or `changed`.
    reason: String,
    /// What was told before.
    prev_outcome: Option<String>,
    /// What was told.
    outcome: String,
    /// The result that was told.
    result_id: i64,
    /// What the result was sent for, where it is told for builds.
    #[schema(value_type = Option<Object>)]
    via: Option<Value>,
    /// The message; none where an import was silent.
    message_id: Option<String>,
    /// When.
    at: Option<String>,
}

impl Thing {
    fn of(parts: &Value) -> Self {
        Self { kind: parts["type"].clone(), item: parts["item"].clone() }
    }
}

impl From<StateRow> for Known {
    fn from(row: StateRow) -> Self {
        Self {
            subject: Thing::of(&row.key_parts),
            variant: row.key_parts["variant"].clone(),
            key: row.key_hash,
            testcase: row.testcase,
            outcome: row.outcome,
            result_id: row.result_id,
            progress_outcome: row.progress_outcome,
            seq: row.seq,
            suppressed: row.suppressed,
            late: row.late,
            changed_at: row.changed_at.and_then(instant),
        }
    }
}

impl From<AnnouncedRow> for Told {
    fn from(row: AnnouncedRow) -> Self {
        Self {
            subject: Thing::of(&row.key_parts),
            variant: row.key_parts["variant"].clone(),
            key: row.key_hash,
            seq: row.seq,
            testcase: row.testcase,
            reason: row.reason,
            prev_outcome: row.prev_outcome,
            outcome: row.outcome,
            result_id: row.result_id,
            via: row.via.map(|via| via.0),
            message_id: row.message_id,
            at: instant(row.created_at),
        }
    }
}

/// What a list is asked for.
struct Asked {
    about: About,
    page: Page,
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let (item, update) = (params.optional::<String>("item"), params.optional::<String>("update"));
        let (testcase, page) = (params.optional::<String>("testcase"), Page::read(params));
        let (item, update, testcase) = (item?, update?, testcase?);
        let about = match (item, update, testcase) {
            (Some(item), None, testcase) => About::Item { item, testcase },
            (None, Some(update), testcase) => About::Update { update, testcase },
            (None, None, Some(testcase)) => About::Testcase(testcase),
            (Some(_), Some(_), _) => {
                params.refuse("update", "is for the builds of an update: leave out item");
                return None;
            }
            (None, None, None) => {
                params.refuse("item", "is needed, or update or testcase");
                return None;
            }
        };
        Some(Self { about, page: page? })
    }
}

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let get = |path, summary| Endpoint::get(path, Access::Read).summary(summary).query(PARAMETERS);
    let told = get("/api/v1/results/announcements", "What was told of an item, a test case or an update's builds");
    let known = get("/api/v1/results/announcements/state", "What is known of them, with what was not told");
    Routes::new().route(told.answers::<List<Told>>(200), announcements).route(known.answers::<List<Known>>(200), states)
}

async fn announcements(
    State(gate): Shared,
    Query(Asked { about, page }): Query<Asked>,
) -> Result<Json<List<Told>>, Problem> {
    let (after, about, rows) = (&page.after::<After>()?.unwrap_or_default(), &about, page.rows());
    let found: StoreResult<Vec<AnnouncedRow>> =
        gate.db().read(|reader| in_tx(async move { store::told(reader, about, after, rows).await })).await;
    let List { items, next } = page.list(found?, |row| (row.item.clone(), row.key_hash.clone(), row.seq));
    Ok(Json(List { items: items.into_iter().map(Told::from).collect(), next }))
}

async fn states(State(gate): Shared, Query(Asked { about, page }): Query<Asked>) -> Result<Json<List<Known>>, Problem> {
    let (after, about, rows) = (&page.after::<After>()?.unwrap_or_default(), &about, page.rows());
    let found: StoreResult<Vec<StateRow>> =
        gate.db().read(|reader| in_tx(async move { store::known(reader, about, after, rows).await })).await;
    let List { items, next } = page.list(found?, |row| (row.item.clone(), row.key_hash.clone(), row.seq));
    Ok(Json(List { items: items.into_iter().map(Known::from).collect(), next }))
}
