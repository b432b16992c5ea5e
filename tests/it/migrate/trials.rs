//! What is tried, in which order, and when a trial is accepted.

use super::case::Case;

/// Scenario 8.
#[test]
fn two_that_break_each_others_old_version_move_together() {
    let run = Case::new()
        .testing(
            "a 1
             b 1",
        )
        .unstable(
            "a 2; Breaks: b (<< 2)
             b 2; Breaks: a (<< 2)",
        )
        .run();
    assert_eq!(run.moved(), "a 2, b 2");
    assert_eq!(run.binaries("amd64"), "a 2, b 2");
    assert!(run.report().contains("accepted: a b\n"), "{}", run.report());
}

/// Scenario 9.
#[test]
fn trading_one_broken_package_for_another_is_accepted() {
    let others = "bar 1; Depends: foo (<< 2)
                  baz 1; Depends: foo (>= 2)";
    let run = Case::new().testing(&format!("foo 1\n{others}")).unstable(&format!("foo 2\n{others}")).run();
    assert_eq!(run.uninstallable("amd64"), "baz");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn making_more_uninstallable_is_refused() {
    let bar = "bar 1; Depends: foo (<< 2)";
    let run = Case::new().testing(&format!("foo 1\n{bar}")).unstable(&format!("foo 2\n{bar}")).run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.moved(), "");
    assert_eq!(run.binaries("amd64"), "bar 1, foo 1");
    let report = run.report();
    for line in ["trying: foo", "    got: 1+0: a-1", "    * amd64: bar"] {
        assert!(report.lines().any(|found| found == line), "no `{line}` in:\n{report}");
    }
    assert!(report.lines().any(|line| line.starts_with("skipped: foo (")), "{report}");
}

#[test]
fn an_added_package_that_is_uninstallable_counts() {
    let run = Case::new().unstable("foo 1; Depends: nowhere").run();
    assert_eq!(run.verdict("foo"), "PASS depends");
    assert_eq!(run.excuse("foo")["dependencies"]["unsatisfiable-dependencies"]["amd64"][0], "nowhere");
    assert_eq!(run.moved(), "");
}

#[test]
fn what_was_refused_is_tried_again_after_an_acceptance() {
    // The order of trials knows of what leaves and of who needs it, not of who else could meet the need: foo is tried
    // first and would break q, which the new package then saves.
    let q = "q 1; Depends: foo (<< 2) | other";
    let run = Case::new().testing(&format!("foo 1\n{q}")).unstable(&format!("foo 2\n{q}\nother 1")).run();
    assert_eq!(run.moved(), "other 1, foo 2");
}

#[test]
fn a_refused_component_is_tried_in_its_members() {
    // c keeps a back, and with it the component of both; b can move alone.
    let c = "c 1; Depends: a (<< 2)";
    let run = Case::new()
        .testing(&format!("a 1\nb 1\n{c}"))
        .unstable(&format!("a 2; Breaks: b (<< 2)\nb 2; Breaks: a (<< 2)\n{c}"))
        .run();
    assert_eq!(run.moved(), "b 2");
    assert!(run.report().contains("    - splitting the component into single items and retrying them\n"));
}

/// Scenarios 12 and 13.
#[test]
fn a_rebuilt_binary_moves_on_its_architecture_alone() {
    let run = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1")
        .unstable(
            "source foo 1
             + foo 1+b1; on=amd64
             + foo 1; on=arm64",
        )
        .run();
    assert_eq!(run.items(), "foo/amd64");
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.result(), "foo 1+b1 amd64 misc\nfoo 1 arm64 misc\nfoo 1 source misc\n");
}

#[test]
fn a_binary_that_vanished_leaves_by_an_architecture_item() {
    let run = Case::new()
        .testing(
            "foo 1
             + foo-tools",
        )
        .unstable("foo 1")
        .run();
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.binaries("amd64"), "foo 1");
}

#[test]
fn a_binary_of_a_lower_version_is_no_update() {
    let run = Case::new()
        .testing(
            "source foo 1
             + foo 1+b2
             + foo-tools 1",
        )
        .unstable(
            "source foo 1
             + foo 1+b1
             + foo-tools 1+b1",
        )
        .run();
    assert_eq!(run.verdict("foo/amd64"), "REJECTED_PERMANENTLY");
    assert_eq!(run.moved(), "");
}

#[test]
fn the_delta_of_a_main_run_has_versions() {
    let run = Case::new().testing("foo 1").unstable("foo 1:2.0-1~x").run();
    assert_eq!(run.text("HeidiResultDelta"), "#HeidiDelta\nfoo 1:2.0-1~x\n");
    let again = Case::new().testing("foo 1").unstable("foo 1:2.0-1~x").run();
    assert_eq!(run.files, again.files);
}

/// The auto-hinter: neither can go alone, and they are no component.
pub(super) fn a_needs_b_to_make_good() -> Case {
    let others = "x 1; Depends: a (<< 2)
                  z 1; Depends: b (>= 2)";
    Case::new().testing(&format!("a 1\nb 1\n{others}")).unstable(&format!("a 2\nb 2; Depends: a (>= 2)\n{others}"))
}

#[test]
fn sets_that_depend_on_each_other_are_tried_without_a_hint() {
    let run = a_needs_b_to_make_good().run();
    assert_eq!(run.moved(), "a 2, b 2");
    assert!(run.report().contains("Trying easy from autohinter: a/2 b/2\n"), "{}", run.report());
}

#[test]
fn the_auto_hinter_can_be_switched_off() {
    let case = a_needs_b_to_make_good().set("AUTOHINTER", "no");
    assert_eq!(case.run().moved(), "");
}
