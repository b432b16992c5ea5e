//! What comes from outside, so that it has its effect once.
//!
//! Whatever comes with an id is acknowledged only after a transaction that stored the id, together with its effect
//! ([`Tx::receive`]) or with its payload and the wake-up that will do the effect ([`Tx::receive_later`]). The same id again
//! has no effect, also when it comes to two processes at once.

mod store;
mod trouble;
mod view;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tidegate_kernel::Timestamp;

use crate::store::{Db, Result, StoreError, Tx, in_tx};
use crate::wake::{Job, JobName, JobResult, JobSpec, Run, shortened};

pub use store::STATEMENTS;
pub use view::{Came, Place, list, one};

/// The job that has the effects of what was stored first, with the consumer's name as its key.
pub const CONSUME: JobName = JobName::new("platform.consume");

/// Something that came and waits for its effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// Its id where it comes from.
    pub id: String,
    /// What it is.
    pub topic: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says.
    pub payload: Value,
}

/// Who has the effects of what was stored first.
pub trait Consumer: Send + Sync + 'static {
    /// Its name in the store.
    fn name(&self) -> &'static str;

    /// Has the effect, in the transaction that marks it as done.
    fn handle(&self, tx: &mut Tx, incoming: &Incoming) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The job over all consumers.
#[derive(Clone, Default)]
pub struct Consume {
    consumers: BTreeMap<&'static str, Arc<dyn AnyConsumer>>,
}

/// After so many failures it is set aside.
const TRIES: i64 = 10;
/// So many are looked at in one run.
const BATCH: i64 = 200;

trait AnyConsumer: Send + Sync {
    fn handle<'h>(
        &'h self,
        tx: &'h mut Tx,
        incoming: &'h Incoming,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'h>>;
}

impl<C: Consumer> AnyConsumer for C {
    fn handle<'h>(
        &'h self,
        tx: &'h mut Tx,
        incoming: &'h Incoming,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'h>> {
        Box::pin(Consumer::handle(self, tx, incoming))
    }
}

impl Tx {
    /// Stores that this id came, and says whether it is the first time: only then the effect belongs into this transaction.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn receive(&mut self, consumer: &str, id: &str, topic: &str) -> Result<bool> {
        let is_first = store::receive(self, consumer, id, topic, None).await?;
        self.because_of(id);
        Ok(is_first)
    }

    /// Stores what came, and has the consumer's job do its effect. Says whether it is the first time.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn receive_later(&mut self, consumer: &str, id: &str, topic: &str, payload: &Value) -> Result<bool> {
        self.because_of(id);
        let is_first = store::receive(self, consumer, id, topic, Some(payload)).await?;
        if is_first {
            self.wake(CONSUME.key(consumer));
        }
        Ok(is_first)
    }

    /// Has the effect of what was set aside tried again. Says whether there was such a row.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn retry_incoming(&mut self, consumer: &str, id: &str) -> Result<bool> {
        self.wake(CONSUME.key(consumer));
        let found = store::retry(self, consumer, id).await?;
        trouble::set_blockers(self, consumer).await?;
        Ok(found)
    }

    /// Gives up what was set aside. Says whether there was such a row.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn drop_incoming(&mut self, consumer: &str, id: &str) -> Result<bool> {
        let found = store::give_up(self, consumer, id).await?;
        trouble::set_blockers(self, consumer).await?;
        Ok(found)
    }
}

impl Consume {
    /// With that consumer too.
    ///
    /// # Panics
    ///
    /// Two consumers have the same name, which is a mistake in the wiring.
    #[must_use]
    pub fn with(mut self, consumer: impl Consumer) -> Self {
        let name = consumer.name();
        let before = self.consumers.insert(name, Arc::new(consumer));
        assert!(before.is_none(), "two consumers are called {name}");
        self
    }

    /// Has each consumer look at what waits: something may have come while its gate was off.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn enrol(self, db: &Db) -> Result<Self> {
        let names: Vec<_> = self.consumers.keys().copied().collect();
        let names = names.as_slice();
        let enrolled: Result<()> = db
            .write("platform.enrol", |tx| {
                in_tx(async move {
                    for name in names {
                        tx.wake(CONSUME.key(*name));
                    }
                    Ok(())
                })
            })
            .await;
        enrolled.map(|()| self)
    }

    /// Has the effect of one, and says why it failed.
    async fn consume(run: &Run, consumer: &dyn AnyConsumer, incoming: &Incoming) -> Result<Option<String>> {
        let name = run.key();
        let done: anyhow::Result<()> = run
            .write(|tx| {
                in_tx(async move {
                    if store::done(tx, name, &incoming.id).await? {
                        tx.because_of(&incoming.id);
                        consumer.handle(tx, incoming).await?;
                    }
                    Ok(())
                })
            })
            .await;
        let Err(error) = done else { return Ok(None) };
        if let Some(lost) = error.downcast_ref::<StoreError>().filter(|error| error.is_lease_lost()) {
            return Err(StoreError::LeaseLost { job: CONSUME.as_str().to_owned(), key: format!("{name}: {lost}") });
        }
        let error = shortened(&format!("{error:#}"));
        let text = error.as_str();
        let is_aside: Result<bool> = run
            .write(|tx| {
                in_tx(async move {
                    let is_aside = store::failed(tx, name, &incoming.id, text, TRIES).await?;
                    if is_aside {
                        trouble::set_blockers(tx, name).await?;
                    }
                    Ok(is_aside)
                })
            })
            .await;
        if is_aside? {
            tracing::warn!(consumer = name, id = incoming.id, topic = incoming.topic, error, "what came was set aside");
        }
        Ok(Some(error))
    }
}

impl Job for Consume {
    fn spec(&self) -> JobSpec {
        JobSpec::new(CONSUME)
    }

    async fn run(&self, run: &Run) -> JobResult {
        let name = run.key();
        let Some(consumer) = self.consumers.get(name) else { return Ok(run.done().await?) };
        let mut last = (i64::MIN, String::new());
        let mut failed = None;
        loop {
            let waiting = waiting(run.db(), name, &last).await?;
            let Some(newest) = waiting.last() else { break };
            last = (newest.received_at.as_microseconds(), newest.id.clone());
            for incoming in &waiting {
                if let Some(error) = Self::consume(run, &**consumer, incoming).await? {
                    failed = Some(format!("{}: {error}", incoming.id));
                }
            }
        }
        match failed {
            // set aside by and by; until then the job's own pauses are those of the row
            Some(error) if !waiting(run.db(), name, &(i64::MIN, String::new())).await?.is_empty() => {
                Err(anyhow::anyhow!(error))
            }
            Some(_) | None => Ok(run.done().await?),
        }
    }
}

/// What waits behind that place, in the order in which it came.
async fn waiting(db: &Db, name: &str, last: &(i64, String)) -> Result<Vec<Incoming>> {
    db.read(|reader| in_tx(store::waiting(reader, name, last.0, &last.1, BATCH))).await
}
