//! Errors as they are answered: one shape for all native routes, and a place where compatible APIs put theirs.
//!
//! A handler returns a [`Problem`]; it does not render it. The outermost layer does, in the dialect of the mount that was
//! asked, with the id of the request.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidegate_kernel::{Classified, ErrorClass};
use utoipa::ToSchema;

use crate::auth::AuthError;
use crate::store::StoreError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code with its prefix: `platform.bad-value`.
    pub code: &'static str,
    /// One sentence, for people.
    pub detail: String,
    /// Every single mistake, where there are several.
    pub errors: Vec<ProblemItem>,
    /// After how long the same request may succeed.
    pub retry_after: Option<Duration>,
}

/// One mistake of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemItem {
    /// Where it stands: `/body/prs/0/head`, `query:limit`, `header:If-Match`.
    pub at: String,
    /// The line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column of that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The stable code.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

/// The body of a native error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'p> {
    /// A page about the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub detail: &'p str,
    /// The stable code.
    pub code: &'p str,
    /// By which the log can be searched.
    pub request_id: &'p str,
    /// Every single mistake.
    pub errors: &'p [ProblemItem],
}

/// Renders the errors of a mount as its clients expect them.
pub trait Dialect: Send + Sync + 'static {
    /// The answer. Status and `Tidegate-Code` are set from the problem where this does not set them.
    fn render(&self, problem: &Problem, request_id: &str) -> Response;

    /// The answer to whoever asked for that path, or filled in a form there. A dialect for people leads back to it.
    fn render_at(&self, problem: &Problem, request_id: &str, _target: &str) -> Response {
        self.render(problem, request_id)
    }

    /// Whether `?callback=f` makes an answer in JSON a call of that function.
    fn takes_callback(&self) -> bool {
        false
    }
}

/// The dialect of the native routes: `application/problem+json`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeDialect;

impl Problem {
    /// With that status and code.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// An answer names at most so many mistakes, or a small body would make a large one.
    pub(super) const MOST_ITEMS: usize = 100;

    /// With mistakes of the request, all of them up to a number.
    pub fn of_items(mut items: Vec<ProblemItem>) -> Self {
        items.truncate(Self::MOST_ITEMS);
        let detail = match items.as_slice() {
            [one] => format!("{}: {}", one.at, one.detail),
            several => format!("the request has {} mistakes", several.len()),
        };
        let code = items.first().map_or("platform.bad-value", |item| item.code);
        let same = items.iter().all(|item| item.code == code);
        let code = if same { code } else { "platform.bad-value" };
        Self { errors: items, ..Self::new(400, code, detail) }
    }

    /// One value that is not what it should be.
    pub fn bad_value(at: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_items(vec![ProblemItem::new(at, "platform.bad-value", detail)])
    }

    /// There is nothing under that name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "platform.not-found", detail)
    }

    /// Nobody is logged in, or nobody whom we know.
    pub fn not_authenticated() -> Self {
        Self::new(401, "platform.not-authenticated", "this needs a login: a token in Authorization, or a session")
    }

    /// Somebody is, but may not.
    pub fn forbidden(permission: &str) -> Self {
        Self::new(403, "platform.forbidden", format!("this needs the permission {permission}"))
    }

    /// Something else is there already.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(409, "platform.conflict", detail)
    }

    /// It was changed meanwhile.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(412, "platform.precondition-failed", detail)
    }

    /// What is needed is away for now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let retry_after = Some(Duration::from_secs(5));
        Self { retry_after, ..Self::new(503, "platform.unavailable", detail) }
    }

    /// It took longer than anything may.
    pub(super) fn timeout() -> Self {
        let retry_after = Some(Duration::from_secs(5));
        Self { retry_after, ..Self::new(503, "platform.timeout", "this took too long, and was given up") }
    }

    /// Our own fault. What it is stands in the log only.
    pub fn fault(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request met a fault");
        Self::new(500, "platform.fault", "this is a fault of the service; its log has more under the request's id")
    }

    /// Whose it is: what the class of the error says.
    pub fn of_error(error: &impl Classified, code: &'static str) -> Self {
        match error.class() {
            ErrorClass::Mistake => Self::new(400, code, error.to_string()),
            ErrorClass::Unavailable => {
                tracing::warn!(%error, "a request could not be answered");
                Self::unavailable("the store does not answer, or not in time")
            }
            ErrorClass::Fault => Self::fault(error),
        }
    }

    /// The status as the HTTP library has it.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl ProblemItem {
    /// A mistake at a place.
    pub fn new(at: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { at: at.into(), line: None, column: None, code, detail: detail.into() }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error.class() {
            // what the store calls a mistake, such as its own address, is none of the caller
            ErrorClass::Mistake | ErrorClass::Fault => Self::fault(&error),
            ErrorClass::Unavailable => Self::of_error(&error, "platform.unavailable"),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let text = error.to_string();
        match error {
            AuthError::NotAuthenticated => Self::new(401, "platform.not-authenticated", text),
            AuthError::Throttled(wait) => {
                Self { retry_after: Some(wait), ..Self::new(429, "platform.rate-limited", text) }
            }
            AuthError::BadPassword(_) => Self::bad_value("/body/password", text),
            AuthError::Exists { .. } => Self::conflict(text),
            AuthError::NotFound { .. } => Self::not_found(text),
            AuthError::Changed { .. } => Self::precondition_failed(text),
            AuthError::UnknownRole { .. } => Self::bad_value("/body/role", text),
            AuthError::UnknownPermission { .. } => Self::bad_value("/body/scopes", text),
            AuthError::Beyond(_) => Self::new(403, "platform.forbidden", text),
            AuthError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    /// An answer without a body, to be rendered by the outermost layer.
    fn into_response(self) -> Response {
        let mut response = self.status_code().into_response();
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

impl Dialect for NativeDialect {
    fn render(&self, problem: &Problem, request_id: &str) -> Response {
        let body = ProblemBody {
            kind: format!("/errors/{}", problem.code),
            title: problem.status_code().canonical_reason().unwrap_or("Error"),
            status: problem.status,
            detail: &problem.detail,
            code: problem.code,
            request_id,
            errors: &problem.errors,
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let json = HeaderValue::from_static("application/problem+json");
        ([(header::CONTENT_TYPE, json)], text).into_response()
    }
}

/// The answer to a problem, in that dialect.
pub(super) fn render(problem: &Problem, dialect: &dyn Dialect, request_id: &str, target: &str) -> Response {
    let mut response = dialect.render_at(problem, request_id, target);
    if response.status() == StatusCode::OK {
        *response.status_mut() = problem.status_code();
    }
    let headers = response.headers_mut();
    let bare = problem.code.split_once('.').map_or(problem.code, |(_, bare)| bare);
    headers.entry("tidegate-code").or_insert(HeaderValue::from_static(bare));
    if let Some(wait) = problem.retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, seconds.max(1).into());
    }
    if problem.status == 413 {
        // the rest of the body is not read, so nothing else can come on this connection
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if problem.status == 401 {
        let scheme = HeaderValue::from_static("Bearer realm=\"tidegate\"");
        headers.entry(header::WWW_AUTHENTICATE).or_insert(scheme);
    }
    response
}
