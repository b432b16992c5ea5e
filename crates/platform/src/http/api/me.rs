//! Who the caller is, and what that one may do.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::caller::Caller;
use super::super::input::Query;
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::Shown;

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// The name; `null` without a login.
    user: Option<String>,
    /// How the caller is known: `nothing`, `token`, `session`, `proxy`.
    by: &'static str,
    /// The token, by its name.
    token: Option<String>,
    /// The teams that the caller is in.
    teams: Vec<String>,
    /// What the caller may do.
    permissions: Vec<May>,
    /// What forms and requests with a cookie have to carry in `X-CSRF-Token`.
    csrf_token: Option<String>,
}

/// Something that the caller may do.
#[derive(Debug, Serialize, ToSchema)]
struct May {
    /// The permission.
    permission: &'static str,
    /// On what, if not on everything.
    object: Option<String>,
}

pub(super) fn routes() -> Routes<Platform> {
    let me = Endpoint::get("/api/v1/platform/me", Access::Open).summary("Who the caller is, and what that one may do");
    Routes::new().route(me.answers::<Me>(200), show)
}

async fn show(caller: Caller, Query(()): Query<()>) -> Result<Json<Me>, Problem> {
    let principal = caller.principal();
    let (by, csrf_token) = match principal.shown() {
        Shown::Nothing => ("nothing", None),
        Shown::Token(_) => ("token", None),
        Shown::Session { csrf, .. } => ("session", Some(csrf.clone())),
        Shown::Proxy => ("proxy", None),
        Shown::Store => ("store", None),
    };
    let may = |(permission, object): (crate::auth::Permission, Option<&str>)| May {
        permission: permission.as_str(),
        object: object.map(str::to_owned),
    };
    Ok(Json(Me {
        user: principal.user().map(|user| user.name.clone()),
        by,
        token: principal.token().map(|token| token.name.clone()),
        teams: principal.teams().iter().cloned().collect(),
        permissions: principal.permissions().into_iter().map(may).collect(),
        csrf_token,
    }))
}
