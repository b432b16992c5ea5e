//! Requests over a real `RabbitMQ`. One broker serves all stories, for starting one takes seconds.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;
use tidegate_testkit::Received;

use super::{dependents, kills, nowhere, open, passed_before, tested, update};
use crate::doubles::broker::Broker;
use crate::migrate::case::Case;

const QUEUE: &str = "debci-testing-amd64";

/// Both passed before, so that foo is held while they run. A broker may take its time.
fn with_broker(url: &str) -> Case {
    passed_before(update(tested())).set("ADT_AMQP", url).env("TIDEGATE_HASTE", "1")
}

/// The tested source and the content of a request.
fn read(message: &Received) -> (String, Value) {
    let (source, content) = message.body.split_once('\n').expect("a request has two lines");
    (source.to_owned(), serde_json::from_str(content).expect("a request is JSON"))
}

/// The sources that the messages of the queue ask for, in their order.
fn taken(broker: &Broker) -> Vec<String> {
    let messages = broker.take(QUEUE).expect("the queue exists");
    messages.iter().map(|message| read(message).0).collect()
}

/// How many requests the journal has as confirmed, and not.
fn confirmed(case: &Case) -> (usize, usize) {
    let journal = case.text("state/.tidegate-requests");
    let entries: BTreeSet<&str> = journal.lines().filter(|line| line.contains("\"body\"")).collect();
    let queued = journal.matches("\"queued\":true").count();
    (queued, entries.len() - queued)
}

#[test]
fn requests_go_to_a_broker() {
    let Some(broker) = Broker::start() else { return };
    each_test_has_one_persistent_message(&broker);
    a_broker_that_refuses_is_asked_again_by_the_next_run(&broker);
    a_queue_that_is_full_takes_the_rest_later(&broker);
    thousands_of_requests_arrive(&broker);
    kills::with_a_broker(&broker);
}

/// Scenarios 24 and 25. The first time the queue is missing, then it is there. The account has the rights of which the book
/// says that they are enough.
fn each_test_has_one_persistent_message(broker: &Broker) {
    assert!(broker.take(QUEUE).is_none());
    for queue_exists in [false, true] {
        let case = with_broker(&broker.url_for_gate());
        if queue_exists {
            broker.declare(QUEUE, None);
        }
        let run = case.run();
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        let messages = broker.take(QUEUE).expect("the queue was made");
        let sources: Vec<String> = messages.iter().map(|message| read(message).0).collect();
        assert_eq!(sources, ["bar", "foo"]);
        for message in &messages {
            let (_, content) = read(message);
            assert_eq!(content["triggers"], serde_json::json!(["foo/2"]));
            assert_eq!(content["submit-time"], "2026-11-21 12:00:00+0000");
            assert_eq!(content["request-id"].as_str(), Some(message.id().as_str()));
            assert_eq!((content.get("ppas"), *message.properties.delivery_mode()), (None, Some(2)));
        }
        let case = case.now("2026-11-21T13:00:00Z");
        let run = case.run();
        assert_eq!(taken(broker), [""; 0]);
        assert_eq!(run.tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING");
    }
}

/// Section 7: verdicts stay, nothing is asked for twice, and no password is said.
fn a_broker_that_refuses_is_asked_again_by_the_next_run(broker: &Broker) {
    for url in [broker.url_for("guest", "s3cr3t"), broker.url() + "/nowhere"] {
        let case = with_broker(&url);
        let run = case.run();
        run.said(&["W: ", "the broker at 127.0.0.1:", "published again by the next run"]);
        for secret in ["s3cr3t", "guest:guest"] {
            assert!(!run.words().contains(secret), "{}", run.words());
        }
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        assert_eq!((open(&case).len(), confirmed(&case)), (2, (0, 2)));
        let case = case.set("ADT_AMQP", &broker.url()).now("2026-11-21T13:00:00Z");
        case.run().said(&["2 requests of an earlier run"]);
        assert_eq!(taken(broker), ["bar", "foo"]);
        assert_eq!(confirmed(&case), (2, 0));
    }
}

fn a_queue_that_is_full_takes_the_rest_later(broker: &Broker) {
    let queue = "debci-full-amd64";
    broker.declare(queue, Some(1));
    let case = with_broker(&broker.url());
    let run = case.run_with(&["--series", "full"]).succeeded();
    run.said(&["W: ", "it does not take what goes to debci-full-amd64", "published again by the next run"]);
    assert_eq!(confirmed(&case), (1, 1));
    let first = broker.take(queue).expect("the queue exists");
    case.run_with(&["--series", "full"]).succeeded();
    let second = broker.take(queue).expect("the queue exists");
    let sources: Vec<String> = first.iter().chain(&second).map(|message| read(message).0).collect();
    assert_eq!(sources, ["bar", "foo"]);
    assert_eq!(confirmed(&case), (2, 0));
}

fn thousands_of_requests_arrive(broker: &Broker) {
    let story = |version: &str| format!("foo {version}{}", dependents(1500));
    let case = with_broker(&broker.url()).testing(&story("1")).unstable(&story("2")).set("ADT_HUGE", "5000");
    case.run();
    let taken = taken(broker);
    assert_eq!((taken.len(), confirmed(&case)), (1500, (1500, 0)));
    assert!(taken.is_sorted());
}

/// Section 7: a broker that is away, hangs, or is something else.
#[test]
fn without_a_broker_the_run_goes_on() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let talking = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let places = [nowhere(), format!("127.0.0.1:{}", port(&hanging)), format!("127.0.0.1:{}", port(&talking))];
    let encrypted = format!("amqps://ann:s3cr3t@127.0.0.1:{}/tests", port(&talking));
    let urls = places.map(|place| format!("amqp://ann:s3cr3t@{place}/tests")).into_iter().chain([encrypted]);
    std::thread::spawn(move || {
        for mut connection in talking.incoming().flatten() {
            let _ = connection.read(&mut [0; 8]);
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for url in urls {
        let case = with_broker(&url).env("TIDEGATE_HASTE", "100");
        let run = case.run();
        run.said(&["W: ", "the broker at 127.0.0.1:", "published again by the next run"]);
        assert!(!run.words().contains("s3cr3t"), "{}", run.words());
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        assert_eq!((open(&case).len(), confirmed(&case)), (2, (0, 2)));
        let case = case.now("2026-11-21T13:00:00Z");
        case.run();
        assert_eq!((open(&case).len(), confirmed(&case)), (2, (0, 2)));
    }
}
