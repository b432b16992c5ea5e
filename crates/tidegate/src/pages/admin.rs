//! Administration: users, teams, roles.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::auth::{AuthError, Grant, Team, User};
use tidegate_platform::http::{Caller, Page, Problem, Query};
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Encoded, Hidden, Moment};

use super::{Head, Pages, hidden};

/// After every id, as these are hex digits.
const BEYOND_ALL: &str = "g";

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    rows: Vec<UserRow>,
    next: Option<String>,
    hidden: Hidden,
}

struct UserRow {
    user: User,
    url: String,
    state: Chip,
    is_blocked: bool,
    created: Moment,
}

#[derive(Template)]
#[template(path = "teams.html")]
struct TeamsPage {
    rows: Vec<TeamRow>,
    next: Option<String>,
    hidden: Hidden,
}

struct TeamRow {
    team: Team,
    url: String,
    /// Each with its part of a path.
    members: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "grants.html")]
struct GrantsPage {
    rows: Vec<(Grant, Moment)>,
    next: Option<String>,
    roles: Vec<&'static str>,
    hidden: Hidden,
}

fn next(place: &str, cursor: Option<String>) -> Option<String> {
    cursor.map(|cursor| format!("{place}?cursor={}", Encoded(&cursor)))
}

pub(super) async fn users(
    State(pages): State<Pages>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Html<String>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let (auth, rows, after) = (pages.platform.auth(), page.rows(), after.as_str());
    let users: Result<Vec<User>, AuthError> =
        pages.platform.db().read(|reader| in_tx(auth.users(reader, after, rows))).await;
    let list = page.list(users?, |user| user.name.clone());
    let row = |user: User| UserRow {
        url: format!("/admin/users/{}", Encoded(&user.name)),
        state: Chip::of(&user.state),
        is_blocked: user.state == "blocked",
        created: Moment(user.created_at),
        user,
    };
    let users = UsersPage {
        rows: list.items.into_iter().map(row).collect(),
        next: next("/admin/users", list.next),
        hidden: hidden(&caller, "/admin/users"),
    };
    let head = Head { json: Some("/api/v1/platform/users".to_owned()), ..Head::titled("Users") };
    pages.page(&caller, head, &users)
}

pub(super) async fn teams(
    State(pages): State<Pages>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Html<String>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let (auth, rows, after) = (pages.platform.auth(), page.rows(), after.as_str());
    let teams: Result<Vec<Team>, AuthError> =
        pages.platform.db().read(|reader| in_tx(auth.teams(reader, after, rows))).await;
    let list = page.list(teams?, |team| team.name.clone());
    let row = |team: Team| TeamRow {
        url: format!("/admin/teams/{}", Encoded(&team.name)),
        members: team.members.iter().map(|member| (member.clone(), Encoded(member).to_string())).collect(),
        team,
    };
    let teams = TeamsPage {
        rows: list.items.into_iter().map(row).collect(),
        next: next("/admin/teams", list.next),
        hidden: hidden(&caller, "/admin/teams"),
    };
    let head = Head { json: Some("/api/v1/platform/teams".to_owned()), ..Head::titled("Teams") };
    pages.page(&caller, head, &teams)
}

pub(super) async fn grants(
    State(pages): State<Pages>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Html<String>, Problem> {
    let before: String = page.after()?.unwrap_or_else(|| BEYOND_ALL.to_owned());
    let (auth, rows, before) = (pages.platform.auth(), page.rows(), before.as_str());
    let grants: Result<Vec<Grant>, AuthError> =
        pages.platform.db().read(|reader| in_tx(auth.grants(reader, before, rows))).await;
    let list = page.list(grants?, |grant| grant.id.clone());
    let grants = GrantsPage {
        rows: list.items.into_iter().map(|grant| (grant.clone(), Moment(grant.created_at))).collect(),
        next: next("/admin/grants", list.next),
        roles: auth.rights().roles().collect(),
        hidden: hidden(&caller, "/admin/grants"),
    };
    let head = Head { json: Some("/api/v1/platform/grants".to_owned()), ..Head::titled("Roles") };
    pages.page(&caller, head, &grants)
}
