//! How a test stands: its result beside what was there before.

use serde_json::json;

use super::{known, known_ago, pending, queued, tested, tested_on_two, update};
use crate::migrate::case::Case;

const FOO_PASSES: super::Known<'_> = ("foo/2", "foo", "amd64", "PASS", "2");
const BAR_FAILS: super::Known<'_> = ("foo/2", "bar", "amd64", "FAIL", "1");
const BAR_PASSED: super::Known<'_> = ("old/1", "bar", "amd64", "PASS", "1");

/// bar fails with foo 2, and this is known beside.
fn failing(more: &[super::Known<'_>]) -> Case {
    known(update(tested()), &[&[FOO_PASSES, BAR_FAILS], more].concat())
}

/// Scenario 26.
#[test]
fn a_failure_of_what_passed_before_is_a_regression() {
    let case = failing(&[BAR_PASSED]);
    let run = case.run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 REGRESSION, foo/2 amd64 PASS");
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
    let case = case.hints("force-badtest bar/1\n");
    let run = case.run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 IGNORE-FAIL, foo/2 amd64 PASS");
    assert_eq!(run.moved(), "foo 2");
    let run = case.hints("force-skiptest foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED skiptest");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_failure_of_what_never_passed_is_none() {
    let run = failing(&[]).run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 ALWAYSFAIL, foo/2 amd64 PASS");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn only_passes_of_versions_up_to_this_one_count() {
    let status = |before: super::Known<'_>| failing(&[before]).run().tests("foo");
    assert!(status(("old/1", "bar", "amd64", "PASS", "0.9")).starts_with("bar/1 amd64 REGRESSION"));
    assert!(status(("old/1", "bar", "amd64", "OLD_PASS", "1")).starts_with("bar/1 amd64 REGRESSION"));
    assert!(status(("old/1", "bar", "amd64", "PASS", "1.1")).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(("old/1", "bar", "arm64", "PASS", "1")).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(("old/1", "bar", "amd64", "NEUTRAL", "1")).starts_with("bar/1 amd64 ALWAYSFAIL"));
}

#[test]
fn a_neutral_result_lets_pass() {
    let run = known(update(tested()), &[FOO_PASSES, ("foo/2", "bar", "amd64", "NEUTRAL", "1"), BAR_PASSED]).run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 NEUTRAL, foo/2 amd64 PASS");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn an_old_result_is_none() {
    let run = known(update(tested()), &[FOO_PASSES, ("foo/2", "bar", "amd64", "OLD_PASS", "1")]).run();
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING, foo/2 amd64 PASS");
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
}

#[test]
fn a_regression_outweighs_what_is_running() {
    let passed_on_arm64 = ("old/1", "bar", "arm64", "PASS", "1");
    let run = known(update(tested_on_two()), &[FOO_PASSES, BAR_FAILS, BAR_PASSED, passed_on_arm64]).run();
    assert_eq!(
        run.tests("foo"),
        "bar/1 amd64 REGRESSION, bar/1 arm64 RUNNING, foo/2 amd64 PASS, foo/2 arm64 RUNNING-ALWAYSFAIL"
    );
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
    assert!(run.notes("foo").contains("autopkgtest for bar/1: amd64: regression, arm64: test in progress"));
    assert!(!run.notes("foo").contains("autopkgtest for foo"));
}

#[test]
fn a_kernel_is_compared_with_itself() {
    let case = |before: &str| {
        let case = tested()
            .set("TIDEGATE_DIALECT", "ubuntu")
            .testing("linux-meta 1\nlxc 1; Testsuite: autopkgtest")
            .unstable("linux-meta 2\nlxc 1; Testsuite: autopkgtest");
        known(case, &[("linux-meta/2", "lxc", "amd64", "FAIL", "1"), (before, "lxc", "amd64", "PASS", "1")])
    };
    assert_eq!(case("linux-meta/1").run().tests("linux-meta"), "lxc/1 amd64 REGRESSION");
    assert_eq!(case("linux-meta-odd/1").run().tests("linux-meta"), "lxc/1 amd64 ALWAYSFAIL");
    assert_eq!(case("glibc/1").run().tests("linux-meta"), "lxc/1 amd64 ALWAYSFAIL");
}

fn reference(outcome: &'static str, version: &'static str) -> super::Known<'static> {
    ("migration-reference/0", "bar", "amd64", outcome, version)
}

#[test]
fn a_failure_that_the_target_has_is_no_regression() {
    let status = |more: &[super::Known<'_>]| failing(more).run().tests("foo");
    assert!(status(&[BAR_PASSED, reference("FAIL", "1")]).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(&[reference("PASS", "1")]).starts_with("bar/1 amd64 REGRESSION"));
    assert!(status(&[BAR_PASSED, reference("NONE", "1")]).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(&[BAR_PASSED, reference("OLD_FAIL", "1")]).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(&[BAR_PASSED, reference("OLD_PASS", "1")]).starts_with("bar/1 amd64 REGRESSION"));
    // bar 7 is in no suite: its failure says nothing of the present, and its pass is above what is tested.
    assert!(status(&[BAR_PASSED, reference("FAIL", "7")]).starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(status(&[reference("PASS", "7")]).starts_with("bar/1 amd64 ALWAYSFAIL"));
}

#[test]
fn with_references_the_target_is_asked() {
    let case = |more: &[super::Known<'_>]| failing(more).set("ADT_BASELINE", "reference");
    let run = case(&[BAR_PASSED]).run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 RUNNING-REFERENCE, foo/2 amd64 PASS");
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    let run = pending(case(&[]), &json!({"migration-reference/0": {"bar": ["amd64"]}})).run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 RUNNING-REFERENCE, foo/2 amd64 PASS");
    assert!(case(&[reference("FAIL", "1")]).run().tests("foo").starts_with("bar/1 amd64 ALWAYSFAIL"));
    assert!(case(&[reference("PASS", "1")]).run().tests("foo").starts_with("bar/1 amd64 REGRESSION"));
    assert!(case(&[reference("OLD_FAIL", "1"), BAR_PASSED]).run().tests("foo").starts_with("bar/1 amd64 ALWAYSFAIL"));
}

#[test]
fn a_test_that_the_target_does_not_have_needs_no_reference() {
    let case = tested().set("ADT_BASELINE", "reference").unstable("foo 2; Testsuite: autopkgtest");
    let run = known(case, &[("foo/2", "foo", "amd64", "FAIL", "2")]).run();
    assert_eq!(run.tests("foo"), "foo/2 amd64 ALWAYSFAIL");
}

/// Scenario 55: a reference that is too old, or of a version that no suite has, is old, and kept so. It is asked for again
/// only where references count and it failed.
#[test]
fn references_grow_old() {
    let case = |outcome: &'static str, version: &'static str, days: &str| {
        known_ago(update(tested()), 10 * 86_400 + 1, &[FOO_PASSES, BAR_FAILS, BAR_PASSED, reference(outcome, version)])
            .set("ADT_REFERENCE_MAX_AGE", days)
    };
    let kept = |case: Case| {
        let run = case.run();
        let cache: serde_json::Value = serde_json::from_str(&case.text("state/autopkgtest-results.cache")).unwrap();
        let kept = cache["migration-reference/0"]["bar"]["amd64"][0].as_str().unwrap().to_owned();
        (kept, run.tests("foo").split(',').next().unwrap_or_default().to_owned())
    };
    let pair = |kept: &str, status: &str| (kept.to_owned(), format!("bar/1 amd64 {status}"));
    assert_eq!(kept(case("FAIL", "1", "11")), pair("FAIL", "ALWAYSFAIL"));
    assert_eq!(kept(case("FAIL", "1", "10")), pair("OLD_FAIL", "ALWAYSFAIL"));
    assert_eq!(kept(case("PASS", "1", "10")), pair("OLD_PASS", "REGRESSION"));
    assert_eq!(kept(case("NEUTRAL", "1", "10")), pair("OLD_NEUTRAL", "REGRESSION"));
    assert_eq!(kept(case("PASS", "0.5", "")), pair("OLD_PASS", "REGRESSION"));
    assert_eq!(kept(case("PASS", "1", "")), pair("PASS", "REGRESSION"));
    let with_references = |outcome, days| kept(case(outcome, "1", days).set("ADT_BASELINE", "reference"));
    assert_eq!(with_references("FAIL", "10"), pair("OLD_FAIL", "ALWAYSFAIL"));
    assert_eq!(with_references("PASS", "10"), pair("OLD_PASS", "REGRESSION"));
    let asked = |outcome, days, baseline: &str| {
        let case = case(outcome, "1", days).set("ADT_BASELINE", baseline);
        // Once, however often it runs.
        case.run();
        case.run();
        queued(&case)
    };
    let again = ["debci-testing-amd64:bar migration-reference/0"];
    assert_eq!(asked("FAIL", "10", "reference"), again);
    for (outcome, days, baseline) in [("FAIL", "11", "reference"), ("PASS", "10", "reference"), ("FAIL", "10", "")] {
        assert_eq!(asked(outcome, days, baseline), [""; 0], "{outcome} {days} {baseline}");
    }
}
