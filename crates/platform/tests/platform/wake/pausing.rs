use tidegate_kernel::Actor;
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_platform::wake::{Jobs, Scope};
use tidegate_testkit::{Bench, TestDb};

use super::{LOAD, PLATFORM, TestJob, UNLOAD, keys, wake};

async fn pause(db: &Db, scope: &Scope) {
    let paused: Result<()> = db.write("harbour.pause", |tx| in_tx(tx.pause(scope, Actor::user("ann"), "storm"))).await;
    paused.expect("it is committed");
}

async fn resume(db: &Db, scope: &Scope) -> bool {
    let resumed: Result<bool> = db.write("harbour.resume", |tx| in_tx(tx.resume(scope, Actor::user("ann")))).await;
    resumed.expect("it is committed")
}

/// Scenario 14.
#[test]
fn what_comes_during_a_pause_runs_once_a_key_on_resume() {
    TestDb::both(PLATFORM, async |t| {
        let scope = Scope::job(LOAD.as_str());
        pause(&t.db, &scope).await;
        for number in 0..100 {
            wake(&t.db, vec![LOAD.key(format!("{:02}", number % 20))]).await;
        }
        let jobs = || Jobs::default().with(TestJob::quick(LOAD)).with(TestJob::quick(UNLOAD));
        assert_eq!(Bench::new(t, jobs()).settle().await, []);
        // a restart
        let bench = Bench::new(t, jobs());
        bench.engine().take_over().await.unwrap();
        wake(&t.db, vec![UNLOAD.key("free")]).await;
        assert_eq!(keys(&bench.settle().await), ["free"]);
        assert_eq!(crate::blockers::codes(&t.db).await, ["platform.job-paused"]);
        assert!(resume(&t.db, &scope).await);
        assert_eq!(crate::blockers::codes(&t.db).await, Vec::<String>::new());
        let expected: Vec<_> = (0..20).map(|number| format!("{number:02}")).collect();
        assert_eq!(keys(&bench.settle().await), expected);
        assert!(!resume(&t.db, &scope).await);
        let told = t.rows("SELECT topic, body ->> 'paused', body ->> 'reason' FROM platform_outbox ORDER BY seq").await;
        let (yes, no) = if t.db.is_postgres() { ("true", "false") } else { ("1", "0") };
        assert_eq!(told, [["platform.pause.changed", yes, "storm"], ["platform.pause.changed", no, ""]]);
    });
}

#[test]
fn one_key_can_be_paused_alone() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(TestJob::quick(LOAD)));
        let scope = Scope::key(LOAD.as_str(), "b");
        pause(&t.db, &scope).await;
        wake(&t.db, vec![LOAD.key("a"), LOAD.key("b"), LOAD.key("c")]).await;
        assert_eq!(keys(&bench.settle().await), ["a", "c"]);
        resume(&t.db, &scope).await;
        assert_eq!(keys(&bench.settle().await), ["b"]);
    });
}

#[test]
fn a_run_that_goes_on_when_it_is_paused_ends() {
    TestDb::both(PLATFORM, async |t| {
        let job = TestJob::new(tidegate_platform::wake::JobSpec::new(LOAD), |run, _| {
            Box::pin(async move {
                pause(run.db(), &Scope::job(LOAD.as_str())).await;
                wake(run.db(), vec![LOAD.key("a")]).await;
                Ok(run.done().await?)
            })
        });
        let bench = Bench::new(t, Jobs::default().with(job));
        wake(&t.db, vec![LOAD.key("a")]).await;
        assert_eq!(bench.settle().await, [super::well(LOAD, "a")]);
    });
}
