//! Scenario 5: killed at every step, in a process of its own.
//!
//! The program publishes nine ships over three piers and sends them into a file. It is run once to learn its steps, then
//! once for each step, where it is killed, and started again.

#![cfg(feature = "steps")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::{RandomIds, SystemClock};
use tidegate_platform::MIGRATIONS;
use tidegate_platform::chance::SystemRng;
use tidegate_platform::outbox::{Entry, SEQUENCE, Sequence};
use tidegate_platform::relay::{Policy, RELAY, Relay, Sent, Sink, Takes};
use tidegate_platform::store::{Db, Reads as _, Result, StoreOptions, Surroundings, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
use tidegate_testkit::{Kind, TestDb};

use super::{PLATFORM, arrival, ship};

const SHIPS: i64 = 9;

tidegate_platform::statements! {
    pub(crate) PUBLISHED;

    COUNT = "SELECT COUNT(*) FROM platform_outbox WHERE kind = 'message'";
}

/// Writes what it gets to a file, which outlives it.
struct FileSink(std::path::PathBuf);

impl Sink for FileSink {
    fn name(&self) -> String {
        "file".to_owned()
    }

    fn takes(&self) -> Takes {
        Takes::Messages(vec!["*".to_owned()])
    }

    fn policy(&self) -> Policy {
        Policy::HOOK
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        for entry in entries {
            let mut file = std::fs::File::options().create(true).append(true).open(&self.0).expect("our own folder");
            writeln!(file, "{} {}", entry.id(), ship(entry)).expect("our own folder");
        }
        Sent::all(entries.len())
    }
}

/// The program. It does nothing unless it is told where its store is.
#[tokio::test]
async fn program() {
    let Ok(store) = std::env::var("HARBOUR_STORE") else { return };
    let out = std::env::var("HARBOUR_OUT").expect("told with the store").into();
    let options = StoreOptions { waive_fsync: true, ..StoreOptions::parse(&store).expect("an address") };
    let surroundings =
        Surroundings { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng), ids: Arc::new(RandomIds(SystemRng)) };
    let db = Db::open(&options, surroundings).await.expect("the store opens");
    db.migrate(&[MIGRATIONS]).await.expect("the migrations run");
    let relay = Relay::new().with(FileSink(out)).enrol(&db).await.expect("the store answers");
    let engine = Engine::new(db.clone(), Jobs::default().with(relay).with(Sequence), Duration::from_millis(200));
    loop {
        let more: Result<bool> = db
            .write("harbour.arrive", |tx| {
                in_tx(async move {
                    let number = tx.query(COUNT).fetch_one::<(i64,)>().await?.0;
                    if number < SHIPS {
                        tx.publish(arrival(&(number % 3).to_string(), &format!("{}/{number}", number % 3)))?;
                    }
                    Ok(number < SHIPS)
                })
            })
            .await;
        let more = more.expect("the store answers");
        // what a process before had begun is free when its lease has ended
        let mut behind = true;
        while behind {
            engine.take_over().await.expect("the store answers");
            for (job, key) in [(SEQUENCE, "feed"), (RELAY, "file")] {
                engine.run(job.as_str(), key, true).await.expect("the store answers");
            }
            let (outbox, feed) = (tidegate_platform::wake::Follows::Outbox, tidegate_platform::wake::Follows::Feed);
            behind = !engine.behind(&[outbox, feed]).await.expect("the store answers").is_empty();
        }
        if !more {
            return;
        }
    }
}

fn run(store: &str, out: &Path, steps: &str) -> bool {
    let this = std::env::current_exe().expect("a test knows where it is");
    let ran = Command::new(this)
        .args(["--exact", "relay::killed::program", "--nocapture"])
        .env("HARBOUR_STORE", store)
        .env("HARBOUR_OUT", out)
        .env("TIDEGATE_STEPS", steps)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success() || ran.status.code().is_none(), "{steps}: {text}");
    ran.status.success()
}

/// Each ship arrived, under one id, and those of a pier in order.
fn assert_all_arrived(out: &Path, steps: &str) {
    let text = std::fs::read_to_string(out).expect("something arrived");
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    let mut by_pier: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let (id, ship) = line.split_once(' ').expect("a line has two words");
        assert_eq!(*ids.entry(ship).or_insert(id), id, "{steps}: {ship} came under two ids");
        let ships = by_pier.entry(&ship[..1]).or_default();
        if !ships.contains(&ship) {
            ships.push(ship);
        }
    }
    let expected = [("0", ["0/0", "0/3", "0/6"]), ("1", ["1/1", "1/4", "1/7"]), ("2", ["2/2", "2/5", "2/8"])];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(pier, ships)| (pier, ships.to_vec())).collect();
    assert_eq!(by_pier, expected, "{steps}");
}

/// The steps of a run that is not disturbed: `NAME#n`, each with how often it came before.
fn recorded(file: &Path) -> Vec<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let text = std::fs::read_to_string(file).expect("the run was recorded");
    let step = |name: &str| {
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        format!("{name}#{count}")
    };
    text.lines().map(step).collect()
}

/// So many steps, spread over all of them, are enough for what is done again for each ship.
async fn killed_everywhere(kind: Kind, sample: usize) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let steps_file = folder.path().join("steps");
    let mut steps = vec![format!("record:{}", steps_file.display())];
    let mut at = 0;
    while at < steps.len() {
        let out = folder.path().join(format!("out-{at}"));
        let this = &steps[at].clone();
        let work = |store: &str| {
            let survived = run(store, &out, this);
            assert_eq!(survived, at == 0, "{this}");
            assert!(run(store, &out, ""), "{this}");
            assert_all_arrived(&out, this);
        };
        match kind {
            Kind::Sqlite => work(&format!("sqlite:{}", folder.path().join(format!("store-{at}")).display())),
            Kind::Postgres => {
                // a database of its own for each
                let Some(url) = TestDb::loose(PLATFORM).await else { return };
                work(&url);
                TestDb::drop_loose(&url).await;
            }
        }
        if at == 0 {
            let all = recorded(&steps_file);
            assert!(all.iter().any(|step| step.starts_with("file.send.after")), "{all:?}");
            let every = all.len().div_ceil(sample).max(1);
            steps.extend(
                all.iter().enumerate().filter(|(place, _)| place % every == 0).map(|(_, step)| format!("kill:{step}")),
            );
        }
        at += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_on_sqlite() {
    killed_everywhere(Kind::Sqlite, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_on_postgresql() {
    killed_everywhere(Kind::Postgres, 15).await;
}
