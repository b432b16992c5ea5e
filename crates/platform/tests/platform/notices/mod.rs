//! People are told once, in few mails, and of all that still holds.

mod killed;

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate_platform::notices::{Digest, DigestOptions, Notice};
use tidegate_platform::relay::Relay;
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{MailOptions, MailWay, Mailer};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_testkit::{Bench, MailFault, MailServer, TestDb};

use crate::wake::PLATFORM;

const MINUTE: Duration = Duration::from_secs(60);

fn notice(group: &str, line_key: &str, line: &str) -> Notice {
    Notice {
        recipient: "ann@example.org".to_owned(),
        group: format!("results:{group}"),
        title: format!("Results of {group}"),
        line_key: line_key.to_owned(),
        line: line.to_owned(),
        window: 10 * MINUTE,
    }
}

async fn notify(t: &TestDb, notice: &Notice) {
    let noted: Result<()> = t.db.write("results.notify", |tx| in_tx(tx.notify(notice))).await;
    noted.expect("it is committed");
}

fn mailer(smtp: &str) -> Mailer {
    let options = MailOptions { from: "gate@example.org".to_owned(), way: MailWay::Smtp(Secret::new(smtp)) };
    Mailer::new(&options).expect("the addresses are good")
}

fn digest(per_hour: u32) -> Digest {
    Digest::new(DigestOptions {
        per_hour: NonZeroU32::new(per_hour).expect("not zero"),
        domain: "example.org".to_owned(),
        unsubscribe: "https://gate.example.org/account".to_owned(),
    })
}

async fn bench(t: &TestDb, smtp: &MailServer, per_hour: u32) -> Bench {
    let relay = Relay::new().with(mailer(&smtp.url())).enrol(&t.db).await.expect("it is committed");
    Bench::new(t, Jobs::default().with(relay).with(digest(per_hour)))
}

fn header<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("{name}: {text}"))
}

/// The lines of the body.
fn lines(text: &str) -> Vec<&str> {
    let body = text.split_once("\n\n").expect("there is a body").1;
    body.lines().filter(|line| line.starts_with("- ") || line.ends_with(')')).collect()
}

#[test]
fn lines_of_a_window_are_one_mail_with_the_last_word_of_each() {
    TestDb::both(PLATFORM, async |t| {
        let smtp = MailServer::start();
        let bench = bench(t, &smtp, 20).await;
        notify(t, &notice("nethack", "depcheck", "depcheck failed")).await;
        notify(t, &notice("nethack", "rpmlint", "rpmlint failed")).await;
        notify(t, &notice("nethack", "abicheck", "abicheck failed")).await;
        bench.advance(5 * MINUTE).await;
        notify(t, &notice("nethack", "depcheck", "depcheck passed")).await;
        notify(t, &notice("nethack", "abicheck", "")).await;
        bench.advance(4 * MINUTE).await;
        assert_eq!(smtp.taken(), [], "the window is open");
        bench.advance(MINUTE).await;
        let letters = smtp.taken();
        assert_eq!(letters.len(), 1);
        let text = &letters[0].text;
        assert_eq!(
            (letters[0].to.as_slice(), header(text, "Subject")),
            (&["ann@example.org".to_owned()][..], "Results of nethack")
        );
        assert_eq!(lines(text), ["- depcheck passed", "- rpmlint failed"]);
        assert_eq!(header(text, "Auto-Submitted"), "auto-generated");
        assert_eq!(header(text, "List-Unsubscribe"), "<https://gate.example.org/account>");
        let marks = t.rows("SELECT mark FROM platform_outbox WHERE kind = 'act'").await;
        assert_eq!(marks, [[header(text, "Message-ID")]]);
        bench.advance(100 * MINUTE).await;
        assert_eq!(smtp.taken().len(), 1, "it is said once");
    });
}

#[test]
fn what_is_withdrawn_before_its_window_ends_is_no_mail() {
    TestDb::both(PLATFORM, async |t| {
        let smtp = MailServer::start();
        let bench = bench(t, &smtp, 20).await;
        notify(t, &notice("nethack", "depcheck", "depcheck failed")).await;
        notify(t, &notice("nethack", "depcheck", "")).await;
        bench.advance(60 * MINUTE).await;
        assert_eq!(smtp.taken(), []);
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_notice").await, [["0"]]);
    });
}

#[test]
fn who_has_no_token_gets_all_that_waited_together() {
    TestDb::both(PLATFORM, async |t| {
        let smtp = MailServer::start();
        let bench = bench(t, &smtp, 2).await;
        for (minute, group) in ["nethack", "bash", "zsh", "vim"].into_iter().enumerate() {
            notify(t, &notice(group, "depcheck", &format!("depcheck failed at {minute}"))).await;
            bench.advance(MINUTE).await;
        }
        bench.advance(30 * MINUTE).await;
        let subjects = |from: usize| {
            let letters = smtp.taken();
            letters[from..].iter().map(|letter| header(&letter.text, "Subject").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(subjects(0), ["Results of nethack", "Results of bash"]);
        bench.advance(60 * MINUTE).await;
        assert_eq!(subjects(2), ["Results of vim, and 1 more"], "an hour after the first there is a token");
        let last = smtp.taken().pop().expect("there is one").text;
        let told = ["Results of vim (1)", "- depcheck failed at 3", "Results of zsh (1)", "- depcheck failed at 2"];
        assert_eq!(lines(&last), told);
    });
}

#[test]
fn a_mail_that_is_sent_again_has_the_same_mark() {
    TestDb::both(PLATFORM, async |t| {
        // the server takes the mail at its second try only
        let smtp = MailServer::with(|command, before| {
            (before == 0 && command.starts_with("RCPT")).then(|| MailFault::Says("451 not now".to_owned()))
        });
        let bench = bench(t, &smtp, 20).await;
        notify(t, &notice("nethack", "depcheck", "depcheck failed")).await;
        bench.advance(60 * MINUTE).await;
        assert_eq!(smtp.taken().len(), 1);
        assert_eq!(t.rows("SELECT COUNT(DISTINCT mark) FROM platform_outbox WHERE kind = 'act'").await, [["1"]]);
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_notice WHERE sent_in IS NULL").await, [["0"]]);
    });
}
