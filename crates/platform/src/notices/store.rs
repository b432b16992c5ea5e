//! The statements over notices.

use std::time::Duration;

use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::{Notice, Waiting};
use crate::retention::Rule;
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    WINDOW_END = "SELECT MIN(window_end) FROM platform_notice
        WHERE recipient = $1 AND group_key = $2 AND sent_in IS NULL";
    /// Which keeps the window that the group's first line began.
    PUT = "INSERT INTO platform_notice (recipient, group_key, line_key, title, line, window_end, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (recipient, group_key, line_key) WHERE sent_in IS NULL DO UPDATE SET
            title = excluded.title, line = excluded.line, at = excluded.at";
    WITHDRAW = "DELETE FROM platform_notice
        WHERE recipient = $1 AND group_key = $2 AND line_key = $3 AND sent_in IS NULL";
    /// Of groups whose window has ended, in the order in which their lines came.
    DUE = "SELECT n.id, n.group_key, n.title, n.line FROM platform_notice n
        WHERE n.recipient = $1 AND n.sent_in IS NULL AND n.group_key IN (
            SELECT g.group_key FROM platform_notice g
            WHERE g.recipient = $1 AND g.sent_in IS NULL AND g.window_end <= $2)
        ORDER BY n.id LIMIT $3";
    NEXT_END = "SELECT MIN(window_end) FROM platform_notice WHERE recipient = $1 AND sent_in IS NULL";
    SENT_SINCE = "SELECT DISTINCT sent_in, sent_at FROM platform_notice
        WHERE recipient = $1 AND sent_in IS NOT NULL AND sent_at > $2 ORDER BY sent_at, sent_in";
    MARK = sqlite
        "UPDATE platform_notice SET sent_in = $2, sent_at = $3 WHERE id IN (SELECT value FROM json_each($1))",
        postgres
        "UPDATE platform_notice SET sent_in = $2, sent_at = $3
         WHERE id = ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($1) AS list (value)))";
    NEWEST = "SELECT MAX(sent_at) FROM platform_notice WHERE sent_in IS NOT NULL";
    DELETE = "DELETE FROM platform_notice WHERE id IN (
            SELECT id FROM platform_notice WHERE sent_in IS NOT NULL AND sent_at < $1 ORDER BY sent_at, id LIMIT $2)";
}

/// So many lines one mail has; the others go with the next one.
const LINES: i64 = 500;

/// When the group's window ends, if it has lines that wait.
pub(super) async fn window_end(tx: &mut Tx, recipient: &str, group: &str) -> Result<Option<i64>> {
    Ok(tx.query(WINDOW_END).bind(recipient).bind(group).fetch_one::<(Option<i64>,)>().await?.0)
}

pub(super) async fn put(tx: &mut Tx, notice: &Notice, window_end: i64) -> Result<()> {
    let now = tx.now().as_microseconds();
    let query = tx.query(PUT).bind(&notice.recipient).bind(&notice.group).bind(&notice.line_key);
    query.bind(&notice.title).bind(&notice.line).bind(window_end).bind(now).execute().await.map(drop)
}

pub(super) async fn withdraw(tx: &mut Tx, notice: &Notice) -> Result<()> {
    let query = tx.query(WITHDRAW).bind(&notice.recipient).bind(&notice.group).bind(&notice.line_key);
    query.execute().await.map(drop)
}

/// The lines of groups whose window has ended.
pub(super) async fn due(reader: &mut impl Reads, recipient: &str, now: Timestamp) -> Result<Vec<Waiting>> {
    let query = reader.query(DUE).bind(recipient).bind(now.as_microseconds()).bind(LINES);
    let rows: Vec<(i64, String, String, String)> = query.fetch_all().await?;
    Ok(rows.into_iter().map(|(id, group, title, line)| Waiting { id, group, title, line }).collect())
}

pub(super) async fn next_end(reader: &mut impl Reads, recipient: &str) -> Result<Option<i64>> {
    Ok(reader.query(NEXT_END).bind(recipient).fetch_one::<(Option<i64>,)>().await?.0)
}

/// When mails to the recipient were written, the oldest first.
pub(super) async fn sent_since(reader: &mut impl Reads, recipient: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
    let query = reader.query(SENT_SINCE).bind(recipient).bind(since.as_microseconds());
    let rows: Vec<(String, i64)> = query.fetch_all().await?;
    let instant = |(_, at): (String, i64)| {
        Timestamp::from_microseconds(at).ok_or_else(|| StoreError::Damaged { what: "a time", found: at.to_string() })
    };
    rows.into_iter().map(instant).collect()
}

/// Says with which mail these lines went.
pub(super) async fn mark(tx: &mut Tx, ids: &[i64], mark: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(MARK).bind(Json(ids)).bind(mark).bind(now).execute().await.map(drop)
}

/// Lines go as long after their mail as other things that were sent.
pub fn rule(keep: Option<Duration>) -> Rule {
    Rule { table: "platform_notice", keep, newest: NEWEST, delete: DELETE }
}
