//! `/api/v3`, as ResultsDB 2.2 has it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use url::form_urlencoded;

use super::answer::{Answer, Failure, json};
use super::{Gate, request};
use crate::compat::render::Links;
use crate::compat::resultsdb_v3::{ResultType, html, parse_result};
use crate::permission::is_permitted;

const API: &str = "/api/v3";

type Shared = State<Arc<Gate>>;

pub(super) fn router() -> Router<Arc<Gate>> {
    Router::new()
        .route(API, get(reference))
        .route("/api/v3/", get(reference))
        .route("/api/v3/permissions", get(permissions))
        .route("/api/v3/schemas/{type}", get(schema))
        .route("/api/v3/results/{type}", post(submit))
}

/// The type that the path ends in.
fn kind(path: &str) -> Result<ResultType, Failure> {
    let segment = path.rsplit('/').next().unwrap_or_default();
    ResultType::of_segment(segment).ok_or_else(|| Failure::NotFound("Not found".to_owned()))
}

/// First who sends it, then whether it is right, then whether they may: as clients have always met it.
async fn submit(State(gate): Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let kind = kind(parts.uri.path())?;
    let token = request::token(&parts.headers);
    let caller = gate.callers.caller(token.as_deref()).await?;
    let body = request::body(&gate, body).await?;
    request::says_json(&parts.headers)?;
    let submitted = parse_result(kind, &body, &gate.rules.outcomes)?;
    if !is_permitted(&gate.v3_permissions, &caller.user, &caller.groups, submitted.testcase()) {
        let (user, testcase) = (&caller.user, submitted.testcase());
        let why = format!("User {user} is not authorized to submit results for the test case {testcase}");
        return Err(Failure::Forbidden(why));
    }
    let stored = gate.accept(submitted.into_result(&caller.user), &caller).await?;
    let base = request::base(&parts, API).replace(API, "/api/v2.0");
    json(StatusCode::CREATED, &Links::at(base).result(&stored))
}

async fn permissions(State(gate): Shared, request: Request) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    let testcase = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "testcase");
    let entries = gate.v3_permissions.iter();
    let entries = entries.filter(|entry| testcase.as_ref().is_none_or(|(_, testcase)| entry.covers(testcase)));
    json(StatusCode::OK, &entries.map(crate::permission::Permission::entry).collect::<Vec<_>>())
}

async fn schema(State(gate): Shared, request: Request) -> Answer {
    json(StatusCode::OK, &kind(request.uri().path())?.schema(&gate.rules.outcomes))
}

async fn reference(request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let base = request::base(&parts, API);
    let login = base.replace(API, "/auth/oidclogin");
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], html(&base, &login)).into_response())
}
