//! The consumer that Fedora's programs use.

use serde_json::{Value, json};
use tidegate_testkit::Python;

use super::{Bus, PREFIX};
use crate::results::{Desk, failed};
use crate::serve::both;

const CONSUMER: &str = include_str!("consumer.py");

#[test]
fn the_consumer_of_fedora_messaging_hears_every_result() {
    let Some(bus) = Bus::start() else { return };
    let Some(python) = Python::with(&["fedora-messaging==3.9.1"]) else { return };
    both(|house| {
        let queue = bus.queue(house);
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
        assert!(desk.service.stop().0.success());
    });
}
