//! What a write answers: small enough to be kept and given again.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::secret::Secret;

/// The answer to a write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    /// JSON as text, so that its fields keep their order wherever it is kept.
    body: Option<String>,
    location: Option<String>,
    version: Option<i64>,
    /// A field that is shown once and never kept.
    #[serde(skip)]
    secret: Option<(&'static str, Secret)>,
    #[serde(skip)]
    cookie: Option<String>,
    #[serde(skip)]
    pub(super) replayed: bool,
}

impl Answer {
    fn new(status: u16, body: Option<String>) -> Self {
        Self { status, body, location: None, version: None, secret: None, cookie: None, replayed: false }
    }

    /// It went well, and this is how it is now.
    ///
    /// # Panics
    ///
    /// The body has no JSON form: a mistake of the code.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::new(200, Some(serde_json::to_string(body).expect("answers are plain data")))
    }

    /// It was made, and is found there.
    ///
    /// # Panics
    ///
    /// As for [`Self::ok`].
    pub fn created(location: impl Into<String>, body: &impl Serialize) -> Self {
        Self { status: 201, location: Some(location.into()), ..Self::ok(body) }
    }

    /// It will be done, which can be watched there.
    ///
    /// # Panics
    ///
    /// As for [`Self::ok`].
    pub fn accepted(location: impl Into<String>, body: &impl Serialize) -> Self {
        Self { status: 202, ..Self::created(location, body) }
    }

    /// It is done, and there is nothing to say.
    pub fn done() -> Self {
        Self::new(204, None)
    }

    /// With the version of what was changed.
    #[must_use]
    pub fn with_version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// With a secret in a field of the body. Whoever asks again with the same key gets `null` there.
    #[must_use]
    pub fn with_secret(self, field: &'static str, secret: Secret) -> Self {
        let body = self.body.map(|body| with_field(&body, field, Value::Null));
        Self { secret: Some((field, secret)), body, ..self }
    }

    /// With a cookie, which is never kept.
    #[must_use]
    pub fn with_cookie(self, cookie: String) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    /// The secret that is shown once.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref().map(|(_, secret)| secret)
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }
}

impl IntoResponse for Answer {
    fn into_response(mut self) -> Response {
        if let (Some((field, secret)), Some(body)) = (&self.secret, &self.body) {
            self.body = Some(with_field(body, field, secret.expose().into()));
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Some(body) => {
                ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
            }
            None => ().into_response(),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let mut set = |name, value: Option<&str>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        };
        set(header::LOCATION, self.location.as_deref());
        set(header::ETAG, self.version.map(etag).as_deref());
        set(header::SET_COOKIE, self.cookie.as_deref());
        if self.secret.is_some() || self.cookie.is_some() {
            set(header::CACHE_CONTROL, Some("no-store"));
        }
        if self.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

/// The JSON object with that field too.
fn with_field(object: &str, field: &str, value: Value) -> String {
    let mut fields: Map<String, Value> = serde_json::from_str(object).unwrap_or_default();
    fields.insert(field.to_owned(), value);
    Value::Object(fields).to_string()
}

/// A version as a strong `ETag`.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that a write expects, from `If-Match` or from a field of the body.
///
/// # Errors
///
/// There is neither, they differ, or the header is no version.
pub fn expected_version(headers: &HeaderMap, field: Option<i64>) -> Result<i64, Problem> {
    let header = match headers.get(header::IF_MATCH) {
        None => None,
        Some(value) => {
            let version = value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
            Some(version.ok_or_else(|| Problem::bad_value("header:If-Match", "expected an ETag of this object"))?)
        }
    };
    match (header, field) {
        (Some(header), Some(field)) if header != field => {
            Err(Problem::bad_value("header:If-Match", "another version than in the body"))
        }
        (Some(version), _) | (None, Some(version)) => Ok(version),
        (None, None) => {
            Err(Problem::precondition_failed("say which version this changes, by If-Match or the field version"))
        }
    }
}
