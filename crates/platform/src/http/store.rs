//! The statements over answers that are kept.

use std::time::Duration;

use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::retention::Rule;
use crate::statements;
use crate::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Waits for another transaction that has the same key; an old answer makes place.
    CLAIM = "INSERT INTO platform_idempotency AS i (actor, key, request, status, answer, expires_at)
        VALUES ($1, $2, $3, 0, '{}', $4)
        ON CONFLICT (actor, key) DO UPDATE
            SET request = excluded.request, status = 0, answer = '{}', expires_at = excluded.expires_at
            WHERE i.expires_at <= $5
        RETURNING status";
    KEPT = "SELECT request, answer FROM platform_idempotency WHERE actor = $1 AND key = $2";
    KEEP = "UPDATE platform_idempotency SET status = $3, answer = $4 WHERE actor = $1 AND key = $2";

    /// That an answer may go is kept as its end; the newest one ends a whole time later.
    NEWEST = "SELECT MAX(expires_at) FROM platform_idempotency";
    DELETE = "DELETE FROM platform_idempotency WHERE (actor, key) IN (
            SELECT actor, key FROM platform_idempotency WHERE expires_at < $1 ORDER BY expires_at, actor, key LIMIT $2)";
    FORGET = "DELETE FROM platform_idempotency";
    PING = "SELECT COUNT(*) FROM platform_setup WHERE id = 1";
}

/// An answer that is kept, and the digest of what was asked.
#[derive(Debug, FromRow)]
pub(super) struct Kept {
    pub(super) request: String,
    pub(super) answer: Json<Value>,
}

/// Answers whose time has come.
pub(super) fn rule() -> Rule {
    Rule { table: "platform_idempotency", keep: Some(Duration::ZERO), newest: NEWEST, delete: DELETE }
}

/// Asks for something that is there in every store.
pub(super) async fn ping(reader: &mut impl Reads) -> Result<()> {
    reader.query(PING).fetch_one::<(i64,)>().await.map(drop)
}

/// Whether the key is new, and ours from now on.
pub(super) async fn claim(tx: &mut Tx, actor: &str, key: &str, request: &str, expires_at: Timestamp) -> Result<bool> {
    let now = tx.now().as_microseconds();
    let query = tx.query(CLAIM).bind(actor).bind(key).bind(request).bind(expires_at.as_microseconds()).bind(now);
    Ok(query.fetch_optional::<(i64,)>().await?.is_some())
}

pub(super) async fn kept(tx: &mut Tx, actor: &str, key: &str) -> Result<Option<Kept>> {
    tx.query(KEPT).bind(actor).bind(key).fetch_optional().await
}

pub(super) async fn keep(tx: &mut Tx, actor: &str, key: &str, status: u16, answer: &Value) -> Result<()> {
    let query = tx.query(KEEP).bind(actor).bind(key).bind(i64::from(status));
    query.bind(Json(answer)).execute().await.map(drop)
}

/// Forgets every answer that was kept, so that nothing is taken for a repetition. For tests.
///
/// # Errors
///
/// The store is away.
pub async fn forget_answers(tx: &mut Tx) -> Result<()> {
    tx.query(FORGET).execute().await.map(drop)
}
