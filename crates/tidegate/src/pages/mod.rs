//! The pages that belong to no gate: start, search, operations, and how errors look on a page.

mod error;
mod operations;
mod start;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use tidegate_platform::http::{Access, Caller, Endpoint, FromParams, Params, Platform, Problem, Query, Routes};
use tidegate_web::{ASSETS, Asset, Frame, NavLink, Page};

pub(crate) use error::ErrorPages;

/// The first place of the navigation, and the last.
pub(crate) const START: NavLink = NavLink { name: "Start", path: "/" };
pub(crate) const OPERATIONS: NavLink = NavLink { name: "Operations", path: "/ops" };

/// What the pages work with.
#[derive(Clone)]
struct Pages {
    platform: Platform,
    frame: Arc<Frame>,
}

/// Their routes, and the files that all pages load.
pub(crate) fn routes(platform: Platform, frame: Arc<Frame>) -> Routes {
    let get = |path| Endpoint::get(path, Access::Read);
    let pages = Routes::new()
        .route(get(START.path), start::show)
        .route(get("/search"), search)
        .route(get(OPERATIONS.path), operations::show)
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

impl Pages {
    fn page(
        &self,
        caller: &Caller,
        link: NavLink,
        json: &str,
        content: &impl Template,
    ) -> Result<Html<String>, Problem> {
        let fault = |error: askama::Error| Problem::fault(&error);
        let user = caller.principal().user().map(|user| user.name.clone());
        let (title, json) = (link.name.to_owned(), Some(json.to_owned()));
        let page = Page { title, place: link.path, json, user, content: content.render().map_err(fault)? };
        self.frame.render(&page).map(Html).map_err(fault)
    }
}

/// What is looked for.
struct Sought(String);

impl FromParams for Sought {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(params.optional::<String>("q")?.unwrap_or_default()))
    }
}

/// What has results is found among them.
async fn search(State(_): State<Pages>, Query(Sought(text)): Query<Sought>) -> Result<Response, Problem> {
    let place = format!("/results?item={}", tidegate_results::compat::render::in_query(text.trim()));
    let place = HeaderValue::from_str(&place).map_err(|error| Problem::fault(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}
