//! At least once, in order per key, whatever happens to the receiver or to us.

mod amqp;
mod gate;
mod hook;
mod keyed;
mod killed;
mod mail;

use std::sync::{Arc, Mutex};

use tidegate_kernel::{Message, MessageId};
use tidegate_platform::outbox::{Entry, Post};
use tidegate_platform::relay::{Policy, Relay, Sent, Sink, Takes, Trouble};
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_testkit::{Bench, TestDb};

pub(crate) use crate::outbox::{PLATFORM, arrival};

/// What a scripted receiver says to a row, given how many rows it was sent before.
type Script = Arc<dyn Fn(&str, usize) -> Option<Trouble> + Send + Sync>;

/// A receiver that does as the test says.
#[derive(Clone)]
pub(crate) struct TestSink {
    policy: Policy,
    script: Script,
    asked: Arc<Mutex<usize>>,
    got: Arc<Mutex<Vec<String>>>,
}

impl TestSink {
    pub(crate) fn new(policy: Policy, script: impl Fn(&str, usize) -> Option<Trouble> + Send + Sync + 'static) -> Self {
        Self { policy, script: Arc::new(script), asked: Arc::default(), got: Arc::default() }
    }

    /// The ships that it took, in order.
    pub(crate) fn got(&self) -> Vec<String> {
        self.got.lock().expect("nobody panicked").clone()
    }

    /// How many rows it was sent.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().expect("nobody panicked")
    }
}

impl Sink for TestSink {
    fn name(&self) -> String {
        "test".to_owned()
    }

    fn takes(&self) -> Takes {
        Takes::Messages(vec!["harbour.*".to_owned()])
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        for (through, entry) in entries.iter().enumerate() {
            tokio::task::yield_now().await;
            let ship = ship(entry);
            let asked = {
                let mut asked = self.asked.lock().expect("nobody panicked");
                *asked += 1;
                *asked - 1
            };
            if let Some(trouble) = (self.script)(&ship, asked) {
                return Sent { through, trouble: Some(trouble) };
            }
            self.got.lock().expect("nobody panicked").push(ship);
        }
        Sent::all(entries.len())
    }
}

fn ship(entry: &Entry) -> String {
    let Post::Message(message) = &entry.post else { panic!("{entry:?} is no message") };
    message.body["ship"].as_str().unwrap_or_default().to_owned()
}

pub(crate) async fn bench(t: &TestDb, relay: Relay) -> Bench {
    Bench::new(t, Jobs::default().with(relay.enrol(&t.db).await.expect("it is committed")))
}

/// Announces a ship `pier/number` at its pier.
pub(crate) async fn announce(db: &Db, ship: &str) -> MessageId {
    publish(db, || arrival(ship.split('/').next().unwrap_or(ship), ship)).await
}

pub(crate) async fn publish(db: &Db, message: impl Fn() -> Message + Send + Sync) -> MessageId {
    let message = &message;
    let told: Result<_> = db.write("harbour.arrive", |tx| in_tx(async move { tx.publish(message()) })).await;
    told.expect("it is committed")
}

/// `no state attempts` of each delivery row.
pub(crate) async fn deliveries(t: &TestDb) -> Vec<String> {
    let rows = t.rows("SELECT key, state, attempts FROM platform_delivery ORDER BY no").await;
    rows.into_iter().map(|row| row.join(" ")).collect()
}

pub(crate) async fn topics(t: &TestDb, beginning: &str) -> Vec<String> {
    let sql = format!("SELECT topic FROM platform_outbox WHERE topic LIKE '{beginning}%' ORDER BY seq");
    t.rows(&sql).await.concat()
}
