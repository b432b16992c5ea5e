//! Users.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::{Answer, etag, expected_version};
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, Path, Query};
use super::super::list::{List, PAGE_PARAMETERS, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, Name, NewUser, User, UserChange, UserState};
use crate::secret::Secret;
use crate::store::in_tx;

/// A user to be made.
#[derive(ToSchema)]
pub(in super::super) struct CreateUser {
    /// The name, which is unique and stays.
    name: Name,
    /// What people call this one; the name where nobody says.
    title: Option<String>,
    /// Where mails go.
    mail: Option<String>,
    /// A password of 10 characters or more; without it nobody logs in by one.
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
}

/// What is to be changed of a user.
#[derive(ToSchema)]
pub(in super::super) struct ChangeUser {
    /// The version that this changes, where `If-Match` does not say it.
    version: Option<i64>,
    /// What people call this one.
    title: Option<String>,
    /// Where mails go; empty means nowhere any more.
    mail: Option<String>,
    /// Whether this one may do anything.
    state: Option<UserState>,
    /// A new password, which ends all sessions.
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
}

impl FromFields for CreateUser {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (name, title) = (fields.required("name"), fields.optional_text("title", 1..=200));
        let (mail, password) = (mail(fields), fields.optional_text("password", 10..=1_024));
        Some(Self { name: name?, title: title?, mail: mail?, password: password?.map(Secret::new) })
    }
}

impl FromFields for ChangeUser {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (version, title) = (fields.optional("version"), fields.optional_text("title", 1..=200));
        let (mail, state) = (mail(fields), fields.optional("state"));
        let password = fields.optional_text("password", 10..=1_024);
        let password = password.map(|password| password.map(Secret::new));
        Some(Self { version: version?, title: title?, mail: mail?, state: state?, password: password? })
    }
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn mail(fields: &mut Fields) -> Option<Option<String>> {
    let mail = fields.optional_text("mail", 0..=254)?;
    let is_mail = |mail: &str| {
        mail.is_empty() || mail.split('@').count() == 2 && !mail.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if mail.as_deref().is_none_or(is_mail) {
        return Some(mail);
    }
    fields.refuse("mail", "expected an address such as ann@example.org");
    None
}

pub(super) fn routes() -> Routes<Platform> {
    let list_route = Endpoint::get("/api/v1/platform/users", Access::Needs(ADMIN)).summary("Users, by name");
    let create_route = Endpoint::post("/api/v1/platform/users", Access::Needs(ADMIN)).summary("Makes a user");
    let show_route = Endpoint::get("/api/v1/platform/users/{name}", Access::Needs(ADMIN)).summary("One user");
    let change_route = Endpoint::patch("/api/v1/platform/users/{name}", Access::Needs(ADMIN)).summary("Changes a user");
    let remove_route = Endpoint::delete("/api/v1/platform/users/{name}", Access::Needs(ADMIN))
        .summary("Removes a user with tokens, sessions and grants");
    Routes::new()
        .route(list_route.query(PAGE_PARAMETERS).answers::<List<User>>(200), list)
        .route(create_route.takes::<CreateUser>().answers::<User>(201), create)
        .route(show_route.answers::<User>(200), show)
        .route(change_route.takes::<ChangeUser>().answers::<User>(200), change)
        .route(remove_route, remove)
}

async fn list(State(platform): State<Platform>, Query(page): Query<Page>) -> Result<Json<List<User>>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let (auth, rows, after) = (platform.auth(), page.rows(), after.as_str());
    let users: Result<_, crate::auth::AuthError> =
        platform.db().read(|reader| in_tx(auth.users(reader, after, rows))).await;
    Ok(Json(page.list(users?, |user| user.name.clone())))
}

async fn show(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Query(()): Query<()>,
) -> Result<Response, Problem> {
    let (auth, name) = (platform.auth(), name.as_str());
    let user: Result<User, crate::auth::AuthError> = platform.db().read(|reader| in_tx(auth.user(reader, name))).await;
    let user = user?;
    let tag = etag(user.version);
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((axum::http::StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(([(ETAG, tag)], Json(user)).into_response())
}

pub(in super::super) async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<CreateUser>,
) -> Result<Answer, Problem> {
    let auth = platform.auth();
    let password = match &body.password {
        Some(password) => Some(auth.hash_password(password).await?),
        None => None,
    };
    let new = NewUser { name: body.name, title: body.title, mail: body.mail, password };
    let (caller, new) = (&caller, &new);
    let done = caller.write(&platform, "platform.user.create", |tx| {
        in_tx(async move {
            let user = auth.add_user(tx, new).await?;
            caller.record(tx, of(&user.name, json!({"made": &user})));
            let location = format!("/api/v1/platform/users/{}", user.name);
            Ok(Answer::created(location, &user).with_version(user.version))
        })
    });
    done.await
}

pub(in super::super) async fn change(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<ChangeUser>,
) -> Result<Answer, Problem> {
    let version = expected_version(&headers, body.version)?;
    let auth = platform.auth();
    let password = match &body.password {
        Some(password) => Some(auth.hash_password(password).await?),
        None => None,
    };
    let change = UserChange { title: body.title, mail: body.mail, state: body.state, password };
    let (caller, change, name) = (&caller, &change, name.as_str());
    let done = caller.write(&platform, "platform.user.change", |tx| {
        in_tx(async move {
            let user = auth.change_user(tx, name, Some(version), change).await?;
            let change = json!({"now": &user, "new_password": change.password.is_some()});
            caller.record(tx, of(name, change));
            Ok(Answer::ok(&user).with_version(user.version))
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
    let done = caller.write(&platform, "platform.user.remove", |tx| {
        in_tx(async move {
            auth.remove_user(tx, name).await?;
            caller.record(tx, of(name, json!({"removed": name})));
            Ok(Answer::done())
        })
    });
    done.await
}

fn of(name: &str, change: serde_json::Value) -> Record {
    Record { permission: ADMIN, object: format!("user:{name}"), reason: None, change }
}
