//! Scenario 5: killed at every step, in a process of its own.
//!
//! The program publishes nine ships over three piers and sends them into a file. It is run once to learn its steps, then
//! once for each step, where it is killed, and started again.

#![cfg(feature = "steps")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tidegate_platform::outbox::{Entry, SEQUENCE, Sequence};
use tidegate_platform::relay::{Policy, RELAY, Relay, Sent, Sink, Takes};
use tidegate_platform::store::{Reads as _, Result, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
use tidegate_testkit::Kind;

use super::{arrival, ship};
use crate::killed::{Kills, Program, own_store};

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
    let Some(db) = own_store().await else { return };
    let out = std::env::var("HARBOUR_OUT").expect("told with the store").into();
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

/// So many steps, spread over all of them, are enough for what is done again for each ship.
async fn killed_everywhere(kind: Kind, sample: usize) {
    let mut kills = Kills::over(kind, sample);
    while let Some(this) = kills.step() {
        let out = kills.folder().join("out");
        let told = ("HARBOUR_OUT", out.to_str().expect("a folder has a plain name"));
        if !kills.run(&Program { test: "relay::killed::program", told }).await {
            return;
        }
        assert_all_arrived(&out, &this);
        std::fs::remove_file(&out).expect("our own folder");
        kills.next("file.send.after");
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
