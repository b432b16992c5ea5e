//! What the platform tells of itself. That every message of every test fits its schema is asserted at the test's end.

use std::path::Path;
use std::time::Duration;

use tidegate_kernel::Actor;
use tidegate_platform::events::TOPICS;
use tidegate_platform::relay::{Policy, Relay, Trouble};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Scope;
use tidegate_testkit::{TestDb, assert_topics};

use crate::relay::{TestSink, announce, bench};
use crate::wake::PLATFORM;

#[test]
fn each_topic_has_a_schema_and_an_example() {
    assert_topics(&TOPICS, &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events"));
}

/// Topic, severity, order key and body of what the platform told.
async fn told(t: &TestDb) -> Vec<(String, String, String, serde_json::Value)> {
    let sql = "SELECT topic, severity, key, body FROM platform_outbox WHERE topic LIKE 'platform.%' ORDER BY seq";
    let rows = t.rows(sql).await.into_iter();
    rows.map(|row| {
        let [topic, severity, key, body] = <[String; 4]>::try_from(row).expect("four columns");
        (topic, severity, key, serde_json::from_str(&body).expect("a body is JSON"))
    })
    .collect()
}

#[test]
fn a_receiver_that_is_gone_and_back_is_told_with_what_it_waits_for() {
    TestDb::both(PLATFORM, async |t| {
        let gone = |_: &str, asked: usize| (asked < 3).then(|| Trouble::gone("the tide is out"));
        let policy = Policy { down_after: Duration::from_secs(1), ..Policy::AMQP };
        let bench = bench(t, Relay::new().with(TestSink::new(policy, gone))).await;
        announce(&t.db, "a/1").await;
        announce(&t.db, "a/2").await;
        bench.advance(Duration::from_secs(60)).await;
        let told = told(t).await;
        let short: Vec<_> =
            told.iter().map(|(topic, severity, key, _)| (topic.as_str(), severity.as_str(), key.as_str())).collect();
        assert_eq!(
            short,
            [("platform.sink.down", "error", "platform:test"), ("platform.sink.up", "info", "platform:test"),]
        );
        assert_eq!((&told[0].3["error"], &told[0].3["sink"]), (&"the tide is out".into(), &"test".into()));
        assert!(told[0].3["pending"].as_i64().unwrap() >= 2, "{:?}", told[0].3);
    });
}

#[test]
fn a_pause_is_told_with_what_waits() {
    TestDb::both(PLATFORM, async |t| {
        let woken: Result<()> =
            t.db.write("harbour.wake", |tx| {
                in_tx(async move {
                    for key in ["a", "a", "b"] {
                        tx.wake(tidegate_platform::wake::JobName::new("harbour.haul").key(key));
                    }
                    Ok(())
                })
            })
            .await;
        woken.expect("it is committed");
        for scope in [Scope::job("harbour.haul"), Scope::key("harbour.haul", "b"), Scope::key("harbour.haul", "c")] {
            let scope = &scope;
            let paused: Result<()> =
                t.db.write("harbour.pause", |tx| in_tx(tx.pause(scope, Actor::user("ann"), "fog"))).await;
            paused.expect("it is committed");
        }
        let told = told(t).await;
        let waiting: Vec<_> = told.iter().map(|(_, _, key, body)| (key.as_str(), body["waiting"].clone())).collect();
        let expected = [("platform:harbour.haul", 2), ("platform:harbour.haul/b", 1), ("platform:harbour.haul/c", 0)];
        assert_eq!(waiting, expected.map(|(key, count)| (key, count.into())));
    });
}
