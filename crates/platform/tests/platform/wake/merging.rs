use std::time::Duration;

use tidegate_kernel::Clock as _;
use tidegate_platform::store::{Result, StoreError, in_tx};
use tidegate_platform::wake::{JobSpec, Jobs, Outcome, RunEnd};
use tidegate_testkit::{Bench, TestDb};

use super::{LOAD, PLATFORM, TestJob, UNLOAD, at, keys, wake, well};

/// Scenario 13, first half.
#[test]
fn ten_wishes_are_one_run_at_the_earliest_time() {
    TestDb::both(PLATFORM, async |t| {
        let job = TestJob::quick(LOAD);
        let bench = Bench::new(t, Jobs::default().with(job.clone()));
        for minute in (11..=20).rev() {
            wake(&t.db, vec![LOAD.key("a").at(at(&format!("08:{minute}:00")))]).await;
        }
        assert_eq!(bench.settle().await, []);
        assert_eq!(bench.advance(Duration::from_secs(10 * 60)).await, []);
        // nine of them are not due yet, but the run at the earliest time meets only what is due
        t.clock.set(at("08:20:00"));
        assert_eq!(bench.settle().await, [well(LOAD, "a")]);
        assert_eq!(bench.advance(Duration::from_secs(3600)).await, []);
        assert_eq!(job.runs(), 1);
    });
}

#[test]
fn it_runs_at_the_earliest_time() {
    TestDb::both(PLATFORM, async |t| {
        let clock = std::sync::Arc::clone(&t.clock);
        let job = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            assert_eq!((clock.now(), run.started()), (at("08:11:00"), at("08:11:00")));
            Box::pin(async move { Ok(run.done().await?) })
        });
        let bench = Bench::new(t, Jobs::default().with(job.clone()));
        wake(&t.db, vec![LOAD.key("a").at(at("08:11:00")), LOAD.key("a").at(at("09:30:00"))]).await;
        assert_eq!(bench.advance(Duration::from_secs(3600)).await, [well(LOAD, "a")]);
    });
}

/// Scenario 13, second half.
#[test]
fn three_wishes_during_a_run_are_exactly_one_more() {
    TestDb::both(PLATFORM, async |t| {
        let job = TestJob::new(JobSpec::new(LOAD), |run, before| {
            Box::pin(async move {
                if before == 0 {
                    for _ in 0..3 {
                        wake(run.db(), vec![LOAD.key("a")]).await;
                    }
                }
                Ok(run.done().await?)
            })
        });
        let bench = Bench::new(t, Jobs::default().with(job.clone()));
        wake(&t.db, vec![LOAD.key("a")]).await;
        assert_eq!(bench.settle().await, [well(LOAD, "a"), well(LOAD, "a")]);
    });
}

#[test]
fn a_wish_that_a_run_makes_for_itself_is_met() {
    TestDb::both(PLATFORM, async |t| {
        let job = TestJob::new(JobSpec::new(LOAD), |run, before| {
            Box::pin(async move {
                let ended = run.end::<StoreError>(|tx| {
                    in_tx(async move {
                        let later = tx.now().later(Duration::from_secs(60));
                        Ok(match before {
                            0 => Outcome::Again(later),
                            1 => Outcome::Wait { code: "harbour.no-crane", until: Some(later) },
                            _ => Outcome::Done,
                        })
                    })
                });
                Ok(ended.await?)
            })
        });
        let bench = Bench::new(t, Jobs::default().with(job.clone()));
        wake(&t.db, vec![LOAD.key("a")]).await;
        assert_eq!(bench.settle().await[0].ended, RunEnd::Well(Outcome::Again(at("08:01:00"))));
        let waits = Outcome::Wait { code: "harbour.no-crane", until: Some(at("08:02:00")) };
        assert_eq!(bench.advance(Duration::from_secs(60)).await[0].ended, RunEnd::Well(waits));
        assert_eq!(t.rows("SELECT waits_for FROM platform_wake").await, [["harbour.no-crane"]]);
        assert_eq!(bench.advance(Duration::from_secs(60)).await, [well(LOAD, "a")]);
        assert_eq!(bench.advance(Duration::from_secs(600)).await, []);
        assert_eq!(t.rows("SELECT * FROM platform_wake").await.len(), 0);
    });
}

#[test]
fn a_deadline_that_is_moved_is_met_once_and_one_that_is_cancelled_never() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(TestJob::quick(LOAD)));
        for (key, minute) in [("a", 10), ("a", 30), ("b", 20)] {
            let moved: Result<()> =
                t.db.write("harbour.promise", |tx| {
                    in_tx(async move {
                        // the last word of a transaction counts
                        tx.set_wake(LOAD.key(key).at(at("08:59:00"))).await?;
                        tx.set_wake(LOAD.key(key).at(at(&format!("08:{minute}:00")))).await
                    })
                })
                .await;
            moved.unwrap();
        }
        let cancelled: Result<()> =
            t.db.write("harbour.forget", |tx| in_tx(async move { tx.cancel_wake(&LOAD.key("b")).await })).await;
        cancelled.unwrap();
        assert_eq!(bench.advance(Duration::from_secs(29 * 60)).await, []);
        assert_eq!(keys(&bench.advance(Duration::from_secs(3600)).await), ["a"]);
    });
}

#[test]
fn what_is_rolled_back_wakes_nobody() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(TestJob::quick(LOAD)));
        let failed: Result<()> =
            t.db.write("harbour.wake", |tx| {
                in_tx(async move {
                    tx.wake(LOAD.key("ghost"));
                    Err(StoreError::Address("enough".to_owned()))
                })
            })
            .await;
        failed.unwrap_err();
        assert_eq!(bench.settle().await, []);
    });
}

#[test]
fn a_key_that_cannot_be_kept_is_refused() {
    TestDb::both(PLATFORM, async |t| {
        for key in ["x".repeat(257), "a\0b".to_owned()] {
            let key = key.as_str();
            let refused: Result<()> =
                t.db.write("harbour.wake", |tx| {
                    in_tx(async move {
                        tx.wake(LOAD.key(key));
                        Ok(())
                    })
                })
                .await;
            let refused = refused.unwrap_err().to_string();
            assert!(refused.ends_with("name it by a digest"), "{refused}");
        }
    });
}

/// Scenario 19.
#[test]
fn two_jobs_that_wake_each_other_without_end_are_named() {
    let endless = std::panic::catch_unwind(|| {
        TestDb::on(tidegate_testkit::Kind::Sqlite, PLATFORM, async |t| {
            let other = |name, other: super::JobName| {
                TestJob::new(JobSpec::new(name), move |run, _| {
                    Box::pin(async move {
                        let ended = run.end::<StoreError>(|tx| {
                            in_tx(async move {
                                tx.wake(other.key("a"));
                                Ok(Outcome::Done)
                            })
                        });
                        Ok(ended.await?)
                    })
                })
            };
            let jobs = Jobs::default().with(other(LOAD, UNLOAD)).with(other(UNLOAD, LOAD));
            wake(&t.db, vec![LOAD.key("a"), LOAD.key("other")]).await;
            Bench::new(t, jobs).with_most_runs(500).settle().await;
        });
    });
    let text = endless.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*text, "no end after 500 runs: harbour.load/a and harbour.unload/a go round");
}
