//! Work that starts because something happened or because its time has come.
//!
//! A transaction that makes work for a job wakes it: it appends a request, which takes effect with its commit and touches
//! no row that another transaction may hold. A worker merges all requests of one (job, key) that are due when it claims
//! them, so ten wishes are one run; a wish that comes during a run makes exactly one more. Who claims has a lease, and
//! every transaction of the run checks it by its fence: a worker that was stopped and went on later changes nothing.
//!
//! What woke a job is a hint. The run reads the state anew, and running twice does the same as running once.
//!
//! Jobs that follow the outbox or the feed get no requests: they are told by the same signals as everyone, and asked
//! whether they are behind when a worker starts and when it sweeps.

mod bridge;
mod claim;
mod engine;
mod heart;
mod job;
mod pause;
mod store;
mod trouble;
pub mod view;
mod worker;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use tidegate_kernel::Timestamp;

use crate::store::{Result, StoreError, Tx};

pub use bridge::Bridge;
pub use claim::Due;
pub(crate) use engine::shortened;
pub use engine::{Engine, Ran, RunEnd};
pub use job::{Ended, Follows, Job, JobResult, JobSpec, Jobs, Log, Outcome, Run};
pub use pause::Scope;
pub use store::STATEMENTS;
pub use worker::{Worker, WorkerCounts, WorkerOptions};

/// A job's name: `merge.port_update`. Declared once as a constant, by which it is woken and registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(&'static str);

/// A wish that a job run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    job: Cow<'static, str>,
    key: String,
    at: Option<Timestamp>,
    priority: Priority,
}

/// Who goes first among those that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// In the order of their times.
    Normal,
    /// Before all that are not.
    Urgent,
}

impl JobName {
    /// The job of that name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// A wish that it run for that key, at once.
    pub fn key(self, key: impl Into<String>) -> Wake {
        Wake { job: Cow::Borrowed(self.0), key: key.into(), at: None, priority: Priority::Normal }
    }
}

impl Wake {
    /// The longest key, in bytes. Name what is longer by a digest.
    pub const LONGEST_KEY: usize = 256;

    /// A wish that the job of that name run for that key, at once; for what names jobs from outside.
    pub(crate) fn named(job: &str, key: &str) -> Self {
        let (job, key) = (Cow::Owned(job.to_owned()), key.to_owned());
        Self { job, key, at: None, priority: Priority::Normal }
    }

    /// At that instant instead; one that is past means at once.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Before all that are not urgent.
    #[must_use]
    pub fn urgent(mut self) -> Self {
        self.priority = Priority::Urgent;
        self
    }
}

impl Priority {
    /// The word in the store. Urgent sorts after normal, so the claim looks from the end.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Urgent => "urgent",
        }
    }
}

/// The wishes of a transaction, kept until its end.
#[derive(Debug, Default)]
pub(crate) struct Wishes(BTreeMap<(Cow<'static, str>, String, Timestamp), Priority>);

/// A wish as it is written.
#[derive(Debug, Serialize)]
struct Request<'r> {
    job: &'r str,
    key: &'r str,
    at: i64,
    priority: Priority,
    cause: &'r str,
}

impl Tx {
    /// Has the job run after, and only after, this transaction is committed.
    pub fn wake(&mut self, wake: Wake) {
        let at = wake.at.unwrap_or(self.now()).max(self.now());
        let kept = self.wishes.0.entry((wake.job, wake.key, at)).or_insert(wake.priority);
        *kept = (*kept).max(wake.priority);
    }

    /// Has the job run at that time instead of at all times that are still to come. Call it under the row lock of what the
    /// deadline belongs to.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn set_wake(&mut self, wake: Wake) -> Result<()> {
        self.cancel_wake(&wake).await?;
        self.wake(wake);
        Ok(())
    }

    /// Forgets the times that are still to come for that job and key. Call it under the row lock of what the deadline
    /// belongs to.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn cancel_wake(&mut self, wake: &Wake) -> Result<()> {
        let now = self.now();
        self.wishes.0.retain(|(job, key, at), _| (job, key) != (&wake.job, &wake.key) || *at <= now);
        store::cancel(self, &wake.job, &wake.key, now).await
    }

    /// Writes what was wished for, and keeps for whom there is work.
    pub(crate) async fn flush_wishes(&mut self) -> Result<()> {
        let wishes = std::mem::take(&mut self.wishes.0);
        if wishes.is_empty() {
            return Ok(());
        }
        if let Some((job, key, _)) =
            wishes.keys().find(|(_, key, _)| key.len() > Wake::LONGEST_KEY || key.chars().any(char::is_control))
        {
            return Err(StoreError::BadKey { job: job.to_string(), key: key.clone() });
        }
        let cause = self.cause().to_owned();
        let requests: Vec<_> = wishes
            .iter()
            .map(|((job, key, at), priority)| {
                let (at, priority) = (at.as_microseconds(), *priority);
                Request { job, key, at, priority, cause: &cause }
            })
            .collect();
        store::request(self, &requests).await?;
        self.signal.jobs.extend(wishes.into_keys().map(|(job, _, _)| job.into_owned()));
        Ok(())
    }
}
