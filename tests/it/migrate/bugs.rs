//! Release-critical bugs.

use serde_json::json;

use super::case::Case;
use super::run::Run;

const BUGGY: &str = "REJECTED_PERMANENTLY buggy";

/// foo, with a library of another name, is replaced; these bugs are known of both suites.
fn with_bugs(testing: &str, unstable: &str) -> Case {
    Case::new()
        .testing("foo 1\n+ libfoo1\nbar 1")
        .unstable("foo 2\n+ libfoo1\nbar 1")
        .file("state/rc-bugs-testing", testing)
        .file("state/rc-bugs-unstable", unstable)
}

fn bugs(run: &Run) -> (serde_json::Value, serde_json::Value, serde_json::Value) {
    let info = run.policy("foo", "rc-bugs");
    (info["shared-bugs"].clone(), info["unique-source-bugs"].clone(), info["unique-target-bugs"].clone())
}

#[test]
fn a_new_bug_holds_and_old_ones_do_not() {
    let run = with_bugs("src:foo 1,2\n", "src:foo 1,3\n").run();
    assert_eq!(run.verdict("foo"), BUGGY);
    assert_eq!(bugs(&run), (json!(["1"]), json!(["3"]), json!(["2"])));
    let run = with_bugs("src:foo 1,2\n", "src:foo 1\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn bugs_of_the_sources_binaries_are_its_bugs() {
    assert_eq!(with_bugs("", "libfoo1 7\n").run().verdict("foo"), BUGGY);
    assert_eq!(with_bugs("", "foo 7\n").run().verdict("foo"), BUGGY);
    assert_eq!(with_bugs("", "bar 7\nsrc:libfoo1 8\n").run().verdict("foo"), "PASS");
    assert_eq!(with_bugs("libfoo1 7\n", "src:foo 7\n").run().verdict("foo"), "PASS", "one bug, filed in two ways");
}

/// Scenario 59.
#[test]
fn a_bug_that_is_new_to_a_source_holds_it_though_the_target_has_the_number() {
    let case = Case::new().testing("foo 1\nbar 1").unstable("foo 2\nbar 2");
    let case = case.file("state/rc-bugs-testing", "src:foo 7\n").file("state/rc-bugs-unstable", "src:bar 7\n");
    let run = case.run();
    assert_eq!(run.verdict("bar"), BUGGY);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_name_that_is_anothers_binary_blames_its_builder() {
    // The binary foo is built by bar; the source foo builds only libfoo1.
    let case = |bugs: &str| {
        Case::new()
            .testing("source foo 1\n+ libfoo1\nsource bar 1\n+ foo")
            .unstable("source foo 2\n+ libfoo1\nsource bar 2\n+ foo")
            .file("state/rc-bugs-unstable", bugs)
            .run()
    };
    assert_eq!(case("foo 7\n").moved(), "foo 2");
    assert_eq!(case("foo 7\n").verdict("bar"), BUGGY);
    assert_eq!(case("src:foo 7\n").moved(), "bar 2");
}

#[test]
fn a_name_that_no_binary_has_means_the_source() {
    let case = Case::new().testing("source foo 1\n+ libfoo1").unstable("source foo 2\n+ libfoo1");
    assert_eq!(case.file("state/rc-bugs-unstable", "foo 7\n").run().verdict("foo"), BUGGY);
}

#[test]
fn bugs_of_a_hijacked_binary_are_not_the_former_sources() {
    let case = Case::new()
        .set("IGNORE_CRUFT", "1")
        .testing("foo 1\n+ shared")
        .unstable("foo 2\n+ shared\nsource bar 3\n+ bar\n+ shared")
        .file("state/rc-bugs-unstable", "shared 7\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.verdict("bar"), BUGGY);
}

#[test]
fn a_source_new_to_the_target_shares_no_bugs() {
    let case = Case::new().unstable("foo 1");
    let case = case.file("state/rc-bugs-testing", "src:foo 7\n").file("state/rc-bugs-unstable", "src:foo 7\n");
    assert_eq!(case.run().verdict("foo"), BUGGY);
}

#[test]
fn a_hint_lets_single_bugs_pass() {
    let run = with_bugs("", "src:foo 7,8\n").hints("ignore-rc-bugs 7 foo/2\n").run();
    assert_eq!(run.verdict("foo"), BUGGY);
    let ignored = json!({"bugs": ["7"], "issued-by": "release"});
    assert_eq!(run.policy("foo", "rc-bugs")["ignored-bugs"], ignored);
    assert_eq!(bugs(&run).1, json!(["8"]));
    let run = with_bugs("", "src:foo 7,8\n").hints("ignore-rc-bugs 7,8,9 foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.moved(), "foo 2");
    let run = with_bugs("", "src:foo 7,8\n").hints("ignore-rc-bugs 7,8 foo/1\n").run();
    assert_eq!(run.verdict("foo"), BUGGY);
    let run = with_bugs("", "").hints("ignore-rc-bugs 7 foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS", "nothing was ignored");
}

#[test]
fn rebuilt_binaries_and_additional_suites_have_no_bugs() {
    let case = Case::new().testing("foo 1").unstable("source foo 1\n+ foo 1+b1");
    assert_eq!(case.file("state/rc-bugs-unstable", "foo 7\n").run().moved(), "foo 1 amd64");
    let case = Case::new().testing("foo 1").unstable("foo 1").tpu("foo 1.1").hints("approve foo_tpu/1.1\n");
    assert_eq!(case.file("state/rc-bugs-unstable", "foo 7\n").run().moved(), "foo 1.1");
}

#[test]
fn without_state_the_suites_have_their_bugs() {
    let case = Case::new().testing("foo 1").unstable("foo 2").file("unstable/BugsV", "src:foo 7\n");
    assert_eq!(case.run().verdict("foo"), BUGGY);
    let case = Case::new().testing("foo 1").unstable("foo 2").file("unstable/BugsV", "src:foo 7\n").unset("STATE_DIR");
    assert_eq!(case.run().verdict("foo"), BUGGY);
}

/// Section 10: that nobody knows of bugs does not read as none. A feed that cannot be read ends the run, one that is not
/// there is said; so is a summary of piuparts that the configuration asks for.
#[test]
fn a_feed_that_is_away_is_not_one_without_bugs() {
    let case = || Case::new().testing("foo 1").unstable("foo 2").set("PIUPARTS_ENABLE", "yes");
    let run = case().run();
    for suite in ["testing", "unstable"] {
        let [bugs, piuparts] = ["rc-bugs-", "piuparts-summary-"].map(|name| format!("state/{name}{suite}"));
        run.said(&["W: ", &bugs, "not there", &format!("{suite}/BugsV"), "no bugs of this suite are known"]);
        run.said(&["W: ", &piuparts, "not there", "no results of piuparts for this suite are known"]);
    }
    let case = case();
    std::fs::create_dir(case.path("state/rc-bugs-unstable")).expect("the folder is new");
    let run = case.run_with(&[]).failed(1);
    run.said(&["state/rc-bugs-unstable"]);
    assert!(run.files.is_empty(), "{:?}", run.files.keys());
    let known = Case::new().testing("foo 1").unstable("foo 2");
    let known = known.file("state/rc-bugs-testing", "").file("unstable/BugsV", "").run();
    assert!(!known.words().contains("not there"), "{}", known.words());
}
