//! `force`: a candidate in spite of everything.

use serde_json::json;

use super::case::Case;

#[test]
fn a_forced_item_is_a_candidate_and_keeps_its_reasons_on_record() {
    let case = Case::new().with_ages().testing("foo 1").unstable("foo 2").hints("force foo/2\nblock foo\n");
    let run = case.file("state/rc-bugs-unstable", "src:foo 7\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    let excuse = run.excuse("foo");
    assert_eq!(excuse["forced-reason"], json!(["age", "block", "buggy"]));
    assert!(excuse["hints"].to_string().contains("\"force\""), "{excuse}");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn it_means_exactly_one_version() {
    for hint in ["force foo/1", "force foo/3", "force food/2"] {
        let run = Case::new().testing("foo 1").unstable("foo 2").hints(&format!("block foo\n{hint}\n")).run();
        assert_eq!(run.verdict("foo"), "REJECTED_NEEDS_APPROVAL block", "{hint}");
    }
}

#[test]
fn a_forced_item_is_not_made_invalid_by_others() {
    let case = Case::new()
        .testing("foo 1")
        .unstable("foo 2; Depends: bar\nbar 1")
        .hints("block foo\nblock bar\nforce foo/2\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.moved(), "", "the trial still refuses what cannot be installed");
}

#[test]
fn a_valid_item_is_only_forced_where_something_holds_it() {
    let run = Case::new().testing("foo 1").unstable("foo 2").hints("force foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn missing_builds_and_old_binaries_are_overruled() {
    let case = Case::new().testing("foo 1").unstable("foo 2\n+ libfoo1 1; from=1").hints("force foo/2\n");
    assert_eq!(case.run().moved(), "foo 2");
}

#[test]
fn a_later_force_for_the_same_source_replaces_the_earlier() {
    let case = Case::new().testing("foo 1").unstable("foo 2").hints("block foo\nforce foo/2\nforce foo/1\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_NEEDS_APPROVAL block");
    run.said(&["hints/release:3:", "force foo/1", "replaces", "force foo/2"]);
}
