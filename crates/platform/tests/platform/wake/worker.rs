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
