//! The statements over users, teams, tokens, grants and sessions.

use std::time::Duration;

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::retention::Rule;
use crate::statements;
use crate::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Whoever shows that token or that session, or has that name, with what that one has: a row each, and one more. A
    /// cross join keeps SQLite to the order in which it is written.
    WHO = "WITH who AS (
            SELECT u.id, u.name, t.id AS token, t.hash, t.name AS token_name, t.scopes, t.object AS token_object, t.used_at
            FROM platform_token t JOIN platform_user u ON u.id = t.user_id AND u.state = 'active'
            WHERE t.hash = $1 AND t.expires_at > $4 AND t.revoked_at IS NULL
            UNION ALL
            SELECT u.id, u.name, NULL, s.hash, NULL, NULL, NULL, s.seen_at
            FROM platform_session s JOIN platform_user u ON u.id = s.user_id AND u.state = 'active'
            WHERE s.hash = $2 AND s.seen_at > $5 AND s.created_at > $6
            UNION ALL
            SELECT u.id, u.name, NULL, '', NULL, NULL, NULL, u.created_at
            FROM platform_user u WHERE u.name = $3 AND u.state = 'active')
        SELECT who.id, who.name, who.token, who.hash, who.token_name, who.scopes, who.token_object, who.used_at,
            NULL AS kind, NULL AS held, NULL AS object, NULL AS narrowed FROM who
        UNION ALL
        SELECT who.id, who.name, who.token, who.hash, who.token_name, who.scopes, who.token_object, who.used_at,
            'role', g.role, g.object, g.narrowed
        FROM who CROSS JOIN platform_grant g WHERE g.holder = 'user' AND g.holder_id = who.id
        UNION ALL
        SELECT who.id, who.name, who.token, who.hash, who.token_name, who.scopes, who.token_object, who.used_at,
            'role', g.role, g.object, g.narrowed
        FROM who CROSS JOIN platform_member m CROSS JOIN platform_grant g
        WHERE m.user_id = who.id AND g.holder = 'team' AND g.holder_id = m.team_id
        UNION ALL
        SELECT who.id, who.name, who.token, who.hash, who.token_name, who.scopes, who.token_object, who.used_at,
            'team', o.name, '', NULL
        FROM who CROSS JOIN platform_member m CROSS JOIN platform_team o
        WHERE m.user_id = who.id AND o.id = m.team_id";
    TOKEN_USED = "UPDATE platform_token SET used_at = $2 WHERE hash = $1";
    SESSION_SEEN = "UPDATE platform_session SET seen_at = $2 WHERE hash = $1";

    PASSWORD = "SELECT id, password FROM platform_user WHERE name = $1 AND state = 'active'";
    SET_PASSWORD = "UPDATE platform_user SET password = $2, version = version + 1 WHERE id = $1";
    OPEN_SESSION = "INSERT INTO platform_session (hash, user_id, created_at, seen_at) VALUES ($1, $2, $3, $3)";
    CLOSE_SESSION = "DELETE FROM platform_session WHERE hash = $1";
    CLOSE_SESSIONS = "DELETE FROM platform_session WHERE user_id = $1";

    ANY_USER = "SELECT CAST(COALESCE(MIN(id), 0) AS BIGINT) FROM platform_user";
    SET_SETUP = "INSERT INTO platform_setup (id, hash, expires_at) VALUES (1, $1, $2)
        ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at";
    TAKE_SETUP = "DELETE FROM platform_setup WHERE id = 1 AND hash = $1 AND expires_at > $2";

    ADD_USER = "INSERT INTO platform_user (name, title, mail, password, origin, state, version, created_at)
        VALUES ($1, $2, $3, $4, 'local', 'active', 1, $5) ON CONFLICT (name) DO NOTHING RETURNING id";
    CHANGE_USER = "UPDATE platform_user SET title = COALESCE($2, title), mail = NULLIF(COALESCE($3, mail), ''),
            state = COALESCE($4, state), version = version + 1 WHERE id = $1";
    REMOVE_USER = "DELETE FROM platform_user WHERE id = $1";
    REMOVE_GRANTS_OF = "DELETE FROM platform_grant WHERE holder = $1 AND holder_id = $2";
    USERS = "SELECT id, name, title, mail, password, origin, state, version, created_at FROM platform_user
        WHERE name > $1 ORDER BY name LIMIT $2";
    USER = "SELECT id, name, title, mail, password, origin, state, version, created_at FROM platform_user
        WHERE name = $1";
    /// The same, held until the transaction ends.
    LOCK_USER = sqlite "SELECT id, name, title, mail, password, origin, state, version, created_at FROM platform_user
        WHERE name = $1",
        postgres "SELECT id, name, title, mail, password, origin, state, version, created_at FROM platform_user
        WHERE name = $1 FOR UPDATE";

    ADD_TEAM = "INSERT INTO platform_team (name, title, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO NOTHING RETURNING id";
    TEAMS = "SELECT id, name, title, created_at FROM platform_team WHERE name > $1 ORDER BY name LIMIT $2";
    TEAM = "SELECT id, name, title, created_at FROM platform_team WHERE name = $1";
    REMOVE_TEAM = "DELETE FROM platform_team WHERE id = $1";
    MEMBERS = "SELECT m.team_id, u.name FROM platform_member m JOIN platform_user u ON u.id = m.user_id
        WHERE m.team_id >= $1 AND m.team_id <= $2 ORDER BY m.team_id, u.name";
    JOIN = "INSERT INTO platform_member (team_id, user_id) VALUES ($1, $2) ON CONFLICT (team_id, user_id) DO NOTHING";
    LEAVE = "DELETE FROM platform_member WHERE team_id = $1 AND user_id = $2";

    ADD_TOKEN = "INSERT INTO platform_token (id, hash, user_id, name, scopes, object, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    TOKENS_OF = "SELECT t.id, u.name AS owner, t.name, t.scopes, t.object, t.created_at, t.expires_at, t.used_at, t.revoked_at
        FROM platform_token t JOIN platform_user u ON u.id = t.user_id
        WHERE t.user_id = $1 AND t.id < $2 ORDER BY t.id DESC LIMIT $3";
    TOKENS = "SELECT t.id, u.name AS owner, t.name, t.scopes, t.object, t.created_at, t.expires_at, t.used_at, t.revoked_at
        FROM platform_token t JOIN platform_user u ON u.id = t.user_id
        WHERE t.id < $1 ORDER BY t.id DESC LIMIT $2";
    TOKEN = "SELECT t.id, u.name AS owner, t.name, t.scopes, t.object, t.created_at, t.expires_at, t.used_at, t.revoked_at
        FROM platform_token t JOIN platform_user u ON u.id = t.user_id WHERE t.id = $1";
    REVOKE_TOKEN = "UPDATE platform_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

    ADD_GRANT = "INSERT INTO platform_grant (id, holder, holder_id, role, object, narrowed, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (holder, holder_id, role, object) DO NOTHING RETURNING id";
    GRANTS = "SELECT g.id, g.holder, COALESCE(u.name, t.name) AS holder_name, g.role, g.object, g.narrowed, g.created_at
        FROM platform_grant g
        LEFT JOIN platform_user u ON g.holder = 'user' AND u.id = g.holder_id
        LEFT JOIN platform_team t ON g.holder = 'team' AND t.id = g.holder_id
        WHERE g.id < $1 ORDER BY g.id DESC LIMIT $2";
    NEWEST_SESSION = "SELECT MAX(seen_at) FROM platform_session";
    DELETE_SESSION = "DELETE FROM platform_session WHERE hash IN (
            SELECT hash FROM platform_session WHERE created_at < $1 ORDER BY created_at, hash LIMIT $2)";
    REMOVE_GRANT = "DELETE FROM platform_grant WHERE id = $1 RETURNING role, object";
}

/// Sessions that are older than any may become.
pub(super) fn rule(session_max: Duration) -> Rule {
    let (newest, delete) = (NEWEST_SESSION, DELETE_SESSION);
    Rule { table: "platform_session", keep: Some(session_max), newest, delete }
}

/// A principal and one thing that it has.
#[derive(Debug, FromRow)]
pub(super) struct HeldRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) held: Option<String>,
    pub(super) object: Option<String>,
    pub(super) narrowed: Option<Json<Vec<String>>>,
    pub(super) token: Option<String>,
    pub(super) hash: String,
    pub(super) token_name: Option<String>,
    pub(super) scopes: Option<Json<Vec<String>>>,
    pub(super) token_object: Option<String>,
    pub(super) used_at: Option<i64>,
}

#[derive(Debug, FromRow)]
pub(super) struct UserRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) mail: Option<String>,
    pub(super) password: Option<String>,
    pub(super) origin: String,
    pub(super) state: String,
    pub(super) version: i64,
    pub(super) created_at: i64,
}

#[derive(Debug, FromRow)]
pub(super) struct TeamRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) created_at: i64,
}

#[derive(Debug, FromRow)]
pub(super) struct TokenRow {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) scopes: Option<Json<Vec<String>>>,
    pub(super) object: Option<String>,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) used_at: Option<i64>,
    pub(super) revoked_at: Option<i64>,
}

#[derive(Debug, FromRow)]
pub(super) struct GrantRow {
    pub(super) id: String,
    pub(super) holder: String,
    pub(super) holder_name: Option<String>,
    pub(super) role: String,
    pub(super) object: String,
    pub(super) narrowed: Option<Json<Vec<String>>>,
    pub(super) created_at: i64,
}

/// A token that is about to be stored.
pub(super) struct NewToken<'n> {
    pub(super) id: &'n str,
    pub(super) hash: &'n str,
    pub(super) user: i64,
    pub(super) name: &'n str,
    pub(super) scopes: Option<&'n [String]>,
    pub(super) object: Option<&'n str>,
    pub(super) expires_at: Timestamp,
}

/// What is to be changed of a user; what is `None` stays, and an empty address is removed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct UserChange<'c> {
    pub(super) title: Option<&'c str>,
    pub(super) mail: Option<&'c str>,
    pub(super) state: Option<&'c str>,
}

/// By what somebody is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'b> {
    /// The digest of a token that is good at that time.
    Token(&'b str, Timestamp),
    /// The digest of a session that was seen after the first time, and begun after the second.
    Session(&'b str, Timestamp, Timestamp),
    /// A name.
    Name(&'b str),
}

pub(super) async fn who(reader: &mut impl Reads, by: By<'_>) -> Result<Vec<HeldRow>> {
    const NEVER: i64 = i64::MAX;
    let (token, session, name, [now, seen, begun]) = match by {
        By::Token(hash, now) => (Some(hash), None, None, [now.as_microseconds(), NEVER, NEVER]),
        By::Session(hash, seen, begun) => {
            (None, Some(hash), None, [NEVER, seen.as_microseconds(), begun.as_microseconds()])
        }
        By::Name(name) => (None, None, Some(name), [NEVER; 3]),
    };
    let query = reader.query(WHO).bind(token).bind(session).bind(name);
    query.bind(now).bind(seen).bind(begun).fetch_all().await
}

pub(super) async fn token_used(tx: &mut Tx, hash: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(TOKEN_USED).bind(hash).bind(now).execute().await.map(drop)
}

pub(super) async fn session_seen(tx: &mut Tx, hash: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(SESSION_SEEN).bind(hash).bind(now).execute().await.map(drop)
}

/// The user's number and the hash of the password.
pub(super) async fn password(reader: &mut impl Reads, name: &str) -> Result<Option<(i64, Option<String>)>> {
    reader.query(PASSWORD).bind(name).fetch_optional().await
}

pub(super) async fn set_password(tx: &mut Tx, user: i64, hash: &str) -> Result<()> {
    tx.query(SET_PASSWORD).bind(user).bind(hash).execute().await.map(drop)
}

pub(super) async fn open_session(tx: &mut Tx, hash: &str, user: i64) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(OPEN_SESSION).bind(hash).bind(user).bind(now).execute().await.map(drop)
}

pub(super) async fn close_session(tx: &mut Tx, hash: &str) -> Result<bool> {
    Ok(tx.query(CLOSE_SESSION).bind(hash).execute().await? > 0)
}

pub(super) async fn close_sessions(tx: &mut Tx, user: i64) -> Result<()> {
    tx.query(CLOSE_SESSIONS).bind(user).execute().await.map(drop)
}

pub(super) async fn has_users(reader: &mut impl Reads) -> Result<bool> {
    Ok(reader.query(ANY_USER).fetch_one::<(i64,)>().await?.0 > 0)
}

pub(super) async fn set_setup(tx: &mut Tx, hash: &str, expires_at: Timestamp) -> Result<()> {
    tx.query(SET_SETUP).bind(hash).bind(expires_at.as_microseconds()).execute().await.map(drop)
}

pub(super) async fn take_setup(tx: &mut Tx, hash: &str) -> Result<bool> {
    let now = tx.now().as_microseconds();
    Ok(tx.query(TAKE_SETUP).bind(hash).bind(now).execute().await? > 0)
}

/// The number of the new user; nothing if the name is taken.
pub(super) async fn add_user(
    tx: &mut Tx,
    name: &str,
    title: &str,
    mail: Option<&str>,
    password: Option<&str>,
) -> Result<Option<i64>> {
    let now = tx.now().as_microseconds();
    let added = tx.query(ADD_USER).bind(name).bind(title).bind(mail).bind(password).bind(now);
    Ok(added.fetch_optional::<(i64,)>().await?.map(|(id,)| id))
}

pub(super) async fn change_user(tx: &mut Tx, user: i64, change: UserChange<'_>) -> Result<()> {
    let UserChange { title, mail, state } = change;
    let query = tx.query(CHANGE_USER).bind(user).bind(title).bind(mail);
    query.bind(state).execute().await.map(drop)
}

pub(super) async fn remove_user(tx: &mut Tx, user: i64) -> Result<()> {
    tx.query(REMOVE_GRANTS_OF).bind("user").bind(user).execute().await?;
    tx.query(REMOVE_USER).bind(user).execute().await.map(drop)
}

pub(super) async fn users(reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<UserRow>> {
    reader.query(USERS).bind(after).bind(limit).fetch_all().await
}

pub(super) async fn user(reader: &mut impl Reads, name: &str) -> Result<Option<UserRow>> {
    reader.query(USER).bind(name).fetch_optional().await
}

pub(super) async fn lock_user(tx: &mut Tx, name: &str) -> Result<Option<UserRow>> {
    tx.query(LOCK_USER).bind(name).fetch_optional().await
}

pub(super) async fn add_team(tx: &mut Tx, name: &str, title: &str) -> Result<Option<i64>> {
    let now = tx.now().as_microseconds();
    let added = tx.query(ADD_TEAM).bind(name).bind(title).bind(now);
    Ok(added.fetch_optional::<(i64,)>().await?.map(|(id,)| id))
}

pub(super) async fn teams(reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<TeamRow>> {
    reader.query(TEAMS).bind(after).bind(limit).fetch_all().await
}

pub(super) async fn team(reader: &mut impl Reads, name: &str) -> Result<Option<TeamRow>> {
    reader.query(TEAM).bind(name).fetch_optional().await
}

pub(super) async fn remove_team(tx: &mut Tx, team: i64) -> Result<()> {
    tx.query(REMOVE_GRANTS_OF).bind("team").bind(team).execute().await?;
    tx.query(REMOVE_TEAM).bind(team).execute().await.map(drop)
}

/// The members of all teams whose numbers lie between these, by team and name.
pub(super) async fn members(reader: &mut impl Reads, first: i64, last: i64) -> Result<Vec<(i64, String)>> {
    reader.query(MEMBERS).bind(first).bind(last).fetch_all().await
}

pub(super) async fn join(tx: &mut Tx, team: i64, user: i64) -> Result<bool> {
    Ok(tx.query(JOIN).bind(team).bind(user).execute().await? > 0)
}

pub(super) async fn leave(tx: &mut Tx, team: i64, user: i64) -> Result<bool> {
    Ok(tx.query(LEAVE).bind(team).bind(user).execute().await? > 0)
}

pub(super) async fn add_token(tx: &mut Tx, new: NewToken<'_>) -> Result<()> {
    let now = tx.now().as_microseconds();
    let query = tx.query(ADD_TOKEN).bind(new.id).bind(new.hash).bind(new.user).bind(new.name);
    let query = query.bind(new.scopes.map(Json)).bind(new.object).bind(now);
    query.bind(new.expires_at.as_microseconds()).execute().await.map(drop)
}

pub(super) async fn tokens_of(reader: &mut impl Reads, user: i64, before: &str, limit: i64) -> Result<Vec<TokenRow>> {
    reader.query(TOKENS_OF).bind(user).bind(before).bind(limit).fetch_all().await
}

pub(super) async fn tokens(reader: &mut impl Reads, before: &str, limit: i64) -> Result<Vec<TokenRow>> {
    reader.query(TOKENS).bind(before).bind(limit).fetch_all().await
}

pub(super) async fn token(reader: &mut impl Reads, id: &str) -> Result<Option<TokenRow>> {
    reader.query(TOKEN).bind(id).fetch_optional().await
}

pub(super) async fn revoke_token(tx: &mut Tx, id: &str) -> Result<bool> {
    let now = tx.now().as_microseconds();
    Ok(tx.query(REVOKE_TOKEN).bind(id).bind(now).execute().await? > 0)
}

/// Whether it is new.
pub(super) async fn add_grant(
    tx: &mut Tx,
    id: &str,
    (holder, holder_id): (&str, i64),
    role: &str,
    object: &str,
    narrowed: Option<&[String]>,
) -> Result<bool> {
    let now = tx.now().as_microseconds();
    let query = tx.query(ADD_GRANT).bind(id).bind(holder).bind(holder_id).bind(role).bind(object);
    Ok(query.bind(narrowed.map(Json)).bind(now).fetch_optional::<(String,)>().await?.is_some())
}

pub(super) async fn grants(reader: &mut impl Reads, before: &str, limit: i64) -> Result<Vec<GrantRow>> {
    reader.query(GRANTS).bind(before).bind(limit).fetch_all().await
}

/// The role and the object of what was removed.
pub(super) async fn remove_grant(tx: &mut Tx, id: &str) -> Result<Option<(String, String)>> {
    tx.query(REMOVE_GRANT).bind(id).fetch_optional().await
}
