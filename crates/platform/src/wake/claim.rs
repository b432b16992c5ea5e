//! Takes what is due, one (job, key) at a time.

use tidegate_kernel::Timestamp;

use super::store::{self, DueRow, Taken};
use super::{Engine, Priority};
use crate::store::{Durability, Isolation, Result, StoreError, Tx, in_tx};

/// A (job, key) that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The job.
    pub job: String,
    /// Its key.
    pub key: String,
    /// The earliest time that was wished for.
    pub at: Timestamp,
    /// Whether it goes before others.
    pub priority: Priority,
}

/// The sole right to run a (job, key), for as long as the store says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) job: &'static str,
    pub(crate) key: String,
    pub(crate) fence: i64,
    pub(crate) owner: String,
}

/// A lease, and what the run begins with.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) lease: Lease,
    pub(crate) woken_by: Vec<String>,
    pub(crate) attempts: u32,
    pub(crate) failing_since: Option<Timestamp>,
}

/// The wishes for one key as one.
#[derive(Debug, PartialEq, Eq)]
struct Merged {
    at: i64,
    priority: &'static str,
    woken_by: String,
}

/// So many causes are kept; a run shows them.
const CAUSES: usize = 5;

impl Due {
    pub(super) fn of(DueRow(job, key, priority, at): DueRow) -> Result<Self> {
        let damaged = || StoreError::Damaged { what: "a time", found: at.to_string() };
        let priority = if priority == Priority::Urgent.name() { Priority::Urgent } else { Priority::Normal };
        Ok(Self { job, key, at: Timestamp::from_microseconds(at).ok_or_else(damaged)?, priority })
    }
}

impl Lease {
    /// Who holds it, as statements name it.
    pub(super) fn name(&self) -> (&str, &str) {
        (self.job, &self.key)
    }

    /// Asserts in that transaction, and until its end, that the lease is still ours.
    pub(crate) async fn check(&self, tx: &mut Tx) -> Result<()> {
        if store::holds(tx, self.name(), self.fence, &self.owner).await? {
            return Ok(());
        }
        Err(StoreError::LeaseLost { job: self.job.to_owned(), key: self.key.clone() })
    }
}

impl Engine {
    /// Merges what is due of that key and takes its lease; nothing if it may not run now. A wish is one more request, for
    /// jobs that are told by signals. What a power failure undoes here is only done again, so it need not wait for the disk.
    pub(crate) async fn claim(&self, job: &str, key: &str, wish: Option<Timestamp>) -> Result<Option<Claimed>> {
        let Some(job) = self.jobs().name_of(job) else { return Ok(None) };
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let fence = self.next_fence();
        let taken: Result<Option<Taken>> = self
            .db()
            .write_with("platform.claim", durability, isolation, |tx| {
                in_tx(async move {
                    let now = tx.now();
                    let mut requests = store::requests_of(tx, job, key, now).await?;
                    requests.extend(wish.map(|at| (at.as_microseconds(), "normal".to_owned(), "signal".to_owned())));
                    if let Some(merged) = merge(requests) {
                        store::absorb(tx, (job, key), merged.at, merged.priority, &merged.woken_by).await?;
                    }
                    store::take(tx, (job, key), now, self.owner(), self.lease_microseconds(), fence).await
                })
            })
            .await;
        Ok(taken?.map(|taken| self.claimed(job, key, &taken)))
    }

    fn claimed(&self, job: &'static str, key: &str, taken: &Taken) -> Claimed {
        Claimed {
            woken_by: taken.woken_by.split(' ').take(CAUSES).map(str::to_owned).collect(),
            attempts: u32::try_from(taken.attempts).unwrap_or(u32::MAX),
            failing_since: taken.failing_since.and_then(Timestamp::from_microseconds),
            lease: Lease { job, key: key.to_owned(), fence: taken.fence, owner: self.owner().to_owned() },
        }
    }
}

fn merge(requests: Vec<(i64, String, String)>) -> Option<Merged> {
    let at = requests.iter().map(|(at, _, _)| *at).min()?;
    let is_urgent = requests.iter().any(|(_, priority, _)| priority == Priority::Urgent.name());
    let priority = if is_urgent { Priority::Urgent } else { Priority::Normal };
    let mut causes: Vec<String> = Vec::new();
    for (_, _, cause) in requests {
        if causes.len() < CAUSES && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    Some(Merged { at, priority: priority.name(), woken_by: causes.join(" ") })
}

/// Finds and claims the next that is due in these lanes. On PostgreSQL that is one statement for a key with nothing but
/// wishes, which most are.
pub(super) async fn next(
    engine: &Engine,
    lanes: &[(&str, &str)],
    by: Timestamp,
) -> Result<Option<(Due, Option<Claimed>)>> {
    if !engine.db().is_postgres() {
        let first: Result<Option<DueRow>> = engine.db().read(|reader| in_tx(store::first(reader, lanes, by))).await;
        let Some(due) = first?.map(Due::of).transpose()? else { return Ok(None) };
        let claimed = engine.claim(&due.job, &due.key, None).await?;
        return Ok(Some((due, claimed)));
    }
    let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
    let (owner, lease) = (engine.owner(), engine.lease_microseconds());
    let found: Result<Option<(DueRow, Option<Taken>)>> = engine
        .db()
        .write_with("platform.claim", durability, isolation, |tx| in_tx(store::claim(tx, lanes, by, owner, lease)))
        .await;
    let Some((row, taken)) = found? else { return Ok(None) };
    let due = Due::of(row)?;
    let claimed = match (taken, engine.jobs().name_of(&due.job)) {
        (Some(taken), Some(job)) => Some(engine.claimed(job, &due.key, &taken)),
        _ => engine.claim(&due.job, &due.key, None).await?,
    };
    Ok(Some((due, claimed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(at: i64, priority: Priority, cause: &str) -> (i64, String, String) {
        (at, priority.name().to_owned(), cause.to_owned())
    }

    #[test]
    fn the_earliest_time_the_highest_priority_and_five_causes_remain() {
        let mut requests = vec![request(7, Priority::Normal, "a"), request(3, Priority::Urgent, "b")];
        requests.extend(["a", "c", "d", "e", "f", "g"].map(|cause| request(9, Priority::Normal, cause)));
        let expected = Merged { at: 3, priority: "urgent", woken_by: "a b c d e".to_owned() };
        assert_eq!(merge(requests), Some(expected));
        assert_eq!(merge(vec![]), None);
    }
}
