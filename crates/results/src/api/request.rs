//! What a request says beside its body.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::OriginalUri;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};

use super::Gate;
use super::answer::Failure;
use super::caller::{Caller, NotKnown};
use crate::compat::json;

/// Scheme and host as the client sees them, `https://results.example.org`. Set as an extension by whoever knows which
/// forwarded headers to believe; without it the address is built from the header `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);

/// The address of the interface, up to and with `api`: `http://HOST/resultsdb/api/v2.0`.
pub(super) fn base(parts: &Parts, api: &str) -> String {
    let address = address(parts);
    match address.find(api) {
        Some(at) => address[..at + api.len()].to_owned(),
        None => address,
    }
}

/// The address that was asked for, without its query.
pub(super) fn address(parts: &Parts) -> String {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    format!("{}{}", origin(parts, uri), uri.path())
}

fn origin(parts: &Parts, uri: &Uri) -> String {
    if let Some(Origin(origin)) = parts.extensions.get() {
        return origin.clone();
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let is_host = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    format!("http://{}", host.filter(is_host).unwrap_or("localhost"))
}

/// The query as it was written.
pub(super) fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// The whole body.
pub(super) async fn body(gate: &Gate, body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, gate.max_body).await.map_err(|error| {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return Failure::TooLarge;
            }
            cause = error.source();
        }
        Failure::Incomplete
    })
}

/// That the body is said to be JSON.
pub(super) fn says_json(headers: &HeaderMap) -> Result<(), Failure> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Failure::NotJson)
    }
}

/// Who sends a write: by the token in its head, or by the one that an old client puts into the body.
pub(super) async fn writer(gate: &Gate, parts: &Parts, body: &[u8]) -> Result<Caller, NotKnown> {
    let in_head = token(&parts.headers);
    let in_body = if in_head.is_some() { None } else { json::parse(body).ok() };
    let token = in_head.or_else(|| in_body.as_ref().and_then(|body| body.token().map(str::to_owned)));
    gate.callers.caller(token.as_deref()).await
}

/// The token of `Authorization: Bearer T`, `Token T`, or the password of `Basic`.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    use base64::Engine as _;
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let value = value.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(value.to_owned()),
        "basic" => {
            let pair = base64::engine::general_purpose::STANDARD.decode(value).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            pair.split_once(':').map(|(_, password)| password.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn addresses_are_built_as_the_client_asked() {
        let asked = parts("/resultsdb/api/v2.0/results?a=b", &[("host", "old.example:8080")]);
        assert_eq!(base(&asked, "/api/v2.0"), "http://old.example:8080/resultsdb/api/v2.0");
        assert_eq!(address(&asked), "http://old.example:8080/resultsdb/api/v2.0/results");
        let odd = parts("/api/v2.0", &[("host", "a\"<b")]);
        assert_eq!(base(&odd, "/api/v2.0"), "http://localhost/api/v2.0");
        let mut behind = parts("/api/v2.0", &[("host", "inner")]);
        behind.extensions.insert(Origin("https://outer".to_owned()));
        assert_eq!(address(&behind), "https://outer/api/v2.0");
    }

    #[test]
    fn a_token_comes_in_three_ways() {
        let found = |value: &str| token(&parts("/", &[("authorization", value)]).headers);
        let expected = Some("tg_1".to_owned());
        for value in ["Bearer tg_1", "token  tg_1", "Basic YW55Ym9keTp0Z18x"] {
            assert_eq!(found(value), expected, "{value}");
        }
        for value in ["Bearer", "Digest x", "Basic !", "Basic YQ=="] {
            assert_eq!(found(value), None, "{value}");
        }
    }

    #[test]
    fn only_json_is_json() {
        let says = |kind: &str| says_json(&parts("/", &[("content-type", kind)]).headers).is_ok();
        assert!(says("application/json") && says("Application/JSON; charset=utf-8") && says("application/x+json"));
        assert!(!says("text/plain") && !says("application/x-www-form-urlencoded") && !says(""));
        assert!(says_json(&HeaderMap::new()).is_err());
    }
}
