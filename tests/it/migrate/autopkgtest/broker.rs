//! Requests over a real RabbitMQ. One broker serves all stories, for starting one takes seconds.

use std::io::Read as _;

use serde_json::Value;

use super::*;
use crate::doubles::broker::{Broker, Message};

const QUEUE: &str = "debci-testing-amd64";

fn with_broker(url: &str) -> Case {
    archive(Case::new()).set("ADT_AMQP", url)
}

/// The tested source and the content of a request.
fn read(message: &Message) -> (String, Value) {
    let (source, content) = message.body.split_once('\n').expect("a request has two lines");
    (source.to_owned(), serde_json::from_str(content).expect("a request is JSON"))
}

/// What all messages of the queue ask for: source and id, sorted.
fn taken(broker: &Broker) -> Vec<(String, String)> {
    let messages = broker.take(QUEUE).expect("the queue exists");
    let mut taken: Vec<(String, String)> = messages
        .iter()
        .map(|message| {
            let (source, content) = read(message);
            (source, content["request-id"].as_str().expect("a request has an id").to_owned())
        })
        .collect();
    taken.sort();
    taken
}

#[test]
fn requests_go_to_a_broker() {
    let Some(broker) = Broker::start() else {
        eprintln!("skipped: rabbitmq-server is not installed");
        return;
    };
    each_test_has_one_persistent_message(&broker);
    a_broker_that_refuses_is_asked_again_by_the_next_run(&broker);
    a_run_that_is_killed_publishes_under_the_same_id(&broker);
    thousands_of_requests_arrive(&broker);
}

/// Scenarios 24 and 25. The first time the queue is missing, then it is there.
fn each_test_has_one_persistent_message(broker: &Broker) {
    assert!(broker.take(QUEUE).is_none());
    for queue_exists in [false, true] {
        let case = with_broker(&broker.url()).set("ADT_PPAS", "");
        if queue_exists {
            broker.declare(QUEUE);
        }
        let run = case.run();
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        let mut messages = broker.take(QUEUE).expect("the queue was made");
        messages.sort_by(|one, other| one.body.cmp(&other.body));
        let sources: Vec<String> = messages.iter().map(|message| read(message).0).collect();
        assert_eq!(sources, ["bar", "foo"]);
        for message in &messages {
            let (_, content) = read(message);
            assert_eq!(content["triggers"], serde_json::json!(["foo/2"]));
            assert_eq!(content["submit-time"], "2026-11-21 12:00:00+0000");
            assert_eq!(content["request-id"].as_str(), message.id.as_deref());
            assert_eq!((content.get("ppas"), message.delivery_mode), (None, Some(2)));
        }
        case.run();
        assert_eq!(taken(broker), []);
    }
}

/// Section 7: verdicts stay, nothing is asked for twice, and no password is said.
fn a_broker_that_refuses_is_asked_again_by_the_next_run(broker: &Broker) {
    let case = with_broker(&broker.url_with_password("s3cr3t"));
    let run = case.run();
    run.said(&["W: ", "the broker at 127.0.0.1:", "published again by the next run"]);
    assert!(!run.words().contains("s3cr3t"), "{}", run.words());
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    assert_eq!(pending(&case).len(), 2);
    let case = case.set("ADT_AMQP", &broker.url()).now("2026-11-21T13:00:00Z");
    case.run().said(&["2 requests of an earlier run"]);
    let sources: Vec<String> = taken(broker).into_iter().map(|(source, _)| source).collect();
    assert_eq!(sources, ["bar", "foo"]);
}

fn a_run_that_is_killed_publishes_under_the_same_id(broker: &Broker) {
    for point in ["requests.publish.before#2", "requests.publish.after#2", "requests.confirm.before#1"] {
        let case = with_broker(&broker.url()).env("TIDEGATE_STEPS", &format!("kill:{point}"));
        assert_eq!(case.run_with(&[]).code, None, "nothing was killed at {point}");
        let case = case.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
        case.run();
        let mut messages = taken(broker);
        messages.dedup();
        let sources: Vec<&str> = messages.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(sources, ["bar", "foo"], "a second id after {point}: {messages:?}");
        case.run();
        assert_eq!(taken(broker), []);
    }
}

fn thousands_of_requests_arrive(broker: &Broker) {
    let others: String =
        (0..1500).map(|number| format!("\nr{number} 1; Testsuite: autopkgtest; Depends: foo")).collect();
    let story = |version: &str| format!("foo {version}{others}");
    let case = with_broker(&broker.url())
        .testing(&story("1"))
        .unstable(&story("2"))
        .set("ADT_HUGE", "5000")
        .env("TIDEGATE_HASTE", "1");
    case.run();
    assert_eq!(taken(broker).len(), 1500);
    let journal = case.text("state/.tidegate-requests");
    assert_eq!((journal.matches("\"queued\":false").count(), journal.matches("\"queued\":true").count()), (1500, 1500));
}

/// Section 7: a broker that is away, hangs, or is something else.
#[test]
fn without_a_broker_the_run_goes_on() {
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let talking = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
    let places = [nowhere(), format!("127.0.0.1:{}", port(&hanging)), format!("127.0.0.1:{}", port(&talking))];
    std::thread::spawn(move || {
        for mut connection in talking.incoming().flatten() {
            let _ = connection.read(&mut [0; 8]);
            let _ = std::io::Write::write_all(&mut connection, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for place in places {
        let case = with_broker(&format!("amqp://ann:s3cr3t@{place}/tests"));
        let run = case.run();
        run.said(&["W: ", "the broker at 127.0.0.1:", "published again by the next run"]);
        assert!(!run.words().contains("s3cr3t"), "{}", run.words());
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        assert_eq!(pending(&case).len(), 2);
        case.run();
        assert_eq!(case.text("state/.tidegate-requests").matches("\"queued\":false").count(), 2);
    }
}
