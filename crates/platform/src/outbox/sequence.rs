//! Gives committed rows of the outbox their numbers in the feed. On PostgreSQL only: on SQLite the order of the numbers is
//! that of the commits already.
//!
//! *Invariant:* one at a time appends, which its lease sees to: a transaction under a lease that is being taken over ends
//! first. So what becomes visible has higher numbers than all that was visible before.

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

impl Job for Sequence {
    fn spec(&self) -> JobSpec {
        JobSpec::new(SEQUENCE).following(Follows::Outbox).needs("relay")
    }

    async fn run(&self, run: &Run) -> JobResult {
        let numbered = run.end::<StoreError>(|tx| {
            in_tx(async move {
                let more = append(tx).await?;
                Ok(if more { Outcome::Again(tx.now()) } else { Outcome::Done })
            })
        });
        Ok(numbered.await?)
    }

    async fn behind(&self, db: &Db) -> Result<Vec<String>> {
        if !db.is_postgres() {
            return Ok(Vec::new());
        }
        let is_behind: Result<bool> = db.read(|reader| in_tx(store::unnumbered(reader))).await;
        Ok(is_behind?.then(|| FEED.to_owned()).into_iter().collect())
    }
}

/// Numbers a batch, and says whether there may be more.
async fn append(tx: &mut Tx) -> Result<bool> {
    if !tx.is_postgres() {
        return Ok(false);
    }
    let appended = store::sequence(tx, BATCH).await?;
    tx.signal.feed |= appended > 0;
    Ok(appended == BATCH)
}
