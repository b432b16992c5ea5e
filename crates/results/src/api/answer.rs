//! Answers in the shape that clients of ResultsDB read: always JSON, and every error has a `message`.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::{Classified as _, ErrorClass};
use tidegate_platform::store::StoreError;

use super::caller::NotKnown;
use crate::compat::refusal::{FieldError, Refusal, Step};
use crate::store::AcceptError;

/// Why a request is not answered as wished.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was sent is wrong.
    Refused(Refusal),
    /// What was asked for is not there.
    NotFound(String),
    /// Nobody is known by these credentials.
    Unauthorized(String),
    /// Whoever it is, they may not.
    Forbidden(String),
    /// The body is not said to be JSON.
    NotJson,
    /// The body is too large.
    TooLarge,
    /// The body did not come.
    Incomplete,
    /// The list would take too long.
    TooSlow,
    /// The store, or who sends this, is unknown for now.
    Unavailable,
    /// Our own fault.
    Fault(Box<dyn std::error::Error + Send + Sync>),
}

/// What a handler gives.
pub(super) type Answer = Result<Response, Failure>;

/// That status with a body of JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_string(body).map_err(|error| Failure::Fault(error.into()))?;
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

pub(super) async fn not_found() -> Response {
    message(StatusCode::NOT_FOUND, "Not found")
}

pub(super) async fn method_not_allowed() -> Response {
    message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => of_json(StatusCode::BAD_REQUEST, refusal.body()),
            Self::NotFound(what) => message(StatusCode::NOT_FOUND, &what),
            Self::Unauthorized(why) => {
                let mut response = message(StatusCode::UNAUTHORIZED, &format!("401 Unauthorized: {why}"));
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Self::Forbidden(why) => message(StatusCode::FORBIDDEN, &format!("403 Forbidden: {why}")),
            Self::NotJson => message(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"),
            Self::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::Incomplete => message(StatusCode::BAD_REQUEST, "Bad request"),
            Self::TooSlow => retry(message(
                StatusCode::SERVICE_UNAVAILABLE,
                "The query takes too long: add a filter on item, groups, testcases or since",
            )),
            Self::Unavailable => retry(message(StatusCode::SERVICE_UNAVAILABLE, "Unable to communicate with database")),
            Self::Fault(error) => {
                tracing::error!(error = &*error, "a request failed");
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }
}

fn retry(mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error.class() {
            ErrorClass::Unavailable => Self::Unavailable,
            ErrorClass::Mistake | ErrorClass::Fault => Self::Fault(error.into()),
        }
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

impl From<NotKnown> for Failure {
    fn from(error: NotKnown) -> Self {
        match error {
            NotKnown::Refused => Self::Unauthorized(error.to_string()),
            NotKnown::Unavailable => Self::Unavailable,
        }
    }
}
