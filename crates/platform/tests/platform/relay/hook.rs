use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tidegate_kernel::Envelope;
use tidegate_platform::relay::Relay;
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{Hook, HookOptions};
use tidegate_testkit::{Answer, Request, TestDb, Web};

use super::{PLATFORM, announce, bench, deliveries, topics};

fn hook(url: &str) -> Hook {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let topics = vec!["harbour.*".to_owned()];
    let (url, secret) = (Secret::new(url), Secret::new("tide"));
    Hook::new(client.expect("a client can be made"), HookOptions { name: "chat".to_owned(), url, topics, secret })
}

/// The ship of a request whose signature is right.
fn ship(request: &Request) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"tide").expect("a key");
    mac.update(&request.body);
    let signed =
        mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(request.headers["x-tidegate-signature"], signed);
    let envelope: Envelope = serde_json::from_slice(&request.body).expect("an envelope");
    assert_eq!(request.headers["x-tidegate-delivery"], envelope.id.to_string());
    assert_eq!(request.headers["x-tidegate-topic"], "harbour.ship.arrived");
    envelope.body["ship"].as_str().expect("a text").to_owned()
}

/// Scenario 12.
#[test]
fn a_hook_that_answers_500_for_25_hours_gets_all_on_its_return() {
    TestDb::both(PLATFORM, async |t| {
        let status = Arc::new(AtomicU16::new(500));
        let answers = Arc::clone(&status);
        let receiver = Web::start(move |_| Answer::status(answers.load(Ordering::SeqCst)));
        let bench = bench(t, Relay::new().with(hook(&receiver.url("")))).await;
        for hour in 0..25 {
            announce(&t.db, &format!("{}/{hour:02}", hour % 2)).await;
            bench.advance(Duration::from_secs(3600)).await;
        }
        assert_eq!(deliveries(t).await, Vec::<String>::new());
        let state = t.rows("SELECT state, error FROM platform_sink").await;
        assert_eq!(state, [["down", "the receiver answered 500 Internal Server Error"]]);
        assert_eq!(topics(t, "platform").await, ["platform.sink.down"]);
        assert_eq!(crate::blockers::codes(&t.db).await, ["platform.hook-unreachable"]);
        let before = receiver.requests().len();
        status.store(204, Ordering::SeqCst);
        bench.advance(Duration::from_secs(2 * 3600)).await;
        let got: Vec<_> = receiver.requests()[before..].iter().map(ship).collect();
        for pier in ["0", "1"] {
            let of_pier: Vec<_> = got.iter().filter(|ship| ship.starts_with(pier)).cloned().collect();
            let expected = (0..25).filter(|hour| (hour % 2).to_string() == pier);
            let expected: Vec<_> = expected.map(|hour| format!("{pier}/{hour:02}")).collect();
            assert_eq!(of_pier, expected);
        }
        assert_eq!(t.rows("SELECT state FROM platform_sink").await, [["up"]]);
        assert_eq!(topics(t, "platform").await, ["platform.sink.down", "platform.sink.up"]);
        assert_eq!(crate::blockers::codes(&t.db).await, Vec::<String>::new());
    });
}

#[test]
fn who_says_when_to_come_again_is_not_asked_before() {
    TestDb::both(PLATFORM, async |t| {
        let answer = |request: &Request| match request.before {
            0 => Answer::status(429).with("Retry-After", "1800"),
            _ => Answer::status(200),
        };
        let receiver = Web::start(answer);
        let bench = bench(t, Relay::new().with(hook(&receiver.url("")))).await;
        announce(&t.db, "a/1").await;
        bench.advance(Duration::from_secs(1799)).await;
        assert_eq!(receiver.requests().len(), 1);
        bench.advance(Duration::from_secs(1)).await;
        assert_eq!(receiver.requests().len(), 2);
        assert_eq!(receiver.requests()[0].body, receiver.requests()[1].body);
    });
}

#[test]
fn what_a_hook_does_not_take_is_set_aside_after_an_hour_of_tries() {
    TestDb::both(PLATFORM, async |t| {
        let answer = |request: &Request| Answer::status(if ship(request) == "a/1" { 422 } else { 200 });
        let receiver = Web::start(answer);
        let bench = bench(t, Relay::new().with(hook(&receiver.url("")))).await;
        announce(&t.db, "a/1").await;
        announce(&t.db, "a/2").await;
        bench.advance(Duration::from_secs(1800)).await;
        assert_eq!(deliveries(t).await.len(), 2);
        bench.advance(Duration::from_secs(3600)).await;
        assert_eq!(deliveries(t).await, ["harbour:a set_aside 10"]);
        let asked: Vec<_> = receiver.requests().iter().map(ship).collect();
        assert_eq!(asked, [["a/1"; 10].as_slice(), &["a/2"]].concat());
    });
}

#[test]
fn an_address_with_a_secret_is_in_no_error() {
    TestDb::both(PLATFORM, async |t| {
        let bench = bench(t, Relay::new().with(hook("http://127.0.0.1:1/hidden-part"))).await;
        announce(&t.db, "a/1").await;
        bench.settle().await;
        let error = &t.rows("SELECT error FROM platform_sink").await[0][0];
        assert!(error.contains("refused") && !error.contains("hidden"), "{error}");
    });
}
