//! What the bus says to us.
//!
//! A message is acknowledged after the transaction that stored it for its consumers, whose job does the effect. While the
//! store is away nothing is acknowledged and nothing given back: the broker keeps what is not, and counts how often it gave
//! a message out. What cannot be read goes to the queue's dead letters, and never round and round.

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ConnectionProperties};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidegate_kernel::message::has_nul;
use tokio::task::JoinHandle;

use crate::backoff::Backoff;
use crate::secret::Secret;
use crate::store::{Db, Result, in_tx};

/// Which queue, and for whom.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// `amqp://user:password@host/vhost`.
    pub url: Secret,
    /// The exchange that the queue is bound to.
    pub exchange: String,
    /// The queue, which outlives us.
    pub queue: String,
    /// What the queue is bound by; patterns of the broker, `#` for everything behind.
    pub bindings: Vec<String>,
    /// Whether the queue is declared here; otherwise it has to be there.
    pub declare: bool,
    /// So many messages are worked on at a time.
    pub prefetch: u16,
    /// Who gets which topics, without whatever stands before them: a consumer's name and its topics.
    pub consumers: Vec<(&'static str, Vec<String>)>,
}

/// Listens until it is dropped.
pub struct Listen {
    task: JoinHandle<()>,
}

/// A message that can be stored.
#[derive(Debug, PartialEq)]
struct Readable {
    id: String,
    topic: String,
    body: Value,
}

const AWAY: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
const CONNECT: Duration = Duration::from_secs(10);
/// The largest body, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// After so many deliveries without an answer the broker gives a message up.
const DELIVERY_LIMIT: i64 = 5;

impl Listen {
    /// Begins to listen, and goes on whenever the broker is back.
    pub fn start(db: Db, options: ListenOptions) -> Self {
        let task = tokio::spawn(async move {
            let mut failures = 0;
            loop {
                match listen(&db, &options, &mut failures).await {
                    Ok(()) => tracing::info!(queue = options.queue, "the bus ended the connection"),
                    Err(error) => tracing::warn!(queue = options.queue, %error, failures, "the bus cannot be heard"),
                }
                failures += 1;
                tokio::time::sleep(AWAY.jittered(failures, &*db.surroundings().rng)).await;
            }
        });
        Self { task }
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(db: &Db, options: &ListenOptions, failures: &mut u32) -> anyhow::Result<()> {
    let properties = ConnectionProperties::default().with_connection_name("tidegate-listen".into());
    let connection = tokio::time::timeout(CONNECT, Connection::connect(options.url.expose(), properties)).await??;
    let channel = connection.create_channel().await?;
    if options.declare {
        declare(&channel, options).await?;
    }
    channel.basic_qos(options.prefetch, BasicQosOptions::default()).await?;
    let (queue, how, none) = (options.queue.as_str(), BasicConsumeOptions::default(), FieldTable::default());
    let mut deliveries = channel.basic_consume(queue.into(), "tidegate".into(), how, none).await?;
    *failures = 0;
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        match read(&delivery) {
            Ok(readable) => {
                store(db, options, &readable).await;
                delivery.acker.ack(BasicAckOptions::default()).await?;
            }
            Err(why) => {
                tracing::warn!(topic = %delivery.routing_key, why, "a message cannot be read");
                delivery.acker.reject(BasicRejectOptions { requeue: false }).await?;
            }
        }
    }
    Ok(())
}

/// The queue and the one for its dead letters, both durable.
async fn declare(channel: &lapin::Channel, options: &ListenOptions) -> lapin::Result<()> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let dead = format!("{}.dead", options.queue);
    let quorum = || AMQPValue::LongString("quorum".into());
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), quorum());
    channel.queue_declare(dead.as_str().into(), durable, arguments.clone()).await?;
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
    arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString("".into()));
    arguments.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(dead.into()));
    channel.queue_declare(options.queue.as_str().into(), durable, arguments).await?;
    for key in &options.bindings {
        let (queue, exchange) = (options.queue.as_str().into(), options.exchange.as_str().into());
        let (how, none) = (QueueBindOptions::default(), FieldTable::default());
        channel.queue_bind(queue, exchange, key.as_str().into(), how, none).await?;
    }
    Ok(())
}

/// Stores it for all who want it, however long the store is away.
async fn store(db: &Db, options: &ListenOptions, readable: &Readable) {
    let Readable { id, topic, body } = readable;
    let wants = |topics: &[String]| topics.iter().any(|wanted| fits(topic, wanted));
    let consumers: Vec<_> =
        options.consumers.iter().filter(|(_, topics)| wants(topics)).map(|(name, _)| *name).collect();
    if consumers.is_empty() {
        return;
    }
    let consumers = &consumers;
    let mut failures = 0;
    loop {
        let stored: Result<()> = db
            .write("platform.listen", |tx| {
                in_tx(async move {
                    for consumer in consumers {
                        tx.receive_later(consumer, id, topic, body).await?;
                    }
                    Ok(())
                })
            })
            .await;
        let Err(error) = stored else { return };
        failures += 1;
        tracing::warn!(id, %error, failures, "a message of the bus could not be stored");
        tokio::time::sleep(AWAY.jittered(failures, &*db.surroundings().rng)).await;
    }
}

fn read(delivery: &Delivery) -> std::result::Result<Readable, String> {
    if delivery.data.len() > LARGEST {
        return Err(format!("it has {} bytes, more than {LARGEST}", delivery.data.len()));
    }
    let topic = delivery.routing_key.to_string();
    let body: Value = serde_json::from_slice(&delivery.data).map_err(|error| error.to_string())?;
    let id = match delivery.properties.message_id() {
        Some(id) if !id.as_str().is_empty() => id.to_string(),
        _ => digest(delivery, &topic),
    };
    // PostgreSQL stores no such character
    if [id.as_str(), topic.as_str()].iter().any(|text| text.contains('\0')) || has_nul(&body) {
        return Err("a text has the character U+0000".to_owned());
    }
    Ok(Readable { id, topic, body })
}

/// The id of a message that has none.
fn digest(delivery: &Delivery, topic: &str) -> String {
    let headers = delivery.properties.headers().as_ref();
    let sent_at = headers.and_then(|headers| headers.inner().get("sent-at")).and_then(AMQPValue::as_long_string);
    let mut hash = Sha256::new();
    hash.update(topic);
    hash.update([0]);
    hash.update(sent_at.map(|text| text.as_bytes().to_vec()).unwrap_or_default());
    hash.update([0]);
    hash.update(&delivery.data);
    format!("sha256:{}", tidegate_kernel::hex(&hash.finalize()))
}

/// Whether the topic is that one behind any prefix, or begins so behind it where what is wanted ends in `.*`.
fn fits(topic: &str, wanted: &str) -> bool {
    let (words, goes_on) = wanted.strip_suffix(".*").map_or((wanted, false), |begin| (begin, true));
    topic.match_indices(words).any(|(at, _)| {
        let (before, after) = (&topic[..at], &topic[at + words.len()..]);
        let ends = if goes_on { after.len() > 1 && after.starts_with('.') } else { after.is_empty() };
        ends && (before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_met_behind_any_prefix_of_whole_words() {
        assert!(fits("org.example.build.done", "build.done") && fits("build.done", "build.done"));
        assert!(!fits("org.example.rebuild.done", "build.done") && !fits("done", "build.done"));
        assert!(!fits("org.example.build.done.late", "build.done"));
    }

    #[test]
    fn a_beginning_of_whole_words_stands_for_all_topics_that_go_on() {
        for topic in ["update.edit", "org.example.update.edit", "org.update.update.request.testing"] {
            assert!(fits(topic, "update.*"), "{topic}");
        }
        for topic in ["update", "org.example.update", "org.example.update.", "org.example.update_edit", "updates.edit"]
        {
            assert!(!fits(topic, "update.*"), "{topic}");
        }
    }
}
