//! Forms of pages: a second door to the writes of the API.
//!
//! A form posts what a JSON body would say. The door turns one into the other, so the handler of the API does the write and
//! knows nothing of pages; then it sends the browser on to the page where the form stood. Who has JavaScript switched off
//! misses nothing.
//!
//! *Invariant:* a form of another origin does not come through, whether or not a cookie comes with it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::body;
use super::caller::Caller;
use super::credentials::{self, CSRF_FIELD};
use super::problem::Problem;
use crate::writes::Via;

/// Where a form goes when it is done: a path of this service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then(String);

/// The field that says it.
const THEN_FIELD: &str = "then";
const LONGEST_PATH: usize = 2_000;
/// No form of ours says more, in bytes.
const LARGEST: usize = 64 * 1024;

impl Then {
    /// That path, or the start page where it leads elsewhere.
    pub fn of(path: &str) -> Self {
        let is_local = path.starts_with('/') && !path.starts_with("//") && path.len() <= LONGEST_PATH;
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        Self(if is_local && is_plain { path.to_owned() } else { "/".to_owned() })
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) async fn door(request: Request, next: Next) -> Response {
    match enter(request).await {
        Ok((then, request)) => leave(next.run(request).await, then),
        Err(problem) => problem.into_response(),
    }
}

/// The same request as a program would make it, and where its browser goes then.
async fn enter(mut request: Request) -> Result<(Then, Request), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::new(415, "platform.bad-value", "this takes the form of its page"));
    }
    let caller = request.extensions_mut().get_mut::<Caller>();
    let caller = caller.ok_or_else(|| Problem::fault(&"a form outside of the shell is posted"))?;
    caller.via = Via::Page;
    let origin = std::sync::Arc::clone(&caller.origin);
    if !credentials::is_same_origin(request.headers(), &origin) {
        return Err(Problem::new(403, "platform.csrf", "this does not come from a page of this service: load it anew"));
    }
    let stream = std::mem::take(request.body_mut());
    let (then, fields) = read(&body::read(request.headers(), stream, LARGEST).await?);
    let headers = request.headers_mut();
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Body::from(Value::Object(fields).to_string());
    request.extensions_mut().insert(then.clone());
    Ok((then, request))
}

/// What a form says as the fields of a JSON object. What is left empty was not said. The kind of a value that is no text
/// is in its name: `scopes[]` is one of a list, `version:number` is a number.
fn read(form: &[u8]) -> (Then, Map<String, Value>) {
    let (mut then, mut fields) = (Then::of(""), Map::new());
    for (name, value) in form_urlencoded::parse(form).filter(|(_, value)| !value.is_empty()) {
        if name == THEN_FIELD {
            then = Then::of(&value);
        } else if let Some(list) = name.strip_suffix("[]") {
            let entry = fields.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = entry {
                items.push(value.into());
            }
        } else if let Some(number) = name.strip_suffix(":number") {
            fields.insert(number.to_owned(), value.parse::<i64>().map_or(Value::Null, Value::from));
        } else if name != CSRF_FIELD {
            fields.insert(name.into_owned(), value.into());
        }
    }
    (then, fields)
}

/// What a program is told is nothing for a browser: it goes on to the page. A page stays a page, and an error knows from
/// which one it came.
fn leave(mut done: Response, then: Then) -> Response {
    let is_page =
        done.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !done.status().is_success() {
        done.extensions_mut().insert(then);
        return done;
    }
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(place) = HeaderValue::from_str(then.as_str()) {
        headers.insert(header::LOCATION, place);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in done.headers().get_all(header::SET_COOKIE) {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_says_what_a_body_would() {
        let form = b"csrf_token=x&then=%2Faccount&name=ci+bot&mail=&version%3Anumber=3&scopes[]=a&scopes[]=b";
        let (then, fields) = read(form);
        assert_eq!(then.as_str(), "/account");
        assert_eq!(Value::Object(fields), json!({"name": "ci bot", "version": 3, "scopes": ["a", "b"]}));
    }

    #[test]
    fn a_form_leads_to_a_page_of_ours_alone() {
        for (path, leads) in [
            ("/ops?state=due", "/ops?state=due"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nb", "/"),
            ("", "/"),
        ] {
            assert_eq!(Then::of(path).as_str(), leads, "{path:?}");
        }
    }
}
