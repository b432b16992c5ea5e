//! The ubuntu dialect: what tells it, and how its rules differ.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::case::{Case, PROGRAM};
use super::run::yaml;
use super::trials::a_needs_b_to_make_good;

/// A case in the ubuntu dialect, in which nothing is too young and nobody is asked.
pub(super) fn ubuntu() -> Case {
    Case::new().set("TIDEGATE_DIALECT", "ubuntu").set("LAUNCHPAD_URL", "none")
}

#[test]
fn a_key_of_that_dialect_tells_it_even_if_it_is_empty() {
    let case = Case::new().testing("foo 1").unstable("foo 2");
    case.run_with(&["-v"]).succeeded().said(&["dialect: debian"]);
    let case = case.config_lines("ADT_DB_URL =\n");
    case.run_with(&["-v"]).succeeded().said(&["dialect: ubuntu"]);
    let case = Case::new().testing("foo 1").unstable("foo 2");
    case.run_with(&["-v", "--distribution", "ubuntu"]).succeeded().said(&["dialect: ubuntu"]);
}

#[test]
fn its_policies_are_asked_and_no_others() {
    let run = ubuntu().testing("foo 1").unstable("foo 2").run();
    let info = run.excuse("foo")["policy_info"].clone();
    let asked: Vec<&String> = info.as_object().expect("policies are by name").keys().collect();
    let mut expected = vec!["depends", "rc-bugs", "age", "block", "implicit-deps", "block-bugs", "update-excuse"];
    expected.push("source-ppa");
    expected.sort_unstable();
    let mut asked: Vec<&str> = asked.into_iter().map(String::as_str).collect();
    asked.sort_unstable();
    assert_eq!(asked, expected);
}

/// Scenario 11: one of two alternatives is held, the other is not.
#[test]
fn one_candidate_that_satisfies_a_relation_is_enough() {
    let case = |case: Case| case.testing("foo 1").unstable("foo 2; Depends: x | y\nx 1\ny 1").hints("block x\n").run();
    let run = case(ubuntu());
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["x", "y"]));
    assert_eq!(run.sources(), "foo 2, y 1");
    assert!(case(Case::new()).verdict("foo").starts_with("REJECTED_BLOCKED_BY_ANOTHER_ITEM"));
}

#[test]
fn if_every_alternative_is_held_the_item_is_held() {
    let case = ubuntu().testing("foo 1").unstable("foo 2; Depends: x | y\nx 1\ny 1").hints("block x\nblock y\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM depends");
    assert_eq!(run.excuse("foo")["dependencies"]["blocked-by"], json!(["x", "y"]));
}

/// Scenario 33.
#[test]
fn series_overlay_and_compressed_excuses_go_together() {
    let case = ubuntu()
        .testing("foo 1\nbar 1; Depends: foo")
        .unstable("foo 2")
        .set("PARTIAL_UNSTABLE", "yes")
        .set("EXCUSES_YAML_OUTPUT", "output/%(SERIES)/excuses.yaml.xz");
    let run = case.run_with(&["--series", "noble"]).succeeded();
    let bytes = std::fs::read(case.path("output/noble/excuses.yaml.xz")).expect("the file was written");
    assert!(bytes.starts_with(b"\xfd7zXZ\0"), "it is an xz file");
    let output = std::process::Command::new("xz").args(["-dc"]).arg(case.path("output/noble/excuses.yaml.xz")).output();
    let excuses = yaml(&String::from_utf8(output.expect("xz is there").stdout).expect("it is UTF-8"));
    let all = excuses["sources"].as_array().expect("sources is a list").clone();
    let items: Vec<&str> = all.iter().filter_map(|excuse| excuse["item-name"].as_str()).collect();
    assert_eq!(items, ["foo"], "bar is no removal: the target has it");
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "bar 1, foo 2");
}

#[test]
fn without_an_overlay_what_the_source_suite_lacks_is_removed() {
    let run = ubuntu().testing("foo 1\nbar 1").unstable("foo 2").run();
    assert_eq!(run.items(), "-bar, foo");
}

#[test]
fn in_an_overlay_the_target_satisfies_relations_and_keeps_what_is_not_overridden() {
    let case = ubuntu()
        .testing("foo 1; Depends: libbar1\nsource bar 1\n+ libbar1\n+ bar-tools; Depends: libbar1")
        .unstable("foo 2; Depends: libbar1")
        .set("PARTIAL_SOURCE", "yes");
    let run = case.run();
    assert_eq!(run.items(), "foo");
    assert_eq!(run.binaries("amd64"), "bar-tools 1, foo 2, libbar1 1");
}

#[test]
fn in_an_overlay_a_missing_build_is_seen_by_the_binaries_of_the_target() {
    let case = ubuntu()
        .architectures("amd64 arm64")
        .testing("foo 1")
        .unstable("source foo 2\n+ foo; on=amd64")
        .set("PARTIAL_UNSTABLE", "yes");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT missingbuild");
    let excuse = run.excuse("foo");
    assert_eq!(excuse["missing-builds"]["on-architectures"], json!(["arm64"]));
    assert_eq!(excuse["old-binaries"], json!({"1": ["foo"]}));
    let details = excuse["detailed-info"].as_array().expect("there are details");
    assert!(details.iter().any(|line| line.as_str().is_some_and(|line| line.contains("arm64"))), "{details:?}");
}

#[test]
fn in_an_overlay_what_a_new_build_does_not_have_was_dropped() {
    let case = ubuntu()
        .testing("source foo 1\n+ libfoo1\n+ foo")
        .unstable("source foo 2\n+ libfoo2\n+ foo")
        .set("PARTIAL_UNSTABLE", "yes");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["old-binaries"], Value::Null);
    assert_eq!(run.binaries("amd64"), "foo 2, libfoo2 2");
}

#[test]
fn ages_have_fractions_and_no_word_among_the_reasons() {
    let seen = |hours_ago: i64| format!("foo 2 {}\n", 1_795_262_400 - hours_ago * 3600);
    let young = ubuntu().with_ages().testing("foo 1").unstable("foo 2").file("state/age-policy-dates", &seen(119));
    let run = young.run();
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY");
    assert_eq!(run.policy("foo", "age")["verdict"], "REJECTED_TEMPORARILY");
    let age = run.policy("foo", "age")["current-age"].as_f64().expect("an age is a number");
    assert!((age - 119.0 / 24.0).abs() < 1e-9, "{age}");
    let old = young.file("state/age-policy-dates", &seen(120));
    assert_eq!(old.run().moved(), "foo 2");
    assert_eq!(old.text("state/age-policy-dates"), seen(120));
}

#[test]
fn sets_that_need_each_other_are_not_sought_unless_asked_for() {
    let case = || a_needs_b_to_make_good().set("TIDEGATE_DIALECT", "ubuntu").set("IMPLICIT_DEPS", "no");
    let run = case().run();
    assert!(!run.report().contains("autohinter"), "{}", run.report());
    assert_eq!(run.moved(), "");
    let run = case().set("AUTOHINTER", "yes").run();
    assert!(run.report().contains("Trying easy from autohinter: a/2 b/2\n"), "{}", run.report());
}

/// What callers of Ubuntu's britney rely on.
#[test]
fn it_is_called_as_ubuntus_britney_is() {
    for (option, tried) in [("--compute-migrations", true), ("--no-compute-migrations", false)] {
        for name in ["britney", "britney.py"] {
            let case = ubuntu().testing("foo 1").unstable("foo 2").set("EMAIL_ENABLE", "no");
            symlink(PROGRAM, case.path(name)).expect("a link can be made");
            let run = case.call(case.path(name), &["-v", "-c", "britney.conf", option, ""], "").succeeded();
            assert_eq!(run.verdict("foo"), "PASS");
            assert_eq!(run.files.contains_key("HeidiResult"), tried, "{option}");
            assert_eq!(run.files.contains_key("HeidiResultDelta"), tried, "{option}");
            assert!(case.path("output/non-installable-status").exists());
            assert!(case.text("state/age-policy-dates").starts_with("foo 2 "), "{option}");
            let last = if tried { "foo 2" } else { "" };
            assert_eq!(run.files.get("HeidiResultDelta").map_or(String::new(), |_| run.moved()), last);
        }
    }
}

#[test]
fn a_word_that_is_not_empty_is_still_refused() {
    ubuntu().run_with(&["superfluous"]).failed(2);
}

#[test]
fn files_that_may_be_missing_or_empty_never_stop_a_run() {
    let files = [
        "unstable/Blocks",
        "unstable/ExcuseBugs",
        "unstable/SourcePPA",
        "state/signers.json",
        "testing/Dates",
        "hints/release",
    ];
    let case = || ubuntu().testing("foo 1").unstable("foo 2").set("CHECK_BUILDD", "yes").hints("force foo/2\n");
    case().unset("HINTSDIR").set("HINTSDIR", "no/such/folder").run();
    let empty = files.iter().fold(case(), |case, file| case.file(file, ""));
    assert_eq!(empty.run().verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT builtonbuildd");
    let damaged = files[2..4].iter().fold(case(), |case, file| case.file(file, "{\"foo\": "));
    let run = damaged.run();
    run.said(&["SourcePPA:1:"]).said(&["signers.json:1:"]);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn an_architecture_independent_build_is_awaited_only_where_daemons_make_it() {
    let case = |buildds: &str| {
        ubuntu()
            .testing("source foo 1\n+ foo\n+ foo-doc; arch=all")
            .unstable("source foo 2\n+ foo\n+ foo-doc 1; arch=all; from=1")
            .set("HAS_ARCH_ALL_BUILDDS", buildds)
            .run()
    };
    let run = case("yes");
    assert_eq!(run.verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT missingbuild");
    assert_eq!(run.excuse("foo")["missing-builds"]["on-architectures"], json!(["all"]));
    let run = case("no");
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["missing-builds"]["on-unimportant-architectures"], json!(["all"]));
}

#[test]
fn a_policy_of_the_dialect_can_be_assumed_to_be_off() {
    let case = ubuntu().testing("foo 1").unstable("foo 2").file("unstable/Blocks", "foo 42 1471505000\n");
    let base = ["migrate", "what-if", "-c", "britney.conf", "--policy-off"];
    let run = case.call(PROGRAM, &[&base[..], &["block-bugs"]].concat(), "").failed(0);
    run.said(&["foo/2"]);
    let run = case.call(PROGRAM, &[&base[..], &["build-depends"]].concat(), "").failed(2);
    run.said(&["depends", "implicit-deps", "source-ppa"]);
}

#[test]
fn a_hint_lets_a_binary_become_uninstallable_without_being_counted() {
    let case = || {
        ubuntu()
            .set("IMPLICIT_DEPS", "no")
            .testing("source foo 1\n+ libfoo1\nbar 1; Depends: libfoo1")
            .unstable("source foo 2\n+ libfoo2\nbar 1; Depends: libfoo1")
            .set("SMOOTH_UPDATES", "badgers")
    };
    assert_eq!(case().run().moved(), "");
    assert_eq!(case().hints("allow-uninst bar\n").run().moved(), "foo 2");
    assert_eq!(case().hints("allow-uninst bar/amd64\n").run().moved(), "foo 2");
    assert_eq!(case().hints("allow-uninst baz\n").run().moved(), "");
    let debian = case().set("TIDEGATE_DIALECT", "debian").unset("IMPLICIT_DEPS");
    assert_eq!(debian.hints("allow-uninst bar\n").run().moved(), "", "the debian dialect has no such hint");
}

#[test]
fn a_hint_lets_old_libraries_stay_in_any_section() {
    let case = || {
        ubuntu()
            .testing("source foo 1\n+ libfoo1\nbar 1; Depends: libfoo1")
            .unstable("source foo 2\n+ libfoo2\nbar 1; Depends: libfoo1")
            .set("SMOOTH_UPDATES", "badgers")
    };
    assert_eq!(case().run().verdict("foo"), "REJECTED_PERMANENTLY");
    let run = case().hints("allow-smooth-update foo\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.binaries("amd64"), "bar 1, libfoo1 1, libfoo2 2");
}
