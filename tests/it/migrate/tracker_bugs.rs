//! The policies block-bugs and update-excuse: bugs that block a source, and bugs that are only shown.

use serde_json::json;

use super::case::Case;
use super::ubuntu::ubuntu;

fn two_updates() -> Case {
    ubuntu().testing("foo 1\nbar 1").unstable("foo 2\nbar 2")
}

#[test]
fn a_bug_blocks_its_source() {
    let run = two_updates().file("unstable/Blocks", "foo 42 1795176000\nfoo 43 1795176000\nbaz 44 1795176000\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY block");
    let info = run.policy("foo", "block-bugs");
    assert_eq!(info, json!({"verdict": "REJECTED_PERMANENTLY", "42": 1_795_176_000, "43": 1_795_176_000}));
    let said = run.excuse("foo")["excuses"].to_string();
    assert!(said.contains("https://launchpad.net/bugs/42") && said.contains("since 1 day"), "{said}");
    assert_eq!(run.verdict("bar"), "PASS");
    assert_eq!(run.moved(), "bar 2");
}

#[test]
fn an_unblock_hint_lifts_no_bug_and_force_does() {
    let case = || two_updates().file("unstable/Blocks", "foo 42 1795176000\n");
    assert_eq!(case().hints("unblock foo/2\n").run().verdict("foo"), "REJECTED_PERMANENTLY block");
    let run = case().hints("force foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.excuse("foo")["forced-reason"], json!(["block"]));
}

#[test]
fn a_line_that_cannot_be_read_is_said_and_the_others_count() {
    let run = two_updates().file("unstable/Blocks", "foo\nbar 42 1795176000\n").run();
    run.said(&["unstable/Blocks:1:1: 1 words instead of three"]);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_bug_that_explains_is_shown_and_holds_nothing() {
    let run = two_updates().file("unstable/ExcuseBugs", "foo 42 1795176000\n").run();
    assert_eq!(run.policy("foo", "update-excuse"), json!({"verdict": "PASS", "42": 1_795_176_000}));
    assert!(run.excuse("foo")["excuses"].to_string().contains("https://launchpad.net/bugs/42"));
    assert_eq!(run.moved(), "bar 2, foo 2");
}

#[test]
fn the_debian_dialect_reads_neither() {
    let case = two_updates().set("TIDEGATE_DIALECT", "debian").file("unstable/Blocks", "foo 42 1795176000\n");
    assert_eq!(case.run().moved(), "bar 2, foo 2");
}
