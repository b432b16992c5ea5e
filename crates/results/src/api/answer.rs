//! Answers in the shape that clients of ResultsDB read: always JSON, and every error has a `message`.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use tidegate_platform::http::{Dialect, Problem};
use tidegate_platform::store::StoreError;

use crate::compat::refusal::{FieldError, Refusal, Step};
use crate::store::AcceptError;

/// Why a request is not answered as wished.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was sent is wrong, in the words of the interface.
    Refused(Refusal),
    /// Everything else.
    Problem(Problem),
}

/// What a handler gives.
pub(super) type Answer = Result<Response, Failure>;

/// How errors look below the mount of ResultsDB.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResultsDb;

/// That status with a body of JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_string(body).map_err(|error| Problem::fault(&error))?;
    Ok(of_json(status, body))
}

fn of_json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// That status with a message.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    of_json(status, json!({ "message": message }).to_string())
}

/// There is no such thing, in words of this interface.
pub(super) fn not_found(what: impl Into<String>) -> Failure {
    Failure::Problem(Problem::new(404, "results.not-found", what))
}

/// The list would take too long.
pub(super) fn too_slow() -> Failure {
    let detail = "The query takes too long: add a filter on item, groups, testcases or since";
    Failure::Problem(Problem { code: "results.too-slow", ..Problem::unavailable(detail) })
}

impl Dialect for ResultsDb {
    fn render(&self, problem: &Problem, _request_id: &str) -> Response {
        let detail = problem.detail.as_str();
        let text = match (problem.status, problem.code) {
            (401, _) => format!("401 Unauthorized: {detail}"),
            (403, _) => format!("403 Forbidden: {detail}"),
            (404, "platform.not-found") => "Not found".to_owned(),
            (405, _) => "Method Not Allowed".to_owned(),
            (415, _) => "Unsupported Media Type".to_owned(),
            (500, _) => "Internal Server Error".to_owned(),
            (503, "platform.unavailable") => "Unable to communicate with database".to_owned(),
            _ => detail.to_owned(),
        };
        let mut response = message(problem.status_code(), &text);
        if problem.status == 401 {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn takes_callback(&self) -> bool {
        true
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => of_json(StatusCode::BAD_REQUEST, refusal.body()),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<AcceptError> for Failure {
    fn from(error: AcceptError) -> Self {
        let field = match &error {
            AcceptError::TooManyBuilds(_) => "data",
            AcceptError::IdTaken(_) => "id",
            AcceptError::Store(_) => "",
        };
        match error {
            AcceptError::Store(error) => error.into(),
            error => {
                let error = FieldError::value([Step::Field(field)], &error.to_string(), "null");
                Self::Refused(Refusal::Fields(vec![error]))
            }
        }
    }
}

/// What went wrong, as our own interface says it.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::new(400, "platform.bad-value", refusal.to_string()),
            Failure::Problem(problem) => problem,
        }
    }
}
