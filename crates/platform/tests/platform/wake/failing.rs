use std::time::Duration;

use tidegate_kernel::Clock as _;
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::{JobSpec, Jobs, RunEnd};
use tidegate_testkit::{Bench, TestDb};

use super::{LOAD, PLATFORM, TestJob, at, wake, well};

fn fails(times: usize) -> TestJob {
    TestJob::new(JobSpec::new(LOAD), move |run, before| {
        Box::pin(async move {
            if before < times {
                return Err(anyhow::anyhow!("the crane is\nstuck").context("load"));
            }
            Ok(run.done().await?)
        })
    })
}

/// Scenario 18.
#[test]
fn the_third_failure_in_a_row_is_told_and_so_is_the_end_of_it() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(fails(4)));
        wake(&t.db, vec![LOAD.key("a")]).await;
        let failed = RunEnd::Failed("load: the crane is stuck".to_owned());
        assert_eq!(bench.settle().await[0].ended, failed);
        let told = async || {
            let told = t.rows("SELECT topic, body FROM platform_outbox ORDER BY seq").await;
            let parsed = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap();
            told.iter().map(|row| (row[0].clone(), parsed(&row[1]))).collect::<Vec<_>>()
        };
        assert_eq!(bench.advance(Duration::from_millis(1_200)).await.len(), 1);
        assert_eq!(told().await, []);
        assert_eq!(bench.advance(Duration::from_millis(2_400)).await.len(), 1);
        let blockers = crate::blockers::of_platform(&t.db).await;
        assert_eq!(blockers.len(), 1);
        assert_eq!(blockers[0].code(), "platform.job-failing");
        assert_eq!(blockers[0].text(), "harbour.load for a fails: load: the crane is stuck");
        assert!(blockers[0].look_again().instant() > Some(t.clock.now()));
        let failing = told().await;
        assert_eq!(failing.len(), 1);
        assert_eq!(failing[0].0, "platform.job.failing");
        let body = &failing[0].1;
        assert_eq!((&body["job"], &body["key"], &body["attempts"]), (&"harbour.load".into(), &"a".into(), &3.into()));
        assert_eq!(body["error"], "load: the crane is stuck");
        assert_eq!(body["since"], at("08:00:00").to_string());
        assert!(body["next_at"].as_str().unwrap() > t.clock.now().to_string().as_str());
        let ran = bench.advance(Duration::from_secs(60)).await;
        assert_eq!((&ran[0].ended, &ran[1]), (&failed, &well(LOAD, "a")));
        assert_eq!(told().await.len(), 2);
        assert_eq!((told().await[1].0.as_str(), &told().await[1].1["attempts"]), ("platform.job.recovered", &4.into()));
        assert_eq!(crate::blockers::codes(&t.db).await, Vec::<String>::new());
        let runs = t.rows("SELECT outcome FROM platform_run ORDER BY id").await.concat();
        assert_eq!(runs, ["failed", "failed", "failed", "failed", "done"]);
    });
}

#[test]
fn new_wishes_do_not_shorten_the_pause_and_a_person_does() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(fails(1)));
        wake(&t.db, vec![LOAD.key("a")]).await;
        bench.settle().await;
        wake(&t.db, vec![LOAD.key("a").urgent()]).await;
        assert_eq!(bench.settle().await, []);
        let hurried: Result<()> = t.db.write("harbour.hurry", |tx| in_tx(tx.run_now(LOAD.as_str(), "a"))).await;
        hurried.unwrap();
        assert_eq!(bench.settle().await, [well(LOAD, "a")]);
    });
}

#[test]
fn a_panic_is_a_failure_and_nothing_else() {
    TestDb::both(PLATFORM, async |t| {
        let job = TestJob::new(JobSpec::new(LOAD), |run, before| {
            Box::pin(async move {
                assert!(before > 0, "the crane fell");
                Ok(run.done().await?)
            })
        });
        let bench = Bench::new(t, Jobs::default().with(job));
        wake(&t.db, vec![LOAD.key("a")]).await;
        assert_eq!(bench.settle().await[0].ended, RunEnd::Failed("panicked: the crane fell".to_owned()));
        assert_eq!(bench.advance(Duration::from_secs(2)).await, [well(LOAD, "a")]);
    });
}
