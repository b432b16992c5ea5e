//! The statements over wake-ups, leases, runs and pauses.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::statements;
use crate::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    REQUEST = sqlite
        "INSERT INTO platform_wake_request (job, key, at, priority, cause)
         SELECT value ->> 'job', value ->> 'key', value ->> 'at', value ->> 'priority', value ->> 'cause'
         FROM json_each($1) ORDER BY json_each.key",
        postgres
        "INSERT INTO platform_wake_request (job, key, at, priority, cause)
         SELECT value ->> 'job', value ->> 'key', (value ->> 'at')::bigint, value ->> 'priority', value ->> 'cause'
         FROM jsonb_array_elements($1) AS rows (value)";
    CANCEL = "DELETE FROM platform_wake_request WHERE job = $1 AND key = $2 AND at > $3";

    /// The next of the lanes, which are pairs of a job and a priority: one step into an index for each.
    FIRST = sqlite
        "SELECT r.job, r.key, r.priority, r.at FROM json_each($1) l JOIN platform_wake_request r ON r.id = (
            SELECT q.id FROM platform_wake_request q
            WHERE q.job = l.value ->> 0 AND q.priority = l.value ->> 1 AND q.at <= $2 ORDER BY q.at, q.key LIMIT 1)
         WHERE NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = r.job)
         UNION ALL
         SELECT w.job, w.key, w.priority, w.due FROM json_each($1) l
         JOIN platform_wake w ON w.job = l.value ->> 0 AND w.key = (
            SELECT q.key FROM platform_wake q
            WHERE q.lease_owner IS NULL AND q.job = l.value ->> 0 AND q.priority = l.value ->> 1 AND q.due <= $2
                AND NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = q.job || '/' || q.key)
            ORDER BY q.due, q.key LIMIT 1)
         WHERE NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = w.job)
         ORDER BY 3 DESC, 4, 1, 2 LIMIT 1";
    /// When the next of the lanes will be due.
    NEXT = sqlite
        "SELECT MIN(at) FROM (
            SELECT (SELECT q.at FROM platform_wake_request q WHERE q.job = l.value ->> 0 AND q.priority = l.value ->> 1
                AND q.at > $2 ORDER BY q.at LIMIT 1) AS at FROM json_each($1) l
            UNION ALL
            SELECT (SELECT q.due FROM platform_wake q WHERE q.lease_owner IS NULL AND q.job = l.value ->> 0
                AND q.priority = l.value ->> 1 AND q.due > $2 ORDER BY q.due LIMIT 1) FROM json_each($1) l)",
        postgres
        "SELECT MIN(at) FROM (
            SELECT (SELECT q.at FROM platform_wake_request q WHERE q.job = l.value ->> 0 AND q.priority = l.value ->> 1
                AND q.at > $2 ORDER BY q.at LIMIT 1) AS at FROM jsonb_array_elements($1) AS l (value)
            UNION ALL
            SELECT (SELECT q.due FROM platform_wake q WHERE q.lease_owner IS NULL AND q.job = l.value ->> 0
                AND q.priority = l.value ->> 1 AND q.due > $2 ORDER BY q.due LIMIT 1)
            FROM jsonb_array_elements($1) AS l (value)) AS times";
    /// Every key that is due and may run, in the order in which workers take them.
    DUE = "SELECT job, key, MAX(priority), MIN(at) FROM (
            SELECT job, key, priority, at FROM platform_wake_request r WHERE at <= $1
                AND NOT EXISTS (SELECT 1 FROM platform_wake w WHERE w.job = r.job AND w.key = r.key
                    AND (w.lease_owner IS NOT NULL OR w.not_before > $1))
            UNION ALL
            SELECT job, key, priority, due FROM platform_wake WHERE lease_owner IS NULL AND due <= $1) AS wishes
        WHERE NOT EXISTS (SELECT 1 FROM platform_pause p
            WHERE p.scope = wishes.job OR p.scope = wishes.job || '/' || wishes.key)
        GROUP BY job, key ORDER BY 3 DESC, 4, 1, 2 LIMIT $2";
    /// Keys of a paused job whose requests nobody merges.
    PAUSED_KEYS = "SELECT DISTINCT r.job, r.key FROM platform_pause p
        JOIN platform_wake_request r ON r.job = p.scope OR r.job || '/' || r.key = p.scope
        WHERE r.at <= $1 LIMIT $2";

    /// The same, which also takes its requests away, and its lease with them where the key is new. Where there is a
    /// row already, or a pause, the requests are merged into it.
    CLAIM = postgres
        "WITH next AS MATERIALIZED (
            SELECT r.job, r.key, r.priority, r.at FROM jsonb_array_elements($1) AS l (value)
            JOIN platform_wake_request r ON r.id = (
                SELECT q.id FROM platform_wake_request q
                WHERE q.job = l.value ->> 0 AND q.priority = l.value ->> 1 AND q.at <= $2 ORDER BY q.at, q.key LIMIT 1)
            WHERE NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = r.job)
            UNION ALL
            SELECT w.job, w.key, w.priority, w.due FROM jsonb_array_elements($1) AS l (value)
            JOIN platform_wake w ON w.job = l.value ->> 0 AND w.key = (
                SELECT q.key FROM platform_wake q
                WHERE q.lease_owner IS NULL AND q.job = l.value ->> 0 AND q.priority = l.value ->> 1 AND q.due <= $2
                    AND NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = q.job || '/' || q.key)
                ORDER BY q.due, q.key LIMIT 1)
            WHERE NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = w.job)
            ORDER BY 3 DESC, 4, 1, 2 LIMIT 1
         ), requests AS (
            DELETE FROM platform_wake_request r USING next n WHERE r.job = n.job AND r.key = n.key AND r.at <= $2
            RETURNING r.at, r.priority, r.cause
         ), merged AS MATERIALIZED (
            SELECT n.job, n.key, MIN(r.at) AS at, MAX(r.priority) AS priority,
                (SELECT string_agg(few.cause, ' ') FROM (SELECT DISTINCT cause FROM requests LIMIT 5) AS few) AS woken_by,
                EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = n.job || '/' || n.key) AS is_paused,
                nextval('platform_fence') AS fence
            FROM requests r, next n GROUP BY n.job, n.key
         ), kept AS (
            INSERT INTO platform_wake AS w
                (job, key, at, priority, woken_by, fence, attempts, lease_owner, lease_until)
            SELECT job, key, CASE WHEN is_paused THEN at END, CASE WHEN is_paused THEN priority ELSE 'normal' END,
                woken_by, fence, 0, CASE WHEN NOT is_paused THEN $3 END,
                CASE WHEN NOT is_paused THEN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $4 END
            FROM merged
            ON CONFLICT (job, key) DO UPDATE SET
                at = LEAST(w.at, (SELECT at FROM merged)),
                priority = CASE WHEN (SELECT priority FROM merged) = 'urgent' THEN 'urgent' ELSE w.priority END,
                woken_by = CASE WHEN w.at IS NULL THEN excluded.woken_by
                    ELSE substr(w.woken_by || ' ' || excluded.woken_by, 1, 1000) END
            RETURNING fence, lease_owner, woken_by
         )
         SELECT n.job, n.key, n.priority, n.at, k.fence, k.woken_by FROM next n
         LEFT JOIN kept k ON k.lease_owner = $3 AND k.fence = (SELECT fence FROM merged)";

    REQUESTS_OF = "DELETE FROM platform_wake_request WHERE job = $1 AND key = $2 AND at <= $3
        RETURNING at, priority, cause";
    /// The earliest time, the highest priority, and the causes since the last claim.
    ABSORB = "INSERT INTO platform_wake AS w (job, key, at, priority, woken_by, fence, attempts)
        VALUES ($1, $2, $3, $4, $5, 0, 0)
        ON CONFLICT (job, key) DO UPDATE SET
            at = CASE WHEN w.at < excluded.at THEN w.at ELSE excluded.at END,
            priority = CASE WHEN excluded.priority = 'urgent' THEN 'urgent' ELSE w.priority END,
            woken_by = CASE WHEN w.at IS NULL THEN excluded.woken_by
                ELSE substr(w.woken_by || ' ' || excluded.woken_by, 1, 1000) END";
    TAKE = sqlite
        "UPDATE platform_wake SET at = NULL, priority = 'normal', not_before = NULL, waits_for = NULL,
            lease_owner = $4, lease_until = $5, fence = $6
         WHERE job = $1 AND key = $2 AND lease_owner IS NULL AND due <= $3
            AND NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = $1 OR p.scope = $1 || '/' || $2)
         RETURNING fence, attempts, woken_by, failing_since",
        postgres
        "UPDATE platform_wake SET at = NULL, priority = 'normal', not_before = NULL, waits_for = NULL,
            lease_owner = $4, lease_until = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $5,
            fence = nextval('platform_fence')
         WHERE job = $1 AND key = $2 AND lease_owner IS NULL AND due <= $3
            AND NOT EXISTS (SELECT 1 FROM platform_pause p WHERE p.scope = $1 OR p.scope = $1 || '/' || $2)
         RETURNING fence, attempts, woken_by, failing_since";
    /// Held until the transaction ends: a take-over waits for it, a heartbeat and a new wish do not.
    FENCE = sqlite "SELECT 1 FROM platform_wake WHERE job = $1 AND key = $2 AND fence = $3 AND lease_owner = $4",
        postgres
        "SELECT 1::bigint FROM platform_wake WHERE job = $1 AND key = $2 AND fence = $3 AND lease_owner = $4
         FOR KEY SHARE";
    FORGET = "DELETE FROM platform_wake WHERE job = $1 AND key = $2 AND fence = $3 AND at IS NULL";
    RELEASE = "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, attempts = 0, last_error = NULL,
            not_before = NULL, failing_since = NULL, waits_for = $4
        WHERE job = $1 AND key = $2 AND fence = $3";
    FAIL = "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, attempts = attempts + 1, last_error = $4,
            at = COALESCE(at, $5), not_before = $6, failing_since = COALESCE(failing_since, $5)
        WHERE job = $1 AND key = $2 AND fence = $3 RETURNING attempts, failing_since";
    RECORD = "INSERT INTO platform_run (job, key, worker, started, ended, outcome, error, woken_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    RENEW = postgres
        "UPDATE platform_wake SET lease_until = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $2
         WHERE lease_owner = $1 AND fence IN (SELECT value::bigint FROM jsonb_array_elements_text($3) AS list (value))";
    /// Whoever still writes under such a lease keeps it until the end of that transaction.
    EXPIRE = sqlite
        "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, at = COALESCE(at, $1)
         WHERE lease_owner IS NOT NULL RETURNING job, key",
        postgres
        "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, at = COALESCE(at, $1)
         WHERE (job, key) IN (SELECT job, key FROM platform_wake WHERE lease_owner IS NOT NULL
            AND lease_until < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FOR UPDATE SKIP LOCKED)
         RETURNING job, key";
    GIVE_BACK = "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, at = COALESCE(at, $2)
        WHERE lease_owner = $1";

    GIVE_BACK_ONE = "UPDATE platform_wake SET lease_owner = NULL, lease_until = NULL, at = COALESCE(at, $4)
        WHERE job = $1 AND key = $2 AND fence = $3";

    PAUSE = "INSERT INTO platform_pause (scope, by, at, reason) VALUES ($1, $2, $3, $4)
        ON CONFLICT (scope) DO UPDATE SET by = excluded.by, at = excluded.at, reason = excluded.reason";
    RESUME = "DELETE FROM platform_pause WHERE scope = $1";
    /// Keys that are due, counted up to what a person can use.
    WAITING = "SELECT COUNT(*) FROM (
            SELECT key FROM platform_wake_request WHERE job = $1 AND at <= $3 AND (key = $2 OR $2 IS NULL)
            UNION SELECT key FROM platform_wake WHERE job = $1 AND due <= $3 AND (key = $2 OR $2 IS NULL)
            LIMIT 1000) AS few";
    HURRY = "UPDATE platform_wake SET not_before = NULL WHERE job = $1 AND key = $2";

    SEEN = "INSERT INTO platform_worker (uuid, host, pid, roles, version, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (uuid) DO UPDATE SET seen_at = excluded.seen_at";
    GONE = "DELETE FROM platform_worker WHERE uuid = $1";
}

/// So many rows go into one statement.
const CHUNK: usize = 5_000;

/// A (job, key) that is due.
#[derive(Debug, FromRow)]
pub(super) struct DueRow(pub(super) String, pub(super) String, pub(super) String, pub(super) i64);

/// What a claim gets.
#[derive(Debug, FromRow)]
pub(super) struct Taken {
    pub(super) fence: i64,
    pub(super) attempts: i64,
    pub(super) woken_by: String,
    pub(super) failing_since: Option<i64>,
}

pub(super) async fn request(tx: &mut Tx, requests: &[impl Serialize + Sync]) -> Result<()> {
    for chunk in requests.chunks(CHUNK) {
        tx.query(REQUEST).bind(Json(chunk)).execute().await?;
    }
    Ok(())
}

pub(super) async fn cancel(tx: &mut Tx, job: &str, key: &str, now: Timestamp) -> Result<()> {
    tx.query(CANCEL).bind(job).bind(key).bind(now.as_microseconds()).execute().await.map(drop)
}

pub(super) async fn first(reader: &mut impl Reads, lanes: &[(&str, &str)], now: Timestamp) -> Result<Option<DueRow>> {
    reader.query(FIRST).bind(Json(lanes)).bind(now.as_microseconds()).fetch_optional().await
}

/// The next of the lanes, and what a claim of it got at once.
pub(super) async fn claim(
    tx: &mut Tx,
    lanes: &[(&str, &str)],
    now: Timestamp,
    owner: &str,
    lease: i64,
) -> Result<Option<(DueRow, Option<Taken>)>> {
    type Row = (String, String, String, i64, Option<i64>, Option<String>);
    let query = tx.query(CLAIM).bind(Json(lanes)).bind(now.as_microseconds()).bind(owner).bind(lease);
    let found: Option<Row> = query.fetch_optional().await?;
    Ok(found.map(|(job, key, priority, at, fence, woken_by)| {
        let taken = fence.zip(woken_by);
        let taken = taken.map(|(fence, woken_by)| Taken { fence, attempts: 0, woken_by, failing_since: None });
        (DueRow(job, key, priority, at), taken)
    }))
}

pub(super) async fn next(reader: &mut impl Reads, lanes: &[(&str, &str)], now: Timestamp) -> Result<Option<i64>> {
    let row = reader.query(NEXT).bind(Json(lanes)).bind(now.as_microseconds());
    Ok(row.fetch_one::<(Option<i64>,)>().await?.0)
}

pub(super) async fn due(reader: &mut impl Reads, now: Timestamp, limit: i64) -> Result<Vec<DueRow>> {
    reader.query(DUE).bind(now.as_microseconds()).bind(limit).fetch_all().await
}

pub(super) async fn paused_keys(reader: &mut impl Reads, now: Timestamp, limit: i64) -> Result<Vec<(String, String)>> {
    reader.query(PAUSED_KEYS).bind(now.as_microseconds()).bind(limit).fetch_all().await
}

/// Takes the requests of the key that are due: time, priority and cause of each.
pub(super) async fn requests_of(
    tx: &mut Tx,
    job: &str,
    key: &str,
    now: Timestamp,
) -> Result<Vec<(i64, String, String)>> {
    tx.query(REQUESTS_OF).bind(job).bind(key).bind(now.as_microseconds()).fetch_all().await
}

pub(super) async fn absorb(
    tx: &mut Tx,
    (job, key): (&str, &str),
    at: i64,
    priority: &str,
    woken_by: &str,
) -> Result<()> {
    tx.query(ABSORB).bind(job).bind(key).bind(at).bind(priority).bind(woken_by).execute().await.map(drop)
}

/// The fence is for SQLite alone: PostgreSQL has a sequence.
pub(super) async fn take(
    tx: &mut Tx,
    (job, key): (&str, &str),
    now: Timestamp,
    owner: &str,
    lease: i64,
    fence: i64,
) -> Result<Option<Taken>> {
    let query = tx.query(TAKE).bind(job).bind(key).bind(now.as_microseconds()).bind(owner).bind(lease);
    query.bind_on_sqlite(fence).fetch_optional().await
}

pub(super) async fn holds(tx: &mut Tx, (job, key): (&str, &str), fence: i64, owner: &str) -> Result<bool> {
    let row = tx.query(FENCE).bind(job).bind(key).bind(fence).bind(owner);
    Ok(row.fetch_optional::<(i64,)>().await?.is_some())
}

pub(super) async fn forget(tx: &mut Tx, (job, key): (&str, &str), fence: i64) -> Result<bool> {
    Ok(tx.query(FORGET).bind(job).bind(key).bind(fence).execute().await? > 0)
}

pub(super) async fn release(tx: &mut Tx, (job, key): (&str, &str), fence: i64, waits_for: Option<&str>) -> Result<()> {
    tx.query(RELEASE).bind(job).bind(key).bind(fence).bind(waits_for).execute().await.map(drop)
}

/// The failures in a row, and since when.
pub(super) async fn fail(
    tx: &mut Tx,
    (job, key): (&str, &str),
    fence: i64,
    error: &str,
    now: Timestamp,
    not_before: Timestamp,
) -> Result<(i64, i64)> {
    let query = tx.query(FAIL).bind(job).bind(key).bind(fence).bind(error);
    query.bind(now.as_microseconds()).bind(not_before.as_microseconds()).fetch_one().await
}

/// A run that ended.
pub(super) struct RunRow<'r> {
    pub(super) job: &'r str,
    pub(super) key: &'r str,
    pub(super) worker: &'r str,
    pub(super) started: Timestamp,
    pub(super) outcome: &'r str,
    pub(super) error: Option<&'r str>,
    pub(super) woken_by: &'r str,
}

pub(super) async fn record(tx: &mut Tx, run: RunRow<'_>) -> Result<()> {
    let ended = tx.now().as_microseconds();
    let query = tx.query(RECORD).bind(run.job).bind(run.key).bind(run.worker).bind(run.started.as_microseconds());
    query.bind(ended).bind(run.outcome).bind(run.error).bind(run.woken_by).execute().await.map(drop)
}

pub(super) async fn renew(tx: &mut Tx, owner: &str, fences: &BTreeSet<i64>, lease: i64) -> Result<u64> {
    tx.query(RENEW).bind(owner).bind(lease).bind(Json(fences)).execute().await
}

pub(super) async fn give_back_one(tx: &mut Tx, (job, key): (&str, &str), fence: i64) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(GIVE_BACK_ONE).bind(job).bind(key).bind(fence).bind(now).execute().await.map(drop)
}

pub(super) async fn expire(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    let now = tx.now().as_microseconds();
    tx.query(EXPIRE).bind(now).fetch_all().await
}

pub(super) async fn give_back(tx: &mut Tx, owner: &str) -> Result<u64> {
    let now = tx.now().as_microseconds();
    tx.query(GIVE_BACK).bind(owner).bind(now).execute().await
}

pub(super) async fn pause(tx: &mut Tx, scope: &str, by: &str, reason: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(PAUSE).bind(scope).bind(by).bind(now).bind(reason).execute().await.map(drop)
}

pub(super) async fn resume(tx: &mut Tx, scope: &str) -> Result<bool> {
    Ok(tx.query(RESUME).bind(scope).execute().await? > 0)
}

/// How many keys of the job are due, or whether that one is.
pub(super) async fn waiting(tx: &mut Tx, job: &str, key: Option<&str>) -> Result<i64> {
    let now = tx.now().as_microseconds();
    Ok(tx.query(WAITING).bind(job).bind(key).bind(now).fetch_one::<(i64,)>().await?.0)
}

pub(super) async fn hurry(tx: &mut Tx, job: &str, key: &str) -> Result<()> {
    tx.query(HURRY).bind(job).bind(key).execute().await.map(drop)
}

pub(super) async fn seen(tx: &mut Tx, worker: &super::worker::Identity) -> Result<()> {
    let now = tx.now().as_microseconds();
    let query = tx.query(SEEN).bind(&worker.uuid).bind(&worker.host).bind(i64::from(std::process::id()));
    query.bind(&worker.roles).bind(env!("CARGO_PKG_VERSION")).bind(now).execute().await.map(drop)
}

pub(super) async fn gone(tx: &mut Tx, uuid: &str) -> Result<()> {
    tx.query(GONE).bind(uuid).execute().await.map(drop)
}
