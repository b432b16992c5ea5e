//! A run that is killed while it sends: the next one goes on, sends nothing twice and forgets nothing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::case::Case;
use super::reminders::{record, stuck};
use super::run::Run;
use crate::tree::text_of;
use tidegate_testkit::{MailFault, MailServer};

/// The points that a run reaches, in order, each with the number of times that it was reached; and the run.
pub(super) fn points(case: Case) -> (Vec<String>, Run) {
    let case = case.env("TIDEGATE_STEPS", "record:steps");
    let run = case.run();
    let mut count = std::collections::BTreeMap::new();
    let text = case.text("steps");
    let number = |name: &str| {
        let count = count.entry(name.to_owned()).or_insert(0);
        *count += 1;
        format!("{name}#{count}")
    };
    (text.lines().map(number).collect(), run)
}

/// Kills a run at a point. What it has put in place by then is whole, and the new target comes last.
pub(super) fn kill(case: Case, point: &str, whole: &Run) -> Case {
    let case = case.env("TIDEGATE_STEPS", &format!("kill:{point}"));
    let killed = case.run_with(&[]);
    assert_eq!(killed.code, None, "{point}: {}", killed.words());
    let outputs = || killed.files.iter().filter(|(name, _)| !name.starts_with(".tidegate-"));
    for (name, bytes) in outputs() {
        assert!(whole.files.get(name) == Some(bytes), "{point}: {name} is not whole");
    }
    if killed.files.contains_key("HeidiResult") {
        assert_eq!(outputs().count(), whole.files.len(), "{point}: the new target is there before the rest");
    }
    case.env("TIDEGATE_STEPS", "")
}

/// Kills a run at a point, then runs until one is complete. Each item has one record then, and the server saw no letter
/// twice.
fn survives(case: Case, server: &MailServer, count: usize, due: u32, (point, whole): (&str, &Run)) {
    let case = kill(case, point, whole);
    let sent_before = server.taken().len();
    let run = case.run();
    assert_eq!(run.result(), whole.result(), "{point}");
    let ids: Vec<String> = server.taken().iter().map(|mail| mail.header("Message-ID")).collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{point}: a letter was sent twice");
    assert!(ids.len() >= count - 1, "{point}: {} of {count} were sent, {sent_before} before the kill", ids.len());
    for number in 1..=count {
        let name = format!("a{number:02}");
        assert_eq!(record(&case, &name, "2"), json!([[format!("{name}@example.org")], due]), "{point}");
    }
    assert_eq!(names_in(&case, "unstable"), ["EmailCache", "Packages_amd64", "Sources"], "{point}");
}

/// The names of the files in a folder of a case.
pub(super) fn names_in(case: &Case, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(case.path(folder)).expect("it is a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_run_can_be_killed_at_every_point() {
    let server = MailServer::start();
    // An aborted run before has left something to merge.
    let left = r#"{"old": {"1": [[], 1]}}"#;
    let case = |server: &MailServer| stuck(3, 1, &server.host()).file("unstable/EmailCache.new", left);
    let (points, whole) = points(case(&server));
    assert_eq!(server.subjects().len(), 3);
    for unit in [
        "email-cache.merge.before",
        "email-cache.write.before",
        "email-cache.rename.before",
        "email-cache.rename.after",
        "mail.recipients.before",
        "mail.text.before",
        "mail.text.after",
        "email-cache.close.after",
        "output.write.after",
        "output.publish.before",
        "output.publish.after",
    ] {
        assert!(points.iter().any(|point| point.starts_with(unit)), "{unit} is not among {points:?}");
    }
    for point in points {
        let server = MailServer::start();
        survives(case(&server), &server, 3, 1, (&point, &whole));
    }
}

/// A server that refuses one for good and puts one off: what it said is not forgotten, and nothing is sent twice.
#[test]
fn a_run_with_a_moody_server_can_be_killed_at_every_point() {
    let server = moody();
    let (points, whole) = points(stuck(3, 1, &server.host()));
    assert_eq!(server.subjects(), ["a01 2 stuck in testing-proposed for 1 day."]);
    for unit in ["email-cache.take-back.before", "email-cache.take-back.after", "email-cache.confirm.before"] {
        assert!(points.iter().any(|point| point.starts_with(unit)), "{unit} is not among {points:?}");
    }
    for point in points {
        let (server, good) = (moody(), MailServer::start());
        let case = kill(stuck(3, 1, &server.host()), &point, &whole).set("EMAIL_HOST", &good.host());
        case.run();
        let mails = [server.taken(), good.taken()].concat();
        let ids: BTreeSet<String> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
        assert_eq!(ids.len(), mails.len(), "{point}: a letter was sent twice");
        for name in ["a01", "a02", "a03"] {
            assert_eq!(record(&case, name, "2"), json!([[format!("{name}@example.org")], 1]), "{point}");
        }
        assert_eq!(names_in(&case, "unstable"), ["EmailCache", "Packages_amd64", "Sources"], "{point}");
    }
}

/// Knows nobody called a02, and has no room for the second text.
fn moody() -> MailServer {
    MailServer::with(|command, before| {
        let refuses = command.starts_with("RCPT") && command.contains("<a02@");
        let waits = command.starts_with("DATA") && before == 1;
        let text = refuses.then_some("550 unknown").or(waits.then_some("452 full"))?;
        Some(MailFault::Says(text.to_owned()))
    })
}

/// Whatever ends the program while it moves a damaged file aside: nothing was sent, and the file is still there.
#[test]
fn a_damaged_file_survives_its_removal() {
    for (point, place) in [
        ("state.move-aside.before", "unstable/EmailCache"),
        ("state.move-aside.after", "unstable/EmailCache.corrupt-20261121T120000Z"),
    ] {
        let server = MailServer::start();
        let case = stuck(1, 1, &server.host()).file("unstable/EmailCache", "{\"a01\": [[");
        let killed = case.env("TIDEGATE_STEPS", &format!("kill:{point}"));
        assert_eq!((killed.run_with(&[]).code, server.connections()), (None, 0));
        assert_eq!(killed.text(place), "{\"a01\": [[");
    }
}

/// Every point that the source names is one at which a story of this file ends the program.
#[test]
fn no_point_is_forgotten() {
    let left = |case: Case| case.file("unstable/EmailCache.new", "{}");
    let (server, moody) = (MailServer::start(), moody());
    let cases = [left(stuck(1, 1, &server.host())), stuck(3, 1, &moody.host())];
    let reached = cases.into_iter().flat_map(|case| points(case).0);
    let reached: BTreeSet<String> =
        reached.map(|point| point.split('#').next().unwrap_or_default().to_owned()).collect();
    let elsewhere = ["state.move-aside.before", "state.move-aside.after"].map(str::to_owned);
    let mut named = BTreeSet::new();
    for (file, unit) in [
        ("files/ledger.rs", "email-cache."),
        ("files/save.rs", "email-cache."),
        ("files/output.rs", ""),
        ("files/repair.rs", ""),
        ("outside/mail.rs", ""),
    ] {
        let text = text_of(&Path::new("crates/migrate/src").join(file)).expect("source is UTF-8");
        let before = named.len();
        for call in ["at(\"", "point(\"", "reach(\"", "format!(\"{unit}."] {
            let calls = text.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
            named.extend(calls.map(|(name, _)| format!("{unit}{name}")));
        }
        assert!(named.len() > before, "{file} names no point");
    }
    let reached: BTreeSet<String> =
        reached.into_iter().chain(elsewhere).filter(|point| named.contains(point)).collect();
    assert_eq!(named, reached);
}

/// Scenario 22.
#[test]
fn after_four_of_ten_mails_six_are_left() {
    let server = MailServer::start();
    let case = stuck(10, 3, &server.host()).env("TIDEGATE_STEPS", "kill:email-cache.confirm.after#4");
    assert_eq!(case.run_with(&[]).code, None);
    assert_eq!(server.subjects().len(), 4);
    let case = case.env("TIDEGATE_STEPS", "");
    case.run();
    assert_eq!(server.subjects().iter().collect::<BTreeSet<_>>().len(), 10);
    assert_eq!(server.subjects().len(), 10);
    assert_eq!((1..=10).filter(|number| record(&case, &format!("a{number:02}"), "2")[1] == 3).count(), 10);
}

/// Scenario 43: forty points spread over a run with twenty stuck items.
#[test]
fn twenty_items_survive_forty_kills() {
    let server = MailServer::start();
    let (points, whole) = points(stuck(20, 1, &server.host()));
    let whole = &whole;
    let every = points.len().div_ceil(40);
    let points: Vec<&String> = points.iter().step_by(every.max(1)).collect();
    std::thread::scope(|scope| {
        for part in points.chunks(points.len().div_ceil(4)) {
            scope.spawn(move || {
                for point in part {
                    let server = MailServer::start();
                    survives(stuck(20, 1, &server.host()), &server, 20, 1, (point, whole));
                }
            });
        }
    });
}

/// What was being handed over when the run ended counts as sent, and is said.
#[test]
fn a_letter_of_unknown_fate_is_reported() {
    for (point, sent) in [("mail.text.before#1", 0), ("mail.text.after#1", 1)] {
        let server = MailServer::start();
        let case = stuck(1, 1, &server.host()).env("TIDEGATE_STEPS", &format!("kill:{point}"));
        assert_eq!(case.run_with(&[]).code, None);
        let case = case.env("TIDEGATE_STEPS", "");
        case.run().said(&["the reminder of day 1 about a01 2", "may have arrived and counts as sent"]);
        assert_eq!(server.subjects().len(), sent);
        assert_eq!(record(&case, "a01", "2"), json!([["a01@example.org"], 1]));
        assert!(!case.run().stdout.contains("may have arrived"), "it is said once");
    }
    // Killed before the record was there: nothing was sent, and nothing is reported.
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host()).env("TIDEGATE_STEPS", "kill:email-cache.intent.before#1");
    assert_eq!(case.run_with(&[]).code, None);
    let run = case.env("TIDEGATE_STEPS", "").run();
    assert!(!run.stdout.contains("may have arrived"), "{}", run.stdout);
    assert_eq!(server.subjects().len(), 1);
}

/// A disk that is full when the record is to be written: the text does not go out, and the run fails.
#[test]
fn what_cannot_be_remembered_is_not_sent() {
    let server = MailServer::start();
    let case = stuck(2, 1, &server.host()).env("TIDEGATE_STEPS", "error:email-cache.write.before#2");
    let run = case.run_with(&[]).failed(1);
    run.said(&["EmailCache"]);
    assert!(run.files.is_empty());
    assert_eq!(server.taken().len(), 0);
    case.env("TIDEGATE_STEPS", "").run();
    assert_eq!(server.subjects().len(), 2);
}

/// Mails go out before the outputs appear. If those cannot be written, the old ones stay, and what was sent stays sent.
#[test]
fn outputs_that_fail_do_not_make_mails_go_out_again() {
    for point in ["output.write.before#1", "output.write.after#4", "output.publish.before#1"] {
        let server = MailServer::start();
        let case = stuck(1, 2, &server.host()).set("EMAIL_ENABLE", "no");
        let old = case.run().files;
        let case = case.set("EMAIL_ENABLE", "yes").env("TIDEGATE_STEPS", &format!("error:{point}"));
        let case = case.now("2026-11-22T12:00:00Z");
        let run = case.run_with(&[]).failed(1);
        assert_eq!((run.files, server.subjects().len()), (old, 1), "{point}");
        assert_eq!(record(&case, "a01", "2"), json!([["a01@example.org"], 3]));
        case.env("TIDEGATE_STEPS", "").now("2026-11-22T13:00:00Z").run();
        assert_eq!(server.subjects().len(), 1);
    }
}
