//! Freezes, blocks and what lifts them.

use super::case::Case;

const NEEDS_APPROVAL: &str = "REJECTED_NEEDS_APPROVAL block";

/// Scenario 14.
#[test]
fn a_freeze_holds_all_but_what_is_unblocked() {
    let case = Case::new().testing("foo 1\nbar 1").unstable("foo 2\nbar 2");
    let run = case.hints("block-all source\nunblock foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.verdict("bar"), NEEDS_APPROVAL);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_freeze_of_new_sources_holds_only_them() {
    let run = Case::new().testing("foo 1").unstable("foo 2\nnew 1").hints("block-all new-source\n").run();
    assert_eq!(run.verdict("new"), NEEDS_APPROVAL);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_freeze_does_not_hold_removals() {
    let run = Case::new().testing("foo 1").hints("block-all source\n").run();
    assert_eq!(run.moved(), "-foo 1");
}

#[test]
fn a_freeze_holds_rebuilt_binaries() {
    let case = Case::new().testing("foo 1").unstable("source foo 1\n+ foo 1+b1").hints("block-all source\n");
    assert_eq!(case.run().verdict("foo/amd64"), NEEDS_APPROVAL);
}

/// foo is replaced by a new source version.
fn an_update(hints: &str) -> Case {
    Case::new().testing("foo 1").unstable("foo 2").hints(hints)
}

#[test]
fn a_block_names_a_source_or_one_version_of_it() {
    assert_eq!(an_update("block foo\n").run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update("block foo/2\n").run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update("block foo/3\n").run().moved(), "foo 2");
    assert_eq!(an_update("block food\nblock -foo\n").run().moved(), "foo 2");
}

#[test]
fn a_block_of_an_architecture_holds_only_that_item() {
    let rebuilt = |hints: &str| {
        let case = Case::new().architectures("amd64 arm64").testing("foo 1");
        case.unstable("source foo 1\n+ foo 1+b1").hints(hints).run().moved()
    };
    assert_eq!(rebuilt("block foo/arm64\n"), "foo 1 amd64");
    assert_eq!(rebuilt("block foo/1/arm64\n"), "foo 1 amd64");
    assert_eq!(rebuilt("block foo/arm64/1\n"), "foo 1 amd64");
    assert_eq!(rebuilt("block foo/2/arm64\n"), "foo 1 amd64, foo 1 arm64");
    assert_eq!(rebuilt("block foo\n"), "");
    assert_eq!(an_update("block foo/amd64\n").run().moved(), "foo 2", "it does not mean the source's item");
}

#[test]
fn an_unblock_means_one_version() {
    assert_eq!(an_update("block foo\nunblock foo/2\n").run().moved(), "foo 2");
    assert_eq!(an_update("block foo\nunblock foo/1\n").run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update("block foo\nunblock foo/2.0\n").run().verdict("foo"), NEEDS_APPROVAL);
}

#[test]
fn of_two_unblocks_the_one_of_the_higher_version_counts() {
    for hints in ["unblock foo/2\nunblock foo/1\n", "unblock foo/1\nunblock foo/2\n"] {
        assert_eq!(an_update(&format!("block foo\n{hints}")).run().moved(), "foo 2", "{hints}");
    }
    for hints in ["unblock foo/2\nunblock foo/3\n", "unblock foo/3\nunblock foo/2\n"] {
        assert_eq!(an_update(&format!("block foo\n{hints}")).run().verdict("foo"), NEEDS_APPROVAL, "{hints}");
    }
}

#[test]
fn an_unblock_may_name_an_architecture() {
    let rebuilt = |hints: &str| {
        let case = Case::new().architectures("amd64 arm64").testing("foo 1");
        case.unstable("source foo 1\n+ foo 1+b1").hints(hints).run().moved()
    };
    assert_eq!(rebuilt("block foo\nunblock foo/arm64/1\n"), "foo 1 arm64");
    assert_eq!(rebuilt("block foo\nunblock foo/1\n"), "foo 1 amd64, foo 1 arm64");
}

#[test]
fn installer_packages_have_blocks_of_their_own() {
    assert_eq!(an_update("block-udeb foo\n").run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update("block-udeb foo\nunblock-udeb foo/2\n").run().moved(), "foo 2");
    assert_eq!(an_update("block-udeb foo\nunblock foo/2\n").run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update("block foo\nunblock-udeb foo/2\n").run().verdict("foo"), NEEDS_APPROVAL);
    let both = "block foo\nblock-udeb foo\n";
    assert_eq!(an_update(&format!("{both}unblock foo/2\n")).run().verdict("foo"), NEEDS_APPROVAL);
    assert_eq!(an_update(&format!("{both}unblock foo/2\nunblock-udeb foo/2\n")).run().moved(), "foo 2");
}

#[test]
fn approve_is_another_word_for_unblock() {
    assert_eq!(an_update("block foo\napprove foo/2\n").run().moved(), "foo 2");
}

/// Scenario 15.
#[test]
fn a_blocked_removal_is_listed_and_stays() {
    let case = Case::new().testing("foo 1").unstable("foo 1").hints("remove foo/1\nblock -foo\n");
    let run = case.run();
    assert_eq!(run.verdict("-foo"), "REJECTED_PERMANENTLY block");
    assert_eq!(run.sources(), "foo 1");
}

#[test]
fn the_removal_of_what_left_the_source_suite_can_be_blocked() {
    let run = Case::new().testing("foo 1").hints("block -foo\n").run();
    assert_eq!(run.verdict("-foo"), "REJECTED_PERMANENTLY block");
    assert_eq!(run.sources(), "foo 1");
    let run = Case::new().testing("foo 1").hints("block foo\n").run();
    assert_eq!(run.moved(), "-foo 1", "a block of the source is none of its removal");
}

#[test]
fn hints_that_had_a_say_are_named() {
    let run = an_update("block foo\n").run();
    let excuse = run.excuse("foo");
    assert_eq!(excuse["hints"][0]["hint-type"], "block");
    assert_eq!(excuse["hints"][0]["hint-from"], "release");
}
