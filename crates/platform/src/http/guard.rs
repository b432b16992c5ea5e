//! Stands before each route: asks whether the caller may, and keeps body and time within limits.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::caller::{Caller, Repeatable};
use super::gates::OfGate;
use super::problem::Problem;
use super::route::{Access, Endpoint, limit_of};
use super::{Platform, body};

/// The largest body of the route that a request goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimit(usize);

/// By which pattern a request was answered, for the metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route(pub(super) &'static str);

const LONGEST_KEY: usize = 200;

impl BodyLimit {
    pub(super) fn of(extensions: &Extensions) -> usize {
        extensions.get::<Self>().map_or(0, |limit| limit.0)
    }
}

pub(super) async fn guard(endpoint: Arc<Endpoint>, request: Request, next: Next) -> Response {
    let path = endpoint.path;
    let mut response = match admit(&endpoint, request).await {
        Ok((platform, request)) => match limit_of(&endpoint, platform.settings().handler_timeout) {
            None => next.run(request).await,
            Some(limit) => tokio::time::timeout(limit, next.run(request))
                .await
                .unwrap_or_else(|_| Problem::timeout().into_response()),
        },
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(Route(path));
    response
}

async fn admit(endpoint: &Endpoint, mut request: Request) -> Result<(Platform, Request), Problem> {
    let outside = || Problem::fault(&"a route outside of the shell is asked");
    let platform = request.extensions().get::<Platform>().cloned().ok_or_else(outside)?;
    let caller = request.extensions().get::<Caller>().cloned().ok_or_else(outside)?;
    let anonymous_read = match request.extensions().get::<OfGate>() {
        Some(gate) => platform.auth().anonymous_read_of(gate.0),
        None => platform.auth().anonymous_read(),
    };
    may(&caller, endpoint.access, anonymous_read)?;
    let limit = endpoint.max_body.unwrap_or(platform.settings().max_body);
    if request.method() == Method::POST && request.headers().contains_key("idempotency-key") {
        // a body that comes by the byte is not waited for
        let read = tokio::time::timeout(platform.settings().handler_timeout, repeatable(request, caller, limit)).await;
        request = read.unwrap_or_else(|_| Err(Problem::timeout()))?;
    }
    request.extensions_mut().insert(BodyLimit(limit));
    Ok((platform, request))
}

fn may(caller: &Caller, access: Access, anonymous_read: bool) -> Result<(), Problem> {
    let principal = caller.principal();
    let (may, permission) = match access {
        Access::Open | Access::Inside(_) => return Ok(()),
        Access::Read => (anonymous_read || !principal.is_anonymous(), ""),
        Access::SignedIn => (!principal.is_anonymous(), ""),
        Access::Needs(permission) => (principal.may(permission), permission.as_str()),
        Access::NeedsOn(permission) => (principal.may_somewhere(permission), permission.as_str()),
    };
    match may {
        true => Ok(()),
        false if principal.is_anonymous() => Err(Problem::not_authenticated()),
        false => Err(Problem::forbidden(permission)),
    }
}

/// Reads the body ahead, so that the same request is known when it comes again.
async fn repeatable(request: Request, mut caller: Caller, limit: usize) -> Result<Request, Problem> {
    let (mut parts, stream) = request.into_parts();
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let bad = || Problem::bad_value("header:Idempotency-Key", "expected 1 to 200 printable characters");
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(bad());
    }
    let key = key.to_owned();
    let bytes = body::read(&parts.headers, stream, limit).await?;
    // it is unpacked by now
    parts.headers.remove(axum::http::header::CONTENT_ENCODING);
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    let target = format!("{} {}", parts.method, parts.uri);
    caller.repeated = Some(Repeatable::new(key, target, &bytes));
    parts.extensions.insert(caller);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
