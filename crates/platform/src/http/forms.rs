//! The forms of the platform's pages that do one write of the API and lead back to their page.

use axum::extract::State;
use utoipa::ToSchema;

use super::Platform;
use super::answer::Answer;
use super::api::{entry, grants, jobs, me, messages, teams, tokens, users};
use super::caller::Caller;
use super::input::{Body, Fields, FromFields, Path};
use super::problem::Problem;
use super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, Name, OPERATE};

/// Who is to join a team.
#[derive(ToSchema)]
struct Member {
    /// The user.
    user: Name,
}

impl FromFields for Member {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }
}

/// Their routes. Each may be used by whoever may use the route of the API with the same handler.
pub fn routes(platform: Platform) -> Routes {
    let own = |path| Endpoint::post(path, Access::SignedIn);
    let admin = |path| Endpoint::post(path, Access::Needs(ADMIN));
    let operate = |path| Endpoint::post(path, Access::NeedsOn(OPERATE));
    let all = |path| Endpoint::post(path, Access::Needs(OPERATE));
    Routes::new()
        .form(own("/logout"), entry::log_out)
        .form(own("/account/password"), me::change_password)
        .form(own("/account/tokens/{id}/revoke"), tokens::revoke)
        .form(admin("/admin/users"), users::create)
        .form(admin("/admin/users/{name}"), users::change)
        .form(admin("/admin/users/{name}/remove"), users::remove)
        .form(admin("/admin/teams"), teams::create)
        .form(admin("/admin/teams/{team}/remove"), teams::remove)
        .form(admin("/admin/teams/{team}/members"), join)
        .form(admin("/admin/teams/{team}/members/{user}/remove"), teams::leave)
        .form(admin("/admin/grants"), grants::create)
        .form(admin("/admin/grants/{id}/remove"), grants::remove)
        .form(operate("/ops/jobs/{job}/pause"), jobs::pause_job)
        .form(operate("/ops/jobs/{job}/resume"), jobs::resume_job)
        .form(operate("/ops/jobs/{job}/{key}/run"), jobs::run)
        .form(operate("/ops/jobs/{job}/{key}/pause"), jobs::pause_key)
        .form(operate("/ops/jobs/{job}/{key}/resume"), jobs::resume_key)
        .form(all("/ops/messages/{id}/retry"), messages::retry)
        .form(all("/ops/messages/{id}/drop"), messages::give_up)
        .with_state(platform)
}

async fn join(
    platform: State<Platform>,
    Path(team): Path<String>,
    caller: Caller,
    Body(member): Body<Member>,
) -> Result<Answer, Problem> {
    teams::join(platform, Path((team, member.user.into())), caller).await
}
