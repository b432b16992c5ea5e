//! Tokens: everyone's own, and for an admin those of all.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use tidegate_kernel::Timestamp;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, FromParams, Params, Path, Query};
use super::super::list::{List, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::{ADMIN, AuthError, Name, NewToken, Token};
use crate::store::in_tx;

/// Comes after every id, as these are hex digits.
pub(super) const BEYOND_ALL: &str = "g";

/// A token to be made.
#[derive(Debug, ToSchema)]
pub struct CreateToken {
    /// Whose it is; the caller's where nobody says.
    user: Option<Name>,
    /// What its owner calls it.
    pub name: String,
    /// The permissions to which it is narrowed; all of its owner's where nobody says.
    scopes: Option<Vec<String>>,
    /// The objects to which it is narrowed; `*` stands for any characters.
    object: Option<String>,
    /// When it ends; after a year where nobody says.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Whose tokens, and which page.
struct Whose {
    user: Option<Name>,
    page: Page,
}

impl FromFields for CreateToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (user, name) = (fields.optional("user"), fields.text("name", 1..=100));
        let (scopes, object) = (fields.optional("scopes"), fields.optional_text("object", 1..=200));
        let expires_at = fields.optional("expires_at");
        Some(Self { user: user?, name: name?, scopes: scopes?, object: object?, expires_at: expires_at? })
    }
}

impl FromParams for Whose {
    fn read(params: &mut Params) -> Option<Self> {
        let (user, page) = (params.optional("user"), Page::read(params));
        Some(Self { user: user?, page: page? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("user", "whose; the caller's where nobody says, and everybody's for who works on the store itself"),
        ("limit", "items on a page, at most 500"),
        ("cursor", "where the page begins, from `next`"),
    ];
    let list_route = Endpoint::get("/api/v1/platform/tokens", Access::SignedIn).summary("Tokens, newest first");
    let create_route = Endpoint::post("/api/v1/platform/tokens", Access::SignedIn).summary("Makes a token");
    let revoke_route =
        Endpoint::delete("/api/v1/platform/tokens/{id}", Access::SignedIn).summary("Ends a token for good");
    Routes::new()
        .route(list_route.query(QUERY).answers::<List<Token>>(200), list)
        .route(create_route.takes::<CreateToken>().answers::<Token>(201), create)
        .route(revoke_route, revoke)
}

/// Whose tokens are listed: the caller's own, or another's for an admin. Nobody's in particular are everybody's, for a
/// command on the store itself, which is no user.
fn owner(caller: &Caller, asked: Option<Name>) -> Result<Option<String>, Problem> {
    let principal = caller.principal();
    let own = principal.user().map(|user| user.name.clone());
    let whose = asked.map(String::from).or_else(|| own.clone());
    if whose.is_some() && whose == own || principal.may(ADMIN) {
        Ok(whose)
    } else {
        Err(Problem::forbidden(ADMIN.as_str()))
    }
}

async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Query(Whose { user, page }): Query<Whose>,
) -> Result<Json<List<Token>>, Problem> {
    let owner = owner(&caller, user)?;
    let before: String = page.after()?.unwrap_or_else(|| BEYOND_ALL.to_owned());
    let (auth, rows, owner, before) = (platform.auth(), page.rows(), owner.as_deref(), before.as_str());
    let read = platform.db().read(|reader| {
        in_tx(async move {
            match owner {
                Some(owner) => auth.tokens_of(reader, owner, before, rows).await,
                None => auth.tokens(reader, before, rows).await,
            }
        })
    });
    let tokens: Result<_, AuthError> = read.await;
    Ok(Json(page.list(tokens?, |token| token.id.clone())))
}

/// Makes a token; its text is in the answer, and nowhere else.
///
/// # Errors
///
/// It would end before it begins, or be more than who asks has; or the store is away.
pub async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<CreateToken>,
) -> Result<Answer, Problem> {
    let CreateToken { user, name, scopes, object, expires_at } = body;
    if expires_at.is_some_and(|end| end <= platform.db().now()) {
        return Err(Problem::bad_value("/body/expires_at", "expected a time to come"));
    }
    let new = NewToken { user, name, scopes, object, expires_at };
    let (auth, caller, new) = (platform.auth(), &caller, &new);
    let done = caller.write(&platform, "platform.token.create", |tx| {
        in_tx(async move {
            let (token, secret) = auth.add_token(tx, caller.principal(), new).await?;
            caller.record(tx, of(&token.id, json!({"made": &token})));
            let location = format!("/api/v1/platform/tokens/{}", token.id);
            Ok(Answer::created(location, &token).with_secret("token", secret))
        })
    });
    done.await
}

pub(in super::super) async fn revoke(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Answer, Problem> {
    let (auth, caller, id) = (platform.auth(), &caller, id.as_str());
    let done = caller.write(&platform, "platform.token.revoke", |tx| {
        in_tx(async move {
            let token = auth.token(tx, id).await?;
            let own = caller.principal().user().is_some_and(|user| user.name == token.user);
            if !own && !caller.principal().may(ADMIN) {
                // whether there is such a token is none of the caller's business
                return Err(AuthError::NotFound { what: "token", name: id.to_owned() }.into());
            }
            if auth.revoke_token(tx, id).await? {
                caller.record(tx, of(id, json!({"revoked": token.name, "of": token.user})));
            }
            Ok(Answer::done())
        })
    });
    done.await
}

fn of(id: &str, change: serde_json::Value) -> Record {
    Record { permission: ADMIN, object: format!("token:{id}"), reason: None, change }
}
