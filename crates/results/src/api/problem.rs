//! Errors of our own interface, as `application/problem+json`.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answer::Failure;

/// Why our own interface does not answer as wished.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Value,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), more: json!({}) }
    }

    /// With these fields as well.
    pub(super) fn with(mut self, more: Value) -> Self {
        self.more = more;
        self
    }

    pub(super) fn bad_value(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "platform.bad-value", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, detail, more } = self;
        let mut body = json!({
            "type": format!("/errors/{code}"),
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": detail,
            "code": code,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl<E: Into<Failure>> From<E> for Problem {
    fn from(failure: E) -> Self {
        let unavailable = |detail| Self::new(StatusCode::SERVICE_UNAVAILABLE, "platform.unavailable", detail);
        match failure.into() {
            Failure::Refused(refusal) => Self::bad_value(refusal.to_string()),
            Failure::NotFound(what) => Self::new(StatusCode::NOT_FOUND, "platform.not-found", what),
            Failure::Unauthorized(why) => Self::new(StatusCode::UNAUTHORIZED, "platform.not-authenticated", why),
            Failure::Forbidden(why) => Self::new(StatusCode::FORBIDDEN, "platform.forbidden", why),
            Failure::NotJson => {
                let detail = "the body must be application/json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "platform.bad-json", detail)
            }
            Failure::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "platform.too-large", "the body is too large")
            }
            Failure::Incomplete => Self::bad_value("the body did not come whole"),
            Failure::TooSlow => unavailable("the query takes too long: add a filter"),
            Failure::Unavailable => unavailable("the store cannot be reached"),
            Failure::Fault(error) => {
                tracing::error!(error = &*error, "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "platform.fault", "our own fault; it is in the log")
            }
        }
    }
}
