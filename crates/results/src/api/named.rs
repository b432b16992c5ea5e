//! `testcases` and `groups`: what results name.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tidegate_platform::http::{Access, Caller, Endpoint, FromParams, List, Page, Params, Path, Problem, Query, Routes};
use tidegate_platform::store::{Result as StoreResult, in_tx};

use super::answer::{json, not_found};
use super::records::links;
use super::{Gate, Shared};
use crate::compat::render::{WireGroup, WireTestCase};
use crate::model::{Group, TestCase};
use crate::query::Pattern;
use crate::store;

const TESTCASES: &[(&str, &str)] = &[
    ("name", "names, `*` stands for any characters"),
    ("limit", "items on a page, at most 500"),
    ("cursor", "where the page begins, from `next`"),
];
const GROUPS: &[(&str, &str)] = &[
    ("uuid", "uuids"),
    ("description", "descriptions, `*` stands for any characters"),
    ("limit", "items on a page, at most 500"),
    ("cursor", "where the page begins, from `next`"),
];

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let get = |path, summary| Endpoint::get(path, Access::Read).summary(summary);
    let testcases_route = get("/api/v1/results/testcases", "Test cases by name").query(TESTCASES);
    let groups_route = get("/api/v1/results/groups", "Groups of results, newest first").query(GROUPS);
    let testcase_route = get("/api/v1/results/testcases/{*name}", "One test case");
    let group_route = get("/api/v1/results/groups/{uuid}", "One group");
    Routes::new()
        .route(testcases_route.answers::<List<WireTestCase<'_>>>(200), testcases)
        .route(testcase_route.answers::<WireTestCase<'_>>(200), testcase)
        .route(groups_route.answers::<List<WireGroup<'_>>>(200), groups)
        .route(group_route.answers::<WireGroup<'_>>(200), group)
}

struct AskedTestcases {
    names: Vec<Pattern>,
    page: Page,
}

struct AskedGroups {
    uuids: Vec<String>,
    descriptions: Vec<Pattern>,
    page: Page,
}

fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::like(text)).collect()
}

impl FromParams for AskedTestcases {
    fn read(params: &mut Params) -> Option<Self> {
        let (names, page) = (params.list::<String>("name"), Page::read(params));
        Some(Self { names: patterns(&names?), page: page? })
    }
}

impl FromParams for AskedGroups {
    fn read(params: &mut Params) -> Option<Self> {
        let (uuids, descriptions) = (params.list("uuid"), params.list::<String>("description"));
        let page = Page::read(params);
        Some(Self { uuids: uuids?, descriptions: patterns(&descriptions?), page: page? })
    }
}

async fn testcases(
    State(gate): Shared,
    caller: Caller,
    Query(AskedTestcases { names, page }): Query<AskedTestcases>,
) -> Result<Response, Problem> {
    let (after, names, most) = (&page.after::<String>()?.unwrap_or_default(), &names, page.limit + 1);
    let found = gate
        .in_time(async {
            gate.db()
                .read(|reader| in_tx(async move { store::testcases_behind(reader, names, after, most).await }))
                .await
        })
        .await?;
    let List { items, next }: List<TestCase> = page.list(found, |testcase| testcase.name.clone());
    let links = links(&caller);
    let items = items.iter().map(|testcase| links.testcase(testcase)).collect();
    json(StatusCode::OK, &List { items, next }).map_err(Problem::from)
}

async fn testcase(State(gate): Shared, caller: Caller, Path(name): Path<String>) -> Result<Response, Problem> {
    let found: StoreResult<_> = gate.db().read(|reader| in_tx(store::testcase(reader, &name))).await;
    let found = found?.ok_or_else(|| not_found("there is no such test case"))?;
    json(StatusCode::OK, &links(&caller).testcase(&found)).map_err(Problem::from)
}

async fn groups(
    State(gate): Shared,
    caller: Caller,
    Query(AskedGroups { uuids, descriptions, page }): Query<AskedGroups>,
) -> Result<Response, Problem> {
    let (before, most) = (page.after()?.unwrap_or(i64::MAX), page.limit + 1);
    let (uuids, descriptions) = (&uuids, &descriptions);
    let found = gate
        .in_time(async {
            gate.db()
                .read(|reader| {
                    in_tx(async move { store::groups_before(reader, uuids, descriptions, before, most).await })
                })
                .await
        })
        .await?;
    let List { items, next }: List<(i64, Group)> = page.list(found, |(number, _)| *number);
    let links = links(&caller);
    let items = items.iter().map(|(_, group)| links.group(group)).collect();
    json(StatusCode::OK, &List { items, next }).map_err(Problem::from)
}

async fn group(State(gate): Shared, caller: Caller, Path(uuid): Path<String>) -> Result<Response, Problem> {
    let found: StoreResult<_> = gate.db().read(|reader| in_tx(store::group(reader, &uuid))).await;
    let found = found?.ok_or_else(|| not_found("there is no such group"))?;
    json(StatusCode::OK, &links(&caller).group(&found)).map_err(Problem::from)
}
