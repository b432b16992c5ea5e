//! Killed at every step between the line and the mail, in a process of its own: each mail goes under one mark.

#![cfg(feature = "steps")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::{RandomIds, SystemClock};
use tidegate_platform::MIGRATIONS;
use tidegate_platform::chance::SystemRng;
use tidegate_platform::notices::{DIGEST, Notice};
use tidegate_platform::outbox::{SEQUENCE, Sequence};
use tidegate_platform::relay::{RELAY, Relay};
use tidegate_platform::store::{Db, Reads as _, Result, StoreOptions, Surroundings, in_tx};
use tidegate_platform::wake::{Engine, Follows, Jobs};
use tidegate_testkit::{Kind, MailServer, TestDb};

use super::{digest, header, lines, mailer, notice};
use crate::wake::PLATFORM;

tidegate_platform::statements! {
    pub(crate) NOTED;

    COUNT = "SELECT COUNT(*) FROM platform_notice";
    LEASED = "SELECT COUNT(*) FROM platform_wake WHERE lease_owner IS NOT NULL";
}

/// The program. It does nothing unless it is told where its store is.
#[tokio::test]
async fn program() {
    let Ok(store) = std::env::var("HARBOUR_STORE") else { return };
    let smtp = std::env::var("HARBOUR_SMTP").expect("told with the store");
    let options = StoreOptions { waive_fsync: true, ..StoreOptions::parse(&store).expect("an address") };
    let surroundings =
        Surroundings { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng), ids: Arc::new(RandomIds(SystemRng)) };
    let db = Db::open(&options, surroundings).await.expect("the store opens");
    db.migrate(&[MIGRATIONS]).await.expect("the migrations run");
    let relay = Relay::new().with(mailer(&smtp)).enrol(&db).await.expect("the store answers");
    let jobs = Jobs::default().with(relay).with(Sequence).with(digest(20));
    let engine = Engine::new(db.clone(), jobs, Duration::from_millis(200));
    let noted: Result<()> = db
        .write("harbour.notify", |tx| {
            in_tx(async move {
                if tx.query(COUNT).fetch_one::<(i64,)>().await?.0 == 0 {
                    for line in ["depcheck", "rpmlint"] {
                        let now =
                            Notice { window: Duration::ZERO, ..notice("nethack", line, &format!("{line} failed")) };
                        tx.notify(&now).await?;
                    }
                }
                Ok(())
            })
        })
        .await;
    noted.expect("the store answers");
    loop {
        // what a process before had begun is free when its lease has ended
        engine.take_over().await.expect("the store answers");
        engine.run(DIGEST.as_str(), "ann@example.org", false).await.expect("the store answers");
        for (job, key) in [(SEQUENCE, "feed"), (RELAY, "mail")] {
            engine.run(job.as_str(), key, true).await.expect("the store answers");
        }
        let behind = engine.behind(&[Follows::Outbox, Follows::Feed]).await.expect("the store answers");
        let due = engine.due(10).await.expect("the store answers");
        let leased: Result<(i64,)> = db.read(|reader| in_tx(reader.query(LEASED).fetch_one())).await;
        if behind.is_empty() && due.is_empty() && leased.expect("the store answers").0 == 0 {
            return;
        }
    }
}

fn run(store: &str, smtp: &str, steps: &str) -> bool {
    let this = std::env::current_exe().expect("a test knows where it is");
    let ran = Command::new(this)
        .args(["--exact", "notices::killed::program", "--nocapture"])
        .env("HARBOUR_STORE", store)
        .env("HARBOUR_SMTP", smtp)
        .env("TIDEGATE_STEPS", steps)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success() || ran.status.code().is_none(), "{steps}: {text}");
    ran.status.success()
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

async fn killed_everywhere(kind: Kind, sample: usize) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let steps_file = folder.path().join("steps");
    let mut steps = vec![format!("record:{}", steps_file.display())];
    let mut at = 0;
    while at < steps.len() {
        let smtp = MailServer::start();
        let this = steps[at].clone();
        let (store, loose) = match kind {
            Kind::Sqlite => (format!("sqlite:{}", folder.path().join(format!("store-{at}")).display()), None),
            Kind::Postgres => {
                let Some(url) = TestDb::loose(PLATFORM).await else { return };
                (url.clone(), Some(url))
            }
        };
        let url = smtp.url();
        tokio::task::block_in_place(|| {
            assert_eq!(run(&store, &url, &this), at == 0, "{this}");
            assert!(run(&store, &url, ""), "{this}");
        });
        if let Some(url) = loose {
            TestDb::drop_loose(&url).await;
        }
        let letters = smtp.taken();
        let marks: BTreeSet<_> = letters.iter().map(|letter| header(&letter.text, "Message-ID")).collect();
        assert_eq!(marks.len(), 1, "{this}: {letters:?}");
        for letter in &letters {
            assert_eq!(lines(&letter.text), ["- depcheck failed", "- rpmlint failed"], "{this}");
        }
        if at == 0 {
            assert_eq!(letters.len(), 1, "undisturbed it is sent once");
            let all = recorded(&steps_file);
            assert!(all.iter().any(|step| step.starts_with("mail.send.after")), "{all:?}");
            let every = all.len().div_ceil(sample).max(1);
            let sampled = all.iter().enumerate().filter(|(place, _)| place % every == 0);
            steps.extend(sampled.map(|(_, step)| format!("kill:{step}")));
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
    killed_everywhere(Kind::Postgres, 12).await;
}
