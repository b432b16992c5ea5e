//! The ways in: the first admin, a login, a logout.

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::credentials::set_cookie;
use super::super::input::{Body, Fields, FromFields};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, AuthError, Name, NewToken, NewUser};
use crate::secret::Secret;
use crate::store::in_tx;

/// The first admin.
#[derive(Debug, ToSchema)]
pub struct SetUp {
    /// What the service printed at its start.
    #[schema(value_type = String)]
    token: Secret,
    /// The name of the admin.
    pub name: Name,
    /// A password of 10 characters or more.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
}

/// Who wants a session.
#[derive(Debug, ToSchema)]
pub struct LogIn {
    /// The user's name.
    pub name: String,
    /// The password.
    #[schema(value_type = String)]
    pub password: Secret,
}

/// The first admin, with a token to go on with.
#[derive(Debug, Serialize, ToSchema)]
struct Entered {
    /// The name.
    user: String,
    /// A token of this one, shown once.
    token: Option<String>,
}

/// A session that was opened; its cookie is in the headers.
#[derive(Debug, Serialize, ToSchema)]
struct LoggedIn {
    /// The name.
    user: String,
    /// What requests with the cookie have to carry in `X-CSRF-Token`.
    csrf_token: String,
}

impl FromFields for SetUp {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (token, name) = (fields.text("token", 1..=200), fields.required("name"));
        let password = fields.optional_text("password", 10..=1_024);
        Some(Self { token: Secret::new(token?), name: name?, password: password?.map(Secret::new) })
    }
}

impl FromFields for LogIn {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (name, password) = (fields.text("name", 1..=100), fields.text("password", 1..=1_024));
        Some(Self { name: name?, password: Secret::new(password?) })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    let set_up_route = Endpoint::post("/api/v1/platform/setup", Access::Open)
        .summary("Makes the first admin, by the token that a new service prints")
        .takes::<SetUp>()
        .answers::<Entered>(201);
    let log_in_route = Endpoint::post("/api/v1/platform/session", Access::Open)
        .summary("Opens a session for whoever knows the password")
        .takes::<LogIn>()
        .answers::<LoggedIn>(200);
    let log_out_route = Endpoint::delete("/api/v1/platform/session", Access::SignedIn).summary("Ends the session");
    Routes::new().route(set_up_route, set_up).route(log_in_route, log_in).route(log_out_route, log_out)
}

async fn set_up(State(platform): State<Platform>, caller: Caller, Body(body): Body<SetUp>) -> Result<Answer, Problem> {
    make_admin(&platform, &caller, &body, true).await
}

/// Makes the first admin, and if it is wanted a token for that one, which is in the answer and nowhere else.
///
/// # Errors
///
/// The token of the setup is not the one, or not any more; the password is too short; or the store is away.
pub async fn make_admin(
    platform: &Platform,
    caller: &Caller,
    body: &SetUp,
    with_token: bool,
) -> Result<Answer, Problem> {
    let auth = platform.auth();
    let password = match &body.password {
        Some(password) => Some(auth.hash_password(password).await?),
        None => None,
    };
    let admin = &NewUser { name: body.name.clone(), title: None, mail: None, password };
    let token = &body.token;
    let done = caller.write(platform, "platform.setup", |tx| {
        in_tx(async move {
            let user = auth.set_up(tx, token, admin).await?;
            let by = auth.of_new_user(tx, admin.name.as_str()).await?;
            let answer = Answer::created("/api/v1/platform/me", &Entered { user: user.name.clone(), token: None });
            let answer = if with_token {
                let (_, secret) = auth.add_token(tx, &by, &first_token(admin)).await?;
                answer.with_secret("token", secret)
            } else {
                answer
            };
            let change = json!({"made": &user, "role": crate::auth::ADMIN_ROLE});
            let record = Record { permission: ADMIN, object: format!("user:{}", user.name), reason: None, change };
            caller.as_principal(by).record(tx, record);
            Ok(answer)
        })
    });
    done.await
}

fn first_token(admin: &NewUser) -> NewToken {
    let (user, name) = (Some(admin.name.clone()), "setup".to_owned());
    NewToken { user, name, scopes: None, object: None, expires_at: None }
}

/// Opens a session; its cookie is in the answer.
///
/// # Errors
///
/// The name or the password is wrong, there were too many tries, or the store is away.
pub async fn log_in(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<LogIn>,
) -> Result<Answer, Problem> {
    let wrong = |error| match error {
        AuthError::NotAuthenticated => {
            Problem::new(401, "platform.not-authenticated", "name or password is wrong, or nobody may log in by it")
        }
        other => other.into(),
    };
    let session = platform.auth().log_in(&body.name, &body.password, caller.address()).await.map_err(wrong)?;
    let cookie = set_cookie(Some(&session.cookie), caller.origin());
    Ok(Answer::ok(&LoggedIn { user: session.user.name, csrf_token: session.csrf }).with_cookie(cookie))
}

pub(in super::super) async fn log_out(State(platform): State<Platform>, caller: Caller) -> Result<Answer, Problem> {
    platform.auth().log_out(caller.principal()).await?;
    Ok(Answer::done().with_cookie(set_cookie(None, caller.origin())))
}
