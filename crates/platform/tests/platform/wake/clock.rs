//! The clock is set: work comes early or waits, and nothing runs twice.

use std::sync::Arc;
use std::time::Duration;

use tidegate_platform::wake::{JobSpec, Jobs, Worker, WorkerOptions};
use tidegate_testkit::TestDb;
use tokio::sync::{Semaphore, mpsc};

use super::{LOAD, PLATFORM, TestJob, at, wake};

const NEVER: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_clock_that_jumps_doubles_no_run_and_loses_none() {
    TestDb::both(PLATFORM, async |t| {
        let (tell, mut told) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let job = TestJob::new(JobSpec::new(LOAD), move |run, _| {
            let (tell, waits) = (tell.clone(), Arc::clone(&waits));
            Box::pin(async move {
                tell.send(run.key().to_owned()).expect("the test waits");
                if run.key() == "long" {
                    let _go_on = waits.acquire().await?;
                }
                Ok(run.done().await?)
            })
        });
        let options = WorkerOptions { lease: Duration::from_secs(2), sweep: NEVER, ..WorkerOptions::default() };
        let worker = Worker::start(t.db.clone(), Jobs::default().with(job), options);
        let mut next = async || {
            let next = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
            next.expect("it runs").expect("the job is there")
        };
        wake(&t.db, vec![LOAD.key("long")]).await;
        assert_eq!(next().await, "long");
        wake(&t.db, vec![LOAD.key("later").at(at("08:30:00"))]).await;

        t.clock.advance(Duration::from_secs(86_400));
        wake(&t.db, vec![LOAD.key("ahead")]).await;
        let mut early = [next().await, next().await];
        early.sort();
        assert_eq!(early, ["ahead", "later"], "what was for later comes early");

        t.clock.set(at("07:00:00"));
        wake(&t.db, vec![LOAD.key("back"), LOAD.key("not yet").at(at("07:30:00"))]).await;
        assert_eq!(next().await, "back");
        if t.db.is_postgres() {
            // leases go by another clock: this one is put off again and again
            let until = async || {
                let rows = t.rows("SELECT lease_until FROM platform_wake WHERE key = 'long'").await;
                rows[0][0].parse::<i64>().expect("a number")
            };
            let first = until().await;
            let renewed = async { while until().await < first + 2_500_000 {} };
            tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("it is renewed");
        }
        gate.add_permits(1);
        assert_eq!(worker.taken_over(), 0);
        worker.stop(NEVER).await;
        let runs = t.rows("SELECT key, COUNT(*) FROM platform_run GROUP BY key ORDER BY key").await;
        assert_eq!(runs, [["ahead", "1"], ["back", "1"], ["later", "1"], ["long", "1"]]);
        assert_eq!(t.rows("SELECT key FROM platform_wake_request").await, [["not yet"]]);
    });
}
