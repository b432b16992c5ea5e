//! Old libraries that stay beside the new ones while others need them.

use super::case::Case;

/// The library's new version has another name.
const OLD: &str = "source lib 1\n+ libfoo1; section=libs";
const NEW: &str = "source lib 2\n+ libfoo2; section=libs";

/// Scenario 7.
#[test]
fn an_old_library_stays_until_the_last_user_has_moved() {
    let users = |version: &str, library: &str| {
        let user = |name: &str| format!("{name} {version}; Depends: {library}\n");
        [user("a"), user("b")].concat()
    };
    let old_c = "c 1; Depends: libfoo1";
    let case = Case::new()
        .testing(&format!("{OLD}\n{}{old_c}", users("1", "libfoo1")))
        .unstable(&format!("{NEW}\n{}{old_c}", users("2", "libfoo2")));
    let run = case.run();
    assert_eq!(run.moved(), "lib 2, a 2, b 2");
    assert_eq!(run.binaries("amd64"), "a 2, b 2, c 1, libfoo1 1, libfoo2 2");
    assert_eq!(run.sources(), "a 2, b 2, c 1, lib 2");

    let case = case.publish(&run).unstable(&format!("{NEW}\n{}c 2; Depends: libfoo2", users("2", "libfoo2")));
    let run = case.run();
    assert_eq!(run.moved(), "c 2, -libfoo1 1 amd64");
    assert_eq!(run.binaries("amd64"), "a 2, b 2, c 2, libfoo2 2");
}

/// The library is replaced while user still needs the old one; these are its attributes and the source suite's stories.
fn with_user(old: &str, new: &str) -> Case {
    let user = "user 1; Depends: libfoo1";
    Case::new().testing(&format!("{old}\n{user}")).unstable(&format!("{new}\n{user}"))
}

#[test]
fn the_section_decides() {
    assert_eq!(with_user(OLD, NEW).run().moved(), "lib 2");
    assert_eq!(with_user(&OLD.replace("libs", "oldlibs"), NEW).run().moved(), "lib 2");
    assert_eq!(with_user(&OLD.replace("libs", "non-free/libs"), NEW).run().moved(), "lib 2");
    assert_eq!(with_user(&OLD.replace("libs", "misc"), NEW).run().moved(), "");
    assert_eq!(with_user(&OLD.replace("libs", "misc"), NEW).set("SMOOTH_UPDATES", "ALL").run().moved(), "lib 2");
    assert_eq!(with_user(OLD, NEW).set("SMOOTH_UPDATES", "").run().moved(), "");
}

#[test]
fn what_the_source_suite_still_has_as_left_over_stays_in_any_section() {
    let left_over = format!("{NEW}\n+ libfoo1 1; from=1; section=misc");
    let case = with_user(&OLD.replace("libs", "misc"), &left_over).set("IGNORE_CRUFT", "1");
    let run = case.run();
    assert_eq!(run.moved(), "lib 2");
    assert_eq!(run.binaries("amd64"), "libfoo1 1, libfoo2 2, user 1");
}

#[test]
fn what_nobody_needs_goes_with_the_source() {
    let run = Case::new().testing(OLD).unstable(NEW).run();
    assert_eq!(run.moved(), "lib 2");
    assert_eq!(run.binaries("amd64"), "libfoo2 2");
}

#[test]
fn what_others_could_replace_goes_too() {
    let others = "other 1\nuser 1; Depends: libfoo1 | other";
    let run = Case::new().testing(&format!("{OLD}\n{others}")).unstable(&format!("{NEW}\n{others}")).run();
    assert_eq!(run.moved(), "lib 2");
    assert_eq!(run.binaries("amd64"), "libfoo2 2, other 1, user 1");
}

#[test]
fn the_need_of_any_suites_package_counts_if_the_target_has_a_user() {
    // user could do without, but wants is in the source suite and could not: the library stays at first, and leaves
    // in a removal of its own.
    let others = "other 1\nuser 1; Depends: libfoo1 | other";
    let case = Case::new()
        .testing(&format!("{OLD}\n{others}"))
        .unstable(&format!("{NEW}\n{others}\nwants 1; Depends: libfoo1"))
        .hints("block wants\n");
    assert_eq!(case.run().moved(), "lib 2, -libfoo1 1 amd64");
    let no_user =
        Case::new().testing(OLD).unstable(&format!("{NEW}\nwants 1; Depends: libfoo1")).hints("block wants\n");
    assert_eq!(no_user.run().moved(), "lib 2");
}

#[test]
fn a_user_that_is_uninstallable_anyway_is_none() {
    let broken = "user 1; Depends: libfoo1, helper\nhelper 1; Conflicts: libfoo1";
    let run = Case::new().testing(&format!("{OLD}\n{broken}")).unstable(&format!("{NEW}\n{broken}")).run();
    assert_eq!(run.uninstallable("amd64"), "user");
    assert_eq!(run.moved(), "lib 2", "with the library, not after it");
}

#[test]
fn what_a_kept_library_needs_is_kept() {
    let data = "+ libfoo-data1; section=libs";
    let testing =
        format!("source lib 1\n+ libfoo1; section=libs; Depends: libfoo-data1\n{data}\nuser 1; Depends: libfoo1");
    let case = Case::new().testing(&testing).unstable(&format!("{NEW}\nuser 1; Depends: libfoo1"));
    let run = case.run();
    assert_eq!(run.moved(), "lib 2");
    assert_eq!(run.binaries("amd64"), "libfoo-data1 1, libfoo1 1, libfoo2 2, user 1");
}

#[test]
fn what_leaves_with_the_same_set_needs_nothing() {
    let case = Case::new()
        .testing(&format!("{OLD}\nsource user 1\n+ user-old; Depends: libfoo1"))
        .unstable(&format!("{NEW}\nsource user 2\n+ user-new; Depends: libfoo2"))
        .hints("easy lib/2 user/2\n");
    let run = case.run();
    assert!(run.report().contains("Trying easy from release: lib/2 user/2\n"), "{}", run.report());
    assert_eq!(run.moved(), "lib 2, user 2", "the library left with both, not after them");
}

#[test]
fn a_rebuilt_source_keeps_what_vanished_on_one_architecture() {
    let case = Case::new()
        .testing("source lib 1\n+ libfoo1; section=libs\n+ lib-tools\nuser 1; Depends: libfoo1")
        .unstable("source lib 1\n+ lib-tools 1+b1\nuser 1; Depends: libfoo1");
    let run = case.run();
    assert_eq!(run.moved(), "lib 1 amd64");
    assert_eq!(run.binaries("amd64"), "lib-tools 1+b1, libfoo1 1, user 1");
}

#[test]
fn a_vanished_library_alone_is_no_reason_to_move() {
    let case = Case::new()
        .testing("source lib 1\n+ libfoo1; section=libs\n+ lib-tools\nuser 1; Depends: libfoo1")
        .unstable("source lib 1\n+ lib-tools\nuser 1; Depends: libfoo1");
    assert_eq!(case.run().items(), "");
}

#[test]
fn a_new_library_of_the_same_name_is_no_smooth_update() {
    let user = "user 1; Depends: libfoo (<< 2)";
    let case = Case::new()
        .testing(&format!("source lib 1\n+ libfoo; section=libs\n{user}"))
        .unstable(&format!("source lib 2\n+ libfoo; section=libs\n{user}"));
    assert_eq!(case.run().moved(), "");
}

#[test]
fn what_a_hint_keeps_is_looked_at_again_at_the_very_end() {
    let case = Case::new()
        .testing(&format!("{OLD}\nuser 1; Depends: libfoo1\nother 1"))
        .unstable(&format!("{NEW}\nuser 2; Depends: libfoo2\nother 2"))
        .hints("easy lib/2 other/2\n");
    let run = case.run();
    assert_eq!(run.moved(), "lib 2, other 2, user 2, -libfoo1 1 amd64");
    let report = run.report();
    let (before, after) = report.split_once("Removing packages left in the target suite").expect("there is one");
    assert!(!before.contains("accepted: -libfoo1/amd64"), "{before}");
    assert!(after.contains("accepted: -libfoo1/amd64"), "{after}");
}

#[test]
fn what_the_main_run_keeps_is_tried_in_it() {
    let case = Case::new()
        .testing(&format!("{OLD}\nuser 1; Depends: libfoo1"))
        .unstable(&format!("{NEW}\nuser 2; Depends: libfoo2"));
    let run = case.run();
    assert_eq!(run.moved(), "lib 2, user 2, -libfoo1 1 amd64");
    assert!(!run.report().contains("Removing packages left in the target suite"), "{}", run.report());
}

#[test]
fn whoever_asks_for_a_library_that_stays_is_told_who_needs_it() {
    let case = with_user(OLD, NEW);
    case.run_with(&["--dry-run"]);
    let asked = case.call(super::case::PROGRAM, &["migrate", "explain", "-libfoo1/amd64", "-c", "britney.conf"], "");
    asked.said(&["-libfoo1/amd64 did not go: 1 is in the target."]);
    asked.said(&["Nothing else in the target can stand in for it for user 1."]);
    let asked = case.call(super::case::PROGRAM, &["migrate", "explain", "-libfoo2/amd64", "-c", "britney.conf"], "");
    asked.said(&["There is no item -libfoo2/amd64"]);
}
