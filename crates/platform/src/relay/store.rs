//! The statements over sinks and deliveries.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::round::Change;
use crate::blockers::SetAside;
use crate::statements;
use crate::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    ENROL = "INSERT INTO platform_sink (name, takes, position, state, since, attempts, topics)
        VALUES ($1, $2, $3, 'up', $4, 0, $5) ON CONFLICT (name) DO UPDATE SET topics = excluded.topics";
    TOPICS = "UPDATE platform_sink SET topics = $2 WHERE name = $1";
    FORGET = "DELETE FROM platform_sink WHERE name = $1";
    FORGET_DELIVERIES = "DELETE FROM platform_delivery WHERE sink = $1";
    /// Hooks that neither the configuration nor the store has any more.
    GONE_HOOKS = "SELECT s.name FROM platform_sink s WHERE substr(s.name, 1, 5) = 'hook:'
        AND NOT EXISTS (SELECT 1 FROM platform_hook h WHERE h.name = substr(s.name, 6))";
    SINK = "SELECT position, state, since, attempts, next_at, error,
            (SELECT COALESCE(MAX(no), 0) FROM platform_feed) AS head,
            EXISTS (SELECT 1 FROM platform_delivery d WHERE d.sink = $1) AS has_deliveries
        FROM platform_sink WHERE name = $1";
    /// Receivers that are behind and may be asked; whether a hook is one that people added.
    BEHIND = "SELECT s.name, h.version FROM platform_sink s
        LEFT JOIN platform_hook h ON h.name = substr(s.name, 6) AND substr(s.name, 1, 5) = 'hook:'
        WHERE (s.next_at IS NULL OR s.next_at <= $1)
            AND ((s.takes = 'messages' AND s.position < (SELECT COALESCE(MAX(no), 0) FROM platform_feed))
                OR (s.takes = 'acts'
                    AND EXISTS (SELECT 1 FROM platform_feed f WHERE f.sink = s.name AND f.no > s.position)))";
    MOVE = "UPDATE platform_sink SET position = $2, state = $3, since = $4, attempts = $5, next_at = $6, error = $7
        WHERE name = $1";

    /// Counted up to a bound, so that a receiver that is far behind costs no more.
    PENDING = "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM platform_feed f WHERE f.no > s.position
                AND ((s.takes = 'messages' AND f.sink IS NULL) OR (s.takes = 'acts' AND f.sink = s.name))
                LIMIT 10001) AS ahead)
            + (SELECT COUNT(*) FROM platform_delivery d WHERE d.sink = s.name AND d.state IN ('waiting', 'parked'))
        FROM platform_sink s WHERE s.name = $1";
    REPEATS = "SELECT no, key, attempts FROM platform_delivery
        WHERE sink = $1 AND state = 'waiting' AND next_at <= $2 AND no <= $3 ORDER BY no LIMIT $4";
    PARKED_OF = sqlite
        "SELECT no, key, attempts FROM platform_delivery
         WHERE sink = $1 AND state = 'parked' AND key IN (SELECT value FROM json_each($2)) ORDER BY no LIMIT $3",
        postgres
        "SELECT no, key, attempts FROM platform_delivery
         WHERE sink = $1 AND state = 'parked' AND key = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
         ORDER BY no LIMIT $3";
    HELD = sqlite
        "SELECT DISTINCT key FROM platform_delivery
         WHERE sink = $1 AND state IN ('waiting', 'parked') AND key IN (SELECT value FROM json_each($2))",
        postgres
        "SELECT DISTINCT key FROM platform_delivery
         WHERE sink = $1 AND state IN ('waiting', 'parked') AND key = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))";
    STANDING = "SELECT no, state, attempts FROM platform_delivery WHERE sink = $1 AND no > $2 ORDER BY no LIMIT $3";
    NEXT_WAITING = "SELECT MIN(next_at) FROM platform_delivery WHERE sink = $1 AND state = 'waiting'";

    SET_ASIDE = "SELECT o.message_id, COALESCE(o.topic, o.sink, ''), COALESCE(d.error, '') FROM platform_delivery d
        JOIN platform_feed f ON f.no = d.no JOIN platform_outbox o ON o.seq = f.seq
        WHERE d.sink = $1 AND d.state = 'set_aside' ORDER BY d.no LIMIT $2";
    COUNT_ASIDE = "SELECT COUNT(*) FROM platform_delivery WHERE sink = $1 AND state = 'set_aside'";

    DELIVERED = sqlite
        "DELETE FROM platform_delivery WHERE sink = $1 AND no IN (SELECT value FROM json_each($2))",
        postgres
        "DELETE FROM platform_delivery WHERE sink = $1
            AND no = ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($2) AS list (value)))";
    STAND = sqlite
        "INSERT INTO platform_delivery (sink, no, key, state, attempts, next_at, error)
         SELECT $1, value ->> 'no', value ->> 'key', value ->> 'state', value ->> 'attempts', value ->> 'next_at',
            value ->> 'error' FROM json_each($2) WHERE true
         ON CONFLICT (sink, no) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
            next_at = excluded.next_at, error = COALESCE(excluded.error, platform_delivery.error)",
        postgres
        "INSERT INTO platform_delivery (sink, no, key, state, attempts, next_at, error)
         SELECT $1, (value ->> 'no')::bigint, value ->> 'key', value ->> 'state', (value ->> 'attempts')::bigint,
            (value ->> 'next_at')::bigint, value ->> 'error' FROM jsonb_array_elements($2) AS list (value)
         ON CONFLICT (sink, no) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
            next_at = excluded.next_at, error = COALESCE(excluded.error, platform_delivery.error)";
    /// Who is parked behind nobody any more.
    PROMOTE = "UPDATE platform_delivery SET state = 'waiting', next_at = $2
        WHERE sink = $1 AND state = 'parked' AND NOT EXISTS (SELECT 1 FROM platform_delivery before
            WHERE before.sink = $1 AND before.key = platform_delivery.key AND before.no < platform_delivery.no
                AND before.state IN ('waiting', 'parked'))";
    HURRY = "UPDATE platform_delivery SET next_at = $2 WHERE sink = $1 AND state = 'waiting' AND next_at > $2";

    /// An ordered sink waits for a row; one that is gone goes on waiting.
    GO_ON = "UPDATE platform_sink SET next_at = NULL WHERE name = $1 AND attempts = 0";
    RETRY = "UPDATE platform_delivery SET state = 'waiting', attempts = 0, next_at = $3
        WHERE sink = $1 AND no = $2 AND state IN ('waiting', 'set_aside')";
    DROP = "UPDATE platform_delivery SET state = 'dropped', next_at = NULL
        WHERE sink = $1 AND no = $2 AND state IN ('waiting', 'set_aside')";
    RESEND = "INSERT INTO platform_delivery (sink, no, key, state, attempts)
        SELECT s.name, f.no, o.key, 'parked', 0
        FROM platform_sink s, platform_feed f JOIN platform_outbox o ON o.seq = f.seq
        WHERE s.name = $1 AND f.no >= $2 AND f.no <= $3 AND f.no <= s.position AND (f.sink IS NULL OR f.sink = $1)
            AND (o.topic = $4 OR $4 = '')
        ON CONFLICT (sink, no) DO UPDATE SET state = 'parked', attempts = 0, next_at = NULL
            WHERE platform_delivery.state IN ('set_aside', 'dropped')";
    COUNT_RESEND = "SELECT COUNT(*) FROM platform_sink s, platform_feed f JOIN platform_outbox o ON o.seq = f.seq
        LEFT JOIN platform_delivery d ON d.sink = $1 AND d.no = f.no
        WHERE s.name = $1 AND f.no >= $2 AND f.no <= $3 AND f.no <= s.position AND (f.sink IS NULL OR f.sink = $1)
            AND (o.topic = $4 OR $4 = '') AND (d.state IS NULL OR d.state IN ('set_aside', 'dropped'))";
}

/// How a receiver stands.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct SinkRow {
    pub(super) position: i64,
    pub(super) state: String,
    pub(super) since: i64,
    pub(super) attempts: i64,
    pub(super) next_at: Option<i64>,
    pub(super) error: Option<String>,
    /// The newest number of the feed.
    pub(super) head: i64,
    /// Whether anything did not go through at once.
    pub(super) has_deliveries: bool,
}

impl SinkRow {
    /// Whether it is called down.
    pub(super) fn is_down(&self) -> bool {
        self.state == "down"
    }
}

/// A row that waits or is parked.
#[derive(Debug, Clone, FromRow)]
pub(super) struct OpenRow {
    pub(super) no: i64,
    pub(super) key: String,
    pub(super) attempts: i64,
}

/// A delivery row behind the position.
#[derive(Debug, Clone, FromRow)]
pub(super) struct StandingRow {
    pub(super) no: i64,
    pub(super) state: String,
    pub(super) attempts: i64,
}

#[derive(Serialize)]
struct Standing<'c> {
    no: i64,
    key: &'c str,
    state: &'static str,
    attempts: u32,
    next_at: Option<i64>,
    error: Option<&'c str>,
}

/// So many rows it will be sent; 10,001 of the feed stand for more.
pub(super) async fn pending(reader: &mut impl Reads, name: &str) -> Result<i64> {
    let row: Option<(i64,)> = reader.query(PENDING).bind(name).fetch_optional().await?;
    Ok(row.map_or(0, |(pending,)| pending))
}

/// With topics it takes messages, without them deeds.
pub(super) async fn enrol(tx: &mut Tx, name: &str, topics: Option<&[String]>, position: i64) -> Result<()> {
    let now = tx.now().as_microseconds();
    let takes = if topics.is_some() { "messages" } else { "acts" };
    let query = tx.query(ENROL).bind(name).bind(takes).bind(position).bind(now);
    query.bind(topics.map(Json)).execute().await.map(drop)
}

pub(super) async fn set_topics(tx: &mut Tx, name: &str, topics: &[String]) -> Result<()> {
    tx.query(TOPICS).bind(name).bind(Json(topics)).execute().await.map(drop)
}

pub(super) async fn forget(tx: &mut Tx, name: &str) -> Result<()> {
    tx.query(FORGET_DELIVERIES).bind(name).execute().await?;
    tx.query(FORGET).bind(name).execute().await.map(drop)
}

pub(super) async fn gone_hooks(reader: &mut impl Reads) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = reader.query(GONE_HOOKS).fetch_all().await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

pub(super) async fn sink(reader: &mut impl Reads, name: &str) -> Result<Option<SinkRow>> {
    reader.query(SINK).bind(name).fetch_optional().await
}

/// Name, position and next try of each, and the version of a hook that people added.
pub(super) async fn behind(reader: &mut impl Reads, now: i64) -> Result<Vec<(String, Option<i64>)>> {
    reader.query(BEHIND).bind(now).fetch_all().await
}

pub(super) async fn move_to(tx: &mut Tx, name: &str, row: &SinkRow) -> Result<()> {
    let query = tx.query(MOVE).bind(name).bind(row.position).bind(&row.state).bind(row.since).bind(row.attempts);
    query.bind(row.next_at).bind(row.error.as_deref()).execute().await.map(drop)
}

pub(super) async fn repeats(
    reader: &mut impl Reads,
    name: &str,
    now: Timestamp,
    through: i64,
    limit: i64,
) -> Result<Vec<OpenRow>> {
    let query = reader.query(REPEATS).bind(name).bind(now.as_microseconds());
    query.bind(through).bind(limit).fetch_all().await
}

pub(super) async fn parked_of(reader: &mut impl Reads, name: &str, keys: &[&str], limit: i64) -> Result<Vec<OpenRow>> {
    reader.query(PARKED_OF).bind(name).bind(Json(keys)).bind(limit).fetch_all().await
}

pub(super) async fn held(reader: &mut impl Reads, name: &str, keys: &[&str]) -> Result<Vec<(String,)>> {
    reader.query(HELD).bind(name).bind(Json(keys)).fetch_all().await
}

pub(super) async fn standing(reader: &mut impl Reads, name: &str, after: i64, limit: i64) -> Result<Vec<StandingRow>> {
    reader.query(STANDING).bind(name).bind(after).bind(limit).fetch_all().await
}

pub(super) async fn next_waiting(reader: &mut impl Reads, name: &str) -> Result<Option<i64>> {
    Ok(reader.query(NEXT_WAITING).bind(name).fetch_one::<(Option<i64>,)>().await?.0)
}

/// Id, title and error of the first that were set aside, and how many there are.
pub(super) async fn set_aside(reader: &mut impl Reads, name: &str, limit: i64) -> Result<SetAside> {
    let named = reader.query(SET_ASIDE).bind(name).bind(limit).fetch_all().await?;
    let (count,) = reader.query(COUNT_ASIDE).bind(name).fetch_one().await?;
    Ok(SetAside { named, count })
}

/// Writes how the rows stand, and lets those go on who are behind nobody any more.
pub(super) async fn apply(tx: &mut Tx, name: &str, changes: &[Change]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut through = Vec::new();
    let mut standing = Vec::new();
    for change in changes {
        match change {
            Change::Through { no } => through.push(*no),
            Change::Stands { no, key, state, attempts, next_at, error } => standing.push(Standing {
                no: *no,
                key,
                state: state.name(),
                attempts: *attempts,
                next_at: next_at.map(Timestamp::as_microseconds),
                error: error.as_deref(),
            }),
        }
    }
    if !through.is_empty() {
        tx.query(DELIVERED).bind(name).bind(Json(through)).execute().await?;
    }
    if !standing.is_empty() {
        tx.query(STAND).bind(name).bind(Json(standing)).execute().await?;
    }
    promote(tx, name).await
}

/// After a person changed something: lets those go on who are behind nobody any more.
pub(super) async fn go_on(tx: &mut Tx, name: &str) -> Result<()> {
    promote(tx, name).await?;
    tx.query(GO_ON).bind(name).execute().await.map(drop)
}

async fn promote(tx: &mut Tx, name: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(PROMOTE).bind(name).bind(now).execute().await.map(drop)
}

pub(super) async fn hurry(tx: &mut Tx, name: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(HURRY).bind(name).bind(now).execute().await.map(drop)
}

pub(super) async fn retry(tx: &mut Tx, name: &str, no: i64) -> Result<bool> {
    let now = tx.now().as_microseconds();
    Ok(tx.query(RETRY).bind(name).bind(no).bind(now).execute().await? > 0)
}

pub(super) async fn drop_row(tx: &mut Tx, name: &str, no: i64) -> Result<bool> {
    Ok(tx.query(DROP).bind(name).bind(no).execute().await? > 0)
}

pub(super) async fn resend(tx: &mut Tx, name: &str, from: i64, to: i64, topic: Option<&str>) -> Result<u64> {
    tx.query(RESEND).bind(name).bind(from).bind(to).bind(topic.unwrap_or_default()).execute().await
}

/// How many rows [`resend`] would send.
pub(super) async fn count_resend(
    reader: &mut impl Reads,
    name: &str,
    from: i64,
    to: i64,
    topic: Option<&str>,
) -> Result<u64> {
    let query = reader.query(COUNT_RESEND).bind(name).bind(from).bind(to).bind(topic.unwrap_or_default());
    Ok(u64::try_from(query.fetch_one::<(i64,)>().await?.0).unwrap_or(0))
}
