//! `/api/v2.0`, as ResultsDB 2 has it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::get;
use percent_encoding::percent_decode_str;
use tidegate_platform::store::in_tx;

use super::answer::{self, Answer, Failure, json};
use super::caller::Caller;
use super::{Gate, request};
use crate::compat::render::{Links, WireList};
use crate::compat::resultsdb_v2 as v2;
use crate::model::{ResultId, StoredResult};
use crate::query::{Page, Pattern, Start, cursor};
use crate::store;

const API: &str = "/api/v2.0";

type Shared = State<Arc<Gate>>;

pub(super) fn router() -> Router<Arc<Gate>> {
    Router::new()
        .route(API, get(landing))
        .route("/api/v2.0/", get(landing))
        .route("/api/v2.0/healthcheck", get(healthcheck))
        .route("/api/v2.0/groups", get(groups).post(post_group))
        .route("/api/v2.0/groups/{uuid}", get(group))
        .route("/api/v2.0/groups/{uuid}/results", get(group_results))
        .route("/api/v2.0/testcases", get(testcases).post(post_testcase))
        .route("/api/v2.0/testcases/{*name}", get(testcase))
        .route("/api/v2.0/results", get(results).post(post_result))
        .route("/api/v2.0/results/latest", get(latest))
        .route("/api/v2.0/results/{id}", get(result))
}

fn links(parts: &Parts) -> Links {
    Links::at(request::base(parts, API))
}

/// What follows that part of the path, decoded.
fn rest_of_path(parts: &Parts, part: &str) -> String {
    let path = parts.uri.path();
    let rest = path.split_once(part).map_or("", |(_, rest)| rest);
    percent_decode_str(rest).decode_utf8_lossy().into_owned()
}

async fn landing(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    json(StatusCode::MULTIPLE_CHOICES, &links(&parts).landing(&gate.rules.outcomes))
}

async fn healthcheck(State(gate): Shared) -> Answer {
    let asked: Result<_, Failure> =
        gate.db.read(|reader| in_tx(async move { Ok(store::testcases(reader, &[], 0, 1).await?) })).await;
    asked.map_err(|_| Failure::Unavailable)?;
    Ok(answer::message(StatusCode::OK, "Health check OK"))
}

async fn results(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    list(&gate, &parts, &asked).await
}

/// A page of results with its links.
async fn list(gate: &Gate, parts: &Parts, asked: &v2::Asked) -> Answer {
    let limits = &gate.rules.limits();
    let page = within(gate, async {
        gate.db
            .read(|reader| in_tx(async move { store::results(reader, &asked.filter, asked.page, limits).await }))
            .await
    })
    .await?;
    let next = page.next.map(cursor);
    let next = next.as_ref().map(|cursor| Some(cursor.as_str()));
    let (prev, next) = v2::page_links(&request::address(parts), request::query(parts), next);
    let links = links(parts);
    let data = page.results.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &WireList { prev, next, data })
}

/// The answer, unless it takes longer than a list may.
async fn within<T>(
    gate: &Gate,
    work: impl Future<Output = tidegate_platform::store::Result<T>> + Send,
) -> Result<T, Failure> {
    let answer = tokio::time::timeout(gate.query_timeout, work).await.map_err(|_| Failure::TooSlow)?;
    Ok(answer?)
}

async fn latest(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let (asked, gate) = (&v2::latest(request::query(&parts))?, &*gate);
    let limits = &gate.rules.limits();
    let found: Vec<StoredResult> = within(gate, async {
        gate.db
            .read(|reader| {
                in_tx(async move {
                    let item_keys = &gate.rules.item_keys;
                    store::latest(reader, &asked.filter, &asked.distinct_on, item_keys, limits).await
                })
            })
            .await
    })
    .await?;
    let links = links(&parts);
    let data: Vec<_> = found.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &serde_json::json!({ "data": data }))
}

async fn result(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let unknown = || Failure::NotFound("Result not found".to_owned());
    let id = ResultId(rest_of_path(&parts, "/results/").parse().map_err(|_| unknown())?);
    let found = gate.db.read(|reader| in_tx(store::result(reader, id))).await?;
    json(StatusCode::OK, &links(&parts).result(&found.ok_or_else(unknown)?))
}

async fn groups(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let v2::GroupsAsked { uuids, descriptions, page } = &v2::groups(request::query(&parts), gate.max_limit)?;
    let skip = skipped(page);
    let found = within(&gate, async {
        gate.db
            .read(|reader| in_tx(async move { store::groups(reader, uuids, descriptions, skip, page.limit + 1).await }))
            .await
    })
    .await?;
    let links = links(&parts);
    let shown = found.iter().take(page.limit).map(|group| links.group(group)).collect();
    paged(&parts, found.len() > page.limit, shown)
}

fn skipped(page: &Page) -> u64 {
    match page.start {
        Start::Skip(skip) => skip,
        // these lists have no cursors
        Start::After(_) => 0,
    }
}

fn paged<T: serde::Serialize>(parts: &Parts, has_more: bool, data: Vec<T>) -> Answer {
    let next = has_more.then_some(None);
    let (prev, next) = v2::page_links(&request::address(parts), request::query(parts), next);
    json(StatusCode::OK, &WireList { prev, next, data })
}

async fn group(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let uuid = &rest_of_path(&parts, "/groups/");
    let found = gate.db.read(|reader| in_tx(store::group(reader, uuid))).await?;
    let found = found.ok_or_else(|| Failure::NotFound("Group not found".to_owned()))?;
    json(StatusCode::OK, &links(&parts).group(&found))
}

async fn group_results(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let path = rest_of_path(&parts, "/groups/");
    let uuid = path.strip_suffix("/results").unwrap_or(&path);
    let found = gate.db.read(|reader| in_tx(store::group(reader, uuid))).await?;
    if found.is_none() {
        return Err(Failure::NotFound(format!("Group not found: {uuid}")));
    }
    let mut asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    asked.filter.groups = vec![uuid.to_owned()];
    list(&gate, &parts, &asked).await
}

async fn testcases(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let v2::TestcasesAsked { names, page } = &v2::testcases(request::query(&parts), gate.max_limit)?;
    let skip = skipped(page);
    let found = within(&gate, async {
        gate.db.read(|reader| in_tx(async move { store::testcases(reader, names, skip, page.limit + 1).await })).await
    })
    .await?;
    let links = links(&parts);
    let shown = found.iter().take(page.limit).map(|testcase| links.testcase(testcase)).collect();
    paged(&parts, found.len() > page.limit, shown)
}

/// A test case, or the results of one: its name may hold slashes, and may end as the path of its results does.
async fn testcase(State(gate): Shared, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let path = &rest_of_path(&parts, "/testcases/");
    let unknown = || Failure::NotFound("Testcase not found".to_owned());
    if let Some(found) = gate.db.read(|reader| in_tx(store::testcase(reader, path))).await? {
        return json(StatusCode::OK, &links(&parts).testcase(&found));
    }
    let name = path.strip_suffix("/results").ok_or_else(unknown)?;
    if gate.db.read(|reader| in_tx(store::testcase(reader, name))).await?.is_none() {
        return Err(unknown());
    }
    let mut asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    asked.filter.testcases = vec![Pattern::Exact(name.to_owned())];
    list(&gate, &parts, &asked).await
}

/// Who may write, or why not.
async fn writer(gate: &Gate, parts: &Parts, body: &[u8]) -> Result<Caller, Failure> {
    match request::writer(gate, parts, body).await {
        Ok(caller) if caller.may_write || gate.open_writes => Ok(caller),
        Ok(_) => Err(Failure::Forbidden("results:write is needed".to_owned())),
        Err(_) if gate.open_writes => Ok(Caller::anybody()),
        Err(error) => Err(error.into()),
    }
}

async fn post_result(State(gate): Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = request::body(&gate, body).await?;
    let caller = writer(&gate, &parts, &body).await?;
    request::says_json(&parts.headers)?;
    let result = v2::parse_result(&body, &gate.acceptance())?;
    let stored = gate.accept(result, &caller).await?;
    json(StatusCode::CREATED, &links(&parts).result(&stored))
}

async fn post_group(State(gate): Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = request::body(&gate, body).await?;
    writer(&gate, &parts, &body).await?;
    request::says_json(&parts.headers)?;
    let group = &v2::parse_group(&body)?;
    let uuid = gate.db.write("results.group", |tx| in_tx(async move { store::save_group(tx, group).await })).await?;
    let saved = gate.db.read(|reader| in_tx(store::group(reader, &uuid))).await?;
    let saved = saved.ok_or_else(|| Failure::NotFound("Group not found".to_owned()))?;
    json(StatusCode::CREATED, &links(&parts).group(&saved))
}

async fn post_testcase(State(gate): Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = request::body(&gate, body).await?;
    writer(&gate, &parts, &body).await?;
    request::says_json(&parts.headers)?;
    let testcase = &v2::parse_testcase(&body)?;
    let saved =
        gate.db.write("results.testcase", |tx| in_tx(async move { store::save_testcase(tx, testcase).await })).await?;
    json(StatusCode::CREATED, &links(&parts).testcase(&saved))
}
