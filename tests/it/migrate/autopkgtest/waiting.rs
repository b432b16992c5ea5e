//! What has to wait for a build, and what regressions and passes cost and save.

use super::{known, tested, tested_on_two, update};
use crate::migrate::case::Case;

/// Scenario 54.
#[test]
fn what_is_not_built_is_tested_later() {
    let case = tested_on_two()
        .testing("foo 1; Testsuite: autopkgtest")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo 2; on=amd64\n+ foo 1; from=1; on=arm64");
    let run = case.run();
    assert_eq!(run.tests("foo"), "foo amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(run.verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT autopkgtest");
    assert!(run.notes("foo").contains("arch:arm64 not built yet, autopkgtest delayed there"));
    let run = case.set("OUTOFSYNC_ARCHES", "arm64").run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn what_is_not_built_at_all_is_not_tested() {
    let case = tested_on_two()
        .testing("foo 1; Testsuite: autopkgtest")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo 1; from=1");
    let run = case.run();
    assert_eq!(run.tests("foo"), "");
    assert!(run.notes("foo").contains("arch:amd64 not built yet, autopkgtest delayed there"));
    assert!(run.notes("foo").contains("arch:arm64 not built yet, autopkgtest delayed there"));
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "REJECTED_TEMPORARILY");
    let run = tested().unstable("source foo 2; Testsuite: autopkgtest").run();
    assert!(run.notes("foo").contains("Nothing of it is built yet, autopkgtest delayed"));
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "REJECTED_TEMPORARILY");
}

#[test]
fn without_what_is_for_all_architectures_nothing_is_tested() {
    let case = tested()
        .testing("source foo 1; Testsuite: autopkgtest\n+ foo\n+ foo-data; arch=all")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo\n+ foo-data 1; arch=all; from=1");
    let run = case.run();
    assert_eq!(run.tests("foo"), "");
    assert!(run.notes("foo").contains("arch:all not built yet, autopkgtest delayed"));
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "REJECTED_TEMPORARILY");
}

#[test]
fn what_cannot_be_installed_is_not_tested() {
    let case = tested_on_two()
        .testing("foo 1; Testsuite: autopkgtest")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo; on=amd64; Depends: gone\n+ foo-lib; on=arm64");
    let run = case.run();
    assert_eq!(run.tests("foo"), "foo arm64 RUNNING-ALWAYSFAIL");
    assert!(run.notes("foo").contains("uninstallable on arch amd64, not running autopkgtest there"));
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "PASS");
    // What could not be installed before either can be tested as before.
    let case = case.testing("foo 1; Testsuite: autopkgtest; Depends: gone");
    assert_eq!(case.run().tests("foo"), "foo amd64 RUNNING-ALWAYSFAIL, foo arm64 RUNNING-ALWAYSFAIL");
}

fn own(case: Case, arm64: &str) -> Case {
    let case = case.testing("foo 1; Testsuite: autopkgtest").unstable("foo 2; Testsuite: autopkgtest");
    known(case, &[("foo/2", "foo", "amd64", "PASS", "2"), ("foo/2", "foo", "arm64", arm64, "2")])
}

/// Scenario 49.
#[test]
fn passing_its_own_tests_everywhere_makes_it_wait_less() {
    let case = |arm64: &str| {
        own(tested_on_two(), arm64)
            .with_ages()
            .set("DEFAULT_URGENCY", "low")
            .set("ADT_SUCCESS_BOUNTY", "3")
            .set("BOUNTY_MIN_AGE", "2")
            .seen(&[("foo 2", 7)])
    };
    let run = case("PASS").run();
    assert_eq!(run.policy("foo", "age")["age-requirement"], 7);
    assert_eq!(run.moved(), "foo 2");
    for other in ["FAIL", "NEUTRAL"] {
        let run = case(other).run();
        assert_eq!(run.policy("foo", "age")["age-requirement"], 10, "{other}");
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age");
    }
    let run = case("PASS").set("BOUNTY_MIN_AGE", "9").run();
    assert_eq!(run.policy("foo", "age")["age-requirement"], 9);
    assert!(run.notes("foo").contains("Required age is not allowed to drop below 9 days."));
    // The least age is no age: what has to wait less anyway is not made to wait.
    let run = case("PASS").set("MINDAYS_LOW", "1").set("BOUNTY_MIN_AGE", "9").run();
    assert_eq!(run.policy("foo", "age")["age-requirement"], 1);
}

/// Scenario 50.
#[test]
fn a_regression_can_cost_days_instead() {
    let case = |urgency: &str| {
        let results = [("foo/2", "bar", "amd64", "FAIL", "1"), ("old/1", "bar", "amd64", "PASS", "1")];
        known(update(tested()), &results)
            .with_ages()
            .set("ADT_REGRESSION_PENALTY", "5")
            .set("NO_PENALTIES", "high critical emergency")
            .file("state/age-policy-urgencies", &format!("foo 2 {urgency}\n"))
            .seen(&[("foo 2", 12)])
    };
    let run = case("high").run();
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "PASS");
    assert_eq!(run.policy("foo", "age")["age-requirement"], 2);
    assert_eq!(run.moved(), "foo 2");
    let run = case("low").run();
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "PASS");
    assert_eq!(run.policy("foo", "age")["age-requirement"], 15);
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age");
    assert!(run.notes("foo").contains("Required age increased by 5 days because of autopkgtest."));
}
