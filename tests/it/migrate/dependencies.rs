//! What an item's binaries need, and what the invalidity of one item does to those that need it.

use serde_json::json;

use super::case::Case;

/// Scenario 11, in the debian dialect.
#[test]
fn every_item_that_could_meet_a_relation_has_to_be_valid() {
    let case = Case::new().unstable("foo 1; Depends: x | y\nx 1\ny 1").hints("block x\n");
    let run = case.run();
    assert_eq!(run.verdict("y"), "PASS");
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.excuse("foo")["dependencies"]["blocked-by"], json!(["x"]));
    assert_eq!(run.moved(), "y 1");
}

#[test]
fn what_the_target_or_the_source_itself_has_is_no_dependency() {
    let case = Case::new()
        .testing("lib 1")
        .unstable("lib 2\nsource foo 1\n+ foo; Depends: lib, foo-data, nothing | lib (>= 1)\n+ foo-data");
    let run = case.hints("block lib\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.moved(), "foo 1");
}

#[test]
fn what_waits_makes_others_wait_and_what_is_blocked_blocks() {
    let case = || Case::new().unstable("a 1; Depends: b\nb 1; Depends: c\nc 1");
    let run = case().with_ages().hints("urgent a/1\nurgent b/1\n").run();
    assert_eq!(run.verdict("c"), "REJECTED_TEMPORARILY age");
    assert_eq!(run.verdict("b"), "REJECTED_WAITING_FOR_ANOTHER_ITEM depends");
    assert_eq!(run.verdict("a"), "REJECTED_WAITING_FOR_ANOTHER_ITEM depends");
    let run = case().hints("block c\n").run();
    assert_eq!(run.verdict("b"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.verdict("a"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.excuse("a")["invalidated-by-other-package"], true);
}

#[test]
fn of_several_invalid_dependencies_the_highest_counts() {
    let case = Case::new().with_ages().unstable("foo 1; Depends: young, stopped\nyoung 1\nstopped 1");
    let run = case.hints("urgent foo/1\nurgent stopped/1\nblock stopped\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
}

#[test]
fn an_items_own_reason_is_never_lowered() {
    let run = Case::new().with_ages().unstable("foo 1; Depends: bar\nbar 1").hints("block foo\nurgent foo/1\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_NEEDS_APPROVAL block");
}

#[test]
fn a_cycle_waits_as_a_whole() {
    let case = Case::new().with_ages().unstable("a 1; Depends: b\nb 1; Depends: a");
    let run = case.hints("urgent a/1\n").run();
    assert_eq!(run.verdict("a"), "REJECTED_WAITING_FOR_ANOTHER_ITEM depends");
    assert_eq!(run.verdict("b"), "REJECTED_TEMPORARILY age");
}

#[test]
fn a_rebuilt_binary_depends_on_what_is_rebuilt_with_it() {
    // The new build of foo needs the new build of lib, on that architecture alone.
    let case = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1\nlib 1")
        .unstable("source foo 1\n+ foo 1+b1; Depends: lib (>= 1+b1)\nsource lib 1\n+ lib 1+b1")
        .hints("block lib/arm64\n");
    let run = case.run();
    assert_eq!(run.excuse("foo/amd64")["dependencies"]["migrate-after"], json!(["lib/amd64"]));
    assert_eq!(run.verdict("foo/arm64"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.result().lines().filter(|line| line.contains("+b1 amd64")).count(), 2);
}

#[test]
fn a_dependency_without_an_excuse_does_not_make_invalid() {
    // lib's newer binary stands in the source suite without any difference that an excuse could be about: it is
    // architecture-independent, and those do not move with an architecture.
    let case = Case::new()
        .testing("source lib 1\n+ lib; arch=all\nfoo 1")
        .unstable("source lib 1\n+ lib 1+b1; arch=all\nfoo 2; Depends: lib (>= 1+b1)");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS depends");
    assert_eq!(run.moved(), "");
}

#[test]
fn what_nothing_satisfies_rejects_nothing_here() {
    for package in ["foo 2; Depends: nothing", "source foo 2\n+ foo; arch=all; Depends: nothing"] {
        let run = Case::new().testing("foo 1").unstable(package).run();
        assert_eq!(run.verdict("foo"), "PASS depends", "{package}");
        assert_eq!(run.excuse("foo")["dependencies"]["unsatisfiable-dependencies"], json!({"amd64": ["nothing"]}));
        assert_eq!(run.moved(), "", "the trial finds out");
    }
}

#[test]
fn left_over_binaries_need_nothing() {
    let case = Case::new()
        .set("IGNORE_CRUFT", "1")
        .testing("foo 1")
        .unstable("foo 2\n+ libfoo1 1; from=1; Depends: bar\nbar 1")
        .hints("block bar\n");
    assert_eq!(case.run().moved(), "foo 2");
}

#[test]
fn a_needed_item_of_two_suites_may_come_from_either() {
    // unstable's bar is blocked; tpu's is approved and stands in for it.
    let case = Case::new().testing("bar 1").unstable("bar 3\nfoo 1; Depends: bar (>= 2)").tpu("bar 2");
    let run = case.hints("block bar\napprove bar_tpu/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.sources(), "bar 2, foo 1");
}
