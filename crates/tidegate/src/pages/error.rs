//! Errors of pages, for people.

use std::sync::Arc;

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use tidegate_platform::http::{Dialect, Problem};
use tidegate_web::{Frame, Page};

/// Errors as pages.
pub(crate) struct ErrorPages(pub(crate) Arc<Frame>);

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'p> {
    problem: &'p Problem,
    request_id: &'p str,
}

impl Dialect for ErrorPages {
    fn render(&self, problem: &Problem, request_id: &str) -> Response {
        let title = problem.status_code().canonical_reason().unwrap_or("Error").to_owned();
        let content = ErrorPage { problem, request_id }.render();
        let page = content.and_then(|content| self.0.render(&Page { title, content, ..Page::default() }));
        match page {
            Ok(html) => Html(html).into_response(),
            Err(_) => problem.detail.clone().into_response(),
        }
    }
}
