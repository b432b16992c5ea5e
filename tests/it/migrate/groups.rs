//! Sources that stand only for their binaries, left-overs, and what an item takes out and puts in.

use serde_json::json;

use super::case::Case;

#[test]
fn binaries_without_a_source_are_no_item_and_no_line_of_a_source() {
    let ghost = "binary spook 3; from=ghost 3";
    let run = Case::new().testing(ghost).unstable(&format!("{ghost}\nfoo 1")).run();
    assert_eq!(run.items(), "foo");
    assert_eq!(run.lines(), ["foo 1 amd64", "spook 3 amd64", "foo 1 source"]);
}

#[test]
fn a_source_comes_anew_where_only_its_binaries_were() {
    let case = Case::new().testing("binary foo 1; from=foo 1").unstable("foo 1");
    let run = case.run();
    assert_eq!(run.excuse("foo")["old-version"], json!("-"));
    assert_eq!(run.lines(), ["foo 1 amd64", "foo 1 source"]);
}

#[test]
fn left_overs_do_not_leave_with_their_source() {
    // libfoo1 is of version 1 while the target's source is 2: foo 3 does not touch it, and user needs it.
    let user = "user 1; Depends: libfoo1";
    let case = Case::new().testing(&format!("foo 2\n+ libfoo1 1; from=1\n{user}")).unstable(&format!("foo 3\n{user}"));
    let run = case.run();
    assert_eq!(run.moved(), "foo 3");
    assert_eq!(run.binaries("amd64"), "foo 3, libfoo1 1, user 1");
}

#[test]
fn left_overs_of_the_source_suite_do_not_come_along() {
    let case = Case::new().set("IGNORE_CRUFT", "1").testing("foo 1").unstable("foo 2\n+ libfoo1 1; from=1");
    assert_eq!(case.run().binaries("amd64"), "foo 2");
}

#[test]
fn a_lower_version_of_a_binary_is_impossible() {
    let case = Case::new().testing("foo 1\n+ tool 5").unstable("foo 2\n+ tool 4");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert!(run.report().contains("got exception"), "{}", run.report());
    assert_eq!(run.moved(), "");
}

#[test]
fn a_lower_version_of_a_source_is_newer_in_the_target() {
    let run = Case::new().testing("foo 2").unstable("foo 1").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY newerintesting");
    assert_eq!(run.moved(), "");
}

#[test]
fn a_source_without_binaries_cannot_move() {
    let run = Case::new().testing("foo 1").unstable("source foo 2").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY no-binaries");
}

#[test]
fn an_architecture_may_lose_its_binaries() {
    let case = Case::new().architectures("amd64 arm64").testing("foo 1").unstable("source foo 2\n+ foo; on=amd64");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.lines(), ["foo 2 amd64", "foo 2 source"]);
}

#[test]
fn old_binaries_of_packages_for_all_are_a_missing_build_of_all() {
    let case = Case::new().testing("foo 1").unstable("source foo 2\n+ foo 2\n+ foo-data 1; from=1; arch=all");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT");
    assert_eq!(run.excuse("foo")["missing-builds"]["on-architectures"], json!(["all"]));
}

#[test]
fn of_two_stanzas_of_a_source_the_higher_version_counts() {
    let run = Case::new().testing("foo 1").unstable("source foo 1\nfoo 3\nsource foo 2").run();
    assert_eq!(run.moved(), "foo 3");
}

#[test]
fn an_unchanged_binary_of_a_moved_architecture_has_the_new_section() {
    let case = Case::new()
        .testing("source foo 1; section=old\n+ foo; section=old\n+ tool; section=old\nbar 1; section=old")
        .unstable("source foo 1; section=new\n+ foo 1+b1; section=new\n+ tool; section=new\nbar 1; section=new");
    assert_eq!(
        case.run().result(),
        "bar 1 amd64 old\nfoo 1+b1 amd64 new\ntool 1 amd64 new\nbar 1 source old\nfoo 1 source old\n"
    );
}
