//! Killed at every step between the line and the mail, in a process of its own: each mail goes under one mark.

#![cfg(feature = "steps")]

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_platform::notices::{DIGEST, Notice};
use tidegate_platform::outbox::{SEQUENCE, Sequence};
use tidegate_platform::relay::{RELAY, Relay};
use tidegate_platform::store::{Reads as _, Result, in_tx};
use tidegate_platform::wake::{Engine, Follows, Jobs};
use tidegate_testkit::{Kind, MailServer};

use super::{digest, header, lines, mailer, notice};
use crate::killed::{Kills, Program, own_store};

tidegate_platform::statements! {
    pub(crate) NOTED;

    COUNT = "SELECT COUNT(*) FROM platform_notice";
    LEASED = "SELECT COUNT(*) FROM platform_wake WHERE lease_owner IS NOT NULL";
}

/// The program. It does nothing unless it is told where its store is.
#[tokio::test]
async fn program() {
    let Some(db) = own_store().await else { return };
    let smtp = std::env::var("HARBOUR_SMTP").expect("told with the store");
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

async fn killed_everywhere(kind: Kind, sample: usize) {
    let mut kills = Kills::over(kind, sample);
    while let Some(this) = kills.step() {
        let smtp = MailServer::start();
        let program = Program { test: "notices::killed::program", told: ("HARBOUR_SMTP", &smtp.url()) };
        if !kills.run(&program).await {
            return;
        }
        let letters = smtp.taken();
        let marks: BTreeSet<_> = letters.iter().map(|letter| header(&letter.text, "Message-ID")).collect();
        assert_eq!(marks.len(), 1, "{this}: {letters:?}");
        for letter in &letters {
            assert_eq!(lines(&letter.text), ["- depcheck failed", "- rpmlint failed"], "{this}");
        }
        assert!(letters.len() == 1 || !kills.is_undisturbed(), "undisturbed it is sent once");
        kills.next("mail.send.after");
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
