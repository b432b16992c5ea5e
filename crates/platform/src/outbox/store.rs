//! The statements over outbox and feed.

use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::Row;
use crate::statements;
use crate::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// In the order of the list, which the numbers keep.
    APPEND = sqlite
        "INSERT INTO platform_outbox
            (message_id, kind, sink, mark, topic, key, at, written, actor, version, severity, cause, subjects, body)
         SELECT value ->> 'id', value ->> 'kind', value ->> 'sink', value ->> 'mark', value ->> 'topic', value ->> 'key',
            value ->> 'at', $2, value ->> 'actor', value ->> 'version', value ->> 'severity', value ->> 'cause',
            value ->> 'subjects', value ->> 'body'
         FROM json_each($1) ORDER BY json_each.key",
        postgres
        "INSERT INTO platform_outbox
            (message_id, kind, sink, mark, topic, key, at, written, actor, version, severity, cause, subjects, body)
         SELECT value ->> 'id', value ->> 'kind', value ->> 'sink', value ->> 'mark', value ->> 'topic', value ->> 'key',
            (value ->> 'at')::bigint, $2, (value ->> 'actor')::jsonb, (value ->> 'version')::bigint, value ->> 'severity',
            value ->> 'cause', (value ->> 'subjects')::jsonb, (value ->> 'body')::jsonb
         FROM jsonb_array_elements($1) WITH ORDINALITY AS rows (value, place) ORDER BY place";

    HEAD = "SELECT COALESCE(MAX(no), 0) FROM platform_feed";

    NEWEST = "SELECT MAX(written) FROM platform_outbox";
    OLDEST = "SELECT MIN(no) FROM platform_feed";
    FOLLOWING = "SELECT MIN(no) FROM platform_feed WHERE no > $1";
    MESSAGES_AFTER = "SELECT COUNT(*) FROM (SELECT 1 FROM platform_feed WHERE no > $1 AND sink IS NULL LIMIT $2) AS few";
    SIZES = sqlite
        "SELECT f.no, length(o.body) AS size FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
         WHERE f.no > $1 AND f.no <= $2 AND f.sink IS NULL ORDER BY f.no LIMIT $3",
        postgres
        "SELECT f.no, pg_column_size(o.body)::bigint AS size FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
         WHERE f.no > $1 AND f.no <= $2 AND f.sink IS NULL ORDER BY f.no LIMIT $3";
    SIZES_OF = sqlite
        "SELECT f.no, length(o.body) AS size FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
         WHERE f.sink = $4 AND f.no > $1 AND f.no <= $2 ORDER BY f.no LIMIT $3",
        postgres
        "SELECT f.no, pg_column_size(o.body)::bigint AS size FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
         WHERE f.sink = $4 AND f.no > $1 AND f.no <= $2 ORDER BY f.no LIMIT $3";

    MESSAGES = "SELECT f.no, o.message_id, o.kind, o.sink, o.mark, o.topic, o.key, o.at, o.actor, o.version, o.severity,
            o.cause, o.subjects, o.body
        FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
        WHERE f.no > $1 AND f.no <= $2 AND f.sink IS NULL ORDER BY f.no LIMIT $3";
    ACTS = "SELECT f.no, o.message_id, o.kind, o.sink, o.mark, o.topic, o.key, o.at, o.actor, o.version, o.severity,
            o.cause, o.subjects, o.body
        FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq
        WHERE f.sink = $4 AND f.no > $1 AND f.no <= $2 ORDER BY f.no LIMIT $3";
    ONE = "SELECT f.no, o.message_id, o.kind, o.sink, o.mark, o.topic, o.key, o.at, o.actor, o.version, o.severity,
            o.cause, o.subjects, o.body
        FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq WHERE f.no = $1";
    NUMBER = "SELECT f.no FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq WHERE o.message_id = $1";

    /// Bodies whatever became of them, for tests.
    WRITTEN = "SELECT body FROM platform_outbox WHERE seq > $1 AND topic = $2 ORDER BY seq LIMIT $3";
    LAST = "SELECT COALESCE(MAX(seq), 0) FROM platform_outbox";
    /// Everything under keys between these two.
    ERASE_DELIVERIES = "DELETE FROM platform_delivery WHERE key >= $1 AND key < $2";
    ERASE_FEED = postgres
        "DELETE FROM platform_feed WHERE seq IN (SELECT seq FROM platform_outbox WHERE key >= $1 AND key < $2)";
    ERASE = "DELETE FROM platform_outbox WHERE key >= $1 AND key < $2";

    /// What became visible since the snapshot of the last time: what began since then, and what was on its way. Two bounds
    /// tell the planner that these are few. The new snapshot is that by which this statement sees.
    SEQUENCE = postgres
        "WITH before AS MATERIALIZED (SELECT snapshot::pg_snapshot AS snapshot FROM platform_horizon),
         fresh AS MATERIALIZED (
            SELECT o.seq, o.sink FROM platform_outbox o
            WHERE o.xid >= (SELECT pg_snapshot_xmax(snapshot)::text::bigint FROM before) AND o.xid < 9223372036854775807
            UNION ALL
            SELECT o.seq, o.sink FROM platform_outbox o
            WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snapshot)::text::bigint FROM before))
         ), appended AS (
            INSERT INTO platform_feed (seq, sink) SELECT seq, sink FROM fresh ORDER BY seq RETURNING 1
         ), moved AS (
            UPDATE platform_horizon SET snapshot = pg_current_snapshot()::text WHERE EXISTS (SELECT 1 FROM fresh)
         )
         SELECT COUNT(*) FROM appended";
    /// Whether something lacks its number.
    UNNUMBERED = postgres
        "WITH before AS MATERIALIZED (SELECT snapshot::pg_snapshot AS snapshot FROM platform_horizon)
         SELECT EXISTS (SELECT 1 FROM platform_outbox o
            WHERE o.xid >= (SELECT pg_snapshot_xmax(snapshot)::text::bigint FROM before) AND o.xid < 9223372036854775807)
         OR EXISTS (SELECT 1 FROM platform_outbox o
            WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snapshot)::text::bigint FROM before)))";
}

/// A row of the feed as it is stored.
#[derive(Debug, FromRow)]
pub(super) struct Stored {
    pub(super) no: i64,
    pub(super) message_id: String,
    pub(super) kind: String,
    pub(super) sink: Option<String>,
    pub(super) mark: Option<String>,
    pub(super) topic: Option<String>,
    pub(super) key: String,
    pub(super) at: i64,
    pub(super) actor: Json<tidegate_kernel::Actor>,
    pub(super) version: i64,
    pub(super) severity: String,
    pub(super) cause: Option<String>,
    pub(super) subjects: Json<Vec<tidegate_kernel::Subject>>,
    pub(super) body: Json<Value>,
}

/// So many bytes of rows go into one statement: more than all messages of one result have, unless they are thousands.
const CHUNK: usize = 48 * 1024 * 1024;

pub(super) async fn append(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    let now = tx.now().as_microseconds();
    for chunk in chunks(rows, CHUNK) {
        tx.query(APPEND).bind(Json(chunk)).bind(now).execute().await?;
    }
    Ok(())
}

/// The rows in order, cut where a part would have more than so many bytes; a row that is larger is a part of its own.
fn chunks(rows: &[Row], most: usize) -> Vec<&[Row]> {
    let (mut parts, mut begin, mut size) = (Vec::new(), 0, 0);
    for (at, row) in rows.iter().enumerate() {
        if size > 0 && size + row.size() > most {
            parts.push(&rows[begin..at]);
            (begin, size) = (at, 0);
        }
        size += row.size();
    }
    if begin < rows.len() {
        parts.push(&rows[begin..]);
    }
    parts
}

pub(super) async fn head(reader: &mut impl Reads) -> Result<i64> {
    Ok(reader.query(HEAD).fetch_one::<(i64,)>().await?.0)
}

/// When the newest row was written.
pub(crate) async fn newest(reader: &mut impl Reads) -> Result<Option<Timestamp>> {
    let newest = reader.query(NEWEST).fetch_one::<(Option<i64>,)>().await?.0;
    Ok(newest.and_then(Timestamp::from_microseconds))
}

pub(super) async fn messages(reader: &mut impl Reads, after: i64, through: i64, limit: i64) -> Result<Vec<Stored>> {
    reader.query(MESSAGES).bind(after).bind(through).bind(limit).fetch_all().await
}

pub(super) async fn oldest(reader: &mut impl Reads) -> Result<Option<i64>> {
    Ok(reader.query(OLDEST).fetch_one::<(Option<i64>,)>().await?.0)
}

pub(super) async fn following(reader: &mut impl Reads, no: i64) -> Result<Option<i64>> {
    Ok(reader.query(FOLLOWING).bind(no).fetch_one::<(Option<i64>,)>().await?.0)
}

pub(super) async fn messages_after(reader: &mut impl Reads, after: i64, most: i64) -> Result<i64> {
    Ok(reader.query(MESSAGES_AFTER).bind(after).bind(most).fetch_one::<(i64,)>().await?.0)
}

/// The numbers of messages, or of a receiver's deeds, with about how many bytes their bodies have.
pub(super) async fn sizes(
    reader: &mut impl Reads,
    sink: Option<&str>,
    after: i64,
    through: i64,
    limit: i64,
) -> Result<Vec<(i64, i64)>> {
    let statement = if sink.is_some() { SIZES_OF } else { SIZES };
    let query = reader.query(statement).bind(after).bind(through).bind(limit);
    match sink {
        Some(sink) => query.bind(sink).fetch_all().await,
        None => query.fetch_all().await,
    }
}

pub(super) async fn acts(
    reader: &mut impl Reads,
    sink: &str,
    after: i64,
    through: i64,
    limit: i64,
) -> Result<Vec<Stored>> {
    reader.query(ACTS).bind(after).bind(through).bind(limit).bind(sink).fetch_all().await
}

pub(super) async fn one(reader: &mut impl Reads, no: i64) -> Result<Option<Stored>> {
    reader.query(ONE).bind(no).fetch_optional().await
}

pub(super) async fn number(reader: &mut impl Reads, id: &str) -> Result<Option<i64>> {
    Ok(reader.query(NUMBER).bind(id).fetch_optional::<(i64,)>().await?.map(|(no,)| no))
}

pub(super) async fn sequence(tx: &mut Tx) -> Result<i64> {
    Ok(tx.query(SEQUENCE).fetch_one::<(i64,)>().await?.0)
}

pub(super) async fn unnumbered(reader: &mut impl Reads) -> Result<bool> {
    Ok(reader.query(UNNUMBERED).fetch_one::<(bool,)>().await?.0)
}

pub(super) async fn written(reader: &mut impl Reads, after: i64, topic: &str, limit: i64) -> Result<Vec<Value>> {
    let rows: Vec<(Json<Value>,)> = reader.query(WRITTEN).bind(after).bind(topic).bind(limit).fetch_all().await?;
    Ok(rows.into_iter().map(|(Json(body),)| body).collect())
}

pub(super) async fn last(reader: &mut impl Reads) -> Result<i64> {
    Ok(reader.query(LAST).fetch_one::<(i64,)>().await?.0)
}

pub(super) async fn erase(tx: &mut Tx, from: &str, to: &str) -> Result<()> {
    tx.query(ERASE_DELIVERIES).bind(from).bind(to).execute().await?;
    if tx.is_postgres() {
        tx.query(ERASE_FEED).bind(from).bind(to).execute().await?;
    }
    tx.query(ERASE).bind(from).bind(to).execute().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_by_bytes() {
        let row = |bytes: usize| {
            Row::act(
                "00000000-0000-4000-8000-000000000000".parse().unwrap(),
                Timestamp::EPOCH,
                crate::outbox::Deed {
                    sink: "s".to_owned(),
                    key: "a:b".parse().unwrap(),
                    mark: String::new(),
                    actor: tidegate_kernel::Actor::user("ann"),
                    payload: "x".repeat(bytes).into(),
                },
            )
        };
        let rows: Vec<_> = [10, 10, 5_000, 10].map(row).into();
        let lengths = |most: usize| chunks(&rows, most).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(lengths(1_000_000), [4]);
        assert_eq!(lengths(3_000), [2, 1, 1]);
        assert_eq!(lengths(1), [1, 1, 1, 1]);
        assert!(chunks(&[], 1).is_empty());
    }
}
