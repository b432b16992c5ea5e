//! What hints make of results.

use super::{known, tested, tested_on_two, update};
use crate::migrate::case::Case;

/// bar fails with foo 2 on both architectures and passed before.
fn regressed() -> Case {
    let mut results = vec![];
    for arch in ["amd64", "arm64"] {
        results.push(("foo/2", "foo", arch, "PASS", "2"));
        results.push(("foo/2", "bar", arch, "FAIL", "1"));
        results.push(("old/1", "bar", arch, "PASS", "1"));
    }
    known(update(tested_on_two()), &results)
}

/// Scenario 52.
#[test]
fn a_bad_test_can_be_bad_on_one_architecture() {
    let run = regressed().hints("force-badtest bar/1/arm64\n").run();
    let found = "bar/1 amd64 REGRESSION, bar/1 arm64 IGNORE-FAIL, foo/2 amd64 PASS, foo/2 arm64 PASS";
    assert_eq!(run.tests("foo"), found);
    assert!(run.notes("foo").contains("release lets autopkgtest for bar/1 fail on arm64"));
}

#[test]
fn a_bad_test_is_bad_up_to_a_version() {
    for (hint, ignored) in [
        ("bar/1", true),
        ("bar/2", true),
        ("bar/all", true),
        ("bar/0.9", false),
        ("bar/blacklisted", false),
        ("foo/2", false),
    ] {
        let run = regressed().hints(&format!("force-badtest {hint}\n")).run();
        let verdict = if ignored { "PASS" } else { "REJECTED_PERMANENTLY autopkgtest" };
        assert_eq!(run.verdict("foo"), verdict, "{hint}");
    }
}

#[test]
fn a_bad_test_is_not_waited_for() {
    let case = known(update(tested()), &[("old/1", "bar", "amd64", "PASS", "1")]);
    assert_eq!(case.run().tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING-ALWAYSFAIL");
    let case = case.hints("force-badtest bar/1\n");
    assert_eq!(case.run().tests("foo"), "bar amd64 RUNNING-ALWAYSFAIL, foo amd64 RUNNING-ALWAYSFAIL");
}

/// Scenario 56, as far as it is decided: what a server refuses to run fails at the version `blacklisted`.
#[test]
fn a_test_that_is_refused_can_be_ignored() {
    let case = known(
        update(tested()),
        &[("foo/2", "bar", "amd64", "FAIL", "blacklisted"), ("old/1", "bar", "amd64", "PASS", "1")],
    );
    assert_eq!(case.run().tests("foo"), "bar/blacklisted amd64 REGRESSION, foo amd64 RUNNING-ALWAYSFAIL");
    for (hint, ignored) in [("bar/blacklisted", true), ("bar/all", true), ("bar/1", false)] {
        let run = known(
            update(tested()),
            &[("foo/2", "bar", "amd64", "FAIL", "blacklisted"), ("old/1", "bar", "amd64", "PASS", "1")],
        )
        .hints(&format!("force-badtest {hint}\n"))
        .run();
        assert_eq!(run.tests("foo").contains("IGNORE-FAIL"), ignored, "{hint}");
    }
}

#[test]
fn skipping_tests_skips_delays_too() {
    let case = regressed().hints("force-skiptest foo/2\n");
    assert_eq!(case.run().verdict("foo"), "PASS_HINTED skiptest");
    let passing =
        known(update(tested()), &[("foo/2", "foo", "amd64", "PASS", "2"), ("foo/2", "bar", "amd64", "PASS", "1")]);
    assert_eq!(passing.hints("force-skiptest foo/2\n").run().verdict("foo"), "PASS");
}

#[test]
fn skipped_tests_cost_no_days() {
    let case = regressed().hints("force-skiptest foo/2\n").set("ADT_REGRESSION_PENALTY", "5");
    assert_eq!(case.run().policy("foo", "age")["age-requirement"], 0);
}

/// Scenario 53.
#[test]
fn a_hint_for_another_version_is_useless() {
    let run = regressed().hints("force-skiptest foo/1\nforce-skiptest gone/1\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
    run.said(&["hints/release:1", "force-skiptest foo/1 is useless", "unstable has foo 2"]);
    run.said(&["hints/release:2", "force-skiptest gone/1 is useless", "unstable has none"]);
}

/// Scenario 70.
#[test]
fn a_reset_makes_earlier_passes_count_for_nothing() {
    let case = |bar: &str, results: &[super::Known<'_>]| {
        let suite =
            |foo: u8| format!("foo {foo}; Testsuite: autopkgtest\nbar {bar}; Testsuite: autopkgtest; Depends: foo");
        known(tested().testing(&suite(1)).unstable(&suite(2)), results)
    };
    let before = case("2", &[("foo/2", "bar", "amd64", "FAIL", "2"), ("old/1", "bar", "amd64", "PASS", "1")]);
    assert!(before.run().tests("foo").starts_with("bar/2 amd64 REGRESSION"));
    let before = before.hints("force-reset-test bar/2\n");
    assert!(before.run().tests("foo").starts_with("bar/2 amd64 ALWAYSFAIL"));
    assert!(before.hints("force-reset-test bar/2/arm64\n").run().tests("foo").starts_with("bar/2 amd64 REGRESSION"));
    let after = case("4", &[("foo/2", "bar", "amd64", "FAIL", "4"), ("old/1", "bar", "amd64", "PASS", "3")]);
    assert!(after.hints("force-reset-test bar/2\n").run().tests("foo").starts_with("bar/4 amd64 REGRESSION"));
}
