//! From a commit to a consumer of the bus, and how fast a backlog goes out, beside the bare client of the broker.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use tidegate_platform::outbox::Sequence;
use tidegate_platform::relay::Relay;
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{Amqp, AmqpOptions};
use tidegate_platform::store::Db;
use tidegate_platform::wake::{Jobs, Worker};
use tidegate_testkit::figures::{Row, a_second, median_time, now};
use tidegate_testkit::{Broker, OwnPostgres};

use super::latency::{ROUNDS, between, paced};
use super::work::{Deed, commit, options, store};

const BACKLOG: usize = 100_000;
/// What the peer waits for a confirmation of one by one is fewer, as it takes longer.
const ONE_BY_ONE: usize = 10_000;
const BATCH: usize = 500;
const EXCHANGE: &str = "amq.topic";
const KEY: &str = "bench.harbour.ship.arrived";

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let Some(broker) = Broker::start().await else { return Vec::new() };
    broker.queue("ships", EXCHANGE, KEY, None).await;
    let mut rows = Vec::new();
    let db = store(&postgres.database("bus").await).await;
    let (mut ours, mut compared) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(told(&db, &broker).await);
        compared.push(published(&broker).await);
    }
    let (ours, compared) = (median_time(ours), median_time(compared));
    rows.push(Row::times("commit to consumer of the bus, p99", ours, compared, "< 50 ms, ≤ 4"));

    let batched = bare_rate(&broker, BACKLOG, BATCH).await;
    let keys = drained(postgres, &broker, "keys", true).await;
    rows.push(Row::rates("a backlog of 100,000, distinct keys", keys, batched, "≥ 0.5"));
    let single = bare_rate(&broker, ONE_BY_ONE, 1).await;
    let one = drained(postgres, &broker, "one_key", false).await;
    rows.push(Row::rates("a backlog of 100,000, one key", one, single, "≥ 0.8"));
    rows
}

/// From the commit to the consumer.
async fn told(db: &Db, broker: &Broker) -> Duration {
    let (_channel, consumer) = bare(broker).await;
    let worker = relay(db, broker).await;
    let stamps = tokio::spawn(hear_stamped(consumer));
    let committed = paced(async |ship: String| {
        commit(db, &Deed { told: vec![(ship.clone(), ship.clone())], ship, ..Deed::default() }).await;
    });
    let took = between(committed.await, &stamps.await.expect("all arrive"));
    worker.stop(Duration::from_secs(5)).await;
    took
}

/// From the bare client to the consumer, with the confirmation waited for.
async fn published(broker: &Broker) -> Duration {
    let (channel, consumer) = bare(broker).await;
    let stamps = tokio::spawn(hear_stamped(consumer));
    let sent = std::sync::Mutex::new(BTreeMap::new());
    paced(async |ship: String| {
        sent.lock().expect("nobody panicked").insert(ship.clone(), now());
        publish(&channel, &[ship]).await;
    })
    .await;
    between(sent.into_inner().expect("nobody panicked"), &stamps.await.expect("all arrive"))
}

async fn relay(db: &Db, broker: &Broker) -> Worker {
    let (exchange, topic_prefix) = (EXCHANGE.to_owned(), "bench".to_owned());
    let amqp = Amqp::new(AmqpOptions { url: Secret::new(broker.url()), exchange, topic_prefix });
    let relay = Relay::new().with(amqp).enrol(db).await.expect("the store answers");
    Worker::start(db.clone(), Jobs::default().with(Sequence).with(relay), options())
}

/// Messages a second of a backlog, from the start of the worker to the last at the consumer.
async fn drained(postgres: &OwnPostgres, broker: &Broker, name: &str, distinct: bool) -> f64 {
    let db = store(&postgres.database(name).await).await;
    // the receiver has to be known before the first message
    relay(&db, broker).await.stop(Duration::from_secs(5)).await;
    for chunk in 0..BACKLOG / 1_000 {
        let pier = |ship: usize| if distinct { format!("{chunk}-{ship}") } else { "one".to_owned() };
        let told = (0..1_000).map(|ship| (pier(ship), format!("{chunk}-{ship}"))).collect();
        commit(&db, &Deed { told, ..Deed::default() }).await;
    }
    postgres.checkpoint().await;
    let (_channel, consumer) = bare(broker).await;
    let begin = now();
    let worker = relay(&db, broker).await;
    hear(consumer, BACKLOG).await;
    let rate = a_second(BACKLOG, begin);
    worker.stop(Duration::from_secs(5)).await;
    rate
}

/// The same without a store, waiting for the confirmations of so many at a time.
async fn bare_rate(broker: &Broker, count: usize, batch: usize) -> f64 {
    let (channel, consumer) = bare(broker).await;
    let ships: Vec<_> = (0..batch).map(|ship| format!("ship {ship}")).collect();
    let begin = now();
    let heard = tokio::spawn(hear(consumer, count));
    for _ in 0..count / batch {
        publish(&channel, &ships).await;
    }
    heard.await.expect("all arrive");
    a_second(count, begin)
}

async fn publish(channel: &Channel, ships: &[String]) {
    let mut confirms = Vec::with_capacity(ships.len());
    for ship in ships {
        let body = serde_json::json!({ "ship": ship }).to_string();
        let how = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(2);
        let sent = channel.basic_publish(EXCHANGE.into(), KEY.into(), how, body.as_bytes(), properties).await;
        confirms.push(sent.expect("the broker is there"));
    }
    for confirm in confirms {
        confirm.await.expect("it is confirmed");
    }
}

async fn bare(broker: &Broker) -> (Channel, Consumer) {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await;
    let connection = connection.expect("the broker answers");
    let channel = connection.create_channel().await.expect("a channel can be made");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("it confirms");
    let how = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let consumer = channel.basic_consume("ships".into(), "bench".into(), how, FieldTable::default()).await;
    (channel, consumer.expect("there is such a queue"))
}

async fn hear(mut consumer: Consumer, count: usize) {
    for _ in 0..count {
        consumer.next().await.expect("the broker is there").expect("the broker is there");
    }
}

/// When each ship of a paced run was heard of.
async fn hear_stamped(mut consumer: Consumer) -> BTreeMap<String, Instant> {
    let mut stamps = BTreeMap::new();
    while let Some(Ok(delivery)) = consumer.next().await {
        let body: serde_json::Value = serde_json::from_slice(&delivery.data).expect("messages are JSON");
        stamps.insert(body["ship"].as_str().unwrap_or_default().to_owned(), now());
        if stamps.len() == super::latency::COUNT {
            break;
        }
    }
    stamps
}
