//! What a gate writes to have work done: a job, and how one run of it goes.
//!
//! ```
//! # use tidegate_platform::store::{StoreError, in_tx};
//! # use tidegate_platform::wake::{Job, JobName, JobResult, JobSpec, Outcome, Run};
//! pub const RAISE: JobName = JobName::new("harbour.raise_bridge");
//!
//! struct RaiseBridge;
//!
//! impl Job for RaiseBridge {
//!     fn spec(&self) -> JobSpec {
//!         JobSpec::new(RAISE)
//!     }
//!
//!     async fn run(&self, run: &Run) -> JobResult {
//!         // load by `run.key()`, decide, and write; the last transaction ends the run
//!         run.end::<StoreError>(|tx| in_tx(async move { Ok(Outcome::Again(tx.now())) })).await.map_err(Into::into)
//!     }
//! }
//! ```

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::{Actor, Timestamp};
use tokio::time::Instant;

use super::claim::Lease;
use super::store::{self, RunRow};
use super::trouble;
use super::{JobName, Wake};
use crate::store::{Db, Durability, Isolation, Listener, Result, Signal, StoreError, Tx, Work, in_tx};

/// How a run went: its end, or why it failed. A failure is tried again, later and later.
pub type JobResult = anyhow::Result<Ended>;

/// Work that is done for one key at a time.
pub trait Job: Send + Sync + 'static {
    /// What the worker needs to know of it.
    fn spec(&self) -> JobSpec;

    /// Does what the key's state asks for. Running twice does the same as running once.
    ///
    /// Every write goes through [`Run::write`] and the last through [`Run::end`]: both refuse when the lease was lost.
    fn run(&self, run: &Run) -> impl Future<Output = JobResult> + Send;

    /// For a job that follows the outbox or the feed: the keys for which there is work.
    fn behind(&self, db: &Db) -> impl Future<Output = Result<Vec<String>>> + Send {
        let _ = db;
        async { Ok(Vec::new()) }
    }
}

/// What the worker needs to know of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    pub(crate) name: JobName,
    pub(crate) max_running: Option<usize>,
    pub(crate) needs: Option<&'static str>,
    pub(crate) follows: Follows,
}

/// What a job follows besides the wishes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Follows {
    /// Nothing: it runs when it is woken.
    Nothing,
    /// What is written to the outbox.
    Outbox,
    /// What becomes visible in the feed.
    Feed,
}

impl JobSpec {
    /// Runs when it is woken, in at most half of the slots of a process.
    pub fn new(name: JobName) -> Self {
        Self { name, max_running: None, needs: None, follows: Follows::Nothing }
    }

    /// At most so many keys at a time in a process.
    #[must_use]
    pub fn max_running(mut self, keys: usize) -> Self {
        self.max_running = Some(keys.max(1));
        self
    }

    /// Only where that role is.
    #[must_use]
    pub fn needs(mut self, role: &'static str) -> Self {
        self.needs = Some(role);
        self
    }

    /// Runs for the keys that are behind whenever that grows.
    #[must_use]
    pub fn following(mut self, follows: Follows) -> Self {
        self.follows = follows;
        self
    }
}

/// What becomes of the key after a run that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do until it is woken.
    Done,
    /// It runs again at that time, if not earlier.
    Again(Timestamp),
    /// It waits for something, and looks again when it is woken or at that time.
    Wait {
        /// The stable code of what it waits for: `merge.ci-running`.
        code: &'static str,
        /// When it looks again by itself.
        until: Option<Timestamp>,
    },
}

/// That the last transaction of a run is committed. Only [`Run::end`] makes one.
#[derive(Debug)]
pub struct Ended(pub(super) Outcome);

/// One run of a job for a key, under its lease.
pub struct Run {
    pub(super) db: Db,
    pub(super) lease: Lease,
    pub(super) woken_by: Vec<String>,
    pub(super) attempts: u32,
    pub(super) failing_since: Option<Timestamp>,
    pub(super) started: Timestamp,
    pub(super) recorded: bool,
    /// The log that it may wait for.
    pub(super) log: Option<Follows>,
}

/// The log that a job follows, as a run hears of it. A run that goes on with what comes meanwhile saves the claim and the
/// end of a run for each row.
pub struct Log {
    heard: Option<(Listener, Follows)>,
    until: Instant,
}

/// A run waits for so long that its log grows.
const LINGERS: Duration = Duration::from_millis(100);
/// A run goes on for so long by the growth of its log; then it ends, so that a pause holds.
const GOES_ON: Duration = Duration::from_secs(1);

impl Run {
    /// For what it runs.
    pub fn key(&self) -> &str {
        &self.lease.key
    }

    /// The store, for reading. Writes go through [`Self::write`].
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// What woke it, at most five.
    pub fn woken_by(&self) -> &[String] {
        &self.woken_by
    }

    /// When it started.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// How often it failed in a row before.
    pub fn failures(&self) -> u32 {
        self.attempts
    }

    /// Who acts in messages and records: the job.
    pub fn actor(&self) -> Actor {
        Actor::job(self.lease.job)
    }

    /// Writes in one transaction that holds only if the lease is still ours when it is committed.
    ///
    /// # Errors
    ///
    /// Those of the closure, those of the store, and that the lease was lost; then nothing was written.
    pub async fn write<'s, T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<T, E>> + Send + Sync,
    ) -> std::result::Result<T, E> {
        let work = &work;
        let fenced = self.db.write(self.lease.job, |tx| {
            in_tx(async move {
                self.lease.check(tx).await?;
                work(tx).await
            })
        });
        fenced.await
    }

    /// Writes for the last time, and ends the run in the same transaction.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub async fn end<'s, E: From<StoreError> + Send>(
        &self,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<Outcome, E>> + Send + Sync,
    ) -> std::result::Result<Ended, E> {
        let work = &work;
        let ended = self.write(|tx| {
            in_tx(async move {
                let outcome = work(&mut *tx).await?;
                self.finish(tx, outcome).await?;
                Ok::<_, E>(Ended(outcome))
            })
        });
        ended.await
    }

    /// Writes, and ends the run in the same transaction if the closure says how. Else the run goes on.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub async fn end_if<'s, E: From<StoreError> + Send>(
        &self,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<Option<Outcome>, E>> + Send + Sync,
    ) -> std::result::Result<Option<Ended>, E> {
        let work = &work;
        let ended = self.write(|tx| {
            in_tx(async move {
                let Some(outcome) = work(&mut *tx).await? else { return Ok(None) };
                self.finish(tx, outcome).await?;
                Ok::<_, E>(Some(Ended(outcome)))
            })
        });
        ended.await
    }

    /// The log that the job follows, from now on. Ask for it before the log is read.
    pub fn log(&self) -> Log {
        let heard = self.log.map(|log| (self.db.signals().listen(), log));
        Log { heard, until: Instant::now() + GOES_ON }
    }

    /// Ends the run with nothing left to write. If a power failure undoes that, the run is only repeated.
    ///
    /// # Errors
    ///
    /// The store is away, or the lease was lost.
    pub async fn done(&self) -> Result<Ended> {
        if self.attempts > 0 {
            // that it recovered is told
            return self.end(|_| in_tx(async { Ok(Outcome::Done) })).await;
        }
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let ended = self.db.write_with(self.lease.job, durability, isolation, |tx| {
            in_tx(async move {
                self.lease.check(tx).await?;
                self.finish(tx, Outcome::Done).await?;
                Ok::<_, StoreError>(Ended(Outcome::Done))
            })
        });
        ended.await
    }

    async fn finish(&self, tx: &mut Tx, outcome: Outcome) -> Result<()> {
        let (lease, fence) = (self.lease.name(), self.lease.fence);
        let again = || Wake::named(self.lease.job, &self.lease.key);
        let (word, waits_for) = match outcome {
            Outcome::Done => ("done", None),
            Outcome::Again(at) => {
                tx.wake(again().at(at));
                ("again", None)
            }
            Outcome::Wait { code, until } => {
                if let Some(until) = until {
                    tx.wake(again().at(until));
                }
                ("wait", Some(code))
            }
        };
        if waits_for.is_some() || !store::forget(tx, lease, fence).await? {
            store::release(tx, lease, fence, waits_for).await?;
            // a wish that came during the run is due
            tx.signal.jobs.insert(self.lease.job.to_owned());
        }
        if self.recorded {
            store::record(tx, self.row(word, None, &self.woken_by.join(" "))).await?;
        }
        trouble::tell_recovery(tx, lease, self.attempts, self.failing_since).await
    }

    pub(super) fn row<'r>(&'r self, outcome: &'r str, error: Option<&'r str>, woken_by: &'r str) -> RunRow<'r> {
        let (job, key, worker) = (self.lease.job, self.lease.key.as_str(), self.lease.owner.as_str());
        RunRow { job, key, worker, started: self.started, outcome, error, woken_by }
    }
}

impl Log {
    /// Waits until there may be more in the log. `false` after a while without, or when the run went on for long enough:
    /// then it ends, and is started again for what comes.
    pub async fn grew(&mut self) -> bool {
        let Some((listener, log)) = &mut self.heard else { return false };
        let until = self.until.min(Instant::now() + LINGERS);
        if until <= Instant::now() {
            return false;
        }
        let told = async {
            loop {
                let mut signal = listener.next().await;
                while let Some(more) = listener.next_now() {
                    signal.merge(more);
                }
                if log.is_told_by(&signal) {
                    return;
                }
            }
        };
        tokio::time::timeout_at(until, told).await.is_ok()
    }
}

impl Follows {
    /// Whether that signal says that it may have grown.
    pub(super) fn is_told_by(self, signal: &Signal) -> bool {
        match self {
            Self::Nothing => false,
            Self::Outbox => signal.outbox || signal.everything,
            Self::Feed => signal.feed || signal.everything,
        }
    }
}

/// The jobs of this program by name.
#[derive(Clone, Default)]
pub struct Jobs {
    by_name: BTreeMap<&'static str, Arc<dyn AnyJob>>,
}

/// A job without its type.
pub(super) trait AnyJob: Send + Sync {
    fn spec(&self) -> JobSpec;
    fn run<'r>(&'r self, run: &'r Run) -> Pin<Box<dyn Future<Output = JobResult> + Send + 'r>>;
    fn behind<'r>(&'r self, db: &'r Db) -> Pin<Box<dyn Future<Output = Result<Vec<String>>> + Send + 'r>>;
}

impl<J: Job> AnyJob for J {
    fn spec(&self) -> JobSpec {
        Job::spec(self)
    }

    fn run<'r>(&'r self, run: &'r Run) -> Pin<Box<dyn Future<Output = JobResult> + Send + 'r>> {
        Box::pin(Job::run(self, run))
    }

    fn behind<'r>(&'r self, db: &'r Db) -> Pin<Box<dyn Future<Output = Result<Vec<String>>> + Send + 'r>> {
        Box::pin(Job::behind(self, db))
    }
}

impl Jobs {
    /// With that job too.
    ///
    /// # Panics
    ///
    /// Two jobs have the same name, which is a mistake in the wiring.
    #[must_use]
    pub fn with(mut self, job: impl Job) -> Self {
        let name = Job::spec(&job).name.as_str();
        let before = self.by_name.insert(name, Arc::new(job));
        assert!(before.is_none(), "two jobs are called {name}");
        self
    }

    /// Only those that run where these roles are; a job that needs none in particular runs where `worker` is.
    #[must_use]
    pub fn in_roles(mut self, roles: &[&str]) -> Self {
        self.by_name.retain(|_, job| roles.contains(&job.spec().needs.unwrap_or("worker")));
        self
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.by_name.keys().copied()
    }

    pub(super) fn name_of(&self, job: &str) -> Option<&'static str> {
        self.by_name.get_key_value(job).map(|(name, _)| *name)
    }

    pub(super) fn get(&self, job: &str) -> Option<&Arc<dyn AnyJob>> {
        self.by_name.get(job)
    }

    pub(super) fn specs(&self) -> impl Iterator<Item = JobSpec> {
        self.by_name.values().map(|job| job.spec())
    }
}
