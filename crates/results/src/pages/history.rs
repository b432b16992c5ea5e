//! The history of a test case, as a picture of its last results.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::http::{Caller, Path, Problem, Query};
use tidegate_platform::store::in_tx;
use tidegate_web::Tone;

use super::{Pages, Row};
use crate::compat::render::in_query;
use crate::model::{Stage, StoredResult};
use crate::query::{Page, Pattern, ResultFilter, Sort, Start};
use crate::store;

/// So many results are in the picture.
const SHOWN: usize = 100;
/// Of these so many are listed too.
const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    ref_url: Option<String>,
    /// From the oldest to the newest.
    marks: Vec<Mark>,
    rows: Vec<Row>,
    finals: usize,
    /// Of a hundred final results so many passed; nothing where there is none.
    rate: Option<usize>,
    changes: usize,
    all: String,
}

/// One result in the picture.
struct Mark {
    id: i64,
    tone: Tone,
    label: String,
}

impl Mark {
    fn of(result: &StoredResult) -> Self {
        let item = result.data.values("item").first().map_or("no item", String::as_str);
        let day = result.submit_time.to_jiff().strftime("%Y-%m-%d %H:%M");
        let label = format!("{} for {item}, {day}", result.outcome.as_str());
        Self { id: result.id.0, tone: Tone::of(result.outcome.as_str()), label }
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path(name): Path<String>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let gate = &*pages.gate;
    let testcase = gate.platform.db().read(|reader| in_tx(store::testcase(reader, &name))).await?;
    let testcase = testcase.ok_or_else(|| Problem::not_found("there is no such test case"))?;
    let filter = &ResultFilter { testcases: vec![Pattern::Exact(name.clone())], ..ResultFilter::default() };
    let page = Page { start: Start::Skip(0), limit: SHOWN, sort: Sort::Descending };
    let limits = &gate.rules.limits();
    let read = gate.platform.db().read(|reader| in_tx(store::results(reader, filter, page, limits))).await;
    let results = read?.results;
    let is_final = |result: &&StoredResult| gate.rules.outcomes.stage(&result.outcome) == Stage::Final;
    let finals: Vec<_> = results.iter().filter(is_final).collect();
    let good = finals.iter().filter(|result| ["PASSED", "INFO"].contains(&result.outcome.as_str())).count();
    let history = HistoryPage {
        ref_url: testcase.ref_url.filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        marks: results.iter().rev().map(Mark::of).collect(),
        rows: results.iter().take(LISTED).map(Row::of).collect(),
        rate: (good * 100).checked_div(finals.len()),
        changes: finals.windows(2).filter(|pair| pair[0].outcome != pair[1].outcome).count(),
        finals: finals.len(),
        all: format!("/results?testcase={}", in_query(&name)),
    };
    let json = format!("/api/v1/results/records?testcases={}", in_query(&name));
    pages.page(&caller, name, json, None, &history)
}
