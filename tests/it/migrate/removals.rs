//! What leaves the target, and what stays though it should leave.

use serde_json::json;

use super::case::Case;

#[test]
fn what_left_the_source_suite_leaves_the_target() {
    let run = Case::new().testing("foo 1\n+ foo-data; arch=all\nbar 1").unstable("bar 1").run();
    assert_eq!(run.verdict("-foo"), "PASS");
    assert_eq!(
        (run.excuse("-foo")["old-version"].clone(), run.excuse("-foo")["new-version"].clone()),
        (json!("1"), json!("-"))
    );
    assert_eq!(run.moved(), "-foo 1");
    assert_eq!(run.result(), "bar 1 amd64 misc\nbar 1 source misc\n");
}

/// Scenario 63, first half; what would happen to both is `what_if`'s.
#[test]
fn it_stays_while_others_need_it() {
    let bar = "bar 1; Depends: foo";
    let run = Case::new().testing(&format!("foo 1\n{bar}")).unstable(bar).run_with(&["--explain"]).succeeded();
    assert_eq!(run.verdict("-foo"), "PASS");
    assert_eq!(run.moved(), "");
    assert!(run.report().contains("    * amd64: bar\n"), "{}", run.report());
    let explanation = run.excuse("-foo")["explanation"].to_string();
    assert!(explanation.contains("bar"), "{explanation}");
}

#[test]
fn libraries_leave_with_their_source() {
    let case =
        Case::new().testing("source foo 1\n+ libfoo1; section=libs\nuser 1; Depends: libfoo1").unstable("user 2");
    let run = case.run();
    assert_eq!(run.moved(), "user 2, -foo 1");
}

#[test]
fn a_removal_hint_removes_and_holds_the_update() {
    let run = Case::new().testing("foo 1").unstable("foo 2").hints("remove foo/1\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY remove");
    assert_eq!(run.verdict("-foo"), "PASS");
    assert_eq!(run.excuse("-foo")["hints"], json!([{"hint-type": "remove", "hint-from": "release"}]));
    assert_eq!(run.moved(), "-foo 1");
}

#[test]
fn a_removal_hint_on_the_new_version_holds_it_and_removes_nothing() {
    let run = Case::new().testing("foo 1").unstable("foo 2").hints("remove foo/2\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY remove");
    assert_eq!(run.items(), "foo");
    assert_eq!(run.sources(), "foo 1");
}

#[test]
fn a_removal_hint_on_another_version_means_nothing() {
    let run = Case::new().testing("foo 1").unstable("foo 2").hints("remove foo/0\nremove foo/3\n").run();
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn with_the_same_version_in_both_suites_every_architecture_says_so() {
    let case = Case::new().architectures("amd64 arm64").testing("foo 1").unstable("foo 1").hints("remove foo/1\n");
    let run = case.run();
    for item in ["foo/amd64", "foo/arm64"] {
        assert_eq!(run.verdict(item), "REJECTED_PERMANENTLY remove");
    }
    assert_eq!(run.moved(), "-foo 1");
}

#[test]
fn a_removal_hint_meets_no_policy() {
    let case = Case::new().with_ages().testing("foo 1").unstable("foo 1").hints("remove foo/1\nblock-all source\n");
    assert_eq!(case.file("state/rc-bugs-unstable", "src:foo 7\n").run().moved(), "-foo 1");
}

#[test]
fn a_source_without_binaries_is_obsolete() {
    let source = "source foo 1\nbar 1";
    assert_eq!(Case::new().testing(source).unstable(source).run().moved(), "-foo 1");
    let run = Case::new().testing(source).unstable(source).set("REMOVE_OBSOLETE", "no").run();
    assert_eq!(run.moved(), "");
    assert_eq!(run.sources(), "bar 1, foo 1");
}

#[test]
fn a_source_becomes_obsolete_when_another_takes_its_binaries() {
    let case = Case::new().testing("source old 1\n+ tool").unstable("source old 1\nsource new 2\n+ tool");
    let run = case.run();
    assert_eq!(run.moved(), "new 2, -old 1");
    assert_eq!(run.result(), "tool 2 amd64 misc\nnew 2 source misc\n");
}

#[test]
fn left_over_binaries_leave_when_nothing_needs_them() {
    let testing = "foo 2\n+ libfoo1 1; from=1; section=libs";
    let run = Case::new().testing(testing).unstable("foo 2").run();
    assert!(run.moved().ends_with("-libfoo1 1 amd64"), "{}", run.moved());
    assert_eq!(run.binaries("amd64"), "foo 2");
    let user = "user 1; Depends: libfoo1";
    let run = Case::new().testing(&format!("{testing}\n{user}")).unstable(&format!("foo 2\n{user}")).run();
    assert_eq!(run.moved(), "");
    assert!(
        run.report().contains("List of old libraries in the target suite (1):\n libfoo1: amd64\n"),
        "{}",
        run.report()
    );
}

#[test]
fn a_source_of_which_only_binaries_are_left_is_still_there() {
    let case = Case::new().testing("foo 1").unstable("binary foo 1; from=foo 1");
    let run = case.run();
    assert_eq!((run.items(), run.moved()), (String::new(), String::new()));
}

#[test]
fn a_source_that_only_lends_code_to_others_is_not_there() {
    let case = Case::new().testing("foo 1").unstable("source foo 2; Extra-Source-Only: yes");
    assert_eq!(case.run().moved(), "-foo 1");
}
