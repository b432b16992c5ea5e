//! The ways in: the first admin of a new store, and logging in.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tidegate_platform::auth::AuthError;
use tidegate_platform::http::{self, Body, Caller, FromParams, LogIn, Params, Problem, Query, SetUp, Then, make_admin};
use tidegate_platform::store::in_tx;
use tidegate_web::Hidden;

use super::{Head, Pages, hidden};

/// The form of a login, also where a page asks for one.
#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct LoginForm {
    /// What went wrong.
    pub(super) problem: Option<String>,
    /// The name that was given.
    pub(super) name: String,
    pub(super) hidden: Hidden,
    pub(super) is_empty: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    problem: Option<String>,
    hidden: Hidden,
    is_empty: bool,
}

/// Where a login leads.
pub(super) struct Asked(Then);

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(Then::of(&params.optional::<String>("then")?.unwrap_or_default())))
    }
}

impl Pages {
    async fn is_empty(&self) -> Result<bool, Problem> {
        let auth = self.platform.auth();
        let empty: Result<bool, AuthError> = self.platform.db().read(|reader| in_tx(auth.is_empty(reader))).await;
        Ok(empty?)
    }
}

pub(super) async fn login(
    State(pages): State<Pages>,
    caller: Caller,
    Query(Asked(then)): Query<Asked>,
) -> Result<Response, Problem> {
    let is_empty = pages.is_empty().await?;
    let form = LoginForm { problem: None, name: String::new(), hidden: hidden(&caller, then.as_str()), is_empty };
    Ok(pages.page(&caller, Head::titled("Log in"), &form)?.into_response())
}

pub(super) async fn log_in(
    State(pages): State<Pages>,
    caller: Caller,
    Extension(then): Extension<Then>,
    Body(body): Body<LogIn>,
) -> Result<Response, Problem> {
    let name = body.name.clone();
    match http::log_in(State(pages.platform.clone()), caller.clone(), Body(body)).await {
        Ok(answer) => Ok(answer.into_response()),
        Err(problem) if problem.status == 401 => {
            let (is_empty, hidden) = (pages.is_empty().await?, hidden(&caller, then.as_str()));
            let form = LoginForm { problem: Some("Name or password is wrong.".to_owned()), name, hidden, is_empty };
            let page = pages.page(&caller, Head::titled("Log in"), &form)?;
            Ok((StatusCode::UNAUTHORIZED, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn setup(
    State(pages): State<Pages>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Response, Problem> {
    set_up_page(&pages, &caller, None).await
}

async fn set_up_page(pages: &Pages, caller: &Caller, problem: Option<String>) -> Result<Response, Problem> {
    let status = if problem.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let (is_empty, hidden) = (pages.is_empty().await?, hidden(caller, "/account"));
    let page = pages.page(caller, Head::titled("Set up"), &SetupPage { problem, hidden, is_empty })?;
    Ok((status, page).into_response())
}

/// Makes the first admin, who is logged in then.
pub(super) async fn set_up(
    State(pages): State<Pages>,
    caller: Caller,
    Body(body): Body<SetUp>,
) -> Result<Response, Problem> {
    let Some(password) = body.password.clone() else {
        return Err(Problem::bad_value("/body/password", "is missing"));
    };
    match make_admin(&pages.platform, &caller, &body, false).await {
        Ok(_) => {
            let login = LogIn { name: body.name.to_string(), password };
            let answer = http::log_in(State(pages.platform.clone()), caller, Body(login)).await?;
            Ok(answer.into_response())
        }
        Err(problem) if problem.status == 401 => {
            let problem = "This token is not the one that the service printed last, or it was used or is too old.";
            set_up_page(&pages, &caller, Some(problem.to_owned())).await
        }
        Err(problem) => Err(problem),
    }
}
