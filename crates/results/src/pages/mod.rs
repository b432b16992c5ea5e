//! The gate's pages: results with filters, one result, a subject, the history of a test case.
//!
//! Everything works without a script; where one runs, the marked regions follow what happens.

mod history;
mod list;
mod one;
mod subject;

use std::sync::Arc;

use askama::Template;
use axum::response::Html;
use tidegate_platform::http::{Access, Caller, Endpoint, Problem, Routes};
use tidegate_web::{Chip, Frame, Moment, NavLink, Page, Visitor};

use crate::announce::Variant;
use crate::api::Gate;
use crate::compat::render::{in_path, in_query};
use crate::model::StoredResult;

/// The gate's place in the navigation.
pub const PLACE: NavLink = NavLink { name: "Results", path: "/results", key: 'r' };

/// What the pages work with.
#[derive(Clone)]
pub(crate) struct Pages {
    gate: Arc<Gate>,
    frame: Arc<Frame>,
}

/// The routes of the gate's pages.
pub fn routes(gate: Arc<Gate>, frame: Arc<Frame>) -> Routes {
    let get = |path| Endpoint::get(path, Access::Read);
    Routes::new()
        .route(get("/results"), list::show)
        .route(get("/results/records/{id}"), one::show)
        .route(get("/results/testcases/{*name}"), history::show)
        .route(get("/results/subjects/{kind}/{*item}"), subject::show)
        .with_state(Pages { gate, frame })
}

impl Pages {
    fn page(
        &self,
        caller: &Caller,
        title: String,
        json: String,
        live_after: Option<i64>,
        content: &impl Template,
    ) -> Result<Html<String>, Problem> {
        let fault = |error: askama::Error| Problem::fault(&error);
        let user = caller.principal().user();
        let visitor = user.map_or(Visitor::Nobody, |user| Visitor::User(user.name.clone()));
        let content = content.render().map_err(fault)?;
        let page = Page { title, place: PLACE.path, json: Some(json), visitor, live_after, content };
        self.frame.render(&page).map(Html).map_err(fault)
    }
}

/// Only where it leads to a page: other schemes do things of their own.
fn leads_somewhere(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A result as a line of a table.
struct Row {
    id: i64,
    outcome: Chip,
    testcase: String,
    testcase_url: String,
    items: Vec<(String, String)>,
    kind: String,
    variant: String,
    at: Moment,
}

impl Row {
    fn of(result: &StoredResult) -> Self {
        let kind = result.data.values("type").first().map_or("", String::as_str);
        let of_subject = |item: &str| format!("/results/subjects/{}/{}", in_query(kind), in_query(item));
        let listed = |item: &str| format!("/results?item={}", in_query(item));
        let url = |item: &str| if kind.is_empty() { listed(item) } else { of_subject(item) };
        let item = |item: &String| (item.clone(), url(item));
        Self {
            id: result.id.0,
            outcome: Chip::of(result.outcome.as_str()),
            testcase: result.testcase.name.clone(),
            testcase_url: format!("/results/testcases/{}", in_path(&result.testcase.name)),
            items: result.data.values("item").iter().take(3).map(item).collect(),
            kind: result.data.values("type").join(", "),
            variant: Variant::of(&result.data).to_string(),
            at: Moment(result.submit_time),
        }
    }
}
