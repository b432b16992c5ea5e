//! `subjects/{type}/{id}`: all that is known of one thing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use tidegate_platform::http::{Access, Caller, Endpoint, Path, Problem, Query, Routes};
use tidegate_platform::store::{Reads, Result as StoreResult, in_tx};
use utoipa::ToSchema;

use super::announcements::Known;
use super::answer::{json, not_found};
use super::records::links;
use super::{Gate, Shared};
use crate::announce::key::shared_name;
use crate::compat::render::WireResult;
use crate::latest::VARIANT_KEYS;
use crate::model::StoredResult;
use crate::query::{Pattern, ResultFilter, Wanted};
use crate::store::{self, StateRow};

/// So many states, updates and builds are shown; lists of their own have the rest.
const SHOWN: i64 = 500;

/// What is known of one thing.
#[derive(Serialize, ToSchema)]
struct SubjectView<'a> {
    /// Its type.
    #[serde(rename = "type")]
    kind: &'a str,
    /// Its name.
    item: &'a str,
    /// The newest result of each test case and variant, newest first.
    results: Vec<WireResult<'a>>,
    /// What was told of each test case; the first 500.
    states: Vec<Known>,
    /// The updates that have it, if it is a build; the first 500.
    updates: Vec<String>,
    /// The builds that it has, if it is an update; the first 500.
    builds: Vec<String>,
}

/// The same as it is stored.
struct Found {
    results: Vec<StoredResult>,
    states: Vec<StateRow>,
    updates: Vec<String>,
    builds: Vec<String>,
}

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let one =
        Endpoint::get("/api/v1/results/subjects/{type}/{*id}", Access::Read).summary("What is known of one thing");
    Routes::new().route(one.answers::<SubjectView<'_>>(200), show)
}

async fn show(
    State(gate): Shared,
    caller: Caller,
    Path((kind, item)): Path<(String, String)>,
    Query(()): Query<()>,
) -> Result<Response, Problem> {
    let kind = shared_name(&kind);
    let (shared, thing) = (&*gate, (kind, item.as_str()));
    let found = gate.in_time(async { gate.db().read(|reader| in_tx(find(reader, shared, thing))).await }).await?;
    let Found { results, states, updates, builds } = &found;
    if results.is_empty() && states.is_empty() && updates.is_empty() && builds.is_empty() {
        return Err(not_found(format!("nothing is known of {kind} {item:?}")).into());
    }
    let links = links(&caller);
    let results = results.iter().map(|result| links.result(result)).collect();
    let (updates, builds, states) =
        (updates.clone(), builds.clone(), states.iter().cloned().map(Known::from).collect());
    json(StatusCode::OK, &SubjectView { kind, item: &item, results, states, updates, builds }).map_err(Problem::from)
}

async fn find(reader: &mut impl Reads, gate: &Gate, (kind, item): (&str, &str)) -> StoreResult<Found> {
    let wanted = |key: &str, values: &[&str]| Wanted {
        key: key.to_owned(),
        values: values.iter().map(|value| Pattern::Exact((*value).to_owned())).collect(),
    };
    let kinds: &[&str] = if kind == "koji_build" { &["koji_build", "brew-build"] } else { &[kind] };
    let data = vec![wanted("item", &[item]), wanted("type", kinds)];
    let filter = ResultFilter { data, ..ResultFilter::default() };
    let variants = VARIANT_KEYS.map(str::to_owned);
    let limits = gate.rules.limits();
    let results = store::latest(reader, &filter, &variants, &gate.rules.item_keys, &limits).await?;
    let mut states = store::states_of_item(reader, item, "", SHOWN).await?;
    states.retain(|state| state.key_parts["type"] == kind);
    let updates = if kind == "koji_build" { store::updates_with(reader, item, "", SHOWN).await? } else { Vec::new() };
    let builds = if gate.rules.fan_out.update_types.iter().any(|of_update| of_update == kind) {
        store::update_builds(reader, item, "", SHOWN).await?.into_iter().map(|build| build.nvr).collect()
    } else {
        Vec::new()
    };
    Ok(Found { results, states, updates, builds })
}
