//! No wake-up is lost between a look and the next wait.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tidegate_kernel::{Actor, Clock, Message, OrderKey, Timestamp, Topic};
use tidegate_platform::store::{Db, Place, Result, StoreError, StoreOptions, Surroundings, in_tx};
use tidegate_platform::wake::{Follows, Job, JobName, JobResult, JobSpec, Jobs, Outcome, Run, Worker, WorkerOptions};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::{Semaphore, mpsc};

use super::{LOAD, PLATFORM, TestJob, at, wake};

/// Far longer than any test: what runs then was told by something else.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// A clock that moves once, by two milliseconds, after it was read so often.
#[derive(Debug)]
struct Jumping {
    left: AtomicUsize,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let one_less = |left: usize| left.checked_sub(1);
        let is_early = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        at("08:00:00").later(Duration::from_millis(if is_early { 0 } else { 2 }))
    }
}

/// A wish whose time comes while the worker looks is neither due yet nor still to come, if it reads the clock twice.
#[test]
fn a_wish_whose_time_comes_during_a_look_is_not_lost() {
    for before in 0..24 {
        TestDb::on(Kind::Sqlite, &[], async |t| {
            let clock = Arc::new(Jumping { left: AtomicUsize::new(usize::MAX) });
            let surroundings = Surroundings { clock: Arc::clone(&clock) as _, ..t.db.surroundings().clone() };
            let folder = tempfile::tempdir().expect("a folder can be made");
            let place = Place::Sqlite(folder.path().join("store.sqlite"));
            let db = Db::open(&StoreOptions { place, ..t.options().clone() }, surroundings).await.expect("it opens");
            db.migrate(PLATFORM).await.expect("the migrations run");
            wake(&db, vec![LOAD.key("a").at(at("08:00:00").later(Duration::from_millis(1)))]).await;
            clock.left.store(before, Ordering::SeqCst);
            let (tell, mut told) = mpsc::unbounded_channel();
            let job = TestJob::new(JobSpec::new(LOAD), move |run, _| {
                let tell = tell.clone();
                Box::pin(async move {
                    let ended = run.done().await?;
                    tell.send(()).expect("the test waits");
                    Ok(ended)
                })
            });
            let options = WorkerOptions { sweep: NEVER, ..WorkerOptions::default() };
            let worker = Worker::start(db.clone(), Jobs::default().with(job), options);
            let ran = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
            assert_eq!(ran, Ok(Some(())), "the clock jumped after {before} readings");
            worker.stop(NEVER).await;
            db.close().await;
        });
    }
}

const FOLLOW: JobName = JobName::new("harbour.follow");

/// Follows the outbox, and is behind until it ran once.
struct Follower {
    is_behind: Arc<AtomicBool>,
    tell: mpsc::UnboundedSender<()>,
}

impl Job for Follower {
    fn spec(&self) -> JobSpec {
        JobSpec::new(FOLLOW).following(Follows::Outbox)
    }

    async fn run(&self, run: &Run) -> JobResult {
        self.is_behind.store(false, Ordering::SeqCst);
        let ended = run.end::<StoreError>(|_| in_tx(async { Ok(Outcome::Done) })).await?;
        let _ = self.tell.send(());
        Ok(ended)
    }

    async fn behind(&self, _: &Db) -> Result<Vec<String>> {
        Ok(if self.is_behind.load(Ordering::SeqCst) { vec!["log".to_owned()] } else { Vec::new() })
    }
}

#[test]
fn who_follows_a_log_starts_when_a_slot_is_free_again() {
    TestDb::both(PLATFORM, async |t| {
        let (begun, mut begins) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let long = TestJob::new(JobSpec::new(LOAD).max_running(4), move |run, _| {
            let (begun, waits) = (begun.clone(), Arc::clone(&waits));
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                let _free = waits.acquire().await?;
                Ok(run.done().await?)
            })
        });
        let is_behind = Arc::new(AtomicBool::new(false));
        let (tell, mut told) = mpsc::unbounded_channel();
        let follower = Follower { is_behind: Arc::clone(&is_behind), tell };
        let options = WorkerOptions { slots: 4, sweep: NEVER, ..WorkerOptions::default() };
        let worker = Worker::start(t.db.clone(), Jobs::default().with(long).with(follower), options);
        wake(&t.db, ["a", "b", "c", "d"].map(|key| LOAD.key(key)).into()).await;
        for _ in 0..4 {
            begins.recv().await.expect("it begins");
        }
        is_behind.store(true, Ordering::SeqCst);
        let announced: Result<()> =
            t.db.write("harbour.announce", |tx| {
                in_tx(async move {
                    let topic = Topic::new("harbour.ship.came").expect("it is a topic");
                    let key = OrderKey::new("harbour", "a").expect("it is a key");
                    tx.publish(Message::new(topic, key, tx.now(), Actor::system())).map(drop)
                })
            })
            .await;
        announced.expect("it is committed");
        // one slot becomes free, and the others stay taken; the worker has heard of the announcement by then
        wake(&t.db, vec![LOAD.key("e")]).await;
        gate.add_permits(4);
        let ran = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
        assert_eq!(ran, Ok(Some(())), "it has a slot");
        worker.stop(NEVER).await;
    });
}

/// A client hangs up while its request commits: what is committed all the same is told to those who wait.
#[test]
fn what_is_committed_for_nobody_is_told_all_the_same() {
    TestDb::both(PLATFORM, async |t| {
        let mut was_whole = false;
        for polls in 1..60 {
            let key = format!("{polls}");
            let mut listener = t.db.signals().listen();
            let write = wake(&t.db, vec![LOAD.key(key.as_str())]);
            let mut write = Box::pin(write);
            let mut left = polls;
            was_whole = poll_fn(|context| {
                if left == 0 {
                    return Poll::Ready(false);
                }
                left -= 1;
                write.as_mut().poll(context).map(|()| true)
            })
            .await;
            drop(write);
            // the next in turn comes after whatever became of the one before
            wake(&t.db, vec![LOAD.key("next")]).await;
            let stored = t.rows(&format!("SELECT 1 FROM platform_wake_request WHERE key = '{key}'")).await;
            let expected = stored.len() + 1;
            let told = async {
                for _ in 0..expected {
                    assert!(listener.next().await.jobs.contains(LOAD.as_str()));
                }
            };
            let told = tokio::time::timeout(Duration::from_secs(30), told).await;
            assert!(told.is_ok(), "given up after {polls} polls it was stored, and nobody was told");
            if was_whole {
                break;
            }
        }
        assert!(was_whole, "a transaction has fewer steps");
    });
}
