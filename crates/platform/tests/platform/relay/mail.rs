use std::time::Duration;

use tidegate_kernel::Actor;
use tidegate_platform::relay::Relay;
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{Mail, MailOptions, MailWay, Mailer};
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_testkit::{MailFault, MailServer, TestDb};

use super::{PLATFORM, bench, deliveries, topics};

async fn post(db: &Db, to: &str, number: u32) {
    let mail = Mail {
        to: to.to_owned(),
        subject: format!("tide {number}\nBcc: eve@example.org"),
        text: "high\n".to_owned(),
        headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
    };
    let deed = &mail.deed(&format!("<{number}@example.org>"), Actor::system()).expect("an address");
    let posted: Result<_> = db.write("harbour.post", |tx| in_tx(async move { tx.act(deed.clone()) })).await;
    posted.expect("it is committed");
}

fn mailer(way: MailWay) -> Mailer {
    Mailer::new(&MailOptions { from: "Tidegate <tidegate@example.org>".to_owned(), way }).expect("an address")
}

#[test]
fn each_recipient_has_its_own_fate() {
    TestDb::both(PLATFORM, async |t| {
        let server = MailServer::with(|command, before| match command {
            "RCPT TO:<never@example.org>" => Some(MailFault::Says("550 nobody".to_owned())),
            "RCPT TO:<later@example.org>" if before < 5 => Some(MailFault::Says("451 not now".to_owned())),
            _ => None,
        });
        let bench = bench(t, Relay::new().with(mailer(MailWay::Smtp(Secret::new(server.url()))))).await;
        for (number, to) in (1..).zip(["ann", "never", "later", "later", "bob"]) {
            post(&t.db, &format!("{to}@example.org"), number).await;
        }
        bench.settle().await;
        let to = || server.taken().into_iter().flat_map(|letter| letter.to).collect::<Vec<_>>();
        let mut first = to();
        first.sort();
        assert_eq!(first, ["ann@example.org", "bob@example.org"]);
        let expected = [
            "platform:mail/never@example.org set_aside 1",
            "platform:mail/later@example.org waiting 1",
            "platform:mail/later@example.org parked 0",
        ];
        assert_eq!(deliveries(t).await, expected);
        assert_eq!(topics(t, "platform").await, ["platform.message.set_aside"]);
        bench.advance(Duration::from_secs(600)).await;
        assert_eq!(to()[2..], ["later@example.org", "later@example.org"]);
        let text = &server.taken()[2].text;
        for line in [
            "Message-ID: <3@example.org>",
            "From: Tidegate <tidegate@example.org>",
            "Date: Sat, 21 Nov 2026 08:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "Subject: tide 3 Bcc: eve@example.org",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
        }
    });
}

#[test]
fn a_server_that_stays_away_is_given_up_after_three_days() {
    TestDb::both(PLATFORM, async |t| {
        let way = MailWay::Smtp(Secret::new("smtp://127.0.0.1:1"));
        let bench = bench(t, Relay::new().with(mailer(way))).await;
        post(&t.db, "ann@example.org", 1).await;
        bench.advance(Duration::from_secs(2 * 86_400)).await;
        assert_eq!(deliveries(t).await, Vec::<String>::new());
        bench.advance(Duration::from_secs(86_400 + 7_200)).await;
        assert_eq!(deliveries(t).await.len(), 1);
        assert_eq!(topics(t, "platform").await, ["platform.sink.down", "platform.message.set_aside"]);
        assert_eq!(crate::blockers::codes(&t.db).await, ["platform.mail-unreachable", "platform.message-set-aside"]);
    });
}

#[test]
fn a_folder_gets_files() {
    TestDb::both(PLATFORM, async |t| {
        let folder = tempfile::tempdir().unwrap();
        let bench = bench(t, Relay::new().with(mailer(MailWay::Folder(folder.path().to_owned())))).await;
        post(&t.db, "ann@example.org", 1).await;
        bench.settle().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(deliveries(t).await, Vec::<String>::new());
    });
}

#[test]
fn an_address_that_is_none_is_set_aside_and_stops_nobody() {
    TestDb::both(PLATFORM, async |t| {
        let server = MailServer::start();
        let bench = bench(t, Relay::new().with(mailer(MailWay::Smtp(Secret::new(server.url()))))).await;
        post(&t.db, "no address at all", 1).await;
        post(&t.db, "ann@example.org", 2).await;
        bench.settle().await;
        assert_eq!(server.taken().len(), 1);
        assert_eq!(deliveries(t).await, ["platform:mail/no address at all set_aside 1"]);
    });
}
