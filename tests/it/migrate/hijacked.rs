//! Binaries that one source takes over from another.
//!
//! `shared` is the binary, foo its former source and bar the new one. Two stanzas of one name in an index: the higher
//! version wins, and the loser's source still lists the name.

use serde_json::json;

use super::case::Case;

/// In the target foo builds shared; in the source suite both build it, and bar's version wins.
fn both_build_it() -> Case {
    Case::new().testing("foo 1\n+ shared\nbar 1").unstable("foo 2\n+ shared\nbar 3\n+ shared")
}

#[test]
fn for_the_former_source_it_is_an_old_binary() {
    let run = both_build_it().run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY");
    assert_eq!(run.excuse("foo")["old-binaries"], json!({"3": ["shared"]}));
    assert_eq!(run.verdict("bar"), "PASS");
    assert_eq!(run.moved(), "bar 3");
    assert_eq!(run.binaries("amd64"), "bar 3, foo 1, shared 3");
}

#[test]
fn only_its_version_is_looked_at() {
    // Debian's snapshot has this in gcc-15-cross-mipsen, whose libraries gcc-16-cross-mipsen builds now: both are 1+c1.
    let case = Case::new().testing("foo 1\n+ shared").unstable("foo 2\n+ shared\nsource bar 2\n+ bar\n+ shared 2+b1");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["old-binaries"], json!(null));
    assert_eq!(run.binaries("amd64"), "bar 2, foo 2, shared 2+b1");
}

#[test]
fn where_old_binaries_are_ignored_both_move() {
    let run = both_build_it().set("IGNORE_CRUFT", "1").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.binaries("amd64"), "bar 3, foo 2, shared 3");
    assert_eq!(run.sources(), "bar 3, foo 2");
}

#[test]
fn a_later_stanza_of_a_lower_version_leaves_no_trace() {
    let case = Case::new().testing("foo 1\n+ shared").unstable("foo 2\n+ shared\nbar 1\n+ shared 0");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("bar")["old-binaries"], json!(null));
    assert_eq!(run.binaries("amd64"), "bar 1, foo 2, shared 2");
}

#[test]
fn of_equal_versions_the_later_wins() {
    let case = Case::new().unstable("foo 2\n+ shared\nsource bar 1\n+ bar\n+ shared 2; from=1; Provides: it");
    let run = case.set("IGNORE_CRUFT", "1").run();
    assert_eq!(run.binaries("amd64"), "bar 1, foo 2, shared 2");
    assert_eq!(run.excuse("foo")["old-binaries"], json!({"1": ["shared"]}));
}

#[test]
fn the_former_sources_excuse_has_its_dependencies() {
    let case = both_build_it().set("IGNORE_CRUFT", "1").hints("block need\n");
    let case = case.unstable("foo 2\n+ shared\nbar 3\n+ shared; Depends: need; Built-Using: gone (= 1)\nneed 1");
    let run = case.run();
    assert_eq!(run.verdict("foo").split(' ').next(), Some("REJECTED_PERMANENTLY"), "its Built-Using is nowhere");
    let case = case.unstable("foo 2\n+ shared\nbar 3\n+ shared; Depends: need\nneed 1");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.verdict("bar"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
}

#[test]
fn a_source_item_takes_its_former_binary_along() {
    // bar may not come yet, and nothing needs shared: it goes with foo's old version.
    let case = Case::new().testing("foo 1\n+ shared").unstable("foo 2\nsource bar 1\n+ bar\n+ shared 2");
    let run = case.hints("block bar\n").run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "foo 2");
}

#[test]
fn while_others_need_it_it_stays_in_any_section() {
    // Its name comes from another source version in the source suite, so the section does not matter; and the
    // relation is met by the new shared as well, which does not count.
    let user = "user 1; Depends: shared";
    let case = Case::new()
        .testing(&format!("foo 1\n+ shared\n{user}"))
        .unstable(&format!("foo 2\nsource bar 1\n+ bar\n+ shared 2\n{user}"))
        .hints("block bar\n");
    let run = case.run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "foo 2, shared 1, user 1");
}

#[test]
fn equal_version_strings_leave_no_smooth_update() {
    let user = "user 1; Depends: shared";
    let case = Case::new()
        .testing(&format!("foo 1\n+ shared\n{user}"))
        .unstable(&format!("foo 2\nsource bar 2\n+ bar\n+ shared\n{user}"))
        .hints("block bar\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.moved(), "", "user would break");
}

#[test]
fn once_the_new_source_has_come_the_former_removes_nothing() {
    let case = Case::new()
        .testing("foo 1\n+ shared\nuser 1; Depends: shared")
        .unstable("foo 2\nsource bar 2\n+ bar\n+ shared\nuser 1; Depends: shared")
        .hints("easy bar/2 foo/2\n");
    let run = case.run();
    assert_eq!(run.moved(), "bar 2, foo 2");
    assert_eq!(run.binaries("amd64"), "bar 2, foo 2, shared 2, user 1");
}

#[test]
fn what_the_target_gives_to_another_source_is_not_removed() {
    let target = "foo 1\n+ shared\nsource bar 2\n+ bar\n+ shared";
    let run = Case::new().testing(target).unstable("foo 2\nsource bar 2\n+ bar\n+ shared").run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "bar 2, foo 2, shared 2");
}

#[test]
fn what_the_target_gives_to_another_source_stays_when_the_former_leaves() {
    let target = "foo 1\n+ shared\nsource bar 2\n+ bar\n+ shared";
    let run = Case::new().testing(target).unstable("source bar 2\n+ bar\n+ shared").run();
    assert_eq!(run.moved(), "-foo 1");
    assert_eq!(run.binaries("amd64"), "bar 2, shared 2");
}

/// foo is rebuilt while bar takes shared over; old binaries are ignored.
fn rebuilt(user: &str) -> Case {
    Case::new()
        .set("IGNORE_CRUFT", "1")
        .testing(&format!("foo 1\n+ shared\n{user}"))
        .unstable(&format!("source foo 1\n+ foo 1+b1\n+ shared\nsource bar 2\n+ bar\n+ shared\n{user}"))
}

#[test]
fn an_architecture_item_spares_what_its_source_lists() {
    let run = rebuilt("").hints("block bar\n").run();
    assert_eq!(run.verdict("foo/amd64"), "PASS");
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.binaries("amd64"), "foo 1+b1, shared 1");
}

#[test]
fn an_architecture_item_is_held_by_it_where_old_binaries_count() {
    let run = rebuilt("").set("IGNORE_CRUFT", "0").hints("block bar\n").run();
    assert_eq!(run.verdict("foo/amd64"), "REJECTED_PERMANENTLY");
}

#[test]
fn an_architecture_item_removes_what_its_source_does_not_list() {
    let case = Case::new()
        .testing("foo 1\n+ shared")
        .unstable("source foo 1\n+ foo 1+b1\nsource bar 2\n+ bar\n+ shared")
        .hints("block bar\n");
    let run = case.run();
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.binaries("amd64"), "foo 1+b1");
}

#[test]
fn a_name_that_another_source_has_now_did_not_vanish() {
    let case =
        Case::new().testing("foo 1\n+ shared").unstable("foo 1\nsource bar 2\n+ bar\n+ shared").hints("block bar\n");
    assert_eq!(case.run().items(), "bar");
}

/// Scenario 62.
#[test]
fn taking_over_with_a_lower_version_is_impossible_and_stops_nothing_else() {
    let case =
        Case::new().testing("foo 1\n+ shared 5\nother 1").unstable("foo 2\nsource bar 1\n+ bar\n+ shared 3\nother 2");
    let run = case.run();
    assert_eq!(run.verdict("bar"), "PASS");
    assert!(run.report().contains("    got exception: bar: "), "{}", run.report());
    assert_eq!(run.moved(), "foo 2, other 2", "though shared 5 has left with foo 1, bar is out of the whole run");
    assert_eq!(run.binaries("amd64"), "foo 2, other 2");
}

#[test]
fn what_was_taken_over_does_not_come_with_the_former_source() {
    let run = both_build_it().set("IGNORE_CRUFT", "1").hints("block bar\n").run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "bar 1, foo 2");
}

/// foo gives one binary to bar and gets another from it; user needs both.
fn swapped(bar: &str) -> Case {
    let user = "user 1; Depends: left, right";
    Case::new()
        .testing(&format!("source foo 1\n+ left\nsource bar 1\n+ right\n{user}"))
        .unstable(&format!("source foo 2\n+ right\nsource bar {bar}\n+ left\n{user}"))
}

#[test]
fn two_sources_can_swap_binaries_one_after_the_other() {
    let run = swapped("3").run();
    assert_eq!(run.sources(), "bar 3, foo 2, user 1");
    assert_eq!(run.binaries("amd64"), "left 3, right 2, user 1");
}

#[test]
fn with_equal_version_strings_only_a_hint_can_swap_them() {
    // Neither keeps what the other has not brought yet.
    assert_eq!(swapped("2").run().moved(), "");
    let run = swapped("2").hints("easy foo/2 bar/2\n").run();
    assert_eq!(run.binaries("amd64"), "left 2, right 2, user 1");
    assert_eq!(run.sources(), "bar 2, foo 2, user 1");
}
