//! Stable updates whose tests end in a regression: the bugs that an update is for are told, once for each version.

use serde_json::{Value, json};

use super::case::Case;
use super::reminders_killed::{kill, names_in, points};
use crate::doubles::launchpad::Launchpad;
use tidegate_testkit::{Answer, WebFault};
use tidegate_testkit::{MailFault, MailServer};

/// Noon of the day of all runs, in seconds since 1970.
const NOON: i64 = 1_795_262_400;

/// Where it is kept what was told.
const STATE: &str = "unstable/sru_regress_inform_state";

fn result(outcome: &str, version: &str) -> Value {
    json!({"amd64": [outcome, version, "20261121_000000@", NOON - 3_600]})
}

/// foo is updated to this version; its own tests passed, and bar's ended so; without an outcome they run.
fn updated(case: Case, version: &str, bar: Option<&str>) -> Case {
    let story =
        |version: &str| format!("foo {version}; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo");
    let trigger = format!("foo/{version}");
    let mut results = json!({"bar/1": {"bar": result("PASS", "1")}, &trigger: {"foo": result("PASS", version)}});
    if let Some(outcome) = bar {
        results[&trigger]["bar"] = result(outcome, "1");
    }
    let pending = if bar.is_none() { json!({&trigger: {"bar": ["amd64"]}}) } else { json!({}) };
    case.testing(&story("1"))
        .unstable(&story(version))
        .file("unstable/SourcePPA", &json!({"foo": {version: ""}}).to_string())
        .file("state/autopkgtest-results.cache", &results.to_string())
        .file("state/autopkgtest-pending.json", &pending.to_string())
}

/// foo 2 has broken bar, and mends two bugs.
fn regressed(server: &MailServer, launchpad: &Launchpad) -> Case {
    launchpad.mends("foo", "2", "12 345");
    let case = Case::new()
        .set("ADT_ENABLE", "yes")
        .set("ADT_ARCHES", "amd64")
        .set("ADT_AMQP", "file://requests")
        .set("ADT_CI_URL", "https://ci.example.org")
        .set("SRUREGRESSIONEMAIL_ENABLE", "yes")
        .set("EMAIL_HOST", &server.host())
        .set("EMAIL_FROM", "gate@example.org")
        .set("LAUNCHPAD_URL", &launchpad.url());
    updated(case, "2", Some("FAIL"))
}

fn told(case: &Case) -> Value {
    serde_json::from_str(&case.text(STATE)).expect("it is JSON")
}

fn told_of(version: &str) -> Value {
    json!({"ubuntu": {"testing": {"foo": version}}})
}

#[test]
fn each_version_is_told_once() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad);
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
    run.said(&["sent to 12@bugs.launchpad.net, 345@bugs.launchpad.net"]);
    let [mail] = server.taken().try_into().expect("one mail");
    assert_eq!(mail.to, ["12@bugs.launchpad.net", "345@bugs.launchpad.net"]);
    assert_eq!(mail.subject(), "[proposed-migration] foo 2 regresses tests in testing-proposed.");
    assert_eq!((mail.header("X-Proposed-Migration"), mail.from.as_str()), ("notice".to_owned(), "gate@example.org"));
    assert!(mail.body().contains("bar/1 on amd64"), "{}", mail.body());
    assert!(!mail.body().contains("foo/2 on amd64"), "what passes is not told: {}", mail.body());
    assert_eq!(told(&case), told_of("2"));
    case.run();
    assert_eq!(server.taken().len(), 1);
    // Another version is another story, and it is the one that counts.
    launchpad.mends("foo", "3", "12");
    let case = updated(case.set("SRU_BUG_ADDRESS", "bug-{bug}@example.org"), "3", Some("FAIL"));
    case.run();
    case.run();
    assert_eq!(server.subjects()[1..], ["foo 3 regresses tests in testing-proposed."]);
    assert_eq!((server.taken()[1].to.join(" "), told(&case)), ("bug-12@example.org".to_owned(), told_of("3")));
}

#[test]
fn nothing_is_told_while_a_test_runs_or_where_none_regressed() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad);
    let case = updated(case, "2", None);
    assert_eq!(case.run().verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    let case = updated(case, "2", Some("PASS"));
    assert_eq!(case.run().verdict("foo"), "PASS");
    let case = updated(case, "2", Some("FAIL")).hints("force-badtest bar/1\n");
    assert_eq!(case.run().verdict("foo"), "PASS");
    assert_eq!((server.connections(), launchpad.asked().len(), case.path(STATE).exists()), (0, 0, false));
    case.hints("").run();
    assert_eq!(server.taken().len(), 1);
}

/// `dry-run` says what it would do and leaves all as it is; `no` does not even look.
#[test]
fn it_has_three_settings() {
    for (key, arguments) in [("dry-run", &[][..]), ("yes", &["--dry-run"][..])] {
        let (server, launchpad) = (MailServer::start(), Launchpad::start());
        let old = r#"{"ubuntu": {"testing": {"foo": "1"}}}"#;
        let case = regressed(&server, &launchpad).set("SRUREGRESSIONEMAIL_ENABLE", key);
        let case = case.file(STATE, old).file(&format!("{STATE}.new"), "{}");
        for _ in 0..2 {
            let run = case.run_with(arguments).succeeded();
            run.said(&["would send to 12@bugs.launchpad.net, 345@bugs.launchpad.net", "foo 2 regresses"]);
        }
        assert_eq!((server.connections(), case.text(STATE).as_str()), (0, old));
        assert_eq!(case.text(&format!("{STATE}.new")), "{}");
    }
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad).set("SRUREGRESSIONEMAIL_ENABLE", "no").set("EMAIL_ENABLE", "no");
    let case = case.file(STATE, "not read");
    case.run();
    assert_eq!((server.connections(), launchpad.asked().len(), case.text(STATE).as_str()), (0, 0, "not read"));
}

/// What an aborted run left is merged over the state, version by version; other series' are kept, and of this one what is
/// still there.
#[test]
fn the_state_follows_the_rules_of_the_other_one() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad)
        .file(STATE, r#"{"debian": {"testing": {"x": "1"}}, "ubuntu": {"jammy": {"x": "1"}, "testing": {"foo": "1", "x": "1"}}}"#)
        .file(&format!("{STATE}.new"), r#"{"ubuntu": {"testing": {"foo": "2", "bar": "1"}}}"#);
    case.run();
    assert_eq!(server.connections(), 0, "the aborted run has told it");
    let expected = json!({
        "debian": {"testing": {"x": "1"}},
        "ubuntu": {"jammy": {"x": "1"}, "testing": {"bar": "1", "foo": "2"}},
    });
    assert_eq!(told(&case), expected);
    assert!(!case.path(&format!("{STATE}.new")).exists());
}

#[test]
fn a_damaged_state_stops_the_run_before_anything_is_sent() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad).file(STATE, r#"{"ubuntu": {"testing": ["foo"]}}"#);
    let run = case.run_with(&[]).failed(1);
    run.said(&["sru_regress_inform_state", ".corrupt-20261121T120000Z", "mend it and put it back"]);
    assert_eq!((server.connections(), run.files.len()), (0, 0));
    let aside = case.text(&format!("{STATE}.corrupt-20261121T120000Z"));
    assert_eq!(aside, r#"{"ubuntu": {"testing": ["foo"]}}"#);
}

#[test]
fn what_cannot_be_found_out_or_sent_waits_for_the_next_run() {
    for part in ["getPublishedSources", "changesFileUrl", "foo_2.changes"] {
        let (server, launchpad) = (MailServer::start(), Launchpad::start());
        let case = regressed(&server, &launchpad);
        launchpad.web.spoil(part, WebFault::Answer(Answer::status(500)), 1);
        case.run().said(&["foo 2", "not known which bugs", "asked again in the next run"]);
        assert_eq!((server.connections(), case.path(STATE).exists()), (0, false), "{part}");
        case.run();
        assert_eq!((server.taken().len(), told(&case)), (1, told_of("2")), "{part}");
    }
    let launchpad = Launchpad::start();
    let server =
        MailServer::with(|command, _| command.starts_with("RCPT").then(|| MailFault::Says("450 grey".to_owned())));
    let case = regressed(&server, &launchpad);
    case.run().said(&["foo 2", "tried again in the next run", "450 grey"]);
    assert!(!case.path(STATE).exists());
    let server = MailServer::start();
    case.set("EMAIL_HOST", &server.host()).run();
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn an_update_without_bugs_has_nobody_to_tell() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let case = regressed(&server, &launchpad);
    launchpad.mends("foo", "2", "");
    case.run().said(&["foo 2", "no bug of it is known"]);
    assert_eq!((server.connections(), case.path(STATE).exists()), (0, false));
}

#[test]
fn a_run_can_be_killed_at_every_point() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    let left = r#"{"ubuntu": {"testing": {"bar": "1"}}}"#;
    let case = |server: &MailServer| regressed(server, &launchpad).file(&format!("{STATE}.new"), left);
    let (points, whole) = points(case(&server));
    assert_eq!(server.taken().len(), 1);
    for unit in ["sru-state.merge.before", "sru-state.rename.before", "mail.text.after", "sru-state.close.after"] {
        assert!(points.iter().any(|point| point.starts_with(unit)), "{unit} is not among {points:?}");
    }
    for point in points {
        let server = MailServer::start();
        let case = kill(case(&server), &point, &whole);
        case.run();
        assert!(server.taken().len() <= 1, "{point}: told twice");
        assert_eq!(told(&case), json!({"ubuntu": {"testing": {"bar": "1", "foo": "2"}}}), "{point}");
        assert_eq!(
            names_in(&case, "unstable"),
            ["Packages_amd64", "SourcePPA", "Sources", "sru_regress_inform_state"],
            "{point}"
        );
    }
}
