//! `records`: results, as the second interface of ResultsDB has them, under our own rules for lists and errors.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;
use tidegate_platform::http::{Access, Answer, Caller, Endpoint, List, Path, Problem, Raw, Routes};
use tidegate_platform::store::in_tx;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::answer::{Failure, json, not_found};
use super::{Gate, RESULTSDB, Shared, request};
use crate::compat::render::{Links, WireResult};
use crate::compat::resultsdb_v2 as v2;
use crate::model::ResultId;
use crate::query::{Page, Sort, Start, cursor, position};
use crate::rights::WRITE;
use crate::store;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

/// Parameters of our own lists; every other one is a filter as in the second interface.
const OWN: [&str; 3] = ["limit", "cursor", "order"];
/// Parameters of the second interface that mean nothing here.
const FOREIGN: [&str; 5] = ["page", "_sort", "_cursor", "_distinct_on", "callback"];

const LIST: &[(&str, &str)] = &[
    ("item", "as every key of the data: one of these values; with `:like`, `*` stands for any characters"),
    ("outcome", "outcomes"),
    ("testcases", "names of test cases; with `:like`, `*` stands for any characters"),
    ("groups", "uuids of groups"),
    ("since", "an instant, or two with a comma between"),
    ("order", "`asc` or `desc`"),
    ("limit", "items on a page, at most 500"),
    ("cursor", "where the page begins, from `next`"),
];
const LATEST: &[(&str, &str)] = &[
    ("item", "as every key of the data: one of these values; with `:like`, `*` stands for any characters"),
    ("testcases", "names of test cases; with `:like`, `*` stands for any characters"),
    ("groups", "uuids of groups"),
    ("since", "an instant, or two with a comma between"),
    ("distinct_on", "one for each value of these keys, too"),
];

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let get = |path, summary| Endpoint::get(path, Access::Read).summary(summary);
    let list_route = get("/api/v1/results/records", "Results, newest first").query(LIST);
    let create_route = Endpoint::post("/api/v1/results/records", Access::Needs(WRITE)).summary("Stores a result");
    let one_route = get("/api/v1/results/records/{id}", "One result");
    let latest_route = get("/api/v1/results/latest", "The newest result of each test case").query(LATEST);
    Routes::new()
        .route(list_route.answers::<List<WireResult<'_>>>(200), list)
        .route(create_route.takes::<ResultBody>().answers::<WireResult<'_>>(201), create)
        .route(one_route.answers::<WireResult<'_>>(200), one)
        .route(latest_route.answers::<List<WireResult<'_>>>(200), latest)
}

/// A result as it is sent. Read by [`v2::parse_result`]; this is how it is described.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is there to be described")]
struct ResultBody {
    /// What came out.
    outcome: String,
    /// The name of the test case, or `{name, ref_url}`.
    #[schema(value_type = Object)]
    testcase: Value,
    /// Uuids, or `{uuid, description, ref_url}` each.
    #[schema(value_type = Option<Vec<Object>>)]
    groups: Value,
    /// A remark.
    note: Option<String>,
    /// Where the log is.
    ref_url: Option<String>,
    /// Milliseconds since 1970, or `YYYY-MM-DDTHH:MM:SS.ffffff`; now without it.
    submit_time: Option<String>,
    /// What was tested, and all else: keys with a value or a list of values each.
    #[schema(value_type = Option<Object>)]
    data: Value,
}

/// Where results are shown to be, in this interface.
pub(super) fn links(caller: &Caller) -> Links {
    Links::at(format!("{}{RESULTSDB}/api/v2.0", caller.origin()))
}

async fn list(State(gate): Shared, caller: Caller, parts: Parts) -> Result<Response, Problem> {
    let (page, rest) = page(request::query(&parts))?;
    let filter = v2::results(&rest, &gate.rules.outcomes, MAX_LIMIT).map_err(Failure::from)?.filter;
    let (filter, limits) = (&filter, &gate.rules.limits());
    let found = gate
        .in_time(async {
            gate.db().read(|reader| in_tx(async move { store::results(reader, filter, page, limits).await })).await
        })
        .await?;
    let links = links(&caller);
    let items = found.results.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &List { items, next: found.next.map(cursor) }).map_err(Problem::from)
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

/// The newest of each test case, and of each value of the distinct keys.
async fn latest(State(gate): Shared, caller: Caller, parts: Parts) -> Result<Response, Problem> {
    let query = latest_query(request::query(&parts))?;
    let (asked, gate) = (&v2::latest(&query).map_err(Failure::from)?, &*gate);
    let (limits, item_keys) = (&gate.rules.limits(), &gate.rules.item_keys);
    let found = gate
        .in_time(async {
            gate.db()
                .read(|reader| {
                    in_tx(async move {
                        store::latest(reader, &asked.filter, &asked.distinct_on, item_keys, limits).await
                    })
                })
                .await
        })
        .await?;
    let links = links(&caller);
    let items = found.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &List { items, next: None }).map_err(Problem::from)
}

/// The same question in the words of the second interface.
fn latest_query(query: &str) -> Result<String, Problem> {
    let mut theirs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if FOREIGN.contains(&&*name) || OWN.contains(&&*name) {
            return Err(request::unknown_parameter(&name));
        }
        theirs.append_pair(if name == "distinct_on" { "_distinct_on" } else { &name }, &value);
    }
    Ok(theirs.finish())
}

async fn one(State(gate): Shared, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let unknown = || not_found("there is no such result");
    let id = id.parse().map(ResultId).map_err(|_| unknown())?;
    let found = gate.db().read(|reader| in_tx(store::result(reader, id))).await?;
    json(StatusCode::OK, &links(&caller).result(&found.ok_or_else(unknown)?)).map_err(Problem::from)
}

async fn create(State(gate): Shared, caller: Caller, parts: Parts, Raw(body): Raw) -> Result<Answer, Problem> {
    request::says_json(&parts.headers)?;
    let result = v2::parse_result(&body, &gate.acceptance()).map_err(Failure::from)?;
    gate.accept(&result, &caller, &links(&caller)).await.map_err(Problem::from)
}
