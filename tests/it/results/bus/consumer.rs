//! The consumer that Fedora's programs use.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegate_kernel::{Actor, Clock as _, Message, OrderKey, Severity, SystemClock, Topic};
use tidegate_platform::store::{Result, in_tx};
use tidegate_testkit::Python;

use super::{Bus, PREFIX};
use crate::results::{Desk, failed, wait_for};
use crate::serve::both;

const CONSUMER: &str = include_str!("consumer.py");

/// Scenario 13.
#[test]
fn the_consumer_of_fedora_messaging_hears_every_result() {
    let Some(bus) = Bus::start() else { return };
    let Some(python) = Python::with(&["fedora-messaging==3.9.1"]) else { return };
    both(|house| {
        let (queue, dead) = bus.queue_with_dead_letters(house);
        let desk = Desk::open(bus.serve(house, &[]));
        let stored: Vec<_> = (0..100).map(|number| desk.result(&failed(&format!("p{number}-1-1")))).collect();
        let told: Vec<_> = desk.follow("resultsdb.result.new").take(100).collect();
        // each result is a change, too
        let printed = python.run(CONSUMER, &[&format!("amqp://guest:guest@{}", bus.address), &queue, "200"]);
        let heard = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let topic = format!("{PREFIX}.resultsdb.result.new");
        let mut heard: Vec<_> = heard.filter(|message| message["topic"] == topic).collect();
        heard.sort_by_key(|message| message["body"]["id"].as_i64());
        for (message, (stored, told)) in heard.iter().zip(stored.iter().zip(&told)) {
            assert_eq!((&message["body"], &message["severity"]), (stored, &json!(20)));
            assert_eq!(message["id"], told["id"]);
        }
        assert_eq!(heard.len(), 100);
        assert_eq!((bus.take(&queue).len(), bus.take(&dead).len()), (0, 0), "the consumer refused none");
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 9 of the platform. Everything that the program can tell is told as in its example.
#[test]
fn the_consumer_of_fedora_messaging_hears_every_topic() {
    let Some(bus) = Bus::start() else { return };
    let Some(python) = Python::with(&["fedora-messaging==3.9.1"]) else { return };
    both(|house| {
        let (queue, dead) = bus.queue_with_dead_letters(house);
        let desk = Desk::open(bus.serve(house, &[]));
        let topics = desk.get("/api/v1/events/topics");
        let shape = |item: &Value| desk.get(&format!("/api/v1/events/topics/{}", item["topic"].as_str().unwrap()));
        let shapes: Vec<_> = topics["items"].as_array().unwrap().iter().map(shape).collect();
        assert!(desk.service.stop().0.success());
        let severities = [Severity::Debug, Severity::Info, Severity::Warning, Severity::Error];
        let messages: Vec<_> = shapes
            .iter()
            .zip(severities.into_iter().cycle())
            .map(|(shape, severity)| {
                let (topic, example) =
                    (shape["topic"].as_str().unwrap(), shape["example"].as_object().unwrap().clone());
                let (topic, key) = (Topic::new(topic).unwrap(), OrderKey::new("example", topic).unwrap());
                Message::new(topic, key, SystemClock.now(), Actor::system()).with_severity(severity).with_body(example)
            })
            .collect();
        let ids: Vec<String> = house.in_store(async |db| {
            let told: Result<Vec<_>> = db
                .write("example.tell", |tx| {
                    let messages = messages.clone();
                    in_tx(async move { messages.into_iter().map(|message| tx.publish(message)).collect() })
                })
                .await;
            told.expect("it is committed").iter().map(ToString::to_string).collect()
        });

        let service = bus.serve(house, &[]);
        let count = shapes.len().to_string();
        let printed = python.run(CONSUMER, &[&format!("amqp://guest:guest@{}", bus.address), &queue, &count]);
        let heard: Vec<_> = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
        let mut heard: BTreeMap<_, _> =
            heard.into_iter().map(|message| (message["topic"].as_str().unwrap().to_owned(), message)).collect();
        for ((shape, id), severity) in shapes.iter().zip(ids).zip([10, 20, 30, 40].into_iter().cycle()) {
            let topic = format!("{PREFIX}.{}", shape["topic"].as_str().unwrap());
            let expected = json!({"id": id, "topic": topic, "severity": severity, "body": shape["example"]});
            assert_eq!(heard.remove(&topic), Some(expected));
        }
        assert_eq!((heard.len(), bus.take(&dead).len()), (0, 0), "nothing else is heard, and nothing refused");
        assert!(service.stop().0.success());
    });
}

/// Scenario 18.
#[test]
fn what_no_queue_wants_is_sent_and_counted() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let desk = Desk::open(bus.serve(house, &[]));
        desk.result(&failed("a-1-1"));
        // the relay tells nobody that it sent something, so it is asked until it did
        let is_sent = || {
            let sinks = desk.get("/api/v1/platform/sinks");
            let amqp = sinks["items"].as_array().and_then(|sinks| sinks.iter().find(|sink| sink["name"] == "amqp"));
            amqp.is_some_and(|sink| sink["pending"] == 0 && sink["set_aside"] == 0)
        };
        let is_counted = || desk.service.text("/metrics").contains("tidegate_outbox_unrouted_total{sink=\"amqp\"} 2");
        wait_for("both messages are sent, and wanted by nobody", || is_sent() && is_counted());
        assert!(desk.service.stop().0.success());
    });
}
