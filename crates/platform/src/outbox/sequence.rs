//! Gives committed rows of the outbox their numbers in the feed. On PostgreSQL only: on SQLite the order of the numbers is
//! that of the commits already.
//!
//! *Invariant:* one at a time appends, which its lease sees to: a transaction under a lease that is being taken over ends
//! first. So what becomes visible has higher numbers than all that was visible before.

use std::time::Duration;

use super::store;
use crate::store::{Db, Reads as _, Result, Tx, in_tx};
use crate::wake::{Follows, Job, JobName, JobResult, JobSpec, Run};

/// The job that numbers.
pub const SEQUENCE: JobName = JobName::new("platform.sequence");

/// Numbers what became visible.
pub struct Sequence;

/// Its only key.
const FEED: &str = "feed";
/// Where so many rows came at once, more are on their way: what comes meanwhile is numbered together.
const BUSY: i64 = 8;
const MEANWHILE: Duration = Duration::from_millis(3);

impl Job for Sequence {
    fn spec(&self) -> JobSpec {
        JobSpec::new(SEQUENCE).following(Follows::Outbox).needs("relay")
    }

    async fn run(&self, run: &Run) -> JobResult {
        let mut log = run.log();
        loop {
            let appended: Result<i64> = run.write(|tx| in_tx(append(tx))).await;
            let is_busy = appended? >= BUSY;
            if !log.grew().await {
                return Ok(run.done().await?);
            }
            if is_busy {
                tokio::time::sleep(MEANWHILE).await;
            }
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

/// Numbers what has no number, and says how many rows that were.
async fn append(tx: &mut Tx) -> Result<i64> {
    if !tx.is_postgres() {
        return Ok(0);
    }
    let appended = store::sequence(tx).await?;
    tx.signal.feed |= appended > 0;
    Ok(appended)
}
