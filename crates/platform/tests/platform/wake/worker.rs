use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::SystemClock;
use tidegate_platform::outbox::Sequence;
use tidegate_platform::store::{Db, Place, Surroundings};
use tidegate_platform::wake::{Bridge, JobSpec, Jobs, Worker, WorkerOptions};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::mpsc;

use super::{LOAD, PLATFORM, TestJob, UNLOAD, wake};

/// Far longer than any test: what runs then was told by something else.
const NEVER: Duration = Duration::from_secs(24 * 3600);

fn options() -> WorkerOptions {
    WorkerOptions { sweep: NEVER, ..WorkerOptions::default() }
}

/// A job that tells the test which key ran.
fn telling(name: super::JobName) -> (TestJob, mpsc::UnboundedReceiver<String>) {
    let (tell, told) = mpsc::unbounded_channel();
    let job = TestJob::new(JobSpec::new(name), move |run, _| {
        let tell = tell.clone();
        Box::pin(async move {
            let ended = run.done().await?;
            let _ = tell.send(run.key().to_owned());
            Ok(ended)
        })
    });
    (job, told)
}

async fn next(told: &mut mpsc::UnboundedReceiver<String>) -> String {
    let next = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
    next.expect("it runs").expect("the job is there")
}

#[test]
fn a_commit_starts_its_job_and_what_waited_starts_with_the_worker() {
    TestDb::both(PLATFORM, async |t| {
        let (job, mut told) = telling(LOAD);
        wake(&t.db, vec![LOAD.key("before")]).await;
        let worker = Worker::start(t.db.clone(), Jobs::default().with(job), options());
        assert_eq!(next(&mut told).await, "before");
        for key in ["a", "b"] {
            wake(&t.db, vec![LOAD.key(key)]).await;
            assert_eq!(next(&mut told).await, key);
        }
        assert_eq!(worker.swept(), 0);
        worker.stop(NEVER).await;
    });
}

#[test]
fn what_a_lost_signal_left_behind_is_swept_and_counted() {
    TestDb::both(PLATFORM, async |t| {
        let (job, mut told) = telling(LOAD);
        let sweep = Duration::from_millis(50);
        let options = WorkerOptions { sweep, ..WorkerOptions::default() };
        let worker = Worker::start(t.db.clone(), Jobs::default().with(job), options);
        let at = t.db.now().as_microseconds() - 60_000_000;
        // the worker looks for itself after the start and after each run, and may be the first to find it
        for number in 0..20 {
            // a minute ago, and nobody was told
            let insert = format!(
                "INSERT INTO platform_wake_request (job, key, at, priority, cause)
                 VALUES ('harbour.load', '{number}', {at}, 'normal', 'x')"
            );
            t.rows(&insert).await;
            assert_eq!(next(&mut told).await, number.to_string());
            if worker.swept() > 0 {
                break;
            }
        }
        assert_eq!(worker.swept(), 1);
        worker.stop(NEVER).await;
    });
}

#[test]
fn runs_that_go_on_end_before_the_worker_does_and_no_lease_is_left() {
    TestDb::both(PLATFORM, async |t| {
        let (begun, mut begins) = mpsc::unbounded_channel();
        let polite = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let begun = begun.clone();
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                tokio::task::yield_now().await;
                Ok(run.done().await?)
            })
        });
        let worker = Worker::start(t.db.clone(), Jobs::default().with(polite), options());
        wake(&t.db, vec![LOAD.key("a")]).await;
        begins.recv().await.unwrap();
        worker.stop(NEVER).await;
        assert_eq!(t.rows("SELECT outcome FROM platform_run").await, [["done"]]);
        assert_eq!(t.rows("SELECT * FROM platform_wake").await.len(), 0);
        assert_eq!(t.rows("SELECT * FROM platform_worker").await.len(), 0);
    });
}

#[test]
fn a_run_that_does_not_end_is_given_back() {
    TestDb::both(PLATFORM, async |t| {
        let (begun, mut begins) = mpsc::unbounded_channel();
        let stubborn = TestJob::new(JobSpec::new(LOAD), move |_, _| {
            let begun = begun.clone();
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                std::future::pending().await
            })
        });
        let worker = Worker::start(t.db.clone(), Jobs::default().with(stubborn), options());
        wake(&t.db, vec![LOAD.key("a")]).await;
        begins.recv().await.unwrap();
        worker.stop(Duration::from_millis(10)).await;
        let left = t.rows("SELECT key, lease_owner FROM platform_wake WHERE due IS NOT NULL").await;
        assert_eq!(left, [["a", "NULL"]]);
        let (job, mut told) = telling(LOAD);
        let worker = Worker::start(t.db.clone(), Jobs::default().with(job), options());
        assert_eq!(next(&mut told).await, "a");
        worker.stop(NEVER).await;
    });
}

async fn on_the_machines_clock(t: &TestDb) -> Db {
    let given = t.db.surroundings().clone();
    let surroundings = Surroundings { clock: Arc::new(SystemClock), ..given };
    Db::open(t.options(), surroundings).await.expect("the store opens")
}

#[test]
fn a_deadline_runs_when_its_time_has_come() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let db = on_the_machines_clock(t).await;
        let (job, mut told) = telling(LOAD);
        let worker = Worker::start(db.clone(), Jobs::default().with(job), options());
        let later = db.now().later(Duration::from_millis(200));
        wake(&db, vec![LOAD.key("a").at(later)]).await;
        assert_eq!(next(&mut told).await, "a");
        assert!(db.now() >= later);
        assert_eq!(worker.swept(), 0);
        worker.stop(NEVER).await;
        db.close().await;
    });
}

#[test]
fn a_commit_of_one_process_starts_the_job_in_another() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let Place::Postgres(url) = &t.options().place else { panic!("it is PostgreSQL") };
        let other = t.another(2).await;
        let bridges = [Bridge::start(&t.db, url).unwrap(), Bridge::start(&other, url).unwrap()];
        let (job, mut told) = telling(LOAD);
        let worker = Worker::start(other.clone(), Jobs::default().with(job).with(Sequence), options());
        for key in ["a", "b", "c"] {
            wake(&t.db, vec![LOAD.key(key), UNLOAD.key("nobody does this")]).await;
            assert_eq!(next(&mut told).await, key);
        }
        assert_eq!(worker.swept(), 0);
        worker.stop(NEVER).await;
        drop(bridges);
        other.close().await;
    });
}

/// Scenario 17: the network swallows what the other process tells.
#[test]
fn what_a_swallowed_signal_left_behind_is_swept_and_counted() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let Place::Postgres(url) = &t.options().place else { panic!("it is PostgreSQL") };
        let (proxy, through_proxy) = t.behind_proxy().await;
        let other = t.another(2).await;
        let bridges = [Bridge::start(&t.db, url).unwrap(), Bridge::start(&other, &through_proxy).unwrap()];
        let (job, mut told) = telling(LOAD);
        let options = WorkerOptions { sweep: Duration::from_millis(50), ..WorkerOptions::default() };
        let worker = Worker::start(other.clone(), Jobs::default().with(job), options);
        wake(&t.db, vec![LOAD.key("heard")]).await;
        assert_eq!((next(&mut told).await.as_str(), worker.swept()), ("heard", 0));
        proxy.stall_answers();
        // the worker looks for itself after each run, and may be the first to find it
        for number in 0..20 {
            wake(&t.db, vec![LOAD.key(number.to_string())]).await;
            t.clock.advance(Duration::from_secs(65));
            assert_eq!(next(&mut told).await, number.to_string());
            if worker.swept() > 0 {
                break;
            }
        }
        assert_eq!(worker.swept(), 1);
        worker.stop(NEVER).await;
        drop(bridges);
        other.close().await;
    });
}

/// While a run goes on its lease is put off again and again, and nobody takes it over.
#[test]
fn a_long_run_keeps_its_lease() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let (begun, mut begins) = mpsc::unbounded_channel();
        let go_on = Arc::new(tokio::sync::Notify::new());
        let waits = Arc::clone(&go_on);
        let long = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let (begun, waits) = (begun.clone(), Arc::clone(&waits));
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                waits.notified().await;
                Ok(run.done().await?)
            })
        });
        let options = || WorkerOptions { lease: Duration::from_secs(3), ..options() };
        let other = t.another(2).await;
        let worker = Worker::start(t.db.clone(), Jobs::default().with(long), options());
        wake(&t.db, vec![LOAD.key("a")]).await;
        begins.recv().await.unwrap();
        // had it been there before, it might have been the one to run it
        let idle = Worker::start(other.clone(), Jobs::default().with(TestJob::quick(LOAD)), options());
        let until = async || t.rows("SELECT lease_until FROM platform_wake").await[0][0].parse::<i64>().unwrap();
        let first = until().await;
        let renewed = async {
            while until().await < first + 4_000_000 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("it is renewed");
        go_on.notify_one();
        worker.stop(NEVER).await;
        assert_eq!(idle.taken_over(), 0);
        idle.stop(NEVER).await;
        assert_eq!(t.rows("SELECT outcome FROM platform_run").await, [["done"]]);
        other.close().await;
    });
}

/// The disk is full when a run fails: where leases do not end by themselves, its key would be held for ever.
#[test]
fn a_failure_that_cannot_be_stored_does_not_hold_the_key() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let (tell, mut told) = mpsc::unbounded_channel();
        let job = TestJob::new(JobSpec::new(LOAD), move |run, before| {
            let tell = tell.clone();
            Box::pin(async move {
                anyhow::ensure!(before > 0, "the crane is stuck");
                let ended = run.done().await?;
                tell.send(()).expect("the test waits");
                Ok(ended)
            })
        });
        t.rows(
            "CREATE TRIGGER harbour_full BEFORE INSERT ON platform_run WHEN NEW.outcome = 'failed'
             BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
        )
        .await;
        let worker = Worker::start(t.db.clone(), Jobs::default().with(job), options());
        wake(&t.db, vec![LOAD.key("a")]).await;
        told.recv().await.unwrap();
        worker.stop(NEVER).await;
    });
}

#[test]
fn people_see_what_jobs_do() {
    use tidegate_platform::wake::view;
    TestDb::both(PLATFORM, async |t| {
        let failing = TestJob::new(JobSpec::new(LOAD), |_, _| Box::pin(async { Err(anyhow::anyhow!("no crane")) }));
        let bench = tidegate_testkit::Bench::new(t, Jobs::default().with(failing));
        wake(&t.db, vec![LOAD.key("a"), LOAD.key("b").at(super::at("09:00:00"))]).await;
        bench.settle().await;
        let seen: tidegate_platform::store::Result<_> =
            t.db.read(|reader| {
                tidegate_platform::store::in_tx(async move {
                    let states = view::states(reader, "", ("", ""), 10).await?;
                    let requested = view::requested(reader).await?;
                    Ok((states, requested, view::runs(reader, LOAD.as_str(), "", i64::MAX, 10).await?))
                })
            })
            .await;
        let (states, requested, runs) = seen.unwrap();
        assert_eq!((states.len(), states[0].key.as_str(), states[0].attempts), (1, "a", 1));
        assert_eq!(
            (states[0].last_error.as_deref(), states[0].failing_since),
            (Some("no crane"), Some(super::at("08:00:00")))
        );
        assert!(states[0].due > Some(super::at("08:00:00")) && states[0].worker.is_none());
        assert_eq!((requested[0].count, requested[0].first_at), (1, super::at("09:00:00")));
        assert_eq!((runs[0].outcome.as_str(), runs[0].error.as_deref()), ("failed", Some("no crane")));
    });
}
