//! Teams and their members.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, Path, Query};
use super::super::list::{List, PAGE_PARAMETERS, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, AuthError, Name, Team};
use crate::store::in_tx;

/// A team to be made.
#[derive(ToSchema)]
pub(in super::super) struct CreateTeam {
    /// The name, which is unique and stays.
    name: Name,
    /// What people call it; the name where nobody says.
    title: Option<String>,
}

impl FromFields for CreateTeam {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (name, title) = (fields.required("name"), fields.optional_text("title", 1..=200));
        Some(Self { name: name?, title: title? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const MEMBER: &str = "/api/v1/platform/teams/{team}/members/{user}";
    let list_route = Endpoint::get("/api/v1/platform/teams", Access::Needs(ADMIN)).summary("Teams, by name");
    let create_route = Endpoint::post("/api/v1/platform/teams", Access::Needs(ADMIN)).summary("Makes a team");
    let remove_route = Endpoint::delete("/api/v1/platform/teams/{team}", Access::Needs(ADMIN))
        .summary("Removes a team with its grants");
    let join_route = Endpoint::put(MEMBER, Access::Needs(ADMIN)).summary("Makes a user a member");
    let leave_route = Endpoint::delete(MEMBER, Access::Needs(ADMIN)).summary("Makes a user no member any more");
    Routes::new()
        .route(list_route.query(PAGE_PARAMETERS).answers::<List<Team>>(200), list)
        .route(create_route.takes::<CreateTeam>().answers::<Team>(201), create)
        .route(remove_route, remove)
        .route(join_route.answers::<Team>(200), join)
        .route(leave_route, leave)
}

async fn list(State(platform): State<Platform>, Query(page): Query<Page>) -> Result<Json<List<Team>>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let (auth, rows, after) = (platform.auth(), page.rows(), after.as_str());
    let teams: Result<_, AuthError> = platform.db().read(|reader| in_tx(auth.teams(reader, after, rows))).await;
    Ok(Json(page.list(teams?, |team| team.name.clone())))
}

pub(in super::super) async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<CreateTeam>,
) -> Result<Answer, Problem> {
    let (auth, caller, body) = (platform.auth(), &caller, &body);
    let done = caller.write(&platform, "platform.team.create", |tx| {
        in_tx(async move {
            let team = auth.add_team(tx, &body.name, body.title.as_deref()).await?;
            caller.record(tx, of(&team.name, json!({"made": &team})));
            Ok(Answer::created(format!("/api/v1/platform/teams/{}", team.name), &team))
        })
    });
    done.await
}

pub(in super::super) async fn remove(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Answer, Problem> {
    let (auth, caller, name) = (platform.auth(), &caller, name.as_str());
    let done = caller.write(&platform, "platform.team.remove", |tx| {
        in_tx(async move {
            auth.remove_team(tx, name).await?;
            caller.record(tx, of(name, json!({"removed": name})));
            Ok(Answer::done())
        })
    });
    done.await
}

pub(in super::super) async fn join(
    State(platform): State<Platform>,
    Path((team, user)): Path<(String, String)>,
    caller: Caller,
) -> Result<Answer, Problem> {
    set_member(&platform, &caller, &team, &user, true).await
}

pub(in super::super) async fn leave(
    State(platform): State<Platform>,
    Path((team, user)): Path<(String, String)>,
    caller: Caller,
) -> Result<Answer, Problem> {
    set_member(&platform, &caller, &team, &user, false).await
}

async fn set_member(
    platform: &Platform,
    caller: &Caller,
    team: &str,
    user: &str,
    member: bool,
) -> Result<Answer, Problem> {
    let auth = platform.auth();
    let done = caller.write(platform, "platform.team.member", |tx| {
        in_tx(async move {
            if auth.set_member(tx, team, user, member).await? {
                let word = if member { "joined" } else { "left" };
                caller.record(tx, of(team, json!({word: user})));
            }
            Ok(if member { Answer::ok(&auth.team(tx, team).await?) } else { Answer::done() })
        })
    });
    done.await
}

fn of(name: &str, change: serde_json::Value) -> Record {
    Record { permission: ADMIN, object: format!("team:{name}"), reason: None, change }
}
