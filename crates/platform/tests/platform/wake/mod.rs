//! Runs that happen once for many wishes, one at a time for a key, and again after whatever goes wrong.

mod clock;
mod failing;
mod lease;
mod merging;
mod order;
mod pausing;
mod processes;
mod signals;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tidegate_kernel::Timestamp;
use tidegate_platform::MIGRATIONS;
use tidegate_platform::store::{Db, Migrations, Result, in_tx};
use tidegate_platform::wake::{Job, JobName, JobResult, JobSpec, Outcome, Ran, Run, RunEnd, Wake};

pub(crate) const PLATFORM: &[Migrations] = &[MIGRATIONS];

pub(crate) const LOAD: JobName = JobName::new("harbour.load");
pub(crate) const UNLOAD: JobName = JobName::new("harbour.unload");

/// What a test job does in a run, given how often it ran for that key before.
type Deed = Arc<dyn for<'r> Fn(&'r Run, usize) -> futures::BoxFuture<'r, JobResult> + Send + Sync>;

/// Just enough of the crate of that name.
mod futures {
    use std::pin::Pin;

    pub(crate) type BoxFuture<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;
}

/// A job whose runs a test writes down.
#[derive(Clone)]
pub(crate) struct TestJob {
    spec: JobSpec,
    deed: Deed,
    runs: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl TestJob {
    pub(crate) fn new(
        spec: JobSpec,
        deed: impl for<'r> Fn(&'r Run, usize) -> futures::BoxFuture<'r, JobResult> + Send + Sync + 'static,
    ) -> Self {
        Self { spec, deed: Arc::new(deed), runs: Arc::default() }
    }

    /// Ends every run at once.
    pub(crate) fn quick(name: JobName) -> Self {
        Self::new(JobSpec::new(name), |run, _| Box::pin(async move { Ok(run.done().await?) }))
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.lock().expect("nobody panicked").values().sum()
    }
}

impl Job for TestJob {
    fn spec(&self) -> JobSpec {
        self.spec.clone()
    }

    async fn run(&self, run: &Run) -> JobResult {
        let before = {
            let mut runs = self.runs.lock().expect("nobody panicked");
            let count = runs.entry(run.key().to_owned()).or_default();
            *count += 1;
            *count - 1
        };
        (self.deed)(run, before).await
    }
}

/// Commits these wishes together.
pub(crate) async fn wake(db: &Db, wishes: Vec<Wake>) {
    let woken: Result<()> = db
        .write("harbour.wake", |tx| {
            let wishes = wishes.clone();
            in_tx(async move {
                for wish in wishes {
                    tx.wake(wish);
                }
                Ok(())
            })
        })
        .await;
    woken.expect("it is committed");
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("2026-11-21T{text}Z").parse().expect("it is a time")
}

/// The keys of what ran, in order.
pub(crate) fn keys(ran: &[Ran]) -> Vec<&str> {
    ran.iter().map(|run| run.key.as_str()).collect()
}

pub(crate) fn well(job: JobName, key: &str) -> Ran {
    Ran { job: job.as_str(), key: key.to_owned(), ended: RunEnd::Well(Outcome::Done) }
}
