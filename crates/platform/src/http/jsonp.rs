//! `?callback=f` for pages of another time: an answer in JSON as a call of a function.

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;

/// An answer is never larger than this where it is wrapped.
const LARGEST: usize = 64 * 1024 * 1024;
const LONGEST_NAME: usize = 64;

/// The function that the query names.
pub(super) fn callback(uri: &Uri) -> Result<Option<String>, Problem> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    match pairs.find(|(name, _)| name == "callback") {
        Some((_, name)) if is_name(&name) => Ok(Some(name.into_owned())),
        Some(_) => Err(Problem::new(400, "platform.bad-value", "callback must be the name of a function")),
        None => Ok(None),
    }
}

/// The answer as a call of that function, if it is JSON.
pub(super) async fn wrap(callback: &str, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_json = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return Response::from_parts(parts, body);
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return Problem::fault(&"an answer is too large for a callback").status_code().into_response();
    };
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/javascript"));
    Response::from_parts(parts, Body::from([callback.as_bytes(), b"(", &body, b");"].concat()))
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
