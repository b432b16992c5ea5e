//! `?callback=f` for pages of another time: the body as a call of a function.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use url::form_urlencoded;

use super::answer::message;

/// An answer is never larger than this where it is wrapped.
const LARGEST: usize = 64 * 1024 * 1024;
const LONGEST_NAME: usize = 64;

/// Wraps JSON answers of requests that name a function.
pub(super) async fn wrap(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let callback = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "callback");
    let Some(callback) = callback.map(|(_, value)| value.into_owned()) else { return next.run(request).await };
    if !is_name(&callback) {
        return message(StatusCode::BAD_REQUEST, "callback must be the name of a function");
    }
    let (mut parts, body) = next.run(request).await.into_parts();
    let is_json = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return Response::from_parts(parts, body);
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    let wrapped = [callback.as_bytes(), b"(", &body, b");"].concat();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/javascript"));
    let options = HeaderName::from_static("x-content-type-options");
    parts.headers.insert(options, HeaderValue::from_static("nosniff"));
    Response::from_parts(parts, Body::from(wrapped))
}

fn is_name(text: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$';
    let mut bytes = text.bytes();
    text.len() <= LONGEST_NAME
        && bytes.next().is_some_and(is_start)
        && bytes.all(|byte| is_start(byte) || byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn only_names_of_functions_are_taken() {
        let long = "a".repeat(64);
        assert!(["f", "$", "_a.b9", long.as_str()].into_iter().all(is_name));
        let longer = "a".repeat(65);
        assert!(!["", "9", "a(", "a;b", "a\n", ".a", "é", longer.as_str()].into_iter().any(is_name));
    }
}
