//! The pages that belong to no gate: start, search, the ways in, the account, administration, blockers, the trail,
//! operations, and how errors look on a page.
//!
//! Each reads in one transaction and writes nothing: what a form says goes to the API's own handlers, through the door that
//! the platform has for forms.

mod account;
mod admin;
mod blockers;
mod enter;
mod error;
mod operations;
mod search;
mod start;
mod trail;

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use tidegate_platform::auth::{ADMIN, AUDIT, Shown};
use tidegate_platform::http::{Access, Caller, Endpoint, Platform, Problem, Routes};
use tidegate_web::{ASSETS, Asset, Frame, Hidden, NavLink, Page, Visitor};

pub(crate) use error::ErrorPages;

/// The first place of the navigation, and the last ones.
pub(crate) const START: NavLink = NavLink { name: "Start", path: "/", key: 's' };
pub(crate) const BLOCKERS: NavLink = NavLink { name: "Blockers", path: "/blockers", key: 'b' };
pub(crate) const OPERATIONS: NavLink = NavLink { name: "Operations", path: "/ops", key: 'o' };
/// Places beside the navigation, whose errors are pages too.
pub(crate) const OTHERS: [&str; 7] = ["/account", "/admin", "/errors", "/login", "/logout", "/setup", "/trail"];

/// A table has at most so many rows.
const ROWS: i64 = 100;

/// What the pages work with.
#[derive(Clone)]
struct Pages {
    platform: Platform,
    frame: Arc<Frame>,
}

/// What stands around a page's own part.
#[derive(Default)]
struct Head {
    title: String,
    place: &'static str,
    json: Option<String>,
    live_after: Option<i64>,
}

/// Their routes, and the files that all pages load.
pub(crate) fn routes(platform: Platform, frame: Arc<Frame>) -> Routes {
    let get = |path| Endpoint::get(path, Access::Read);
    let own = |path| Endpoint::get(path, Access::SignedIn);
    let admin = |path| Endpoint::get(path, Access::Needs(ADMIN));
    let pages = Routes::new()
        .route(get(START.path), start::show)
        .route(get("/search"), search::search)
        .route(get(BLOCKERS.path), blockers::list)
        .route(get("/blockers/{id}"), blockers::one)
        .route(get("/trail/{*subject}"), trail::show)
        .route(get(OPERATIONS.path), operations::show)
        .route(get("/ops/jobs/{job}"), operations::jobs::show)
        .route(get("/ops/messages"), operations::messages::show)
        .route(Endpoint::get("/ops/writes", Access::Needs(AUDIT)), operations::writes::show)
        .route(Endpoint::get("/login", Access::Open), enter::login)
        .form(Endpoint::post("/login", Access::Open), enter::log_in)
        .route(Endpoint::get("/setup", Access::Open), enter::setup)
        .form(Endpoint::post("/setup", Access::Open), enter::set_up)
        .route(own("/account"), account::show)
        .form(Endpoint::post("/account/tokens", Access::SignedIn), account::create_token)
        .route(admin("/admin/users"), admin::users)
        .route(admin("/admin/teams"), admin::teams)
        .route(admin("/admin/grants"), admin::grants)
        .route(Endpoint::get("/errors/{code}", Access::Open), error::explain)
        .with_state(Pages { platform, frame });
    ASSETS.iter().fold(pages, |routes, asset| {
        routes.route(Endpoint::get(asset.path, Access::Open), move || async move { file(asset) })
    })
}

fn file(asset: &'static Asset) -> Response {
    let kept = HeaderValue::from_static("max-age=300");
    ([(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)), (header::CACHE_CONTROL, kept)], asset.text)
        .into_response()
}

impl Head {
    fn of(link: NavLink, json: &str) -> Self {
        Self { title: link.name.to_owned(), place: link.path, json: Some(json.to_owned()), live_after: None }
    }

    fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Pages {
    fn page(&self, caller: &Caller, head: Head, content: &impl Template) -> Result<Html<String>, Problem> {
        let fault = |error: askama::Error| Problem::fault(&error);
        let user = caller.principal().user();
        let visitor = user.map_or(Visitor::Nobody, |user| Visitor::User(user.name.clone()));
        let Head { title, place, json, live_after } = head;
        let page = Page { title, place, json, visitor, live_after, content: content.render().map_err(fault)? };
        self.frame.render(&page).map(Html).map_err(fault)
    }
}

/// What a form of this caller says beside its fields.
fn hidden(caller: &Caller, then: impl Into<String>) -> Hidden {
    let csrf = match caller.principal().shown() {
        Shown::Session { csrf, .. } => Some(csrf.clone()),
        Shown::Nothing | Shown::Token(_) | Shown::Proxy | Shown::Store => None,
    };
    Hidden { csrf, then: then.into() }
}
