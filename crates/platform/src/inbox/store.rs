//! The statements over what came.

use serde_json::Value;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::Incoming;
use super::view::{CameRow, Place};
use crate::blockers::SetAside;
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Who comes second waits for the first to be committed.
    RECEIVE = "INSERT INTO platform_inbox (consumer, message_id, topic, received_at, state, payload, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (consumer, message_id) DO NOTHING";
    WAITING = "SELECT message_id, topic, received_at, payload FROM platform_inbox
        WHERE consumer = $1 AND state = 'waiting' AND (received_at, message_id) > ($2, $3)
        ORDER BY received_at, message_id LIMIT $4";
    DONE = "UPDATE platform_inbox SET state = 'done', payload = NULL, error = NULL
        WHERE consumer = $1 AND message_id = $2 AND state = 'waiting'";
    FAILED = "UPDATE platform_inbox SET attempts = attempts + 1, error = $3,
            state = CASE WHEN attempts + 1 >= $4 THEN 'set_aside' ELSE state END
        WHERE consumer = $1 AND message_id = $2 AND state = 'waiting' RETURNING state";
    /// The consumer whose rows are counted is one transaction's until its end: two that give up a row each would both count
    /// the other's. SQLite has one writer.
    COUNT_ALONE = sqlite "SELECT 1 AS alone WHERE $1 <> ''",
        postgres "SELECT 1 AS alone FROM pg_advisory_xact_lock(hashtextextended($1, 7235428172)) WHERE $1 <> ''";
    SET_ASIDE = "SELECT message_id, topic, COALESCE(error, '') FROM platform_inbox
        WHERE consumer = $1 AND state = 'set_aside' ORDER BY received_at, message_id LIMIT $2";
    COUNT_ASIDE = "SELECT COUNT(*) FROM platform_inbox WHERE consumer = $1 AND state = 'set_aside'";
    RETRY = "UPDATE platform_inbox SET state = 'waiting', attempts = 0
        WHERE consumer = $1 AND message_id = $2 AND state = 'set_aside'";
    LIST = "SELECT consumer, message_id, topic, received_at, state, attempts, error, NULL AS payload FROM platform_inbox
        WHERE (received_at, consumer, message_id) < ($1, $2, $3) AND (consumer = $4 OR $4 = '')
        ORDER BY received_at DESC, consumer DESC, message_id DESC LIMIT $5";
    LIST_OF_STATE = "SELECT consumer, message_id, topic, received_at, state, attempts, error, NULL AS payload
        FROM platform_inbox
        WHERE state = $6 AND (received_at, consumer, message_id) < ($1, $2, $3) AND (consumer = $4 OR $4 = '')
        ORDER BY received_at DESC, consumer DESC, message_id DESC LIMIT $5";
    ONE = "SELECT consumer, message_id, topic, received_at, state, attempts, error, payload FROM platform_inbox
        WHERE consumer = $1 AND message_id = $2";
    GIVE_UP = "UPDATE platform_inbox SET state = 'done', payload = NULL
        WHERE consumer = $1 AND message_id = $2 AND state = 'set_aside'";
}

/// A row that waits: id, topic, time, payload.
type Waiting = (String, String, i64, Option<Json<Value>>);

pub(super) async fn receive(
    tx: &mut Tx,
    consumer: &str,
    id: &str,
    topic: &str,
    payload: Option<&Value>,
) -> Result<bool> {
    let now = tx.now().as_microseconds();
    let state = if payload.is_some() { "waiting" } else { "done" };
    let query = tx.query(RECEIVE).bind(consumer).bind(id).bind(topic).bind(now).bind(state);
    Ok(query.bind(payload.map(Json)).execute().await? > 0)
}

pub(super) async fn waiting(
    reader: &mut impl Reads,
    consumer: &str,
    after: i64,
    after_id: &str,
    limit: i64,
) -> Result<Vec<Incoming>> {
    let query = reader.query(WAITING).bind(consumer).bind(after).bind(after_id).bind(limit);
    let rows: Vec<Waiting> = query.fetch_all().await?;
    let incoming = |(id, topic, at, payload): Waiting| {
        let damaged = || StoreError::Damaged { what: "a time", found: at.to_string() };
        let received_at = Timestamp::from_microseconds(at).ok_or_else(damaged)?;
        Ok(Incoming { id, topic, received_at, payload: payload.map_or(Value::Null, |json| json.0) })
    };
    rows.into_iter().map(incoming).collect()
}

pub(super) async fn done(tx: &mut Tx, consumer: &str, id: &str) -> Result<bool> {
    Ok(tx.query(DONE).bind(consumer).bind(id).execute().await? > 0)
}

/// Whether it is set aside by now.
pub(super) async fn failed(tx: &mut Tx, consumer: &str, id: &str, error: &str, tries: i64) -> Result<bool> {
    let failed = tx.query(FAILED).bind(consumer).bind(id).bind(error).bind(tries);
    Ok(failed.fetch_optional::<(String,)>().await?.is_some_and(|(state,)| state == "set_aside"))
}

/// What is set aside, which nobody else counts until this transaction ends.
pub(super) async fn set_aside(tx: &mut Tx, consumer: &str, limit: i64) -> Result<SetAside> {
    tx.query(COUNT_ALONE).bind(consumer).execute().await?;
    let named = tx.query(SET_ASIDE).bind(consumer).bind(limit).fetch_all().await?;
    let (count,) = tx.query(COUNT_ASIDE).bind(consumer).fetch_one().await?;
    Ok(SetAside { named, count })
}

pub(super) async fn retry(tx: &mut Tx, consumer: &str, id: &str) -> Result<bool> {
    Ok(tx.query(RETRY).bind(consumer).bind(id).execute().await? > 0)
}

pub(super) async fn give_up(tx: &mut Tx, consumer: &str, id: &str) -> Result<bool> {
    Ok(tx.query(GIVE_UP).bind(consumer).bind(id).execute().await? > 0)
}

pub(super) async fn list(
    reader: &mut impl Reads,
    consumer: &str,
    state: &str,
    before: Option<&Place>,
    limit: i64,
) -> Result<Vec<CameRow>> {
    let (at, of, id) = before.map_or((i64::MAX, "", ""), |Place(at, of, id)| (*at, of, id));
    let statement = if state.is_empty() { LIST } else { LIST_OF_STATE };
    let query = reader.query(statement).bind(at).bind(of).bind(id).bind(consumer).bind(limit);
    let query = if state.is_empty() { query } else { query.bind(state) };
    query.fetch_all().await
}

pub(super) async fn one(reader: &mut impl Reads, consumer: &str, id: &str) -> Result<Option<CameRow>> {
    reader.query(ONE).bind(consumer).bind(id).fetch_optional().await
}
