//! `/api/v2.0`, as ResultsDB 2 has it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tidegate_platform::http::{Access, Answer as Written, Caller, Endpoint, Problem, Raw, Record, Routes};
use tidegate_platform::store::in_tx;

use super::answer::{self, Answer, Failure, json, not_found};
use super::{Gate, Shared, request};
use crate::compat::render::{Links, WireList};
use crate::compat::resultsdb_v2 as v2;
use crate::model::{ResultId, StoredResult};
use crate::query::{Page, Pattern, Start, cursor};
use crate::rights::WRITE;
use crate::store;

const API: &str = "/api/v2.0";

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let get = |path| Endpoint::get(path, Access::Read);
    // old clients send their token in the body
    let post = |path| Endpoint::post(path, Access::Inside(WRITE));
    Routes::new()
        .route(get("/resultsdb/api/v2.0"), landing)
        .route(get("/resultsdb/api/v2.0/"), landing)
        .route(Endpoint::get("/resultsdb/api/v2.0/healthcheck", Access::Open), healthcheck)
        .route(get("/resultsdb/api/v2.0/groups"), groups)
        .route(post("/resultsdb/api/v2.0/groups"), post_group)
        .route(get("/resultsdb/api/v2.0/groups/{uuid}"), group)
        .route(get("/resultsdb/api/v2.0/groups/{uuid}/results"), group_results)
        .route(get("/resultsdb/api/v2.0/testcases"), testcases)
        .route(post("/resultsdb/api/v2.0/testcases"), post_testcase)
        .route(get("/resultsdb/api/v2.0/testcases/{*name}"), testcase)
        .route(get("/resultsdb/api/v2.0/results"), results)
        .route(post("/resultsdb/api/v2.0/results"), post_result)
        .route(get("/resultsdb/api/v2.0/results/latest"), latest)
        .route(get("/resultsdb/api/v2.0/results/{id}"), result)
}

fn links(caller: &Caller, parts: &Parts) -> Links {
    Links::at(request::base(caller, parts, API))
}

/// What follows that part of the path, decoded.
fn rest_of_path(parts: &Parts, part: &str) -> String {
    let path = parts.uri.path();
    let rest = path.split_once(part).map_or("", |(_, rest)| rest);
    percent_decode_str(rest).decode_utf8_lossy().into_owned()
}

async fn landing(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    json(StatusCode::MULTIPLE_CHOICES, &links(&caller, &parts).landing(&gate.rules.outcomes))
}

async fn healthcheck(State(gate): Shared) -> Answer {
    let asked: Result<_, Failure> =
        gate.db().read(|reader| in_tx(async move { Ok(store::testcases(reader, &[], 0, 1).await?) })).await;
    asked.map_err(|_| Problem::unavailable("the store does not answer"))?;
    Ok(answer::message(StatusCode::OK, "Health check OK"))
}

async fn results(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    list(&gate, &caller, &parts, &asked).await
}

/// A page of results with its links.
async fn list(gate: &Gate, caller: &Caller, parts: &Parts, asked: &v2::Asked) -> Answer {
    let limits = &gate.rules.limits();
    let page = gate
        .in_time(async {
            gate.db()
                .read(|reader| in_tx(async move { store::results(reader, &asked.filter, asked.page, limits).await }))
                .await
        })
        .await?;
    let next = page.next.map(cursor);
    let next = next.as_ref().map(|cursor| Some(cursor.as_str()));
    let (prev, next) = v2::page_links(&request::address(caller, parts), request::query(parts), next);
    let links = links(caller, parts);
    let data = page.results.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &WireList { prev, next, data })
}

async fn latest(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let (asked, gate) = (&v2::latest(request::query(&parts))?, &*gate);
    let limits = &gate.rules.limits();
    let found: Vec<StoredResult> = gate
        .in_time(async {
            gate.db()
                .read(|reader| {
                    in_tx(async move {
                        let item_keys = &gate.rules.item_keys;
                        store::latest(reader, &asked.filter, &asked.distinct_on, item_keys, limits).await
                    })
                })
                .await
        })
        .await?;
    let links = links(&caller, &parts);
    let data: Vec<_> = found.iter().map(|result| links.result(result)).collect();
    json(StatusCode::OK, &json!({ "data": data }))
}

async fn result(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let unknown = || not_found("Result not found");
    let id = ResultId(rest_of_path(&parts, "/results/").parse().map_err(|_| unknown())?);
    let found = gate.db().read(|reader| in_tx(store::result(reader, id))).await?;
    json(StatusCode::OK, &links(&caller, &parts).result(&found.ok_or_else(unknown)?))
}

async fn groups(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let v2::GroupsAsked { uuids, descriptions, page } = &v2::groups(request::query(&parts), gate.max_limit)?;
    let skip = skipped(page);
    let found = gate
        .in_time(async {
            gate.db()
                .read(|reader| {
                    in_tx(async move { store::groups(reader, uuids, descriptions, skip, page.limit + 1).await })
                })
                .await
        })
        .await?;
    let links = links(&caller, &parts);
    let shown = found.iter().take(page.limit).map(|group| links.group(group)).collect();
    paged(&caller, &parts, found.len() > page.limit, shown)
}

fn skipped(page: &Page) -> u64 {
    match page.start {
        Start::Skip(skip) => skip,
        // these lists have no cursors
        Start::After(_) => 0,
    }
}

fn paged<T: serde::Serialize>(caller: &Caller, parts: &Parts, has_more: bool, data: Vec<T>) -> Answer {
    let next = has_more.then_some(None);
    let (prev, next) = v2::page_links(&request::address(caller, parts), request::query(parts), next);
    json(StatusCode::OK, &WireList { prev, next, data })
}

async fn group(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let uuid = &rest_of_path(&parts, "/groups/");
    let found = gate.db().read(|reader| in_tx(store::group(reader, uuid))).await?;
    let found = found.ok_or_else(|| not_found("Group not found"))?;
    json(StatusCode::OK, &links(&caller, &parts).group(&found))
}

async fn group_results(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let path = rest_of_path(&parts, "/groups/");
    let uuid = path.strip_suffix("/results").unwrap_or(&path);
    let found = gate.db().read(|reader| in_tx(store::group(reader, uuid))).await?;
    if found.is_none() {
        return Err(not_found(format!("Group not found: {uuid}")));
    }
    let mut asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    asked.filter.groups = vec![uuid.to_owned()];
    list(&gate, &caller, &parts, &asked).await
}

async fn testcases(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let v2::TestcasesAsked { names, page } = &v2::testcases(request::query(&parts), gate.max_limit)?;
    let skip = skipped(page);
    let found = gate
        .in_time(async {
            gate.db()
                .read(|reader| in_tx(async move { store::testcases(reader, names, skip, page.limit + 1).await }))
                .await
        })
        .await?;
    let links = links(&caller, &parts);
    let shown = found.iter().take(page.limit).map(|testcase| links.testcase(testcase)).collect();
    paged(&caller, &parts, found.len() > page.limit, shown)
}

/// A test case, or the results of one: its name may hold slashes, and may end as the path of its results does.
async fn testcase(State(gate): Shared, caller: Caller, parts: Parts) -> Answer {
    let path = &rest_of_path(&parts, "/testcases/");
    let unknown = || not_found("Testcase not found");
    if let Some(found) = gate.db().read(|reader| in_tx(store::testcase(reader, path))).await? {
        return json(StatusCode::OK, &links(&caller, &parts).testcase(&found));
    }
    let name = path.strip_suffix("/results").ok_or_else(unknown)?;
    if gate.db().read(|reader| in_tx(store::testcase(reader, name))).await?.is_none() {
        return Err(unknown());
    }
    let mut asked = v2::results(request::query(&parts), &gate.rules.outcomes, gate.max_limit)?;
    asked.filter.testcases = vec![Pattern::Exact(name.to_owned())];
    list(&gate, &caller, &parts, &asked).await
}

async fn post_result(State(gate): Shared, caller: Caller, parts: Parts, Raw(body): Raw) -> Result<Written, Failure> {
    let caller = request::writer(&gate, caller, &body).await?;
    request::says_json(&parts.headers)?;
    let result = v2::parse_result(&body, &gate.acceptance())?;
    gate.accept(&result, &caller, &links(&caller, &parts)).await
}

async fn post_group(State(gate): Shared, caller: Caller, parts: Parts, Raw(body): Raw) -> Result<Written, Failure> {
    let caller = &request::writer(&gate, caller, &body).await?;
    request::says_json(&parts.headers)?;
    let (group, links) = (&v2::parse_group(&body)?, &links(caller, &parts));
    let write = caller.write(&gate.platform, "results.group", |tx| {
        in_tx(async move {
            let uuid = store::save_group(tx, group).await?;
            let saved = store::group(tx, &uuid).await?.ok_or_else(|| not_found("Group not found"))?;
            let group = links.group(&saved);
            caller.record(tx, record(format!("group:{uuid}"), &group));
            Ok::<_, Failure>(Written::created(group.href.clone(), &group))
        })
    });
    write.await
}

async fn post_testcase(State(gate): Shared, caller: Caller, parts: Parts, Raw(body): Raw) -> Result<Written, Failure> {
    let caller = &request::writer(&gate, caller, &body).await?;
    request::says_json(&parts.headers)?;
    let (testcase, links) = (&v2::parse_testcase(&body)?, &links(caller, &parts));
    let write = caller.write(&gate.platform, "results.testcase", |tx| {
        in_tx(async move {
            let saved = store::save_testcase(tx, testcase).await?;
            let testcase = links.testcase(&saved);
            caller.record(tx, record(format!("testcase:{}", saved.name), &testcase));
            Ok::<_, Failure>(Written::created(testcase.href.clone(), &testcase))
        })
    });
    write.await
}

fn record(object: String, change: &impl serde::Serialize) -> Record {
    Record { permission: WRITE, object, reason: None, change: json!(change) }
}
