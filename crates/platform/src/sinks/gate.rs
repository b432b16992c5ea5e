//! Subscribers in this program: what one gate says, another acts on.

use tidegate_kernel::{Classified as _, Envelope, ErrorClass};

use crate::outbox::{Entry, Post};
use crate::relay::{Policy, Sent, Sink, Takes, Trouble};
use crate::store::{Db, StoreError, Tx, in_tx};

/// Acts on messages of this program, each exactly once.
pub trait Subscriber: Send + Sync + 'static {
    /// Its name, such as `results.notify`.
    fn name(&self) -> &'static str;

    /// The topics that it acts on: a topic, or a beginning of whole words and `.*`.
    fn topics(&self) -> Vec<String>;

    /// Has the message's effect, in the transaction that stores that it was met. What takes long belongs into a job that
    /// is woken here.
    fn handle(&self, tx: &mut Tx, message: &Envelope) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The sink of a subscriber.
pub struct Gate<S> {
    db: Db,
    subscriber: S,
}

impl<S: Subscriber> Gate<S> {
    /// The sink of that subscriber, whose effects are in that store.
    pub fn new(db: Db, subscriber: S) -> Self {
        Self { db, subscriber }
    }

    async fn hand_over(&self, message: &Envelope) -> anyhow::Result<()> {
        let (name, subscriber) = (&Sink::name(self), &self.subscriber);
        self.db
            .write(name, |tx| {
                in_tx(async move {
                    if tx.receive(name, &message.id.to_string(), message.topic.as_str()).await? {
                        subscriber.handle(tx, message).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

impl<S: Subscriber> Sink for Gate<S> {
    fn name(&self) -> String {
        format!("gate:{}", self.subscriber.name())
    }

    fn takes(&self) -> Takes {
        Takes::Messages(self.subscriber.topics())
    }

    fn policy(&self) -> Policy {
        Policy::GATE
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        for (through, entry) in entries.iter().enumerate() {
            let Post::Message(message) = &entry.post else { continue };
            if let Err(error) = self.hand_over(message).await {
                return Sent { through, trouble: Some(trouble(&error)) };
            }
        }
        Sent::all(entries.len())
    }
}

/// A store that is away is no fault of the message.
fn trouble(error: &anyhow::Error) -> Trouble {
    let store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
    let text = format!("{error:#}");
    match store.map(StoreError::class) {
        Some(ErrorClass::Unavailable) => Trouble::gone(text),
        Some(ErrorClass::Mistake | ErrorClass::Fault) | None => Trouble::Later(text),
    }
}
