//! Who the caller is, and what that one may do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::credentials::set_cookie;
use super::super::input::{Body, Fields, FromFields, Query};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, AuthError, Shown, UserChange};
use crate::secret::Secret;
use crate::store::in_tx;

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

/// A new password for oneself.
#[derive(ToSchema)]
pub(in super::super) struct ChangePassword {
    /// The one that holds now.
    #[schema(value_type = String)]
    current: Secret,
    /// The new one, of 10 characters or more.
    #[schema(value_type = String)]
    password: Secret,
}

impl FromFields for ChangePassword {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (current, password) = (fields.text("current", 1..=1_024), fields.text("password", 10..=1_024));
        Some(Self { current: Secret::new(current?), password: Secret::new(password?) })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    let me = Endpoint::get("/api/v1/platform/me", Access::Open).summary("Who the caller is, and what that one may do");
    let password = Endpoint::post("/api/v1/platform/me/password", Access::SignedIn)
        .summary("Changes the caller's own password, which ends all sessions but a new one of a browser that asks");
    Routes::new()
        .route(me.answers::<Me>(200), show)
        .route(password.takes::<ChangePassword>().answers_nothing(), change_password)
}

pub(in super::super) async fn change_password(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<ChangePassword>,
) -> Result<Answer, Problem> {
    let auth = platform.auth();
    let name = caller.principal().user().map(|user| user.name.clone()).ok_or_else(Problem::not_authenticated)?;
    let wrong = |error| match error {
        AuthError::NotAuthenticated => Problem::bad_value("/body/current", "this is not your password"),
        other => other.into(),
    };
    auth.check_password(&name, &body.current, caller.address()).await.map_err(wrong)?;
    let password = Some(auth.hash_password(&body.password).await?);
    let change = &UserChange { password, ..UserChange::default() };
    let (by, user) = (&caller, name.as_str());
    let done = caller.write(&platform, "platform.me.password", |tx| {
        in_tx(async move {
            auth.change_user(tx, user, None, change).await?;
            let change = json!({"new_password": true});
            by.record(tx, Record { permission: ADMIN, object: format!("user:{user}"), reason: None, change });
            Ok::<_, Problem>(Answer::done())
        })
    });
    let done = done.await?;
    let Shown::Session { .. } = caller.principal().shown() else { return Ok(done) };
    let session = auth.log_in(&name, &body.password, caller.address()).await?;
    Ok(done.with_cookie(set_cookie(Some(&session.cookie), caller.origin())))
}

async fn show(caller: Caller, Query(()): Query<()>) -> Result<Json<Me>, Problem> {
    let principal = caller.principal();
    let (by, csrf_token) = match principal.shown() {
        Shown::Nothing => ("nothing", None),
        Shown::Token(_) => ("token", None),
        Shown::Session { csrf, .. } => ("session", Some(csrf.clone())),
        Shown::Proxy => ("proxy", None),
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
