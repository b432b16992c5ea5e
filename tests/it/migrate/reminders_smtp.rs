//! Mail servers that fail in every way they can: nothing is sent twice, nothing is lost, and the run goes on.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::case::Case;
use super::reminders::{record, stuck};
use super::run::Run;
use tidegate_testkit::{MailFault, MailServer};

fn says(text: &str) -> MailFault {
    MailFault::Says(text.to_owned())
}

/// One item of age 1, judged with a server that answers some commands otherwise, and then once more with one that does
/// what it should. What the first run said, and what is recorded after each.
fn faced(script: impl Fn(&str, usize) -> Option<MailFault> + Send + Sync + 'static) -> (MailServer, Run, Value, Value) {
    let server = MailServer::with(script);
    let case = stuck(1, 1, &server.host()).env("TIDEGATE_HASTE", "60");
    let run = case.run();
    assert_eq!(run.verdict("a01"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT missingbuild", "all else is decided");
    let first = recorded(&case);
    let good = MailServer::start();
    let case = case.set("EMAIL_HOST", &good.host());
    case.run();
    let total = server.taken().len() + good.taken().len();
    assert!(total <= 1, "sent {total} times");
    (server, run, first, recorded(&case))
}

fn recorded(case: &Case) -> Value {
    if case.path("unstable/EmailCache").exists() { record(case, "a01", "2") } else { Value::Null }
}

/// A run that sends nothing for now: the next one does.
#[track_caller]
fn later(script: impl Fn(&str, usize) -> Option<MailFault> + Send + Sync + 'static) -> Run {
    let (server, run, first, second) = faced(script);
    assert_eq!(server.taken().len(), 0);
    assert_eq!((first, second), (Value::Null, json!([["a01@example.org"], 1])));
    assert_eq!(run.stdout.matches("W: the reminder").count(), 1, "{}", run.stdout);
    run.said(&["a01 2", "not sent, tried again in the next run"]);
    run
}

/// A run after which the mail counts as sent.
#[track_caller]
fn done(script: impl Fn(&str, usize) -> Option<MailFault> + Send + Sync + 'static) -> Run {
    let (_, run, first, second) = faced(script);
    let sent = json!([["a01@example.org"], 1]);
    assert_eq!((&first, &second), (&sent, &sent));
    run
}

/// Scenario 44.
#[test]
fn without_a_server_each_mail_waits_and_the_run_ends_well() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").port();
    let case = stuck(3, 1, &format!("127.0.0.1:{port}"));
    let run = case.run();
    assert_eq!(run.stdout.matches("W: the reminder").count(), 3, "{}", run.stdout);
    run.said(&["a02 2", "tried again in the next run", "refused"]);
    assert!(!case.path("unstable/EmailCache").exists());
    let server = MailServer::start();
    let case = case.set("EMAIL_HOST", &server.host());
    case.run();
    case.run();
    assert_eq!(server.subjects().len(), 3);
    assert_eq!(server.connections(), 1, "one connection serves all");
}

#[test]
fn what_a_server_puts_off_is_tried_again() {
    later(|command, _| (command.is_empty()).then(|| says("421 busy"))).said(&["421 busy"]);
    later(|command, _| (command.is_empty()).then(|| says("554 no service"))).said(&["554"]);
    later(|command, _| command.starts_with("EHLO").then(|| says("502 what")));
    later(|command, _| command.starts_with("MAIL").then(|| says("451 later"))).said(&["451 later"]);
    later(|command, _| command.starts_with("MAIL").then(|| says("550 not you"))).said(&["550 not you"]);
    later(|command, _| command.starts_with("RCPT").then(|| says("450 grey"))).said(&["450 grey"]);
    later(|command, _| command.starts_with("DATA").then(|| says("452 full"))).said(&["452 full"]);
    later(|command, _| (command == "TEXT").then(|| says("451 later"))).said(&["451 later"]);
}

#[test]
fn what_a_server_refuses_for_good_counts_as_sent() {
    let run = done(|command, _| command.starts_with("RCPT").then(|| says("550 no such user")));
    run.said(&["a01 2", "counts as sent", "a01@example.org", "550 no such user"]);
    done(|command, _| command.starts_with("DATA").then(|| says("554 no"))).said(&["554 no"]);
    done(|command, _| (command == "TEXT").then(|| says("554 spam"))).said(&["554 spam"]);
}

#[test]
fn a_connection_that_breaks_before_the_text_sends_nothing() {
    for word in ["EHLO", "MAIL", "RCPT", "DATA"] {
        later(move |command, _| command.starts_with(word).then_some(MailFault::Closes));
    }
    later(|command, _| command.is_empty().then_some(MailFault::Closes));
    later(|command, _| command.is_empty().then(|| says("what is this\u{7}")));
}

#[test]
fn a_text_whose_arrival_nobody_knows_counts_as_sent() {
    let run = done(|command, _| (command == "TEXT").then_some(MailFault::Closes));
    run.said(&["a01 2", "may have arrived and counts as sent"]);
    done(|command, _| (command == "TEXT").then(|| says("nonsense"))).said(&["may have arrived"]);
    done(|command, _| (command == "TEXT").then_some(MailFault::Hangs)).said(&["may have arrived"]);
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    for word in ["", "EHLO", "MAIL", "RCPT", "DATA"] {
        let run = later(move |command, _| command.starts_with(word).then_some(MailFault::Hangs));
        run.said(&["does not answer within 30 seconds"]);
    }
    let server = MailServer::with(|command, _| command.starts_with("RCPT").then_some(MailFault::Hangs));
    let case = stuck(20, 1, &server.host()).env("TIDEGATE_HASTE", "60");
    let run = case.run();
    let waited = server.commands().iter().filter(|command| command.starts_with("RCPT")).count();
    assert_eq!((waited, server.connections()), (1, 1), "only the first is waited for");
    assert_eq!(run.stdout.matches("W: the reminder").count(), 20, "{}", run.stdout);
    run.said(&["a20 2", "did not answer before"]);
}

#[test]
fn of_several_recipients_those_who_can_get_it() {
    let server = MailServer::with(|command, _| command.contains("<no@").then(|| says("550 unknown")));
    let case = stuck(1, 1, &server.host());
    let case = case.file("addresses.json", r#"{"a01": {"2": ["no@example.org", "yes@example.org"]}}"#);
    case.run().said(&["not all get it", "no@example.org", "550 unknown"]);
    assert_eq!(server.taken()[0].to, ["yes@example.org"]);
    assert_eq!(record(&case, "a01", "2"), json!([["no@example.org", "yes@example.org"], 1]));
}

#[test]
fn after_a_refusal_the_others_still_go_out() {
    let server = MailServer::with(|command, _| command.contains("<a02@").then(|| says("550 unknown")));
    let case = stuck(3, 1, &server.host());
    case.run();
    assert_eq!(
        server.taken().iter().map(|mail| mail.to.join(" ")).collect::<Vec<_>>(),
        ["a01@example.org", "a03@example.org"]
    );
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_that_takes_few_mails_a_connection_is_asked_again() {
    let server = MailServer::with(|command, before| {
        (command.starts_with("MAIL") && before % 3 == 2).then(|| says("421 enough"))
    });
    let case = stuck(6, 1, &server.host());
    case.run();
    assert_eq!(server.subjects().len(), 6);
    assert!(server.connections() > 1);
}

/// The mail server of others: Python's aiosmtpd.
#[test]
fn a_real_mail_server_takes_it() {
    let python = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        let imports = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        imports.is_ok_and(|status| status.success())
    });
    let Some(python) = python else {
        eprintln!("skipped: 1 test, as there is no python3-aiosmtpd");
        return;
    };
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").port();
    let host = format!("127.0.0.1:{port}");
    let case = stuck(2, 3, &host).file("mailbox", "");
    let output = std::fs::File::create(case.path("mailbox")).expect("it can be written");
    let call = ["-u", "-m", "aiosmtpd", "-d", "-n", "-c", "aiosmtpd.handlers.Debugging", "stdout", "-l", &host];
    let mut child = Command::new(python).args(call).stdout(output).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("it is a pipe")).lines();
    let listens = log.any(|line| line.is_ok_and(|line| line.contains("listening on")));
    let run = case.run();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(listens, "it says when it listens");
    run.said(&["sent to a02@example.org"]);
    let mailbox = case.text("mailbox");
    assert_eq!(mailbox.matches("X-Proposed-Migration: notice").count(), 2, "{mailbox}");
    assert!(mailbox.contains("a02 2 stuck in testing-proposed for 3 days."), "{mailbox}");
}
