//! What the jobs do, for people who look.

mod store;

use serde::Serialize;
use tidegate_kernel::Timestamp;
use utoipa::ToSchema;

use crate::store::{Reads, Result};

pub use store::STATEMENTS;

/// How a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobState {
    /// Its name.
    pub job: String,
    /// Wishes and keys that are due and do not run, counted up to 1,000.
    pub due: i64,
    /// Keys that run now.
    pub running: i64,
    /// Keys that failed at their last run.
    pub failing: i64,
    /// Why it does not run, if somebody paused it as a whole.
    pub paused: Option<String>,
}

/// How a job is for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyState {
    /// The key.
    pub key: String,
    /// When it is to run.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Whether it runs now.
    pub running: bool,
    /// How often it failed in a row.
    pub failures: i64,
    /// Since when it fails.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Timestamp>,
    /// The last failure.
    pub error: Option<String>,
    /// The code of what it waits for.
    pub waits_for: Option<String>,
    /// Why it does not run, if somebody paused it.
    pub paused: Option<String>,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastRun {
    /// Its number.
    pub id: i64,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// `done`, `again`, `wait`, `failed`
    pub outcome: String,
    /// Why it failed.
    pub error: Option<String>,
    /// What woke it, with blanks between.
    pub woken_by: String,
}

/// How these jobs are, in their order.
///
/// # Errors
///
/// The store is away.
pub async fn jobs(reader: &mut impl Reads, names: &[&str], now: Timestamp) -> Result<Vec<JobState>> {
    let rows = store::jobs(reader, names, now).await?;
    let state = |(job, due, running, failing, paused)| JobState { job, due, running, failing, paused };
    Ok(rows.into_iter().map(state).collect())
}

/// At most so many keys of a job after that one, by key.
///
/// # Errors
///
/// The store is away.
pub async fn keys(reader: &mut impl Reads, job: &str, after: &str, limit: i64) -> Result<Vec<KeyState>> {
    let rows = store::keys(reader, job, after, limit).await?;
    let state = |row: store::KeyRow| KeyState {
        key: row.key,
        due_at: row.due_at.and_then(Timestamp::from_microseconds),
        running: row.running > 0,
        failures: row.failures,
        failing_since: row.failing_since.and_then(Timestamp::from_microseconds),
        error: row.error,
        waits_for: row.waits_for,
        paused: row.paused,
    };
    Ok(rows.into_iter().map(state).collect())
}

/// At most so many runs of a job for a key before that number, newest first.
///
/// # Errors
///
/// The store is away.
pub async fn runs(reader: &mut impl Reads, (job, key): (&str, &str), before: i64, limit: i64) -> Result<Vec<PastRun>> {
    let rows = store::runs(reader, (job, key), before, limit).await?;
    let run = |(id, started, ended, outcome, error, woken_by)| PastRun {
        id,
        started: Timestamp::from_microseconds(started),
        ended: Timestamp::from_microseconds(ended),
        outcome,
        error,
        woken_by,
    };
    Ok(rows.into_iter().map(run).collect())
}
