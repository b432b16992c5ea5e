//! Runs jobs by the test's own clock: nothing runs by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate_kernel::{Rng as _, SeededRng};
use tidegate_platform::outbox::{SEQUENCE, Sequence};
use tidegate_platform::wake::{Engine, Follows, Jobs, Ran};

use crate::clock::TestClock;
use crate::database::TestDb;

/// Jobs on a store, run when the test says so.
pub struct Bench {
    engine: Engine,
    clock: Arc<TestClock>,
    held: Mutex<BTreeSet<(String, String)>>,
    shuffle: Mutex<Option<SeededRng>>,
    most_runs: usize,
}

impl Bench {
    /// Those jobs on that store, and the one that numbers the feed.
    pub fn new(t: &TestDb, jobs: Jobs) -> Self {
        let engine = Engine::new(t.db.clone(), jobs.with(Sequence), Duration::from_secs(60));
        let (held, shuffle) = (Mutex::default(), Mutex::default());
        Self { engine, clock: Arc::clone(&t.clock), held, shuffle, most_runs: 10_000 }
    }

    /// What claims and runs, for a test that does so itself.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Keeps that key from running until it is released.
    pub fn hold(&self, job: &str, key: &str) {
        self.held.lock().expect("nobody panicked").insert((job.to_owned(), key.to_owned()));
    }

    /// Lets it run again.
    pub fn release(&self, job: &str, key: &str) {
        self.held.lock().expect("nobody panicked").remove(&(job.to_owned(), key.to_owned()));
    }

    /// From now on whatever is due runs in an order that the seed determines.
    pub fn shuffle(&self, seed: u64) {
        *self.shuffle.lock().expect("nobody panicked") = Some(SeededRng::new(seed));
    }

    /// Fails after so many runs instead of 10,000.
    #[must_use]
    pub fn with_most_runs(mut self, runs: usize) -> Self {
        self.most_runs = runs;
        self
    }

    /// Runs what is due until nothing is, and says what ran in order; the numbering of the feed aside.
    ///
    /// # Panics
    ///
    /// There is no end to it, or the store is away.
    pub async fn settle(&self) -> Vec<Ran> {
        let mut ran: Vec<Ran> = Vec::new();
        let mut refused = BTreeSet::new();
        loop {
            let open = self.open().await;
            let Some((job, key, by_signal)) =
                self.chosen(open.into_iter().filter(|open| !refused.contains(open)).collect())
            else {
                return ran;
            };
            match self.engine.run(&job, &key, by_signal).await.expect("the store answers") {
                Some(run) => {
                    refused.clear();
                    // the same on both databases: one of them has no need of it
                    if run.job != SEQUENCE.as_str() {
                        ran.push(run);
                    }
                }
                None => drop(refused.insert((job, key, by_signal))),
            }
            assert!(ran.len() <= self.most_runs, "no end after {} runs: {}", self.most_runs, going_round(&ran));
        }
    }

    /// Moves the clock by so much, from one due instant to the next, and settles at each.
    ///
    /// # Panics
    ///
    /// As for [`Self::settle`].
    pub async fn advance(&self, by: Duration) -> Vec<Ran> {
        use tidegate_kernel::Clock as _;
        let then = self.clock.now().later(by);
        let mut ran = self.settle().await;
        while let Some(next) = self.engine.next(self.clock.now()).await.expect("the store answers")
            && next <= then
        {
            self.clock.set(next);
            ran.extend(self.settle().await);
        }
        self.clock.set(then);
        ran.extend(self.settle().await);
        ran
    }

    /// What may run now: job, key, and whether a signal tells it.
    async fn open(&self) -> Vec<(String, String, bool)> {
        let known: BTreeSet<_> = self.engine.jobs().names().collect();
        let due = self.engine.due(1_000).await.expect("the store answers");
        let due = due.into_iter().filter(|due| known.contains(due.job.as_str())).map(|due| (due.job, due.key, false));
        let behind = self.engine.behind(&[Follows::Outbox, Follows::Feed]).await.expect("the store answers");
        let behind = behind.into_iter().map(|(job, key)| (job.to_owned(), key, true));
        let held = self.held.lock().expect("nobody panicked").clone();
        due.chain(behind).filter(|(job, key, _)| !held.contains(&(job.clone(), key.clone()))).collect()
    }

    fn chosen(&self, mut open: Vec<(String, String, bool)>) -> Option<(String, String, bool)> {
        if open.is_empty() {
            return None;
        }
        let shuffle = self.shuffle.lock().expect("nobody panicked");
        let at = shuffle.as_ref().map_or(0, |rng| rng.below(open.len() as u64));
        Some(open.swap_remove(usize::try_from(at).expect("it is an index")))
    }
}

/// Those that ran most in the end.
fn going_round(ran: &[Ran]) -> String {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for run in &ran[ran.len() / 2..] {
        *counts.entry(format!("{}/{}", run.job, run.key)).or_default() += 1;
    }
    let mut pairs: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 2).map(|(pair, _)| pair).collect();
    pairs.truncate(20);
    format!("{} go round", pairs.join(" and "))
}
