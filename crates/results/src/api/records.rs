//! `records`: results, as the second interface of ResultsDB has them, under our own rules for lists and errors.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::json;
use tidegate_platform::http::{Answer, Caller, Path, Problem, Raw};
use tidegate_platform::store::in_tx;
use url::form_urlencoded;

use super::answer::{Failure, json, not_found, too_slow};
use super::{RESULTSDB, Shared, request};
use crate::compat::render::Links;
use crate::compat::resultsdb_v2 as v2;
use crate::model::ResultId;
use crate::query::{Page, Sort, Start, cursor, position};
use crate::store;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

/// Parameters of our own lists; every other one is a filter as in the second interface.
const OWN: [&str; 3] = ["limit", "cursor", "order"];
/// Parameters of the second interface that mean nothing here.
const FOREIGN: [&str; 5] = ["page", "_sort", "_cursor", "_distinct_on", "callback"];

/// Where results are shown to be, in this interface.
fn links(caller: &Caller) -> Links {
    Links::at(format!("{}{RESULTSDB}/api/v2.0", caller.origin()))
}

pub(super) async fn list(State(gate): Shared, caller: Caller, parts: Parts) -> Result<Response, Problem> {
    let (page, rest) = page(request::query(&parts))?;
    let filter = v2::results(&rest, &gate.rules.outcomes, MAX_LIMIT).map_err(Failure::from)?.filter;
    let (filter, limits) = (&filter, &gate.rules.limits());
    let read = gate.db().read(|reader| in_tx(async move { store::results(reader, filter, page, limits).await }));
    let found = tokio::time::timeout(gate.query_timeout, read).await.map_err(|_| too_slow())??;
    let links = links(&caller);
    let items: Vec<_> = found.results.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &json!({"items": items, "next": found.next.map(cursor)})).map_err(Problem::from)
}

/// The page that is asked for, and the query that is left.
fn page(query: &str) -> Result<(Page, String), Problem> {
    let mut page = Page { start: Start::Skip(0), limit: DEFAULT_LIMIT, sort: Sort::Descending };
    let mut rest = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let pair = form_urlencoded::parse(part.as_bytes()).next();
        let (name, value) = pair.map(|(name, value)| (name.into_owned(), value.into_owned())).unwrap_or_default();
        if FOREIGN.contains(&name.as_str()) {
            return Err(request::unknown_parameter(&name));
        }
        if !OWN.contains(&name.as_str()) {
            rest.push(part);
            continue;
        }
        match (name.as_str(), value.as_str()) {
            ("limit", limit) => {
                let limit = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                page.limit = limit.ok_or_else(|| Problem::bad_value("query:limit", "expected 1 to 500"))?;
            }
            ("order", "asc") => page.sort = Sort::Ascending,
            ("order", "desc") => page.sort = Sort::Descending,
            ("order", _) => return Err(Problem::bad_value("query:order", "expected asc or desc")),
            (_, text) => {
                page.start = Start::After(
                    position(text).map_err(|error| Problem::bad_value("query:cursor", error.to_string()))?,
                );
            }
        }
    }
    Ok((page, rest.join("&")))
}

pub(super) async fn one(State(gate): Shared, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let unknown = || not_found("there is no such result");
    let id = id.parse().map(ResultId).map_err(|_| unknown())?;
    let found = gate.db().read(|reader| in_tx(store::result(reader, id))).await?;
    json(StatusCode::OK, &links(&caller).result(&found.ok_or_else(unknown)?)).map_err(Problem::from)
}

pub(super) async fn create(
    State(gate): Shared,
    caller: Caller,
    parts: Parts,
    Raw(body): Raw,
) -> Result<Answer, Problem> {
    request::says_json(&parts.headers)?;
    let result = v2::parse_result(&body, &gate.acceptance()).map_err(Failure::from)?;
    gate.accept(&result, &caller, &links(&caller)).await.map_err(Problem::from)
}
