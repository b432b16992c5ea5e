//! `records`: results, as the second interface of ResultsDB has them, under our own rules for lists and errors.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tidegate_platform::store::in_tx;
use url::form_urlencoded;

use super::answer::{Failure, json};
use super::problem::Problem;
use super::{Gate, request};
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
fn links(parts: &axum::http::request::Parts) -> Links {
    Links::at(request::base(parts, "/api/v1/results").replace("/api/v1/results", "/resultsdb/api/v2.0"))
}

pub(super) async fn list(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (page, rest) = page(request::query(&parts))?;
    let filter = v2::results(&rest, &gate.rules.outcomes, MAX_LIMIT).map_err(Failure::from)?.filter;
    let (filter, limits) = (&filter, &gate.rules.limits());
    let read = gate.db.read(|reader| in_tx(async move { store::results(reader, filter, page, limits).await }));
    let found = tokio::time::timeout(gate.query_timeout, read).await.map_err(|_| Failure::TooSlow)?;
    let found = found.map_err(Failure::from)?;
    let links = links(&parts);
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
            let detail = format!("there is no parameter {name}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "platform.unknown-parameter", detail));
        }
        if !OWN.contains(&name.as_str()) {
            rest.push(part);
            continue;
        }
        match (name.as_str(), value.as_str()) {
            ("limit", limit) => {
                let limit = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                page.limit = limit.ok_or_else(|| Problem::bad_value(format!("limit must be from 1 to {MAX_LIMIT}")))?;
            }
            ("order", "asc") => page.sort = Sort::Ascending,
            ("order", "desc") => page.sort = Sort::Descending,
            ("order", _) => return Err(Problem::bad_value("order must be asc or desc")),
            (_, text) => {
                page.start = Start::After(position(text).map_err(|error| Problem::bad_value(error.to_string()))?);
            }
        }
    }
    Ok((page, rest.join("&")))
}

pub(super) async fn one(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let id = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let id = percent_decode_str(id).decode_utf8_lossy().parse().map(ResultId);
    let unknown = || Failure::NotFound("there is no such result".to_owned());
    let id = id.map_err(|_| unknown())?;
    let found = gate.db.read(|reader| in_tx(store::result(reader, id))).await.map_err(Failure::from)?;
    json(StatusCode::OK, &links(&parts).result(&found.ok_or_else(unknown)?)).map_err(Problem::from)
}

pub(super) async fn create(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = request::body(&gate, body).await?;
    let token = request::token(&parts.headers);
    let caller = gate.callers.caller(token.as_deref()).await.map_err(Failure::from)?;
    if !caller.may_write {
        return Err(Failure::Forbidden("results:write is needed".to_owned()).into());
    }
    request::says_json(&parts.headers)?;
    let result = v2::parse_result(&body, &gate.acceptance()).map_err(Failure::from)?;
    let stored = gate.accept(result, &caller).await.map_err(Failure::from)?;
    let mut response = json(StatusCode::CREATED, &links(&parts).result(&stored))?;
    let place = HeaderValue::from_str(&format!("/api/v1/results/records/{}", stored.id));
    response.headers_mut().insert(LOCATION, place.expect("a number is a header"));
    Ok(response)
}
