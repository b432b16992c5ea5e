//! What nobody needs any more goes, and nothing else.

use std::time::Duration;

use tidegate_platform::MIGRATIONS;
use tidegate_platform::relay::{Policy, Relay, Trouble};
use tidegate_platform::retention::{Keep, RETENTION, Retention, catalogue, rules};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_testkit::{Bench, TestDb};

use crate::outbox::PLATFORM;
use crate::relay::{TestSink, announce};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn what_was_sent_goes_after_a_fortnight_and_what_was_not_stays() {
    TestDb::both(PLATFORM, async |t| {
        let stuck = |ship: &str, _| (ship == "a/stuck").then(|| Trouble::Refused("never".to_owned()));
        let relay = Relay::new().with(TestSink::new(Policy::HOOK, stuck)).enrol(&t.db).await.unwrap();
        let retention = Retention::at(Duration::from_secs(3 * 3_600 + 600)).with("platform", rules(Keep::default()));
        let jobs = Jobs::default().with(relay).with(retention.enrol(&t.db).await.unwrap());
        let bench = Bench::new(t, jobs);
        announce(&t.db, "a/stuck").await;
        let gone = announce(&t.db, "b/1").await;
        bench.settle().await;
        let received: Result<bool> = t.db.write("harbour.in", |tx| in_tx(tx.receive("harbour", "1", "x"))).await;
        assert!(received.unwrap());
        let left = async || {
            let sql = "SELECT COUNT(*) FROM platform_outbox o JOIN platform_feed f ON f.seq = o.seq WHERE topic LIKE 'harbour%'";
            t.rows(sql).await[0][0].parse::<u32>().expect("a number")
        };
        for day in 0..16 {
            assert_eq!(left().await, if day < 15 { 2 + day } else { day + 1 }, "day {day}");
            bench.advance(DAY).await;
            announce(&t.db, "b/2").await;
            bench.settle().await;
        }
        let ids = t.rows("SELECT message_id FROM platform_outbox ORDER BY seq").await.concat();
        assert!(!ids.contains(&gone.to_string()));
        assert_eq!(t.rows("SELECT state FROM platform_delivery").await, [["set_aside"]]);
        assert_eq!(t.rows("SELECT message_id FROM platform_inbox").await, [["1"]]);
        // the platform's own runs are kept for a week
        let runs = t.rows("SELECT COUNT(*) FROM platform_run WHERE job = 'platform.retention'").await;
        assert_eq!(runs, [["8"]]);
    });
}

#[test]
fn a_clock_that_is_a_day_ahead_of_everything_deletes_nothing() {
    TestDb::both(PLATFORM, async |t| {
        announce(&t.db, "a/1").await;
        let retention = Retention::at(Duration::ZERO).with("platform", rules(Keep::default()));
        let bench = Bench::new(t, Jobs::default().with(retention.enrol(&t.db).await.unwrap()));
        t.clock.advance(30 * DAY);
        let ran = bench.settle().await;
        assert_eq!(ran[0].job, RETENTION.as_str());
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_outbox").await, [["1"]]);
    });
}

/// Regenerates and compares: run with `TIDEGATE_BLESS=1` after a change that is meant.
#[test]
fn the_checked_in_list_is_what_the_migrations_say() {
    crate::checked_in("retention.toml", &catalogue(&MIGRATIONS).expect("every table says how long its rows are kept"));
}
