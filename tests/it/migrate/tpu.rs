//! Additional source suites, whose items need an approval.

use serde_json::json;

use super::case::Case;

/// foo is corrected in `tpu` while the source suite has moved on.
fn a_correction() -> Case {
    Case::new().testing("foo 1").unstable("foo 3").tpu("foo 1.1")
}

#[test]
fn an_item_of_an_additional_suite_waits_for_its_approval() {
    let run = a_correction().hints("block foo\n").run();
    assert_eq!(run.verdict("foo_tpu"), "REJECTED_NEEDS_APPROVAL block");
    assert_eq!(run.excuse("foo_tpu")["manual-approval-status"], "not-approved");
    assert_eq!(run.excuse("foo")["manual-approval-status"], json!(null));
    assert_eq!(run.moved(), "");
}

#[test]
fn an_approval_names_suite_and_version() {
    for hint in ["approve foo_tpu/1.1", "unblock foo_tpu/1.1", "approve foo/1.1"] {
        let run = a_correction().hints(&format!("block foo\n{hint}\n")).run();
        assert_eq!(run.verdict("foo_tpu"), "PASS", "{hint}");
        assert_eq!(run.excuse("foo_tpu")["manual-approval-status"], "approved", "{hint}");
        assert_eq!(run.moved(), "foo 1.1", "{hint}");
    }
    for hint in ["approve foo_tpu/1.2", "approve foo/3", "approve foo_tpu/3"] {
        let run = a_correction().hints(&format!("block foo/3\n{hint}\n")).run();
        assert_eq!(run.verdict("foo_tpu"), "REJECTED_NEEDS_APPROVAL block", "{hint}");
    }
}

#[test]
fn a_freeze_does_not_hold_what_is_approved() {
    let run = a_correction().hints("block-all source\napprove foo_tpu/1.1\n").run();
    assert_eq!(run.moved(), "foo 1.1");
}

#[test]
fn it_has_no_age() {
    let case = a_correction().with_ages().hints("approve foo_tpu/1.1\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age");
    assert_eq!(run.moved(), "foo 1.1");
    assert!(!case.text("state/age-policy-dates").contains("1.1"));
}

#[test]
fn it_must_be_built_wherever_the_targets_version_is() {
    let case = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1\n+ foo-data; arch=all")
        .unstable("foo 1\n+ foo-data; arch=all")
        .tpu("source foo 1.1\n+ foo; on=amd64\n+ foo-data; arch=all")
        .hints("approve foo_tpu/1.1\n");
    let run = case.run();
    assert_eq!(run.verdict("foo_tpu"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT");
    assert_eq!(run.excuse("foo_tpu")["missing-builds"]["on-architectures"], json!(["arm64"]));
    assert_eq!(run.moved(), "");
    let case = case.set("OUTOFSYNC_ARCHES", "arm64");
    assert_eq!(case.run().verdict("foo_tpu"), "PASS");
}

#[test]
fn rebuilt_binaries_leave_those_for_all_architectures_alone() {
    let case = Case::new()
        .testing("foo 1\n+ foo-data; arch=all")
        .unstable("foo 1\n+ foo-data; arch=all")
        .tpu("source foo 1\n+ foo 1+b1")
        .hints("approve foo_tpu/amd64/1\n");
    let run = case.run();
    assert_eq!(run.verdict("foo_tpu/amd64"), "PASS");
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.binaries("amd64"), "foo 1+b1, foo-data 1");
}

#[test]
fn a_binary_that_it_does_not_have_has_not_vanished() {
    let case = Case::new().testing("foo 1\n+ foo-tools").unstable("foo 1\n+ foo-tools").tpu("foo 1");
    let run = case.hints("approve foo_tpu/amd64/1\n").run();
    assert_eq!((run.items(), run.moved()), (String::new(), String::new()));
}

#[test]
fn it_has_no_smooth_updates() {
    let suites = "source foo 1\n+ libfoo1; section=libs\nuser 1; Depends: libfoo1";
    let case = Case::new().testing(suites).unstable(suites).tpu("source foo 1.1\n+ libfoo1.1; section=libs");
    let run = case.hints("approve foo_tpu/1.1\n").run();
    assert_eq!(run.verdict("foo_tpu"), "PASS");
    assert_eq!(run.moved(), "", "user would break");
}
