//! The statements behind the lists of jobs.

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::statements;
use crate::store::{Reads, Result};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Counts no more than a person can use.
    JOBS = sqlite
        "SELECT l.value AS job,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake_request r
                WHERE r.job = l.value AND r.priority IN ('normal', 'urgent') AND r.at <= $2 LIMIT 1000) q)
            + (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w WHERE w.job = l.value
                AND w.lease_owner IS NULL AND w.priority IN ('normal', 'urgent') AND w.due <= $2 LIMIT 1000) q) AS due,
            (SELECT COUNT(*) FROM platform_wake w WHERE w.lease_owner IS NOT NULL AND w.job = l.value) AS running,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w
                WHERE w.job = l.value AND w.attempts > 0 LIMIT 1000) q) AS failing,
            (SELECT p.reason FROM platform_pause p WHERE p.scope = l.value) AS paused
         FROM json_each($1) l ORDER BY 1",
        postgres
        "SELECT l.job,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake_request r
                WHERE r.job = l.job AND r.priority IN ('normal', 'urgent') AND r.at <= $2 LIMIT 1000) q)
            + (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w WHERE w.job = l.job
                AND w.lease_owner IS NULL AND w.priority IN ('normal', 'urgent') AND w.due <= $2 LIMIT 1000) q) AS due,
            (SELECT COUNT(*) FROM platform_wake w WHERE w.lease_owner IS NOT NULL AND w.job = l.job) AS running,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w
                WHERE w.job = l.job AND w.attempts > 0 LIMIT 1000) q) AS failing,
            (SELECT p.reason FROM platform_pause p WHERE p.scope = l.job) AS paused
         FROM jsonb_array_elements_text($1) AS l (job) ORDER BY l.job COLLATE \"C\"";
    KEYS = "SELECT w.key, w.due AS due_at,
            CAST(CASE WHEN w.lease_owner IS NULL THEN 0 ELSE 1 END AS BIGINT) AS running, w.attempts AS failures,
            w.failing_since, w.last_error AS error, w.waits_for,
            (SELECT p.reason FROM platform_pause p WHERE p.scope = w.job || '/' || w.key) AS paused
        FROM platform_wake w WHERE w.job = $1 AND w.key > $2 ORDER BY w.key LIMIT $3";
    RUNS = "SELECT id, started, ended, outcome, error, woken_by FROM platform_run
        WHERE job = $1 AND key = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
}

/// Job, due, running, failing, why it is paused.
pub(super) type JobRow = (String, i64, i64, i64, Option<String>);
/// Number, start, end, outcome, error, causes.
pub(super) type RunRow = (i64, i64, i64, String, Option<String>, String);

#[derive(Debug, FromRow)]
pub(super) struct KeyRow {
    pub(super) key: String,
    pub(super) due_at: Option<i64>,
    pub(super) running: i64,
    pub(super) failures: i64,
    pub(super) failing_since: Option<i64>,
    pub(super) error: Option<String>,
    pub(super) waits_for: Option<String>,
    pub(super) paused: Option<String>,
}

pub(super) async fn jobs(reader: &mut impl Reads, names: &[&str], now: Timestamp) -> Result<Vec<JobRow>> {
    reader.query(JOBS).bind(Json(names)).bind(now.as_microseconds()).fetch_all().await
}

pub(super) async fn keys(reader: &mut impl Reads, job: &str, after: &str, limit: i64) -> Result<Vec<KeyRow>> {
    reader.query(KEYS).bind(job).bind(after).bind(limit).fetch_all().await
}

pub(super) async fn runs(
    reader: &mut impl Reads,
    (job, key): (&str, &str),
    before: i64,
    limit: i64,
) -> Result<Vec<RunRow>> {
    reader.query(RUNS).bind(job).bind(key).bind(before).bind(limit).fetch_all().await
}
