//! Keeps the leases of a worker alive, and takes over those of workers that are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::claim::Lease;
use super::engine::{Engine, for_ever};
use super::worker::STORE_AWAY;
use crate::store::Signal;

/// Renews the leases, and says until when they hold: a sixth of a lease before the store says so. Where one process has
/// the store they hold as long as it lives.
pub(super) fn start(engine: &Engine, taken_over: &Arc<AtomicU64>) -> (watch::Receiver<Instant>, JoinHandle<()>) {
    if !engine.db().is_postgres() {
        return (for_ever(), tokio::spawn(std::future::ready(())));
    }
    let lease = engine.lease();
    let holds = lease * 5 / 6;
    let (deadline, held_until) = watch::channel(Instant::now() + holds);
    let (engine, taken_over) = (engine.clone(), Arc::clone(taken_over));
    let heart = tokio::spawn(async move {
        loop {
            let asked = Instant::now();
            let mut next = asked + lease / 3;
            match engine.renew().await {
                Ok(()) => drop(deadline.send_replace(asked + holds)),
                Err(error) => {
                    tracing::warn!(%error, "the leases could not be renewed");
                    next = Instant::now() + lease / 12;
                }
            }
            match engine.take_over().await {
                Ok(taken) if taken.is_empty() => {}
                Ok(taken) => {
                    tracing::warn!(count = taken.len(), "took over what a worker that is gone had begun");
                    taken_over.fetch_add(taken.len() as u64, Ordering::Relaxed);
                    engine.db().signals().tell(Signal::everything());
                }
                Err(error) => tracing::debug!(%error, "leases that ended could not be looked for"),
            }
            tokio::time::sleep_until(next).await;
        }
    });
    (held_until, heart)
}

/// Where leases do not end by themselves, nobody else would ever take the key.
pub(super) async fn give_back(engine: &Engine, lease: &Lease) {
    let mut failures = 0;
    while let Err(error) = engine.give_back(lease).await {
        failures += 1;
        tracing::debug!(%error, failures, "a lease could not be given back");
        tokio::time::sleep(STORE_AWAY.jittered(failures, &*engine.db().surroundings().rng)).await;
    }
}
