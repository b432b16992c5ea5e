//! Hints that try items together.

use std::fmt::Write as _;

use super::case::Case;

/// a and b break or mend others so that neither can go alone, and the order of trials does not see it.
fn only_together() -> Case {
    let others = "x 1; Depends: a (<< 2)\nz 1; Depends: b (>= 2)";
    Case::new()
        .set("AUTOHINTER", "no")
        .testing(&format!("a 1\nb 1\nc 1\n{others}"))
        .unstable(&format!("a 2\nb 2; Depends: a (>= 2)\nc 2\n{others}"))
}

#[test]
fn without_a_hint_they_stay() {
    assert_eq!(only_together().run().moved(), "c 2");
}

#[test]
fn an_easy_hint_moves_its_members_first() {
    let run = only_together().hints("easy a/2 b/2\n").run();
    assert_eq!(run.moved(), "a 2, b 2, c 2");
    let report = run.report();
    for line in ["Trying easy from release: a/2 b/2", "easy: 1+0: a-1", "SUCCESS (2/0)"] {
        assert!(report.lines().any(|found| found == line), "no `{line}` in:\n{report}");
    }
}

#[test]
fn a_hint_moves_its_members_last_and_tries_the_rest_again() {
    let run = only_together().hints("hint a/2 b/2\n").run();
    assert_eq!(run.moved(), "c 2, a 2, b 2");
    let with_d = only_together().unstable(
        "a 2
         b 2; Depends: a (>= 2)
         c 1
         d 1; Depends: a (>= 2)
         x 1; Depends: a (<< 2)
         z 1; Depends: b (>= 2)",
    );
    assert_eq!(with_d.hints("hint a/2 b/2\n").run().moved(), "a 2, b 2, d 1");
}

#[test]
fn a_hint_that_makes_it_worse_is_taken_back() {
    let run = only_together().hints("easy a/2 c/2\n").run();
    assert_eq!(run.moved(), "c 2", "c goes in the main run");
    assert!(run.report().contains("    * amd64: x\nFAILED\n"), "{}", run.report());
}

#[test]
fn hints_of_the_command_line_count_like_others() {
    let run = only_together().run_with(&["--hints", "block c; easy a/2 b/2"]).succeeded();
    assert_eq!(run.moved(), "a 2, b 2");
    assert!(run.report().contains("Trying easy from command-line: a/2 b/2\n"));
}

/// Scenario 16.
#[test]
fn a_hint_with_a_version_that_is_gone_is_refused_whole() {
    let run = only_together().hints("easy a/2 b/1.9\n").run();
    assert_eq!(run.moved(), "c 2");
    let refused = run.report();
    let line = refused.lines().find(|line| line.contains("Not using hint")).expect("it is refused");
    assert!(line.contains("b/1.9") && line.contains("unstable has b 2"), "{line}");
    run.said(&["hints/release:1", "easy a/2 b/1.9"]);
}

#[test]
fn a_member_must_be_a_candidate() {
    for (hints, member) in [
        ("block b\neasy a/2 b/2\n", "b/2"),
        ("easy a/2 x/1\n", "x/1"),
        ("easy a/2 nowhere/1\n", "nowhere/1"),
        ("easy a/2 b/amd64/2\n", "b/amd64/2"),
        ("easy a/2 -z/1\n", "-z/1"),
    ] {
        let run = only_together().hints(hints).run();
        assert_eq!(run.moved(), "c 2", "{hints}");
        let report = run.report();
        let line = report.lines().find(|line| line.contains("Not using hint")).unwrap_or_else(|| panic!("{report}"));
        assert!(line.contains(member), "{line}");
    }
}

/// Scenario 17.
#[test]
fn a_forced_hint_is_kept_whatever_it_breaks() {
    let users = "u 1; Depends: a (<< 2)\nv 1; Depends: a (<< 2)";
    let case = Case::new().testing(&format!("a 1\n{users}")).unstable(&format!("a 2\n{users}"));
    let run = case.hints("force-hint a/2\n").run();
    assert_eq!(run.moved(), "a 2");
    assert!(run.report().contains("force breaks:\n    * amd64: u, v\n"), "{}", run.report());
    assert_eq!(run.binaries("amd64"), "a 2, u 1, v 1");
}

#[test]
fn overlapping_easy_hints_are_each_judged_as_they_stand() {
    // b has moved with a; that it is named again changes nothing.
    let run = only_together().hints("easy a/2 b/2\neasy b/2 c/2\n").run();
    assert!(!run.report().contains("Not using hint"), "{}", run.report());
    assert_eq!(run.moved(), "a 2, b 2, c 2");
    assert_eq!(run.report().matches("SUCCESS (2/0)").count(), 2, "{}", run.report());
}

#[test]
fn after_the_main_run_a_moved_member_is_refused() {
    let run = only_together().hints("easy a/2 b/2\nhint b/2\n").run();
    let report = run.report();
    let (_, late) = report.split_once("Trying hint from release: b/2\n").expect("it is tried");
    assert!(late.lines().next().is_some_and(|line| line.contains("Not using hint")), "{late}");
    let run = only_together().hints("hint c/2\n").run();
    assert!(run.report().contains("Not using hint"), "the main run has moved it");
}

#[test]
fn after_one_hint_the_next_cannot_use_its_members() {
    let run = only_together().hints("hint a/2 b/2\nhint b/2\n").run();
    assert_eq!(run.moved(), "c 2, a 2, b 2");
    assert_eq!(run.report().matches("Not using hint").count(), 1, "{}", run.report());
}

#[test]
fn a_hint_may_name_removals_and_architectures() {
    let case = Case::new()
        .set("AUTOHINTER", "no")
        .testing("gone 1\nfoo 1\nuser 1; Depends: gone | foo (>= 1+b1)")
        .unstable("source foo 1\n+ foo 1+b1\nuser 1; Depends: gone | foo (>= 1+b1)");
    let run = case.hints("easy -gone/1 foo/amd64/1\n").run();
    assert_eq!(run.moved(), "-gone 1, foo 1 amd64");
    assert!(run.report().contains("SUCCESS"), "{}", run.report());
}

#[test]
fn an_easy_hint_tries_left_overs_at_its_end() {
    // libfoo1 is needed by user only as long as that is old.
    let case = Case::new()
        .testing("source lib 2\n+ libfoo2\n+ libfoo1 1; from=1\nuser 1; Depends: libfoo1\nother 1")
        .unstable("source lib 2\n+ libfoo2\nuser 2; Depends: libfoo2\nother 2");
    let run = case.hints("easy user/2 other/2\n").run();
    let report = run.report();
    let (easy, _) = report.split_once("info: main run").expect("there is a main run");
    assert!(easy.contains("accepted: -libfoo1/amd64"), "{easy}");
}

#[test]
fn finished_ends_a_file_and_comments_are_none() {
    let run = only_together().hints("# block c\nremark block c\nfinished\nblock c\n").run();
    assert_eq!(run.moved(), "c 2");
    assert!(!run.stdout.contains("hints/release:"), "{}", run.stdout);
}

/// Each line, why it does not count, and that the others do.
#[test]
fn a_line_that_cannot_be_used_is_said_with_its_place() {
    let lines = "frobnicate a/2\nblock\neasy a/2\nage-days many a/2\nunblock a\nblock c\n";
    let run = only_together().hints(lines).run();
    for (place, why) in [
        ("hints/release:1:1", "unknown hint"),
        ("hints/release:2:1", "block"),
        ("hints/release:3:1", "at least 2"),
        ("hints/release:4:10", "number of days"),
        ("hints/release:5:9", "version"),
    ] {
        run.said(&[place, why]);
    }
    assert_eq!(run.moved(), "");
}

#[test]
fn a_user_may_give_only_the_hints_that_the_configuration_permits() {
    let case = only_together().set("HINTS_ANN", "block, unblock").file("hints/ann", "easy a/2 b/2\nblock c\n");
    let run = case.run();
    run.said(&["hints/ann:1:1", "ann may not use easy", "HINTS_ANN"]);
    assert_eq!(run.moved(), "");
    let standard = only_together().set("HINTS_ANN", "STANDARD").file("hints/ann", "easy a/2 b/2\nforce c/2\n");
    let run = standard.run();
    run.said(&["hints/ann:2:1", "force"]);
    assert_eq!(run.moved(), "a 2, b 2, c 2");
}

#[test]
fn a_file_that_is_missing_or_no_text_does_not_stop_the_others() {
    let case =
        only_together().set("HINTS_ANN", "ALL").set("HINTS_BOB", "ALL").bytes("hints/bob", b"block a\n\xff\xfe\n");
    let run = case.hints("block c\n").run();
    run.said(&["hints/ann"]);
    run.said(&["hints/bob:2:1", "UTF-8"]);
    assert_eq!(run.moved(), "");
}

#[test]
fn without_any_block_there_is_a_warning() {
    only_together().run().said(&["no hint blocks anything"]);
    assert!(!only_together().hints("block c\n").run().stdout.contains("no hint blocks anything"));
}

#[test]
fn hints_lie_in_the_source_suite_if_nothing_else_is_said() {
    let case = only_together().unset("HINTSDIR").file("unstable/Hints/release", "block c\n");
    assert_eq!(case.run().moved(), "");
}

#[test]
fn of_the_late_hints_the_first_fifty_are_tried() {
    let (mut testing, mut unstable, mut hints) = (String::new(), String::new(), String::new());
    for number in 0..51 {
        let others = format!("x{number} 1; Depends: a{number} (<< 2)\nz{number} 1; Depends: b{number} (>= 2)\n");
        let _ = writeln!(testing, "a{number} 1\nb{number} 1\n{others}");
        let _ = writeln!(unstable, "a{number} 2\nb{number} 2; Depends: a{number} (>= 2)\n{others}");
        let _ = writeln!(hints, "hint a{number}/2 b{number}/2");
    }
    let case = Case::new().set("AUTOHINTER", "no").testing(&testing).unstable(&unstable).hints(&hints);
    let run = case.run();
    assert_eq!(run.moved().split(", ").count(), 100);
    assert!(run.binaries("amd64").contains("a49 2, a5 2, a50 1"));
}
