//! Announced with the state or not at all, and read in the order in which it became visible.

mod feed;
mod publishing;

use tidegate_kernel::{Actor, Message, OrderKey, Timestamp, Topic};
use tidegate_platform::MIGRATIONS;
use tidegate_platform::outbox::{Entry, Feed, Post, SEQUENCE, Sequence};
use tidegate_platform::store::{Db, Migrations, Result, in_tx};
use tidegate_platform::wake::{Engine, Jobs};

pub(crate) const PLATFORM: &[Migrations] = &[MIGRATIONS];

/// A ship that arrives at a pier.
pub(crate) fn arrival(pier: &str, ship: &str) -> Message {
    Message::new(
        Topic::new("harbour.ship.arrived").expect("a topic"),
        OrderKey::new("harbour", pier).expect("a key"),
        Timestamp::EPOCH,
        Actor::user("ann"),
    )
    .with("ship", ship)
}

pub(crate) async fn announce(db: &Db, pier: &str, ship: &str) {
    let told: Result<_> = db.write("harbour.arrive", |tx| in_tx(async move { tx.publish(arrival(pier, ship)) })).await;
    told.expect("it is committed");
}

/// Numbers what was committed, as the job does.
pub(crate) async fn sequence(db: &Db) {
    let engine = Engine::new(db.clone(), Jobs::default().with(Sequence), std::time::Duration::from_secs(60));
    engine.run(SEQUENCE.as_str(), "feed", true).await.expect("it is committed");
}

/// What a reader of the feed finds after that number.
pub(crate) async fn feed(db: &Db, after: i64) -> Vec<Entry> {
    let read: Result<_> = db.read(|reader| in_tx(Feed::messages(reader, after, i64::MAX, 1_000))).await;
    read.expect("the feed can be read")
}

pub(crate) fn ships(entries: &[Entry]) -> Vec<String> {
    let ship = |entry: &Entry| match &entry.post {
        Post::Message(envelope) => envelope.body["ship"].as_str().unwrap_or_default().to_owned(),
        Post::Act(act) => panic!("{act:?} is no message"),
    };
    entries.iter().map(ship).collect()
}
