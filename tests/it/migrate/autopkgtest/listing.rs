//! `tidegate migrate tests`.

use super::{tested, update, with_swift};
use crate::doubles::swift::{ResultTar, Swift};
use crate::migrate::case::{Case, PROGRAM};
use crate::migrate::run::Run;

/// foo 2 failed, bar was asked for at noon.
fn one_of_each() -> Case {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(4, "foo 2", "foo/2"));
    let case = with_swift(&swift);
    case.run();
    case
}

fn listed(case: &Case, arguments: &[&str]) -> Run {
    let call = ["migrate", "tests", "-c", "britney.conf", "--now", "2026-11-21T13:00:00Z"];
    case.call(PROGRAM, &[&call, arguments].concat(), "").succeeded()
}

#[test]
fn what_is_known_and_what_is_open() {
    let case = one_of_each();
    assert_eq!(
        listed(&case, &[]).stdout,
        "foo/2: bar on amd64: pending (2026-11-21T12:00:00Z, debci-testing-amd64)\n\
         foo/2: foo 2 on amd64: fail (2026-11-21T08:00:00Z, 20261121_080000_aa@)\n\
         2 tests\n"
    );
}

#[test]
fn the_list_can_be_narrowed() {
    let case = one_of_each();
    for (arguments, lines) in [
        (["--source", "foo"], 1),
        (["--source", "baz"], 0),
        (["--arch", "amd64"], 2),
        (["--arch", "arm64"], 0),
        (["--state", "pending"], 1),
        (["--state", "fail"], 1),
        (["--state", "unconfirmed"], 0),
        (["--trigger", "foo/2"], 2),
    ] {
        assert_eq!(listed(&case, &arguments).stdout.lines().count(), lines + 1, "{arguments:?}");
    }
}

#[test]
fn programs_get_json() {
    let run = one_of_each().call(PROGRAM, &["--json", "migrate", "tests", "-c", "britney.conf"], "");
    let rows: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.words()));
    assert_eq!(rows[0]["source"], "bar");
    assert_eq!(rows[0]["request-id"].as_str().map(str::len), Some(32));
    assert_eq!((&rows[1]["state"], &rows[1]["version"]), (&"fail".into(), &"2".into()));
}

/// Section 7: a test without an answer that counts is shown.
#[test]
fn what_should_have_an_answer_is_overdue() {
    let case = one_of_each();
    let call = ["migrate", "tests", "-c", "britney.conf", "--state", "overdue", "--now"];
    let count = |now: &str| case.call(PROGRAM, &[&call[..], &[now]].concat(), "").stdout.lines().count() - 1;
    assert_eq!(["2026-11-24T11:00:00Z", "2026-11-24T13:00:00Z"].map(count), [0, 1]);
}

#[test]
fn what_may_not_have_reached_its_queue_is_told_apart() {
    let case = update(tested());
    std::fs::create_dir(case.path("requests")).unwrap();
    case.run();
    assert_eq!(listed(&case, &["--state", "unconfirmed"]).stdout.lines().count(), 3);
}
