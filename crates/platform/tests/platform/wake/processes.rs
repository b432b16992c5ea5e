use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate_platform::store::Place;
use tidegate_platform::wake::{Bridge, JobSpec, Jobs, Worker, WorkerOptions};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::Notify;

use super::{LOAD, PLATFORM, TestJob, wake};

#[derive(Default)]
struct Watch {
    running: Mutex<BTreeSet<String>>,
    runs: Mutex<BTreeMap<String, usize>>,
    overlaps: Mutex<Vec<String>>,
}

/// Scenario 20, with three stores and workers that share nothing but the database.
#[test]
fn of_ten_thousand_wishes_in_three_processes_none_runs_beside_itself() {
    const KEYS: usize = 250;
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let Place::Postgres(url) = &t.options().place else { panic!("it is PostgreSQL") };
        let (watch, all) = (Arc::new(Watch::default()), Arc::new(Notify::new()));
        let job = || {
            let (watch, all) = (Arc::clone(&watch), Arc::clone(&all));
            TestJob::new(JobSpec::new(LOAD).max_running(8), move |run, _| {
                let (watch, all) = (Arc::clone(&watch), Arc::clone(&all));
                Box::pin(async move {
                    let key = run.key().to_owned();
                    if !watch.running.lock().expect("nobody panicked").insert(key.clone()) {
                        watch.overlaps.lock().expect("nobody panicked").push(key.clone());
                    }
                    tokio::task::yield_now().await;
                    {
                        let mut runs = watch.runs.lock().expect("nobody panicked");
                        *runs.entry(key.clone()).or_default() += 1;
                        if runs.len() == KEYS {
                            all.notify_one();
                        }
                    }
                    watch.running.lock().expect("nobody panicked").remove(&key);
                    Ok(run.done().await?)
                })
            })
        };
        let stores = [t.db.clone(), t.another(2).await, t.another(3).await];
        let bridges: Vec<_> = stores.iter().map(|db| Bridge::start(db, url).unwrap()).collect();
        let options = || WorkerOptions { slots: 8, sweep: Duration::from_secs(3600), ..WorkerOptions::default() };
        let workers: Vec<_> =
            stores.iter().map(|db| Worker::start(db.clone(), Jobs::default().with(job()), options())).collect();
        let writers: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(place, db)| {
                let db = db.clone();
                tokio::spawn(async move {
                    for batch in 0..100_usize {
                        let number = |wish: usize| (place * 7 + batch * 34 + wish) % KEYS;
                        wake(&db, (0..34).map(|wish| LOAD.key(format!("{:03}", number(wish)))).collect()).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        all.notified().await;
        // whoever still runs ends, and everything that was wished for has run
        let rest = async {
            while !t.rows("SELECT 1 FROM platform_wake UNION ALL SELECT 1 FROM platform_wake_request").await.is_empty()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), rest).await.expect("all is run");
        for worker in workers {
            assert_eq!((worker.swept(), worker.taken_over()), (0, 0));
            worker.stop(Duration::from_secs(10)).await;
        }
        drop(bridges);
        assert_eq!(*watch.overlaps.lock().unwrap(), Vec::<String>::new());
        assert_eq!(watch.runs.lock().unwrap().len(), KEYS);
        for db in &stores[1..] {
            db.close().await;
        }
    });
}
