use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tidegate_platform::store::{Reads as _, Result, Tx, in_tx};
use tidegate_platform::wake::{Engine, JobSpec, Jobs, RunEnd};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::Notify;

use super::{LOAD, PLATFORM, TestJob, wake, well};

tidegate_platform::statements! {
    pub(crate) EFFECTS;

    EFFECT = "INSERT INTO platform_trail_step (subject, gate, step, at, outcome, text)
        VALUES ('effect', 'harbour', $1, 0, 'info', '')";
}

/// Something that a run does, and that can be done once only.
async fn effect(tx: &mut Tx, name: &str) -> Result<()> {
    tx.query(EFFECT).bind(name).execute().await.map(drop)
}

async fn taken_over(engine: &Engine) {
    let taken = async {
        while engine.take_over().await.expect("the store answers").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), taken).await.expect("the lease ends");
}

/// Scenario 15: the first worker stands still while its lease ends, and goes on when another has done the work.
#[test]
fn a_worker_that_was_stopped_past_its_lease_changes_nothing() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let (stopped, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (says_stopped, waits) = (Arc::clone(&stopped), Arc::clone(&go_on));
        let slow = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let (says_stopped, waits) = (Arc::clone(&says_stopped), Arc::clone(&waits));
            Box::pin(async move {
                says_stopped.notify_one();
                waits.notified().await;
                run.write(|tx| in_tx(effect(tx, "loaded"))).await?;
                Ok(run.done().await?)
            })
        });
        let quick = TestJob::new(JobSpec::new(LOAD), |run, _| {
            Box::pin(async move {
                run.write(|tx| in_tx(effect(tx, "loaded"))).await?;
                Ok(run.done().await?)
            })
        });
        let second_db = t.another(2).await;
        let first = Engine::new(t.db.clone(), Jobs::default().with(slow), Duration::from_secs(1));
        let second = Engine::new(second_db.clone(), Jobs::default().with(quick), Duration::from_secs(1));
        wake(&t.db, vec![LOAD.key("a")]).await;
        let other = async {
            stopped.notified().await;
            assert_eq!(second.run(LOAD.as_str(), "a", false).await.unwrap(), None, "the first has the lease");
            taken_over(&second).await;
            let ran = second.run(LOAD.as_str(), "a", false).await.unwrap();
            go_on.notify_one();
            ran
        };
        let (late, ran) = tokio::join!(first.run(LOAD.as_str(), "a", false), other);
        assert_eq!(ran, Some(well(LOAD, "a")));
        assert_eq!(late.unwrap().unwrap().ended, RunEnd::LeaseLost);
        assert_eq!(t.rows("SELECT step FROM platform_trail_step").await, [["loaded"]]);
        assert_eq!(t.rows("SELECT * FROM platform_wake").await.len(), 0);
        second_db.close().await;
    });
}

/// A take-over waits for a transaction that is being written under the lease, so that never both count.
#[test]
fn a_lease_is_not_taken_over_from_under_an_open_transaction() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let (writing, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (says_writing, waits) = (Arc::clone(&writing), Arc::clone(&go_on));
        let job = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let (says_writing, waits) = (Arc::clone(&says_writing), Arc::clone(&waits));
            Box::pin(async move {
                let ended = run.end::<tidegate_platform::store::StoreError>(|tx| {
                    let (says_writing, waits) = (Arc::clone(&says_writing), Arc::clone(&waits));
                    in_tx(async move {
                        effect(tx, "loaded").await?;
                        says_writing.notify_one();
                        waits.notified().await;
                        Ok(tidegate_platform::wake::Outcome::Done)
                    })
                });
                Ok(ended.await?)
            })
        });
        let first = Engine::new(t.db.clone(), Jobs::default().with(job), Duration::from_millis(1));
        let second = Engine::new(t.db.clone(), Jobs::default().with(TestJob::quick(LOAD)), Duration::from_secs(60));
        wake(&t.db, vec![LOAD.key("a")]).await;
        let other = async {
            writing.notified().await;
            // its lease of a millisecond ended while the statements before this one went over the wire
            while t
                .rows("SELECT 1 FROM platform_wake WHERE lease_until < extract(epoch FROM clock_timestamp()) * 1000000")
                .await
                .is_empty()
            {}
            assert_eq!(second.take_over().await.unwrap(), []);
            go_on.notify_one();
        };
        let (ran, ()) = tokio::join!(first.run(LOAD.as_str(), "a", false), other);
        assert_eq!(ran.unwrap(), Some(well(LOAD, "a")));
        assert_eq!(second.take_over().await.unwrap(), []);
        assert_eq!(t.rows("SELECT step FROM platform_trail_step").await, [["loaded"]]);
    });
}

/// The process dies in the middle of a run: the next start does it again.
#[test]
fn what_a_dead_process_had_begun_runs_again() {
    TestDb::both(PLATFORM, async |t| {
        let begun = Arc::new(Notify::new());
        let (tries, says_begun) = (Arc::new(AtomicU32::new(0)), Arc::clone(&begun));
        let count = Arc::clone(&tries);
        let job = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let (says_begun, count) = (Arc::clone(&says_begun), Arc::clone(&count));
            Box::pin(async move {
                if count.fetch_add(1, Ordering::SeqCst) == 0 {
                    says_begun.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok(run.done().await?)
            })
        });
        wake(&t.db, vec![LOAD.key("a")]).await;
        let jobs = Jobs::default().with(job);
        let first = Engine::new(t.db.clone(), jobs.clone(), Duration::from_millis(500));
        tokio::select! {
            _ = first.run(LOAD.as_str(), "a", false) => panic!("it never ends"),
            () = begun.notified() => {}
        }
        drop(first);
        let second = Engine::new(t.db.clone(), jobs, Duration::from_secs(60));
        assert_eq!(second.run(LOAD.as_str(), "a", false).await.unwrap(), None, "it is leased");
        taken_over(&second).await;
        assert_eq!(second.run(LOAD.as_str(), "a", false).await.unwrap(), Some(well(LOAD, "a")));
    });
}
