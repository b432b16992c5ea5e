//! What a request says beside its body.

use axum::extract::OriginalUri;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use tidegate_platform::http::{Caller, Problem, ProblemItem};
use tidegate_platform::secret::Secret;

use super::Gate;
use crate::compat::json;
use crate::rights::WRITE;

/// The address of the interface, up to and with `api`: `http://HOST/resultsdb/api/v2.0`.
pub(super) fn base(caller: &Caller, parts: &Parts, api: &str) -> String {
    let address = address(caller, parts);
    match address.find(api) {
        Some(at) => address[..at + api.len()].to_owned(),
        None => address,
    }
}

/// The address that was asked for, without its query: on a host of its own an interface is found at the root.
pub(super) fn address(caller: &Caller, parts: &Parts) -> String {
    let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |asked| &asked.0);
    format!("{}{}", caller.origin(), asked.path())
}

/// The query as it was written.
pub(super) fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// That the body is said to be JSON.
pub(super) fn says_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::new(415, "platform.bad-value", "the body must be application/json"))
    }
}

/// A list does not know what it is asked for.
pub(super) fn unknown_parameter(name: &str) -> Problem {
    let detail = format!("there is no {name:?} here");
    Problem::of_items(vec![ProblemItem::new(format!("query:{name}"), "platform.unknown-parameter", detail)])
}

/// Who sends a write: by the token in its head, or by the one that an old client puts into the body, which is no part of
/// what is asked.
pub(super) async fn writer(gate: &Gate, caller: Caller, body: &[u8]) -> Result<Caller, Problem> {
    let parsed = json::parse(body).ok();
    let token = parsed.as_ref().and_then(|body| body.token()).filter(|_| caller.principal().is_anonymous());
    let caller = match (token, &parsed) {
        (Some(token), Some(body)) => {
            let caller = caller.asking(body.echo().as_bytes());
            match caller.clone().with_token(&gate.platform, Secret::new(token)).await {
                Err(problem) if problem.status == 401 && gate.open_writes => caller,
                known => known?,
            }
        }
        (Some(_) | None, _) => caller,
    };
    if !gate.open_writes {
        caller.demand(WRITE)?;
    }
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn only_json_is_json() {
        let says = |kind: &str| {
            let request = Request::builder().header("content-type", kind).body(()).unwrap();
            says_json(request.headers()).is_ok()
        };
        assert!(says("application/json") && says("Application/JSON; charset=utf-8") && says("application/x+json"));
        assert!(!says("text/plain") && !says("application/x-www-form-urlencoded") && !says(""));
        assert!(says_json(&HeaderMap::new()).is_err());
    }
}
