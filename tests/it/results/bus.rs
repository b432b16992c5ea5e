//! What the gate tells on a real bus, heard by the consumer that Fedora's programs use.

use serde_json::{Value, json};
use tidegate_testkit::{Broker, Python};

use super::{Desk, failed, wait_for};
use crate::serve::both;

const CONSUMER: &str = include_str!("bus_consumer.py");

/// Scenario 13.
#[test]
fn the_consumer_of_fedora_messaging_hears_every_result() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let Some(broker) = runtime.block_on(Broker::start()) else { return };
    let Some(python) = Python::with(&["fedora-messaging==3.9.1"]) else { return };
    both(|house| {
        let queue = house.folder.path().file_name().and_then(|name| name.to_str()).expect("folders have names");
        // On PostgreSQL a house is built within a runtime of its own, so that this one runs beside it.
        let dead = format!("{queue}.dead");
        let made = || {
            runtime.block_on(async {
                broker.queue(&dead, "amq.fanout", "#", None).await;
                broker.queue_with_dead_letters(queue, "amq.topic", "org.example.resultsdb.#", "amq.fanout").await;
            });
        };
        std::thread::scope(|scope| scope.spawn(made).join()).expect("the queue is made");
        let bus = [("TIDEGATE_BUS__URL", broker.url()), ("TIDEGATE_BUS__TOPIC_PREFIX", "\"org.example\"".to_owned())];
        let environment: Vec<_> = bus.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let desk = Desk::open(house.serve(&environment));
        let stored: Vec<_> = (0..100).map(|number| desk.result(&failed(&format!("p{number}-1-1")))).collect();
        let told: Vec<_> = desk.follow("resultsdb.result.new").take(100).collect();
        let printed = python.run(CONSUMER, &[&broker.url(), queue, "100"]);
        let mut heard: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        heard.sort_by_key(|message| message["body"]["id"].as_i64());
        for (message, (stored, told)) in heard.iter().zip(stored.iter().zip(&told)) {
            assert_eq!(message["topic"], "org.example.resultsdb.result.new");
            assert_eq!((&message["body"], &message["severity"]), (stored, &json!(20)));
            assert_eq!(message["id"], told["id"]);
        }
        assert_eq!(heard.len(), 100);
        let (dead, left) = std::thread::scope(|scope| {
            let taken =
                scope.spawn(|| runtime.block_on(async { (broker.take(&dead).await, broker.take(queue).await) }));
            taken.join().expect("the queues are there")
        });
        assert_eq!((dead.len(), left.len()), (0, 0), "the consumer refused none");
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 18.
#[test]
fn what_no_queue_wants_is_sent_and_counted() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let Some(broker) = runtime.block_on(Broker::start()) else { return };
    both(|house| {
        let url = broker.url();
        let desk = Desk::open(house.serve(&[("TIDEGATE_BUS__URL", &url)]));
        desk.result(&failed("a-1-1"));
        // the relay tells nobody that it sent something, so it is asked until it did
        let sink = || {
            let sinks = desk.get("/api/v1/platform/sinks");
            sinks["items"].as_array().and_then(|sinks| sinks.iter().find(|sink| sink["name"] == "amqp").cloned())
        };
        let is_sent = || sink().is_some_and(|sink| sink["pending"] == 0 && sink["set_aside"] == 0);
        let counted = || desk.service.text("/metrics").contains("tidegate_outbox_unrouted_total 2");
        wait_for("both messages are sent, and wanted by nobody", || is_sent() && counted());
        assert!(desk.service.stop().0.success());
    });
}
