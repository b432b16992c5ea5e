use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate_platform::wake::{JobSpec, Jobs, Worker, WorkerOptions};
use tidegate_testkit::{Bench, TestDb};
use tokio::sync::Notify;

use super::{LOAD, PLATFORM, TestJob, UNLOAD, at, keys, wake};

#[test]
fn urgent_goes_first_then_time_then_name() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(TestJob::quick(LOAD)).with(TestJob::quick(UNLOAD)));
        let wishes = vec![
            UNLOAD.key("b"),
            LOAD.key("d"),
            LOAD.key("c"),
            LOAD.key("late").at(at("08:00:02")),
            UNLOAD.key("later").at(at("08:00:03")).urgent(),
        ];
        wake(&t.db, wishes).await;
        t.clock.advance(Duration::from_secs(5));
        assert_eq!(keys(&bench.settle().await), ["later", "c", "d", "b", "late"]);
    });
}

#[test]
fn a_seed_determines_another_order() {
    TestDb::both(PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(TestJob::quick(LOAD)));
        let mut orders = std::collections::BTreeSet::new();
        for seed in [1, 2, 3, 4, 1] {
            bench.shuffle(seed);
            wake(&t.db, ["a", "b", "c", "d", "e"].map(|key| LOAD.key(key)).into()).await;
            let order: Vec<_> = keys(&bench.settle().await).into_iter().map(str::to_owned).collect();
            assert_eq!(order.len(), 5);
            orders.insert(order);
        }
        assert!((2..=4).contains(&orders.len()), "{orders:?}");
    });
}

/// Scenario 16.
#[test]
fn an_urgent_wish_is_next_behind_a_hundred_thousand_and_another_job_finds_a_slot() {
    const MANY: usize = 100_000;
    TestDb::both(PLATFORM, async |t| {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let enough = Arc::new(Notify::new());
        let logged = |log: &Arc<Mutex<Vec<String>>>| {
            let log = Arc::clone(log);
            move |key: &str| {
                let mut log = log.lock().expect("nobody panicked");
                log.push(key.to_owned());
                log.len()
            }
        };
        let (write, done) = (logged(&log), Arc::clone(&enough));
        let bulk = TestJob::new(JobSpec::new(LOAD).max_running(1), move |run, _| {
            let started = write(run.key());
            let done = Arc::clone(&done);
            Box::pin(async move {
                if run.key() == "000004" {
                    wake(run.db(), vec![LOAD.key("urgent").urgent(), UNLOAD.key("normal")]).await;
                }
                if started > 20 {
                    done.notify_one();
                }
                Ok(run.done().await?)
            })
        });
        let write = logged(&log);
        let other = TestJob::new(JobSpec::new(UNLOAD), move |run, _| {
            write(run.key());
            Box::pin(async move { Ok(run.done().await?) })
        });
        wake(&t.db, (0..MANY).map(|number| LOAD.key(format!("{number:06}"))).collect()).await;
        let options = WorkerOptions { slots: 4, ..WorkerOptions::default() };
        let worker = Worker::start(t.db.clone(), Jobs::default().with(bulk).with(other), options);
        enough.notified().await;
        worker.stop(Duration::from_secs(10)).await;
        let log = log.lock().unwrap().clone();
        let place = |key: &str| log.iter().position(|ran| ran == key).unwrap();
        let bulk: Vec<_> = log.iter().filter(|key| *key != "normal").collect();
        let fourth = bulk.iter().position(|key| *key == "000004").unwrap();
        assert_eq!(bulk[fourth + 1], "urgent", "{log:?}");
        assert!(place("normal") <= place("000004") + 4, "{log:?}");
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_wake WHERE lease_owner IS NOT NULL").await, [["0"]]);
    });
}
