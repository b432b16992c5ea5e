//! Claims what is due and runs it, one (job, key) at a time. What drives it, the worker by the machine's time or a test by
//! its own, decides when and in which order.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tidegate_kernel::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::claim::{self, Claimed, Due, Lease};
use super::job::{Follows, Jobs, Run};
use super::trouble::Failure;
use super::{Outcome, Priority, Wake, store};
use crate::backoff::Backoff;
use crate::store::{Db, Durability, Isolation, Result, StoreError, Tx, in_tx};

const RETRY: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(600));
/// The longest text of an error that is kept, in characters.
const ERROR_CHARS: usize = 1_000;

/// Claims and runs. Clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    jobs: Jobs,
    owner: String,
    lease: Duration,
    fence: AtomicI64,
    /// Whether runs wait for more in the log that they follow.
    lingers: bool,
    /// The leases of runs that go on, by their fences.
    held: Mutex<BTreeSet<i64>>,
}

/// A run that ended, well or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The job.
    pub job: &'static str,
    /// Its key.
    pub key: String,
    /// How it ended.
    pub ended: RunEnd,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// It went well.
    Well(Outcome),
    /// It failed, and is tried again.
    Failed(String),
    /// Another has its lease.
    LeaseLost,
}

impl Engine {
    /// An engine with a name of its own, by which its leases are known.
    pub fn new(db: Db, jobs: Jobs, lease: Duration) -> Self {
        Self::of(db, jobs, lease, false)
    }

    /// The same, whose runs go on for a while with what comes meanwhile.
    pub(super) fn lingering(db: Db, jobs: Jobs, lease: Duration) -> Self {
        Self::of(db, jobs, lease, true)
    }

    fn of(db: Db, jobs: Jobs, lease: Duration, lingers: bool) -> Self {
        let surroundings = db.surroundings();
        let owner = surroundings.ids.public_id(surroundings.clock.now()).to_string();
        let fence = AtomicI64::new(db.now().as_microseconds());
        Self { inner: Arc::new(Inner { db, jobs, owner, lease, fence, lingers, held: Mutex::default() }) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// The jobs that it knows.
    pub fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    pub(super) fn owner(&self) -> &str {
        &self.inner.owner
    }

    pub(super) fn lease(&self) -> Duration {
        self.inner.lease
    }

    pub(super) fn lease_microseconds(&self) -> i64 {
        i64::try_from(self.inner.lease.as_micros()).unwrap_or(i64::MAX)
    }

    /// The next number for SQLite, where one process has all leases.
    pub(super) fn next_fence(&self) -> i64 {
        self.inner.fence.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes due what runs of workers that are gone had begun: on SQLite all, since there is one process.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn take_over(&self) -> Result<Vec<(String, String)>> {
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        self.db().write_with("platform.take_over", durability, isolation, |tx| in_tx(store::expire(tx))).await
    }

    /// Every key that is due now and may run, in the order in which workers take them; those of the jobs that are not known
    /// here too. For tests and lists.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn due(&self, limit: i64) -> Result<Vec<Due>> {
        let now = self.db().now();
        let rows: Result<Vec<_>> = self.db().read(|reader| in_tx(store::due(reader, now, limit))).await;
        rows?.into_iter().map(Due::of).collect()
    }

    /// The keys of jobs that follow outbox or feed and are behind.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn behind(&self, follows: &[Follows]) -> Result<Vec<(&'static str, String)>> {
        let mut behind = Vec::new();
        for spec in self.jobs().specs().filter(|spec| follows.contains(&spec.follows)) {
            let name = spec.name.as_str();
            if let Some(job) = self.jobs().get(name) {
                behind.extend(job.behind(self.db()).await?.into_iter().map(|key| (name, key)));
            }
        }
        Ok(behind)
    }

    /// Claims the next of these jobs that is due by that instant: which, since when, and the lease unless another was
    /// faster.
    pub(super) async fn claim_next(&self, jobs: &[&str], by: Timestamp) -> Result<Option<(Due, Option<Claimed>)>> {
        claim::next(self, &lanes(jobs), by).await
    }

    /// When the next wish of a known job will be due, after that instant. Who looked for what is due asks about the instant of
    /// that look: between two readings of the clock a wish would be lost.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn next(&self, after: Timestamp) -> Result<Option<Timestamp>> {
        let names: Vec<_> = self.jobs().names().collect();
        let lanes = &lanes(&names);
        let at: Result<Option<i64>> = self.db().read(|reader| in_tx(store::next(reader, lanes, after))).await;
        Ok(at?.and_then(Timestamp::from_microseconds))
    }

    /// Claims that key and runs it to its end; nothing if it may not run now. Told by a signal, it needs no request.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn run(&self, job: &str, key: &str, by_signal: bool) -> Result<Option<Ran>> {
        let wish = by_signal.then(|| self.db().now());
        match self.claim(job, key, wish).await? {
            Some(claimed) => self.execute(claimed, &for_ever()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Runs what was claimed until it ends, or the lease does.
    pub(super) async fn execute(&self, claimed: Claimed, deadline: &watch::Receiver<Instant>) -> Result<Ran> {
        let fence = claimed.lease.fence;
        self.held(|held| held.insert(fence));
        let ran = self.execute_held(claimed, deadline).await;
        self.held(|held| held.remove(&fence));
        ran
    }

    async fn execute_held(&self, claimed: Claimed, deadline: &watch::Receiver<Instant>) -> Result<Ran> {
        let Claimed { lease, woken_by, attempts, failing_since } = claimed;
        let (name, key) = (lease.job, lease.key.clone());
        let Some(job) = self.jobs().get(name) else { return Ok(Ran { job: name, key, ended: RunEnd::LeaseLost }) };
        let started = self.db().now();
        let follows = job.spec().follows;
        let recorded = follows == Follows::Nothing;
        let log = (self.inner.lingers && !recorded).then_some(follows);
        let run = Run { db: self.db().clone(), lease, woken_by, attempts, failing_since, started, recorded, log };
        let guarded = AssertUnwindSafe(job.run(&run)).catch_unwind();
        let ended = tokio::select! {
            ended = guarded => match ended {
                Ok(Ok(ended)) => RunEnd::Well(ended.0),
                Ok(Err(error)) if is_lease_lost(&error) => RunEnd::LeaseLost,
                Ok(Err(error)) => RunEnd::Failed(shortened(&format!("{error:#}"))),
                Err(panic) => RunEnd::Failed(shortened(&format!("panicked: {}", panic_text(&*panic)))),
            },
            () = passed(deadline.clone()) => RunEnd::LeaseLost,
        };
        let ended = match ended {
            RunEnd::Failed(error) => {
                tracing::warn!(job = name, key, attempts = attempts + 1, error, "a job failed");
                match self.fail(&run, &error).await {
                    Err(lost) if lost.is_lease_lost() => RunEnd::LeaseLost,
                    Err(error) => return Err(error),
                    Ok(()) => RunEnd::Failed(error),
                }
            }
            other => other,
        };
        if ended == RunEnd::LeaseLost {
            tracing::warn!(job = name, key, "a run lost its lease; another has it");
        }
        Ok(Ran { job: name, key, ended })
    }

    async fn fail(&self, run: &Run, error: &str) -> Result<()> {
        let rng = &*self.db().surroundings().rng;
        let pause = RETRY.jittered(run.attempts.saturating_add(1), rng);
        let failed: Result<()> = run
            .write(|tx| {
                in_tx(async move {
                    let (now, not_before) = (tx.now(), tx.now().later(pause));
                    let (lease, fence) = (run.lease.name(), run.lease.fence);
                    let (attempts, since) = store::fail(tx, lease, fence, error, now, not_before).await?;
                    store::record(tx, run.row("failed", Some(error), &run.woken_by.join(" "))).await?;
                    tx.signal.jobs.insert(run.lease.job.to_owned());
                    let since = Timestamp::from_microseconds(since).unwrap_or(now);
                    let failure = Failure { attempts, since, error, next_at: not_before };
                    failure.tell(tx, run.lease.name()).await
                })
            })
            .await;
        failed
    }

    /// Renews the leases of the runs that go on. One that was claimed without our knowing, as the connection was cut before
    /// the answer, ends by itself.
    pub(super) async fn renew(&self) -> Result<()> {
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let (owner, lease) = (self.owner(), self.lease_microseconds());
        let held = &self.held(|held| held.clone());
        if held.is_empty() {
            return Ok(());
        }
        let renewed: Result<u64> = self
            .db()
            .write_with("platform.heartbeat", durability, isolation, |tx| in_tx(store::renew(tx, owner, held, lease)))
            .await;
        renewed.map(drop)
    }

    /// Gives a lease back whose run ended without that being stored.
    pub(super) async fn give_back(&self, lease: &Lease) -> Result<()> {
        let given: Result<()> = self
            .db()
            .write("platform.give_back", |tx| in_tx(store::give_back_one(tx, lease.name(), lease.fence)))
            .await;
        given
    }

    pub(super) fn held<T>(&self, change: impl FnOnce(&mut BTreeSet<i64>) -> T) -> T {
        change(&mut self.inner.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn lanes<'j>(jobs: &[&'j str]) -> Vec<(&'j str, &'static str)> {
    let both = |job| [Priority::Urgent, Priority::Normal].map(|priority| (job, priority.name()));
    jobs.iter().copied().flat_map(both).collect()
}

/// A lease that nobody else can take.
pub(super) fn for_ever() -> watch::Receiver<Instant> {
    watch::channel(Instant::now() + Duration::from_secs(86_400 * 365 * 30)).1
}

/// Returns when the deadline has passed, however often it is put off before.
async fn passed(mut deadline: watch::Receiver<Instant>) {
    loop {
        let at = *deadline.borrow_and_update();
        tokio::select! {
            () = tokio::time::sleep_until(at) => return,
            changed = deadline.changed() => if changed.is_err() {
                // nobody renews it any more
                tokio::time::sleep_until(at).await;
                return;
            }
        }
    }
}

fn is_lease_lost(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_lease_lost))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}

/// An error's text as it is kept: on one line, and not too long.
pub(crate) fn shortened(error: &str) -> String {
    let visible = error.chars().map(|character| if character.is_control() { ' ' } else { character });
    visible.take(ERROR_CHARS).collect()
}

impl Tx {
    /// Has a job run at once, whatever pause its last failure made; what a person asks for.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn run_now(&mut self, job: &str, key: &str) -> Result<()> {
        store::hurry(self, job, key).await?;
        self.wake(Wake::named(job, key).urgent());
        Ok(())
    }
}
