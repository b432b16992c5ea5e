//! One's own account: what one may do, the password, the tokens.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use tidegate_kernel::Timestamp;
use tidegate_platform::auth::{ADMIN, AuthError, Permission, Shown, Token};
use tidegate_platform::http::{Body, Caller, CreateToken, Problem, Query, create_token as create};
use tidegate_platform::store::in_tx;
use tidegate_web::{Hidden, Moment};

use super::{Head, Pages, ROWS, hidden};

/// After every id, as these are hex digits.
const BEYOND_ALL: &str = "g";
/// How long a new token may be good, in days; the first is offered first.
const LIVES: [u64; 4] = [365, 90, 30, 7];

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    name: String,
    teams: Vec<String>,
    may: Vec<(String, Option<String>)>,
    is_admin: bool,
    has_session: bool,
    hidden: Hidden,
    scopes: Vec<&'static str>,
    ends: Vec<(u64, Timestamp)>,
    tokens: Vec<TokenRow>,
    /// Name and text of the token that was just made.
    made: Option<(String, String)>,
}

struct TokenRow {
    token: Token,
    created: Moment,
    expires: Moment,
    used: Option<Moment>,
    is_good: bool,
}

impl TokenRow {
    fn of(token: Token, now: Timestamp) -> Self {
        Self {
            created: Moment(token.created_at),
            expires: Moment(token.expires_at),
            used: token.used_at.map(Moment),
            is_good: token.revoked_at.is_none() && token.expires_at > now,
            token,
        }
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    account(&pages, &caller, None).await
}

/// Makes a token and shows it, this once.
pub(super) async fn create_token(
    State(pages): State<Pages>,
    caller: Caller,
    Body(body): Body<CreateToken>,
) -> Result<Response, Problem> {
    let name = body.name.clone();
    let answer = create(State(pages.platform.clone()), caller.clone(), Body(body)).await?;
    let made = answer.secret().map(|secret| (name, secret.expose().to_owned()));
    let page = account(&pages, &caller, made).await?;
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], page).into_response())
}

async fn account(pages: &Pages, caller: &Caller, made: Option<(String, String)>) -> Result<Html<String>, Problem> {
    let (auth, principal) = (pages.platform.auth(), caller.principal());
    let name = principal.user().map(|user| user.name.clone()).ok_or_else(Problem::not_authenticated)?;
    let owner = name.as_str();
    let db = pages.platform.db();
    let tokens: Result<Vec<Token>, AuthError> =
        db.read(|reader| in_tx(auth.tokens_of(reader, owner, BEYOND_ALL, ROWS))).await;
    let now = db.now();
    let end = |days: &u64| (*days, now.later(Duration::from_secs(days * 86_400)));
    let mut scopes: Vec<_> = principal.permissions().iter().map(|(permission, _)| permission.as_str()).collect();
    scopes.dedup();
    let named = |(permission, object): (Permission, Option<&str>)| (permission.to_string(), object.map(str::to_owned));
    let page = AccountPage {
        teams: principal.teams().iter().cloned().collect(),
        may: principal.permissions().into_iter().map(named).collect(),
        is_admin: principal.may(ADMIN),
        has_session: matches!(principal.shown(), Shown::Session { .. }),
        hidden: hidden(caller, "/account"),
        scopes,
        ends: LIVES.iter().map(end).collect(),
        tokens: tokens?.into_iter().map(|token| TokenRow::of(token, now)).collect(),
        made,
        name,
    };
    let head = Head { json: Some("/api/v1/platform/me".to_owned()), ..Head::titled("Account") };
    pages.page(caller, head, &page)
}
