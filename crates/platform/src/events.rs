//! What the platform tells of itself: that jobs fail, that receivers are gone or refuse something, that somebody paused
//! something. The schema and an example of each lie beside this.

use tidegate_kernel::{Actor, Message, OrderKey, Topic, TopicFiles};

use crate::store::{Result, StoreError, Tx};

macro_rules! topic {
    ($topic:literal) => {
        TopicFiles {
            topic: $topic,
            version: 1,
            schema: include_str!(concat!("events/", $topic, ".v1.schema.json")),
            example: include_str!(concat!("events/", $topic, ".v1.example.json")),
        }
    };
}

/// Every topic of the platform.
pub const TOPICS: [TopicFiles; 6] = [
    topic!("platform.job.failing"),
    topic!("platform.job.recovered"),
    topic!("platform.message.set_aside"),
    topic!("platform.pause.changed"),
    topic!("platform.sink.down"),
    topic!("platform.sink.up"),
];

/// A message of the platform about a (job, key), a pause or a receiver, which keep their order each.
pub(crate) fn about(tx: &Tx, topic: &'static str, ordered: &str, actor: Actor) -> Result<Message> {
    let topic = Topic::new(topic).expect("our own topics are topics");
    let bad_key = |_| StoreError::BadKey { job: "platform".to_owned(), key: ordered.to_owned() };
    let key = OrderKey::new("platform", ordered).map_err(bad_key)?;
    Ok(Message::new(topic, key, tx.now(), actor))
}
