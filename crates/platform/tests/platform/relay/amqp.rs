//! Against a real RabbitMQ. One broker serves both databases.

use std::collections::BTreeSet;
use std::time::Duration;

use lapin::types::AMQPValue;
use tidegate_kernel::Topic;
use tidegate_platform::relay::Relay;
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{Amqp, AmqpOptions};
use tidegate_platform::store::{Result, in_tx};
use tidegate_testkit::{Broker, Kind, Received, TestDb};

use super::{PLATFORM, announce, arrival, bench, deliveries, publish, topics};

fn amqp(broker: &Broker) -> Amqp {
    let (exchange, topic_prefix) = ("amq.topic".to_owned(), "org.example".to_owned());
    Amqp::new(AmqpOptions { url: Secret::new(broker.url()), exchange, topic_prefix })
}

fn ships(received: &[Received]) -> Vec<String> {
    let ship =
        |message: &Received| serde_json::from_str::<serde_json::Value>(&message.body).expect("JSON")["ship"].clone();
    received.iter().map(|message| ship(message).as_str().unwrap_or_default().to_owned()).collect()
}

/// Scenario 7, and what a message looks like on the wire.
#[test]
fn a_broker_that_was_away_for_an_hour_gets_everything_at_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        TestDb::on(kind, PLATFORM, async |t| {
            let Some(mut broker) = Broker::start().await else { return };
            broker.queue("ships", "amq.topic", "org.example.harbour.#", None).await;
            let bench = bench(t, Relay::new().with(amqp(&broker))).await;
            let first =
                publish(&t.db, || arrival("a", "a/first").about("build:nethack-9-1.fc44".parse().unwrap())).await;
            bench.settle().await;
            let got = broker.take("ships").await;
            assert_eq!(
                (got[0].id(), got[0].routing_key.as_str()),
                (first.to_string(), "org.example.harbour.ship.arrived")
            );
            assert_eq!(got[0].body, r#"{"ship":"a/first"}"#);
            assert_eq!(*got[0].properties.delivery_mode(), Some(2));
            let headers = got[0].properties.headers().as_ref().unwrap().inner().clone();
            assert_eq!(headers["fedora_messaging_severity"], AMQPValue::LongInt(20));
            assert_eq!(headers["fedora_messaging_rpm_nethack"], AMQPValue::Boolean(true));

            broker.stop();
            let mut ids = Vec::new();
            for minute in 0..60 {
                ids.push(announce(&t.db, &format!("{}/{minute:02}", minute % 3)).await.to_string());
                bench.advance(Duration::from_secs(60)).await;
            }
            let state = t.rows("SELECT state, position FROM platform_sink").await;
            assert_eq!(state[0][0], "down");
            assert_eq!(crate::blockers::codes(&t.db).await, ["platform.bus-unreachable"]);
            assert_eq!(deliveries(t).await, Vec::<String>::new());
            broker.start_again().await;
            // the longest pause with its jitter, and not one more
            bench.advance(Duration::from_secs(36)).await;
            let mut got = broker.take("ships").await;
            // that it was taken was not on the broker's disk when it was ended
            got.retain(|message| message.id() != first.to_string());
            let expected: Vec<_> = (0..60).map(|minute| format!("{}/{minute:02}", minute % 3)).collect();
            assert_eq!(ships(&got), expected);
            assert_eq!(got.iter().map(Received::id).collect::<Vec<_>>(), ids);
            assert_eq!(topics(t, "platform").await, ["platform.sink.down", "platform.sink.up"]);
        });
    }
}

/// Scenario 8: the broker refuses what a full queue would have to take.
#[test]
fn what_the_broker_refuses_is_set_aside_and_the_rest_arrives() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let Some(broker) = Broker::start().await else { return };
        broker.queue("full", "amq.topic", "org.example.harbour.pier.full", Some(1)).await;
        broker.queue("ships", "amq.topic", "org.example.harbour.ship.arrived", None).await;
        let bench = bench(t, Relay::new().with(amqp(&broker))).await;
        let full = || {
            let message = arrival("a", "a/stuck");
            let topic = Topic::new("harbour.pier.full").expect("a topic");
            tidegate_kernel::Message::new(topic, message.key().clone(), t.db.now(), tidegate_kernel::Actor::system())
        };
        publish(&t.db, full).await;
        bench.settle().await;
        // the queue has one, and no room
        announce(&t.db, "a/1").await;
        let stuck = publish(&t.db, full).await;
        for ship in ["a/2", "b/1", "a/3"] {
            announce(&t.db, ship).await;
        }
        bench.settle().await;
        assert_eq!(deliveries(t).await, ["harbour:a waiting 1"]);
        bench.advance(Duration::from_secs(120)).await;
        assert_eq!(deliveries(t).await, ["harbour:a set_aside 10"]);
        let error = &t.rows("SELECT error FROM platform_delivery").await[0][0];
        assert_eq!(error, "the broker refused it");
        assert_eq!(topics(t, "platform").await, ["platform.message.set_aside"]);
        assert_eq!(crate::blockers::codes(&t.db).await, ["platform.message-set-aside"]);
        // on one channel those behind it are there already, and come again after it was refused
        let mut seen = BTreeSet::new();
        let mut arrived = ships(&broker.take("ships").await);
        arrived.retain(|ship| seen.insert(ship.clone()));
        assert_eq!(arrived, ["a/1", "a/2", "b/1", "a/3"]);
        assert_eq!(broker.take("full").await.len(), 1);
        let retried: Result<bool> = t.db.write("harbour.retry", |tx| in_tx(tx.retry_delivery("amqp", stuck))).await;
        assert!(retried.unwrap());
        bench.settle().await;
        let late: Vec<_> = broker.take("full").await.iter().map(Received::id).collect();
        assert_eq!((late, deliveries(t).await), (vec![stuck.to_string()], vec![]));

        // The broker closes the channel over a message that is too big for it, and does not say which it was.
        announce(&t.db, "c/1").await;
        publish(&t.db, || arrival("c", "c/big").with("cargo", "x".repeat(100_000))).await;
        announce(&t.db, "c/2").await;
        bench.advance(Duration::from_secs(120)).await;
        assert_eq!(deliveries(t).await, ["harbour:c set_aside 10"]);
        let mut seen = BTreeSet::new();
        let mut arrived = ships(&broker.take("ships").await);
        arrived.retain(|ship| seen.insert(ship.clone()));
        assert_eq!(arrived, ["c/1", "c/2"]);
    });
}
