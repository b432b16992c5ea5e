//! Runs what is due as the machine's time goes by.
//!
//! It is woken by a signal, by the end of a run, and by one timer that stands at the earliest time to come. The sweep finds
//! what a lost signal left behind, and counts it: in a healthy system the count stays at zero.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use tidegate_kernel::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::Outcome;
use super::claim::Claimed;
use super::engine::{Engine, RunEnd};
use super::heart;
use super::job::{Follows, Jobs};
use super::store;
use crate::backoff::Backoff;
use crate::outbox;
use crate::store::{Db, Durability, Isolation, Listener, Result, Signal, in_tx};

/// How much a worker does at a time, and how long it may be silent.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Runs at a time.
    pub slots: usize,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// How often it looks for what a lost signal left behind.
    pub sweep: Duration,
    /// What this process does, for people.
    pub roles: String,
}

/// A worker that runs until it is stopped.
pub struct Worker {
    stop: watch::Sender<Option<Duration>>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// Who a worker is, for people.
pub(super) struct Identity {
    pub(super) uuid: String,
    pub(super) host: String,
    pub(super) roles: String,
}

/// The counts of a worker.
#[derive(Clone)]
pub struct WorkerCounts(Arc<Counts>);

impl WorkerCounts {
    /// What sweeps found that no signal had told.
    pub fn swept(&self) -> u64 {
        self.0.swept.load(Ordering::Relaxed)
    }

    /// Leases of workers that were gone.
    pub fn taken_over(&self) -> u64 {
        self.0.taken_over.load(Ordering::Relaxed)
    }

    /// What is counted of each job.
    pub(crate) fn of_jobs(&self) -> &OfJobs {
        &self.0.of_jobs
    }
}

#[derive(Default)]
struct Counts {
    swept: AtomicU64,
    taken_over: Arc<AtomicU64>,
    of_jobs: OfJobs,
}

/// What is counted of each job.
#[derive(Clone)]
pub(crate) struct OfJobs {
    pub(crate) swept: Family<OfJob, Counter>,
    pub(crate) latency: Family<OfJob, Histogram>,
    pub(crate) runs: Family<OfRun, Counter>,
}

/// A job, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfJob {
    job: &'static str,
}

/// A job and how its run ended, as labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfRun {
    job: &'static str,
    outcome: &'static str,
}

/// Upper bounds, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0];

fn new_histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for OfJobs {
    fn default() -> Self {
        let latency = Family::new_with_constructor(new_histogram as fn() -> Histogram);
        Self { swept: Family::default(), latency, runs: Family::default() }
    }
}

impl OfJobs {
    /// With a zero for each job, so that whoever watches sees that there is something to count.
    fn begin(&self, jobs: &Jobs) {
        for job in jobs.names() {
            drop(self.swept.get_or_create(&OfJob { job }));
            drop(self.latency.get_or_create(&OfJob { job }));
        }
    }

    fn began(&self, job: &'static str, latency: Duration) {
        self.latency.get_or_create(&OfJob { job }).observe(latency.as_secs_f64());
    }

    fn ended(&self, job: &'static str, ended: &RunEnd) {
        let outcome = match ended {
            RunEnd::Well(Outcome::Done) => "done",
            RunEnd::Well(Outcome::Again(_)) => "again",
            RunEnd::Well(Outcome::Wait { .. }) => "wait",
            RunEnd::Failed(_) => "failed",
            RunEnd::LeaseLost => "lease_lost",
        };
        self.runs.get_or_create(&OfRun { job, outcome }).inc();
    }
}

struct Loop {
    engine: Engine,
    options: WorkerOptions,
    identity: Identity,
    counts: Arc<Counts>,
    deadline: watch::Receiver<Instant>,
    running: JoinSet<(&'static str, String)>,
    keys: BTreeSet<(&'static str, String)>,
    /// What those jobs that follow it are to be asked for.
    ask: BTreeSet<Follows>,
    /// Whether a wish may be due that can be met now.
    is_due: bool,
    /// When the next wish will be due, or the store is to be asked again.
    timer: Option<Instant>,
    has_begun: bool,
}

/// What is due for longer than this without a lease was missed.
const MISSED: Duration = Duration::from_secs(5);
/// So many paused keys are merged by one sweep.
const PAUSED: i64 = 1_000;
pub(super) const STORE_AWAY: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));

impl Default for WorkerOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (lease, sweep) = (Duration::from_secs(60), Duration::from_secs(60));
        Self { slots: (2 * cores).max(4), lease, sweep, roles: "all".to_owned() }
    }
}

impl Worker {
    /// Starts to work. What workers before left unfinished is taken over.
    pub fn start(db: Db, jobs: Jobs, options: WorkerOptions) -> Self {
        let (stop, stopping) = watch::channel(None);
        let counts = Arc::new(Counts::default());
        counts.of_jobs.begin(&jobs);
        let listener = db.signals().listen();
        let engine = Engine::lingering(db, jobs, options.lease);
        let task = tokio::spawn(work(engine, options, Arc::clone(&counts), listener, stopping));
        Self { stop, counts, task }
    }

    /// Takes nothing new, waits so long for the runs that go on, and gives back what did not end.
    pub async fn stop(self, patience: Duration) {
        self.stop.send_replace(Some(patience));
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker ended badly");
        }
    }

    /// Its counts, to be read for as long as anybody wants.
    pub fn counts(&self) -> WorkerCounts {
        WorkerCounts(Arc::clone(&self.counts))
    }

    /// What sweeps found that no signal had told.
    pub fn swept(&self) -> u64 {
        self.counts.swept.load(Ordering::Relaxed)
    }

    /// Leases of workers that were gone.
    pub fn taken_over(&self) -> u64 {
        self.counts.taken_over.load(Ordering::Relaxed)
    }
}

async fn work(
    engine: Engine,
    options: WorkerOptions,
    counts: Arc<Counts>,
    mut listener: Listener,
    mut stopping: watch::Receiver<Option<Duration>>,
) {
    let (deadline, heart) = heart::start(&engine, &counts.taken_over);
    let identity = Identity { uuid: engine.owner().to_owned(), host: host_name(), roles: options.roles.clone() };
    let (sweep, running) = (options.sweep, JoinSet::new());
    let (keys, ask) = (BTreeSet::new(), BTreeSet::from([Follows::Outbox, Follows::Feed]));
    let (is_due, timer) = (true, None);
    let mut this =
        Loop { engine, options, identity, counts, deadline, running, keys, ask, is_due, timer, has_begun: false };
    let mut failures = 0;
    let mut next_sweep = Instant::now() + sweep;
    let mut look = true;
    loop {
        if std::mem::replace(&mut look, true) {
            match this.fill().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the worker cannot look for work");
                    this.timer =
                        Some(Instant::now() + STORE_AWAY.jittered(failures, &*this.engine.db().surroundings().rng));
                }
            }
        }
        tokio::select! {
            signal = listener.next() => {
                this.hear(&signal);
                while let Some(more) = listener.next_now() {
                    this.hear(&more);
                }
            }
            Some(ended) = this.running.join_next(), if !this.running.is_empty() => this.ended(ended),
            () = tokio::time::sleep_until(this.timer.unwrap_or(next_sweep)), if this.timer.is_some() => {
                (this.is_due, this.timer) = (true, None);
            }
            () = tokio::time::sleep_until(next_sweep) => {
                next_sweep = Instant::now() + sweep;
                // what it finds it starts; only then there is something to look for
                look = false;
                if let Err(error) = this.sweep().await {
                    tracing::warn!(%error, "a sweep failed");
                }
            }
            () = told_to_stop(&mut stopping) => break,
        }
    }
    let patience = stopping.borrow().unwrap_or_default();
    this.wind_up(patience).await;
    heart.abort();
}

async fn told_to_stop(stopping: &mut watch::Receiver<Option<Duration>>) {
    // an error means that nobody can stop it any more but by ending the process
    if stopping.wait_for(Option::is_some).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}

impl Loop {
    /// Says that it is there, and takes over where nobody else can hold a lease.
    async fn begin(&self) -> Result<()> {
        self.say_seen().await?;
        if !self.engine.db().is_postgres() {
            let taken = self.engine.take_over().await?;
            self.counts.taken_over.fetch_add(taken.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    fn hear(&mut self, signal: &Signal) {
        let logs = [Follows::Outbox, Follows::Feed];
        self.ask.extend(logs.into_iter().filter(|log| log.is_told_by(signal)));
        self.is_due |= signal.everything || !signal.jobs.is_empty();
    }

    fn ended(&mut self, ended: std::result::Result<(&'static str, String), tokio::task::JoinError>) {
        match ended {
            Ok(run) => {
                // more may have come while it ran
                self.is_due = true;
                self.ask.insert(self.follows(run.0));
                self.keys.remove(&run);
            }
            Err(error) => tracing::error!(%error, "a run ended badly"),
        }
    }

    fn follows(&self, job: &str) -> Follows {
        self.engine.jobs().get(job).map_or(Follows::Nothing, |job| job.spec().follows)
    }

    /// Starts what is due while there are slots. Where nothing is, it sets the timer to when something will be.
    async fn fill(&mut self) -> Result<()> {
        if *self.deadline.borrow() <= Instant::now() {
            // what would be claimed now would be left at once
            self.timer = Some(Instant::now() + self.options.lease / 12);
            return Ok(());
        }
        if !self.has_begun {
            self.begin().await?;
            self.has_begun = true;
        }
        for log in [Follows::Outbox, Follows::Feed] {
            if self.ask.contains(&log) {
                self.follow(log).await?;
                self.ask.remove(&log);
            }
        }
        while self.is_due && self.has_slot() {
            let now = self.engine.db().now();
            let Some((due, claimed)) = self.engine.claim_next(&self.open_jobs(), now).await? else {
                let next = self.engine.next(now).await?;
                self.timer = next.map(|at| Instant::now() + self.engine.db().now().until(at));
                self.is_due = false;
                break;
            };
            if let Some(claimed) = claimed {
                self.counts.of_jobs.began(claimed.lease.job, due.at.until(now));
                self.start(claimed);
            }
        }
        Ok(())
    }

    /// Starts the jobs that follow this log and are behind. The outbox has one follower with one key, and while that runs
    /// nobody needs to be asked: its end does so again.
    async fn follow(&mut self, log: Follows) -> Result<()> {
        if log == Follows::Outbox && self.keys.iter().any(|(job, _)| self.follows(job) == Follows::Outbox) {
            return Ok(());
        }
        let mut behind = self.engine.behind(&[log]).await?;
        behind.retain(|(job, key)| !self.keys.contains(&(*job, key.clone())));
        for (job, key) in behind {
            let now = self.engine.db().now();
            if let Some(claimed) = self.engine.claim(job, &key, Some(now)).await? {
                self.start(claimed);
            }
        }
        Ok(())
    }

    /// Whether one more of those may run that are woken. Who follows a log needs no slot: one that waits long for its
    /// receiver holds nobody up.
    fn has_slot(&self) -> bool {
        let woken = self.keys.iter().filter(|(job, _)| self.follows(job) == Follows::Nothing);
        woken.count() < self.options.slots
    }

    /// The jobs of which one more may run.
    fn open_jobs(&self) -> Vec<&'static str> {
        let mut running: BTreeMap<&str, usize> = BTreeMap::new();
        for (job, _) in &self.keys {
            *running.entry(job).or_default() += 1;
        }
        let half = (self.options.slots / 2).max(1);
        let open = self.engine.jobs().specs().filter(|spec| {
            let most = spec.max_running.unwrap_or(if spec.follows == Follows::Nothing { half } else { usize::MAX });
            running.get(spec.name.as_str()).copied().unwrap_or(0) < most
        });
        open.map(|spec| spec.name.as_str()).collect()
    }

    fn start(&mut self, claimed: Claimed) {
        let run = (claimed.lease.job, claimed.lease.key.clone());
        self.keys.insert(run.clone());
        let (engine, deadline, counts) = (self.engine.clone(), self.deadline.clone(), Arc::clone(&self.counts));
        self.running.spawn(async move {
            let lease = claimed.lease.clone();
            match engine.execute(claimed, &deadline).await {
                Ok(ran) => counts.of_jobs.ended(ran.job, &ran.ended),
                Err(error) => {
                    tracing::error!(job = run.0, key = run.1, %error, "that a job failed was not stored");
                    heart::give_back(&engine, &lease).await;
                }
            }
            run
        });
    }

    /// Looks for what no signal told, and merges what keeps coming for those who are paused.
    async fn sweep(&mut self) -> Result<()> {
        self.say_seen().await?;
        let (db, now) = (self.engine.db().clone(), self.engine.db().now());
        let before = now.earlier(MISSED);
        while self.has_slot()
            && let Some((due, claimed)) = self.engine.claim_next(&self.open_jobs(), before).await?
        {
            if let Some(claimed) = claimed {
                tracing::warn!(job = due.job, key = due.key, "a sweep found what no signal told");
                self.swept(claimed.lease.job);
                self.start(claimed);
            }
        }
        self.sweep_logs(before).await?;
        let paused: Result<Vec<_>> = db.read(|reader| in_tx(store::paused_keys(reader, now, PAUSED))).await;
        for (job, key) in paused? {
            self.engine.claim(&job, &key, None).await?;
        }
        Ok(())
    }

    /// If nothing was written for a while and a follower is behind and does not run, its signal was lost.
    async fn sweep_logs(&mut self, before: Timestamp) -> Result<()> {
        let (db, now) = (self.engine.db(), self.engine.db().now());
        let newest: Result<_> = db.read(|reader| in_tx(outbox::newest(reader))).await;
        // what was written before the clock was set back has a time to come
        if newest?.is_none_or(|newest| before < newest && newest <= now) {
            return Ok(());
        }
        for (job, key) in self.engine.behind(&[Follows::Outbox, Follows::Feed]).await? {
            if !self.keys.contains(&(job, key.clone())) {
                let now = self.engine.db().now();
                if let Some(claimed) = self.engine.claim(job, &key, Some(now)).await? {
                    tracing::warn!(job, key, "a sweep found a log that no signal told of");
                    self.swept(claimed.lease.job);
                    self.start(claimed);
                }
            }
        }
        Ok(())
    }

    fn swept(&self, job: &'static str) {
        self.counts.swept.fetch_add(1, Ordering::Relaxed);
        self.counts.of_jobs.swept.get_or_create(&OfJob { job }).inc();
    }

    async fn say_seen(&self) -> Result<()> {
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let identity = &self.identity;
        self.engine.db().write_with("platform.seen", durability, isolation, |tx| in_tx(store::seen(tx, identity))).await
    }

    /// Waits for what runs, ends what does not end by itself, and gives everything back.
    async fn wind_up(&mut self, patience: Duration) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            self.running.shutdown().await;
        }
        let owner = self.engine.owner();
        let given_back: Result<()> = self
            .engine
            .db()
            .write("platform.stop", |tx| {
                in_tx(async move {
                    store::give_back(tx, owner).await?;
                    store::gone(tx, owner).await
                })
            })
            .await;
        if let Err(error) = given_back {
            tracing::warn!(%error, "the leases end by themselves, as they could not be given back");
        }
    }
}
