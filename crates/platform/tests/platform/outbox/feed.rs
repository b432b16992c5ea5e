use std::collections::BTreeMap;

use tidegate_platform::outbox::Feed;
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::{Notify, mpsc};

use super::{PLATFORM, announce, arrival, feed, sequence, ships};

/// Scenario 6: the first to publish is the last to commit.
#[test]
fn who_reads_between_two_commits_in_the_other_order_misses_none() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let (published, go_on) = (&Notify::new(), &Notify::new());
        let slow = t.db.write("harbour.arrive", |tx| {
            in_tx(async move {
                // Its number in the outbox is taken before the other's.
                tx.publish(arrival("a", "slow"))?;
                tx.write_out().await?;
                published.notify_one();
                go_on.notified().await;
                Ok(())
            })
        });
        let others = async {
            published.notified().await;
            // it stays open over more than one run
            for ship in ["quick", "next"] {
                announce(&t.db, "b", ship).await;
                sequence(&t.db).await;
            }
            let between = feed(&t.db, 0).await;
            go_on.notify_one();
            between
        };
        let (done, between): (Result<()>, _) = tokio::join!(slow, others);
        done.unwrap();
        assert_eq!(ships(&between), ["quick", "next"]);
        sequence(&t.db).await;
        assert_eq!(ships(&feed(&t.db, 0).await), ["quick", "next", "slow"]);
        assert_eq!(ships(&feed(&t.db, between[1].no).await), ["slow"], "who stopped between them misses none");
    });
}

/// Scenario 6 where there is one writer: the second waits for the first, and numbers are commits.
#[test]
fn with_one_writer_numbers_are_commits() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let published = &Notify::new();
        let (report, mut reports) = mpsc::unbounded_channel();
        let slow = t.db.write("harbour.arrive", |tx| {
            let report = report.clone();
            in_tx(async move {
                tx.publish(arrival("a", "slow"))?;
                tx.write_out().await?;
                published.notify_one();
                tokio::task::yield_now().await;
                report.send("slow ends").unwrap();
                Ok(())
            })
        });
        let quick = async {
            published.notified().await;
            announce(&t.db, "b", "quick").await;
            report.send("quick ended").unwrap();
        };
        let (done, ()): (Result<()>, ()) = tokio::join!(slow, quick);
        done.unwrap();
        assert_eq!([reports.recv().await, reports.recv().await], [Some("slow ends"), Some("quick ended")]);
        assert_eq!(ships(&feed(&t.db, 0).await), ["slow", "quick"]);
    });
}

/// Whatever writers, the numbering and a reader do side by side: the reader who only goes forwards sees every message
/// once, and those of one pier in the order in which they were committed.
#[test]
fn a_reader_beside_many_writers_sees_each_message_once_in_order_per_key() {
    const PIERS: usize = 4;
    const SHIPS: usize = 40;
    TestDb::both(PLATFORM, async |t| {
        let pier = |db: Db, pier: usize| async move {
            for ship in 0..SHIPS {
                announce(&db, &pier.to_string(), &format!("{pier}/{ship:03}")).await;
            }
        };
        let writers: Vec<_> = (0..PIERS).map(|number| tokio::spawn(pier(t.db.clone(), number))).collect();
        let mut seen = Vec::new();
        let mut last = 0;
        while seen.len() < PIERS * SHIPS {
            let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
            sequence(&t.db).await;
            let entries = feed(&t.db, last).await;
            last = entries.last().map_or(last, |entry| entry.no);
            seen.extend(ships(&entries));
            assert!(!finished || seen.len() == PIERS * SHIPS || !entries.is_empty(), "only {} were seen", seen.len());
        }
        let mut by_pier: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for ship in &seen {
            by_pier.entry(ship.split_once('/').unwrap().0).or_default().push(ship);
        }
        assert_eq!(by_pier.len(), PIERS);
        for (pier, ships) in by_pier {
            let expected: Vec<_> = (0..SHIPS).map(|ship| format!("{pier}/{ship:03}")).collect();
            assert_eq!(ships, expected);
        }
    });
}

#[test]
fn a_batch_ends_where_it_would_be_too_big_but_has_one_row() {
    TestDb::both(PLATFORM, async |t| {
        for ship in ["a".repeat(100), "b".repeat(5_000), "c".repeat(100)] {
            announce(&t.db, "pier", &ship).await;
        }
        sequence(&t.db).await;
        let numbers: Vec<i64> = feed(&t.db, 0).await.iter().map(|entry| entry.no).collect();
        let within = async |after: i64, bytes: i64| {
            let read: Result<i64> =
                t.db.read(|reader| in_tx(Feed::within(reader, None, after, i64::MAX, (500, bytes)))).await;
            read.expect("the feed can be read")
        };
        // texts that repeat one character are stored smaller on one of the databases
        assert_eq!(within(0, 1).await, numbers[0]);
        assert_eq!(within(numbers[0], 1).await, numbers[1]);
        assert_eq!(within(0, 1 << 20).await, i64::MAX);
    });
}

#[test]
fn a_reader_goes_over_gaps_that_are_longer_than_what_it_looks_at() {
    TestDb::both(PLATFORM, async |t| {
        let told: Result<()> =
            t.db.write("harbour.arrive", |tx| {
                in_tx(async move {
                    for ship in 0..2_000 {
                        tx.publish(arrival("pier", &ship.to_string()))?;
                    }
                    Ok(())
                })
            })
            .await;
        told.unwrap();
        sequence(&t.db).await;
        let (table, number) =
            if t.kind == Kind::Postgres { ("platform_feed", "no") } else { ("platform_outbox", "seq") };
        t.rows(&format!("DELETE FROM {table} WHERE {number} > 100 AND {number} <= 1800")).await;
        let first_and_last = async |limit: i64| {
            let read: Result<_> = t.db.read(|reader| in_tx(Feed::messages(reader, 0, i64::MAX, limit))).await;
            let ships = ships(&read.unwrap());
            (ships.len(), ships.first().cloned(), ships.last().cloned())
        };
        let expected = |count, last: &str| (count, Some("0".to_owned()), Some(last.to_owned()));
        assert_eq!(first_and_last(1_000).await, expected(300, "1999"));
        assert_eq!(first_and_last(150).await, expected(150, "1849"));
    });
}
