//! Roles that users and teams have.

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
use crate::auth::{ADMIN, AuthError, Grant, Holder, Name, NewGrant};
use crate::store::in_tx;

/// A role to be given, to a user or to a team.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the body; user and team become the holder when they are read")]
struct CreateGrant {
    /// The user that gets it.
    user: Option<Name>,
    /// The team that gets it.
    team: Option<Name>,
    /// The role.
    role: String,
    /// On what, if not on everything; `*` stands for any characters.
    object: Option<String>,
    /// What it is narrowed to, as its gate understands it.
    only: Option<Vec<String>>,
}

impl FromFields for NewGrant {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (user, team) = (fields.optional("user"), fields.optional("team"));
        let (role, object) = (fields.text("role", 1..=100), fields.optional_text("object", 1..=200));
        let only = fields.optional("only");
        let holder = match (user?, team?) {
            (Some(user), None) => Some(Holder::User(user)),
            (None, Some(team)) => Some(Holder::Team(team)),
            (Some(_), Some(_)) | (None, None) => {
                fields.refuse("user", "expected either user or team");
                None
            }
        };
        Some(Self { holder: holder?, role: role?, object: object?, only: only? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    let list_route = Endpoint::get("/api/v1/platform/grants", Access::Needs(ADMIN)).summary("Roles, newest first");
    let create_route = Endpoint::post("/api/v1/platform/grants", Access::Needs(ADMIN)).summary("Gives a role");
    let remove_route =
        Endpoint::delete("/api/v1/platform/grants/{id}", Access::Needs(ADMIN)).summary("Takes a role back");
    Routes::new()
        .route(list_route.query(PAGE_PARAMETERS).answers::<List<Grant>>(200), list)
        .route(create_route.takes::<CreateGrant>().answers::<Grant>(201), create)
        .route(remove_route, remove)
}

async fn list(State(platform): State<Platform>, Query(page): Query<Page>) -> Result<Json<List<Grant>>, Problem> {
    let before: String = page.after()?.unwrap_or_else(|| super::tokens::BEYOND_ALL.to_owned());
    let (auth, rows, before) = (platform.auth(), page.rows(), before.as_str());
    let grants: Result<_, AuthError> = platform.db().read(|reader| in_tx(auth.grants(reader, before, rows))).await;
    Ok(Json(page.list(grants?, |grant| grant.id.clone())))
}

pub(in super::super) async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Body(new): Body<NewGrant>,
) -> Result<Answer, Problem> {
    let (auth, caller, new) = (platform.auth(), &caller, &new);
    let done = caller.write(&platform, "platform.grant.create", |tx| {
        in_tx(async move {
            let grant = auth.add_grant(tx, new).await?;
            caller.record(tx, of(&grant.id, json!({"gave": &grant})));
            Ok(Answer::created(format!("/api/v1/platform/grants/{}", grant.id), &grant))
        })
    });
    done.await
}

pub(in super::super) async fn remove(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Answer, Problem> {
    let (auth, caller, id) = (platform.auth(), &caller, id.as_str());
    let done = caller.write(&platform, "platform.grant.remove", |tx| {
        in_tx(async move {
            let (role, object) = auth.remove_grant(tx, id).await?;
            caller.record(tx, of(id, json!({"took": role, "on": object})));
            Ok(Answer::done())
        })
    });
    done.await
}

fn of(id: &str, change: serde_json::Value) -> Record {
    Record { permission: ADMIN, object: format!("grant:{id}"), reason: None, change }
}
