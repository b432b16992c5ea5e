use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tidegate_kernel::{Rng as _, SeededRng};
use tidegate_platform::fault::Fault;
use tidegate_platform::relay::{Policy, Relay, Trouble, view};
use tidegate_platform::store::{Result, in_tx};
use tidegate_testkit::{Kind, TestDb};

use super::{PLATFORM, TestSink, announce, bench, deliveries, topics};

const HOUR: Duration = Duration::from_secs(3600);

fn full(_: &str) -> Trouble {
    Trouble::Later("full".to_owned())
}

#[test]
fn everything_goes_through_once_and_leaves_no_row() {
    TestDb::both(PLATFORM, async |t| {
        announce(&t.db, "before/1").await;
        let sink = TestSink::new(Policy::HOOK, |_, _| None);
        let warm = bench(t, Relay::new()).await;
        warm.settle().await;
        let bench = bench(t, Relay::new().with(sink.clone())).await;
        for number in 0..600 {
            announce(&t.db, &format!("a/{number:03}")).await;
        }
        bench.settle().await;
        let expected: Vec<_> = (0..600).map(|number| format!("a/{number:03}")).collect();
        assert_eq!(sink.got(), expected, "what was announced before the sink was there is not for it");
        assert_eq!(deliveries(t).await, Vec::<String>::new());
        assert_eq!(bench.settle().await, []);
        let behind = "SELECT 1 FROM platform_sink WHERE position < (SELECT MAX(no) FROM platform_feed)";
        assert_eq!(t.rows(behind).await.len(), 0);
    });
}

#[test]
fn receivers_that_a_test_takes_away_get_everything_when_they_are_back() {
    TestDb::both(PLATFORM, async |t| {
        let (sink, fault) = (TestSink::new(Policy::AMQP, |_, _| None), Fault::default());
        let bench = bench(t, Relay::new().with(sink.clone()).with_fault(fault.clone())).await;
        fault.set(true);
        announce(&t.db, "a/1").await;
        bench.settle().await;
        assert_eq!((sink.asked(), deliveries(t).await.len()), (0, 0));
        fault.set(false);
        announce(&t.db, "a/2").await;
        bench.advance(HOUR).await;
        assert_eq!(sink.got(), ["a/1", "a/2"]);
    });
}

#[test]
fn a_key_waits_behind_its_first_and_the_others_do_not() {
    TestDb::both(PLATFORM, async |t| {
        let open = Arc::new(AtomicBool::new(false));
        let is_open = Arc::clone(&open);
        let sink = TestSink::new(Policy::HOOK, move |ship, _| {
            (ship == "a/1" && !is_open.load(Ordering::SeqCst)).then(|| full(ship))
        });
        let bench = bench(t, Relay::new().with(sink.clone())).await;
        for ship in ["a/1", "b/1", "a/2"] {
            announce(&t.db, ship).await;
        }
        bench.settle().await;
        announce(&t.db, "a/3").await;
        announce(&t.db, "b/2").await;
        bench.settle().await;
        assert_eq!(sink.got(), ["b/1", "b/2"]);
        assert_eq!(deliveries(t).await, ["harbour:a waiting 1", "harbour:a parked 0", "harbour:a parked 0"]);
        open.store(true, Ordering::SeqCst);
        bench.advance(Duration::from_secs(20)).await;
        assert_eq!(sink.got(), ["b/1", "b/2", "a/1", "a/2", "a/3"]);
        assert_eq!(deliveries(t).await, Vec::<String>::new());
    });
}

#[test]
fn after_ten_tries_a_row_is_set_aside_told_and_sent_again_on_command() {
    TestDb::both(PLATFORM, async |t| {
        let open = Arc::new(AtomicBool::new(false));
        let is_open = Arc::clone(&open);
        let sink = TestSink::new(Policy::HOOK, move |ship, _| {
            (ship == "a/1" && !is_open.load(Ordering::SeqCst)).then(|| full(ship))
        });
        let bench = bench(t, Relay::new().with(sink.clone())).await;
        let id = announce(&t.db, "a/1").await;
        announce(&t.db, "a/2").await;
        bench.advance(2 * HOUR).await;
        assert_eq!(sink.got(), ["a/2"]);
        assert_eq!(deliveries(t).await, ["harbour:a set_aside 10"]);
        assert_eq!(topics(t, "platform").await, ["platform.message.set_aside"]);
        assert_eq!(crate::blockers::codes(&t.db).await, ["platform.message-set-aside"]);
        let seen: Result<_> =
            t.db.read(|reader| {
                in_tx(async move {
                    let sinks = view::sinks(reader).await?;
                    Ok((sinks, view::deliveries(reader, "test", "set_aside", i64::MAX, 10).await?))
                })
            })
            .await;
        let (sinks, aside) = seen.unwrap();
        assert_eq!(
            (sinks[0].name.as_str(), sinks[0].set_aside, sinks[0].pending, sinks[0].is_down),
            ("test", 1, 0, false)
        );
        assert_eq!((aside[0].message_id.clone(), aside[0].error.as_deref()), (id.to_string(), Some("full")));
        open.store(true, Ordering::SeqCst);
        let retried: Result<bool> = t.db.write("harbour.retry", |tx| in_tx(tx.retry_delivery("test", id))).await;
        assert!(retried.unwrap());
        bench.settle().await;
        assert_eq!(sink.got(), ["a/2", "a/1"]);
        assert_eq!(crate::blockers::codes(&t.db).await, Vec::<String>::new());
        assert_eq!(deliveries(t).await, Vec::<String>::new());
    });
}

#[test]
fn a_row_that_is_dropped_lets_those_behind_it_go_on() {
    TestDb::both(PLATFORM, async |t| {
        let sink = TestSink::new(Policy::HOOK, |ship, _| (ship == "a/1").then(|| full(ship)));
        let bench = bench(t, Relay::new().with(sink.clone())).await;
        let id = announce(&t.db, "a/1").await;
        announce(&t.db, "a/2").await;
        bench.settle().await;
        let dropped: Result<bool> = t.db.write("harbour.drop", |tx| in_tx(tx.drop_delivery("test", id))).await;
        assert!(dropped.unwrap());
        bench.settle().await;
        assert_eq!((sink.got(), deliveries(t).await), (vec!["a/2".to_owned()], vec!["harbour:a dropped 1".to_owned()]));
    });
}

#[test]
fn a_range_is_sent_again_without_moving_the_position() {
    TestDb::both(PLATFORM, async |t| {
        for policy in [Policy::HOOK, Policy::AMQP] {
            let sink = TestSink::new(policy, |_, _| None);
            let bench = bench(t, Relay::new().with(sink.clone())).await;
            for ship in ["a/1", "b/1", "a/2", "b/2"] {
                announce(&t.db, ship).await;
            }
            bench.settle().await;
            let position = t.rows("SELECT position FROM platform_sink").await;
            let last: i64 = position[0][0].parse().unwrap();
            let resent: Result<u64> =
                t.db.write("harbour.resend", |tx| in_tx(tx.resend("test", last - 2, i64::MAX, None))).await;
            assert_eq!(resent.unwrap(), 3);
            let none: Result<u64> =
                t.db.write("harbour.resend", |tx| in_tx(tx.resend("test", 0, i64::MAX, Some("harbour.ship.left"))))
                    .await;
            assert_eq!(none.unwrap(), 0);
            bench.settle().await;
            let mut again = sink.got().split_off(4);
            again.sort();
            assert_eq!(again, ["a/2", "b/1", "b/2"]);
            assert_eq!(t.rows("SELECT position FROM platform_sink").await, position);
            assert_eq!(deliveries(t).await, Vec::<String>::new());
        }
    });
}

#[test]
fn a_receiver_that_is_back_gets_everything_at_once() {
    TestDb::both(PLATFORM, async |t| {
        for policy in [Policy::HOOK, Policy::AMQP] {
            let gone = Arc::new(AtomicBool::new(true));
            let is_gone = Arc::clone(&gone);
            let sink = TestSink::new(policy, move |_, _| {
                is_gone.load(Ordering::SeqCst).then(|| Trouble::gone("connection refused"))
            });
            let bench = bench(t, Relay::new().with(sink.clone())).await;
            for ship in ["a/1", "b/1", "a/2"] {
                announce(&t.db, ship).await;
                bench.advance(HOUR / 2).await;
            }
            assert_eq!((sink.got(), deliveries(t).await), (vec![], vec![]));
            let asked = sink.asked();
            assert!(asked > 4, "it was tried again");
            gone.store(false, Ordering::SeqCst);
            bench.advance(HOUR + HOUR / 5).await;
            let mut got = sink.got();
            got.sort();
            assert_eq!(got, ["a/1", "a/2", "b/1"]);
            assert_eq!(sink.asked(), asked + 3, "once it is back nothing waits");
            let state = t.rows("SELECT state, attempts, error FROM platform_sink").await;
            assert_eq!(state, [["up", "0", "NULL"]]);
        }
        assert_eq!(topics(t, "platform.sink").await, ["platform.sink.down", "platform.sink.up"], "of the bus alone");
    });
}

/// Whatever a receiver does, in the end each ship arrived or was set aside, and those of one pier in order.
#[test]
fn order_per_key_holds_whatever_the_receiver_does() {
    const SHIPS: usize = 12;
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        for seed in 0..12 {
            let chance = SeededRng::new(seed);
            let policy = Policy { tries: None, ..if seed % 2 == 0 { Policy::HOOK } else { Policy::AMQP } };
            let sink = TestSink::new(policy, move |ship, asked| match chance.below(10) {
                _ if asked > 400 => None,
                0..3 => Some(full(ship)),
                3..5 => Some(Trouble::gone("connection reset")),
                _ => None,
            });
            let bench = bench(t, Relay::new().with(sink.clone())).await;
            for number in 0..SHIPS {
                for pier in ["a", "b", "c"] {
                    announce(&t.db, &format!("{pier}/{number:02}")).await;
                }
                if number % 4 == 0 {
                    bench.advance(Duration::from_secs(2)).await;
                }
            }
            bench.advance(200 * HOUR).await;
            let mut by_pier: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for ship in sink.got() {
                let ships = by_pier.entry(ship.split('/').next().unwrap().to_owned()).or_default();
                // what comes again came before
                if !ships.contains(&ship) {
                    ships.push(ship);
                }
            }
            for pier in ["a", "b", "c"] {
                let expected: Vec<_> = (0..SHIPS).map(|number| format!("{pier}/{number:02}")).collect();
                assert_eq!(by_pier.get(pier), Some(&expected), "seed {seed}");
            }
            assert_eq!(deliveries(t).await, Vec::<String>::new(), "seed {seed}");
        }
    });
}
