//! Gives committed rows of the outbox their numbers in the feed. On PostgreSQL only: on SQLite the order of the numbers is
//! that of the commits already.
//!
//! *Invariant:* one at a time appends, which its lease sees to: a transaction under a lease that is being taken over ends
//! first. So what becomes visible has higher numbers than all that was visible before.

use std::time::Duration;

use super::store;
use crate::store::{Db, Reads as _, Result, StoreError, Tx, in_tx};
use crate::wake::{Follows, Job, JobName, JobResult, JobSpec, Outcome, Run};

/// The job that numbers.
pub const SEQUENCE: JobName = JobName::new("platform.sequence");

/// Numbers what became visible.
pub struct Sequence;

/// Its only key.
const FEED: &str = "feed";
/// So many rows are numbered by one transaction.
const BATCH: i64 = 5_000;
/// Where so many rows came at once, more are on their way: the run goes on, and numbers together what comes meanwhile.
const BUSY: i64 = 8;
const MEANWHILE: Duration = Duration::from_millis(3);
/// So many batches make one run.
const ROUNDS: usize = 1_000;

impl Job for Sequence {
    fn spec(&self) -> JobSpec {
        JobSpec::new(SEQUENCE).following(Follows::Outbox).needs("relay")
    }

    async fn run(&self, run: &Run) -> JobResult {
        let mut rounds = 0;
        loop {
            rounds += 1;
            let ended = run.end_if::<StoreError>(|tx| {
                in_tx(async move {
                    let appended = append(tx).await?;
                    Ok(match appended {
                        ..BUSY => Some(Outcome::Done),
                        BUSY.. if rounds == ROUNDS => Some(Outcome::Again(tx.now())),
                        BUSY.. => None,
                    })
                })
            });
            if let Some(ended) = ended.await? {
                return Ok(ended);
            }
            tokio::time::sleep(MEANWHILE).await;
        }
    }

    async fn behind(&self, db: &Db) -> Result<Vec<String>> {
        if !db.is_postgres() {
            return Ok(Vec::new());
        }
        let is_behind: Result<bool> = db.read(|reader| in_tx(store::unnumbered(reader))).await;
        Ok(is_behind?.then(|| FEED.to_owned()).into_iter().collect())
    }
}

/// Numbers a batch, and says how many rows that were.
async fn append(tx: &mut Tx) -> Result<i64> {
    if !tx.is_postgres() {
        return Ok(0);
    }
    let appended = store::sequence(tx, BATCH).await?;
    tx.signal.feed |= appended > 0;
    Ok(appended)
}
