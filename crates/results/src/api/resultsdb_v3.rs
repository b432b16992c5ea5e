//! `/api/v3`, as ResultsDB 2.2 has it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tidegate_platform::http::{Access, Answer as Written, Caller, Endpoint, Path, Problem, Raw, Routes};
use url::form_urlencoded;

use super::answer::{Answer, Failure, json, message};
use super::{Gate, Shared, request};
use crate::compat::render::Links;
use crate::compat::resultsdb_v3::{ResultType, html, parse_result};
use crate::permission::is_permitted;

const API: &str = "/api/v3";

/// Test suites send results without a token.
pub(super) fn routes(is_rehearsal: bool) -> Routes<Arc<Gate>> {
    let get = |path| Endpoint::get(path, Access::Read);
    let sender = if is_rehearsal { Access::Open } else { Access::SignedIn };
    Routes::new()
        .route(get("/resultsdb"), landing)
        .route(get("/resultsdb/"), landing)
        .route(get("/resultsdb/auth/oidclogin"), login)
        .route(get("/resultsdb/auth/logout"), logout)
        .route(get("/resultsdb/api/v3"), reference)
        .route(get("/resultsdb/api/v3/"), reference)
        .route(get("/resultsdb/api/v3/permissions"), permissions)
        .route(get("/resultsdb/api/v3/schemas/{type}"), schema)
        .route(Endpoint::post("/resultsdb/api/v3/results/{type}", sender), submit)
}

fn kind(segment: &str) -> Result<ResultType, Problem> {
    ResultType::of_segment(segment).ok_or_else(|| Problem::not_found("there is no such type of result"))
}

/// First who sends it, then whether it is right, then whether they may: as clients have always met it.
async fn submit(
    State(gate): Shared,
    Path(segment): Path<String>,
    caller: Caller,
    parts: Parts,
    Raw(body): Raw,
) -> Result<Written, Failure> {
    let kind = kind(&segment)?;
    request::says_json(&parts.headers)?;
    let submitted = parse_result(kind, &body, &gate.rules.outcomes)?;
    let identity = || gate.rehearsal.as_ref().map(|rehearsal| rehearsal.identity().to_owned());
    let user = caller.principal().user().map(|user| user.name.clone()).or_else(identity).unwrap_or_default();
    let groups: Vec<_> = caller.principal().teams().iter().cloned().collect();
    if !is_permitted(&gate.permissions(), &user, &groups, submitted.testcase()) {
        let testcase = submitted.testcase();
        let why = format!("User {user} is not authorized to submit results for the test case {testcase}");
        return Err(Problem::new(403, "platform.forbidden", why).into());
    }
    let links = Links::at(request::base(&caller, &parts, API).replace(API, "/api/v2.0"));
    gate.accept_of(&submitted.into_result(&user), Some(&user), &caller, &links).await
}

async fn permissions(State(gate): Shared, parts: Parts) -> Answer {
    let query = request::query(&parts);
    let testcase = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "testcase");
    let permissions = gate.permissions();
    let entries =
        permissions.iter().filter(|entry| testcase.as_ref().is_none_or(|(_, testcase)| entry.covers(testcase)));
    json(StatusCode::OK, &entries.map(crate::permission::Permission::entry).collect::<Vec<_>>())
}

async fn schema(State(gate): Shared, Path(segment): Path<String>) -> Answer {
    json(StatusCode::OK, &kind(&segment)?.schema(&gate.rules.outcomes))
}

async fn reference(caller: Caller, parts: Parts) -> Answer {
    Ok(page(&request::base(&caller, &parts, API)))
}

/// What people find at the root: how results are sent.
async fn landing(caller: Caller, parts: Parts) -> Answer {
    Ok(page(&format!("{}{API}", request::address(&caller, &parts).trim_end_matches('/'))))
}

fn page(base: &str) -> Response {
    let login = base.replace(API, "/auth/oidclogin");
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html(base, &login)).into_response()
}

/// A login by a provider would answer a token that lives for a short time.
async fn login() -> Answer {
    let why = "auth.oidc is not configured here, so no provider can be asked who you are: send a token of this service";
    Err(Problem::new(501, "results.login-not-configured", why).into())
}

/// Nobody is kept logged in by this interface, so nothing has to end.
async fn logout() -> Answer {
    Ok(message(StatusCode::OK, "Logged out"))
}
