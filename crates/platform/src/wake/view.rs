//! What jobs do, for people.
//!
//! The statements stand here and not in `store.rs`, as they serve lists alone and change nothing.

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::statements;
use crate::store::{Reads, Result, StoreError};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Counts no more than a person can use.
    JOBS = sqlite
        "SELECT l.value AS job,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake_request r
                WHERE r.job = l.value AND r.priority IN ('normal', 'urgent') AND r.at <= $2 LIMIT 1000) few)
            + (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w WHERE w.job = l.value
                AND w.lease_owner IS NULL AND w.priority IN ('normal', 'urgent') AND w.due <= $2 LIMIT 1000) few) AS due,
            (SELECT COUNT(*) FROM platform_wake w WHERE w.lease_owner IS NOT NULL AND w.job = l.value) AS running,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w
                WHERE w.job = l.value AND w.attempts > 0 LIMIT 1000) few) AS failing,
            (SELECT p.reason FROM platform_pause p WHERE p.scope = l.value) AS paused
         FROM json_each($1) l ORDER BY 1",
        postgres
        "SELECT l.job,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake_request r
                WHERE r.job = l.job AND r.priority IN ('normal', 'urgent') AND r.at <= $2 LIMIT 1000) few)
            + (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w WHERE w.job = l.job
                AND w.lease_owner IS NULL AND w.priority IN ('normal', 'urgent') AND w.due <= $2 LIMIT 1000) few) AS due,
            (SELECT COUNT(*) FROM platform_wake w WHERE w.lease_owner IS NOT NULL AND w.job = l.job) AS running,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_wake w
                WHERE w.job = l.job AND w.attempts > 0 LIMIT 1000) few) AS failing,
            (SELECT p.reason FROM platform_pause p WHERE p.scope = l.job) AS paused
         FROM jsonb_array_elements_text($1) AS l (job) ORDER BY l.job COLLATE \"C\"";
    STATES = "SELECT job, key, due, priority, woken_by, lease_owner, attempts, last_error, failing_since, waits_for
        FROM platform_wake WHERE (job = $1 OR $1 = '') AND (job > $2 OR (job = $2 AND key > $3))
        ORDER BY job, key LIMIT $4";
    REQUESTED = "SELECT job, COUNT(*), MIN(at) FROM platform_wake_request GROUP BY job ORDER BY job";
    RUNS = "SELECT id, job, key, worker, started, ended, outcome, error, woken_by FROM platform_run
        WHERE job = $1 AND (key = $2 OR $2 = '') AND id < $3 ORDER BY id DESC LIMIT $4";
    PAUSES = "SELECT scope, by, at, reason FROM platform_pause ORDER BY scope";
    WORKERS = "SELECT uuid, host, pid, roles, version, seen_at FROM platform_worker ORDER BY seen_at DESC, uuid LIMIT $1";
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// The job.
    pub job: String,
    /// Wishes and keys that are due and do not run, counted up to 1,000 each.
    pub due: i64,
    /// Keys that run.
    pub running: i64,
    /// Keys that failed at their last run, counted up to 1,000.
    pub failing: i64,
    /// Why it does not run, if somebody paused it as a whole.
    pub paused: Option<String>,
}

/// How a (job, key) stands that runs, is due, failed or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// The job.
    pub job: String,
    /// Its key.
    pub key: String,
    /// When it may run; nothing while it runs and nobody wished for more.
    pub due: Option<Timestamp>,
    /// Whether it goes before others.
    pub is_urgent: bool,
    /// What woke it, with blanks between.
    pub woken_by: String,
    /// The worker that runs it.
    pub worker: Option<String>,
    /// Failures in a row.
    pub attempts: i64,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// The code of what it waits for.
    pub waits_for: Option<String>,
}

/// The wishes for a job that no run has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// The job.
    pub job: String,
    /// How many.
    pub count: i64,
    /// The earliest.
    pub first_at: Timestamp,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Its number; the newest has the highest.
    pub id: i64,
    /// The job.
    pub job: String,
    /// Its key.
    pub key: String,
    /// Who ran it.
    pub worker: String,
    /// From when.
    pub started: Timestamp,
    /// Until when.
    pub ended: Timestamp,
    /// `done`, `again`, `wait` or `failed`.
    pub outcome: String,
    /// What a failure said.
    pub error: Option<String>,
    /// What woke it, with blanks between.
    pub woken_by: String,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The job, or the job and its key with a slash between.
    pub scope: String,
    /// Who paused it: `user:ann`.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name in leases.
    pub uuid: String,
    /// The machine.
    pub host: String,
    /// Its process id there.
    pub pid: i64,
    /// What it does.
    pub roles: String,
    /// Its version.
    pub version: String,
    /// When it last said so.
    pub seen_at: Timestamp,
}

#[derive(FromRow)]
struct StateRow {
    job: String,
    key: String,
    due: Option<i64>,
    priority: String,
    woken_by: String,
    lease_owner: Option<String>,
    attempts: i64,
    last_error: Option<String>,
    failing_since: Option<i64>,
    waits_for: Option<String>,
}

type RunRow = (i64, String, String, String, i64, i64, String, Option<String>, String);

/// How these jobs stand, by name.
///
/// # Errors
///
/// The store is away.
pub async fn jobs(reader: &mut impl Reads, names: &[&str], now: Timestamp) -> Result<Vec<JobState>> {
    let query = reader.query(JOBS).bind(Json(names)).bind(now.as_microseconds());
    let rows: Vec<(String, i64, i64, i64, Option<String>)> = query.fetch_all().await?;
    let state = |(job, due, running, failing, paused)| JobState { job, due, running, failing, paused };
    Ok(rows.into_iter().map(state).collect())
}

/// How keys stand, of one job or all, after that job and key.
///
/// # Errors
///
/// The store is away.
pub async fn states(reader: &mut impl Reads, job: &str, after: (&str, &str), limit: i64) -> Result<Vec<KeyState>> {
    let rows: Vec<StateRow> =
        reader.query(STATES).bind(job).bind(after.0).bind(after.1).bind(limit).fetch_all().await?;
    let state = |row: StateRow| {
        Ok(KeyState {
            due: row.due.map(instant).transpose()?,
            is_urgent: row.priority == super::Priority::Urgent.name(),
            failing_since: row.failing_since.map(instant).transpose()?,
            job: row.job,
            key: row.key,
            woken_by: row.woken_by,
            worker: row.lease_owner,
            attempts: row.attempts,
            last_error: row.last_error,
            waits_for: row.waits_for,
        })
    };
    rows.into_iter().map(state).collect()
}

/// The wishes that no run has met, by job.
///
/// # Errors
///
/// The store is away.
pub async fn requested(reader: &mut impl Reads) -> Result<Vec<Requested>> {
    let rows: Vec<(String, i64, i64)> = reader.query(REQUESTED).fetch_all().await?;
    let requested = |(job, count, at)| Ok(Requested { job, count, first_at: instant(at)? });
    rows.into_iter().map(requested).collect()
}

/// The newest runs of a job before that number, of one key or all.
///
/// # Errors
///
/// The store is away.
pub async fn runs(reader: &mut impl Reads, job: &str, key: &str, before: i64, limit: i64) -> Result<Vec<PastRun>> {
    let rows: Vec<RunRow> = reader.query(RUNS).bind(job).bind(key).bind(before).bind(limit).fetch_all().await?;
    let run = |(id, job, key, worker, started, ended, outcome, error, woken_by): RunRow| {
        let (started, ended) = (instant(started)?, instant(ended)?);
        Ok(PastRun { id, job, key, worker, started, ended, outcome, error, woken_by })
    };
    rows.into_iter().map(run).collect()
}

/// All pauses.
///
/// # Errors
///
/// The store is away.
pub async fn pauses(reader: &mut impl Reads) -> Result<Vec<Pause>> {
    let rows: Vec<(String, String, i64, String)> = reader.query(PAUSES).fetch_all().await?;
    rows.into_iter().map(|(scope, by, at, reason)| Ok(Pause { scope, by, at: instant(at)?, reason })).collect()
}

/// The processes that were seen last.
///
/// # Errors
///
/// The store is away.
pub async fn processes(reader: &mut impl Reads, limit: i64) -> Result<Vec<Process>> {
    let rows: Vec<(String, String, i64, String, String, i64)> = reader.query(WORKERS).bind(limit).fetch_all().await?;
    let process =
        |(uuid, host, pid, roles, version, at)| Ok(Process { uuid, host, pid, roles, version, seen_at: instant(at)? });
    rows.into_iter().map(process).collect()
}

fn instant(at: i64) -> Result<Timestamp> {
    Timestamp::from_microseconds(at).ok_or_else(|| StoreError::Damaged { what: "a time", found: at.to_string() })
}
