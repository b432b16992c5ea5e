//! The newest results, or those that are asked for.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::http::{Caller, FromParams, Params, Problem, Query};
use tidegate_platform::store::in_tx;

use super::{Pages, Row};
use crate::compat::render::in_query;
use crate::model::Outcome;
use crate::query::{Page, Pattern, ResultFilter, Sort, Start, Wanted, cursor, position};
use crate::store;

/// A page has so many.
const ROWS: usize = 50;

/// What is asked for; an empty text is no condition.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    item: String,
    testcase: String,
    kind: String,
    outcome: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    asked: Asked,
    outcomes: Vec<String>,
    rows: Vec<Row>,
    next: Option<String>,
    is_filtered: bool,
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let mut text = |key| params.optional::<String>(key).map(Option::unwrap_or_default);
        let (item, testcase, kind, outcome) = (text("item"), text("testcase"), text("type"), text("outcome"));
        let cursor = params.optional("cursor");
        Some(Self { item: item?, testcase: testcase?, kind: kind?, outcome: outcome?, cursor: cursor? })
    }
}

impl Asked {
    /// A star stands for any characters.
    fn filter(&self) -> ResultFilter {
        let patterns = |text: &str| -> Vec<Pattern> {
            let text = Some(text.trim()).filter(|text| !text.is_empty());
            text.map(Pattern::like).into_iter().collect()
        };
        let wanted = |key: &str, text: &str| {
            let values = patterns(text);
            (!values.is_empty()).then(|| Wanted { key: key.to_owned(), values })
        };
        let outcome = Some(self.outcome.as_str()).filter(|outcome| !outcome.is_empty());
        ResultFilter {
            outcomes: outcome.map(Outcome::stored).into_iter().collect(),
            testcases: patterns(&self.testcase),
            data: wanted("item", &self.item).into_iter().chain(wanted("type", &self.kind)).collect(),
            ..ResultFilter::default()
        }
    }

    fn query(&self) -> String {
        let pairs =
            [("item", &self.item), ("testcase", &self.testcase), ("type", &self.kind), ("outcome", &self.outcome)];
        let given = pairs.iter().filter(|(_, text)| !text.is_empty());
        given.fold(String::new(), |query, (key, text)| query + key + "=" + &in_query(text) + "&")
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Problem> {
    let gate = &*pages.gate;
    let start = match &asked.cursor {
        None => Start::Skip(0),
        Some(text) => {
            let position = position(text).map_err(|error| Problem::bad_value("query:cursor", error.to_string()))?;
            Start::After(position)
        }
    };
    let page = Page { start, limit: ROWS, sort: Sort::Descending };
    let (filter, limits) = (&asked.filter(), &gate.rules.limits());
    let read = gate.platform.db().read(|reader| in_tx(store::results(reader, filter, page, limits)));
    let too_slow = |_| Problem::unavailable("this list takes too long: name an item or a test case");
    let found: tidegate_platform::store::Result<_> =
        tokio::time::timeout(gate.query_timeout, read).await.map_err(too_slow)?;
    let found: store::ResultPage = found?;
    let query = asked.query();
    let list = ListPage {
        outcomes: gate.rules.outcomes.known().iter().map(|outcome| outcome.as_str().to_owned()).collect(),
        rows: found.results.iter().map(Row::of).collect(),
        next: found.next.map(|next| format!("/results?{query}cursor={}", in_query(&cursor(next)))),
        is_filtered: !query.is_empty(),
        asked,
    };
    let json = format!("/api/v1/results/records?{}", query.replace("testcase=", "testcases:like="));
    pages.page(&caller, "Results".to_owned(), json.trim_end_matches(['?', '&']).to_owned(), None, &list)
}
