//! Architectures that may break, are new, or may lag behind.

use serde_json::json;

use super::case::Case;

/// amd64, which counts, and arm64, which may break.
fn arm64_may_break() -> Case {
    Case::new().architectures("amd64 arm64").set("BREAK_ARCHES", "arm64")
}

/// foo's new version cannot be installed on one architecture.
fn broken_on(arch: &str) -> String {
    let other = if arch == "amd64" { "arm64" } else { "amd64" };
    format!("source foo 2\n+ foo; on={other}\n+ foo; Depends: nothing; on={arch}")
}

#[test]
fn a_source_may_break_an_architecture_that_may_break() {
    let run = arm64_may_break().testing("foo 1").unstable(&broken_on("arm64")).run();
    assert_eq!(run.moved(), "foo 2");
    let run = arm64_may_break().testing("foo 1").unstable(&broken_on("amd64")).run();
    assert_eq!(run.moved(), "");
}

#[test]
fn what_must_stay_installable_must_there_too() {
    let case = arm64_may_break().testing("foo 1").unstable(&broken_on("arm64")).constraint("keep-foo", "foo");
    assert_eq!(case.run().moved(), "");
}

#[test]
fn such_an_architectures_own_items_may_not_make_it_worse() {
    let rebuilt = "source foo 1\n+ foo 1; on=amd64\n+ foo 1+b1; Depends: nothing; on=arm64";
    let run = arm64_may_break().testing("foo 1").unstable(rebuilt).run();
    assert_eq!(run.verdict("foo/arm64"), "PASS depends");
    assert_eq!(run.moved(), "");
    assert!(run.report().contains("info: broken arch run for arm64\n"), "{}", run.report());
    let new = arm64_may_break().set("NEW_ARCHES", "arm64").testing("foo 1").unstable(rebuilt);
    assert_eq!(new.run().moved(), "", "in the run for this architecture it counts as strict, new or not");
}

#[test]
fn beside_a_hint_an_item_of_a_new_architecture_may_make_it_worse() {
    // The last hints try everything that is left beside their own items, and there arm64 may break.
    let suites = |case: Case| {
        case.testing("foo 1\nbar 1\nkeep 1; Depends: bar (<< 2)\nwish 1; Depends: baz")
            .unstable(
                "source foo 1\n+ foo 1; on=amd64\n+ foo 1+b1; Depends: nothing; on=arm64
                 bar 2\nbaz 1; Depends: bar (>= 2)\nkeep 1; Depends: bar (<< 2)\nwish 1; Depends: baz",
            )
            .set("AUTOHINTER", "no")
            .hints("hint bar/2 baz/1\n")
    };
    assert_eq!(suites(arm64_may_break()).run().moved(), "bar 2, baz 1");
    assert_eq!(suites(arm64_may_break().set("NEW_ARCHES", "arm64")).run().moved(), "bar 2, baz 1, foo 1 arm64");
}

#[test]
fn dependencies_there_are_noted_and_not_required() {
    let case = arm64_may_break().testing("foo 1").hints("block bar\n").unstable(
        "source foo 2\n+ foo; on=amd64\n+ foo; Depends: bar; on=arm64
         bar 1",
    );
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["dependencies"]["unimportant-dependencies"], json!(["bar"]));
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_hint_of_such_items_alone_is_judged_there() {
    let rebuilt = "source foo 1\n+ foo 1; on=amd64\n+ foo 1+b1; Depends: nothing; on=arm64
                   source bar 1\n+ bar 1; on=amd64\n+ bar 1+b1; on=arm64";
    let case = arm64_may_break().testing("foo 1\nbar 1").unstable(rebuilt);
    let run = case.hints("easy foo/arm64/1 bar/arm64/1\n").run();
    assert_eq!(run.moved(), "bar 1 arm64", "the hint fails; alone bar is good");
    assert!(run.report().contains("FAILED"), "{}", run.report());
}

#[test]
fn a_hint_of_sources_is_judged_by_the_others() {
    let source = format!("{}\nbar 2", broken_on("arm64"));
    let run = arm64_may_break().testing("foo 1\nbar 1").unstable(&source).hints("easy foo/2 bar/2\n").run();
    assert_eq!(run.moved(), "foo 2, bar 2");
    let mixed = "source foo 1\n+ foo 1; on=amd64\n+ foo 1+b1; Depends: nothing; on=arm64\nbar 2";
    let run = arm64_may_break().testing("foo 1\nbar 1").unstable(mixed).hints("easy foo/arm64/1 bar/2\n").run();
    assert!(run.moved().contains("foo 1 arm64"), "one member that counts is enough: {}", run.moved());
}

/// amd64, which counts, and arm64, which lags behind.
fn arm64_lags() -> Case {
    Case::new().architectures("amd64 arm64").set("OUTOFSYNC_ARCHES", "arm64")
}

/// The new version is built on amd64 only; arm64 still has the old one.
const NOT_YET_BUILT: &str = "source foo 2
    + foo; on=amd64
    + foo 1; from=1; on=arm64
    + foo-data; arch=all; on=amd64
    + foo-data 1; from=1; arch=all; on=arm64";
const OLD: &str = "foo 1\n+ foo-data; arch=all";

#[test]
fn a_missing_build_holds_unless_the_architecture_may_lag() {
    let run = Case::new().architectures("amd64 arm64").testing(OLD).unstable(NOT_YET_BUILT).run();
    let verdict = run.verdict("foo");
    assert!(verdict.starts_with("REJECTED_"), "{verdict}");
    assert_eq!(run.excuse("foo")["missing-builds"]["on-architectures"], json!(["arm64"]));
    let specific = |story: &str| story.replace("; arch=all", "");
    let run = arm64_lags().testing(&specific(OLD)).unstable(&specific(NOT_YET_BUILT)).run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["missing-builds"]["on-unimportant-architectures"], json!(["arm64"]));
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn old_binaries_beside_new_ones_hold_unless_they_may_lag() {
    let both = "source foo 2\n+ foo\n+ libfoo1 1; from=1; on=arm64";
    let run = Case::new().architectures("amd64 arm64").testing(OLD).unstable(both).run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY");
    assert_eq!(run.excuse("foo")["old-binaries"], json!({"1": ["libfoo1"]}));
    assert_eq!(arm64_lags().testing(OLD).unstable(both).run().moved(), "foo 2");
    let ignored = Case::new().architectures("amd64 arm64").set("IGNORE_CRUFT", "1").testing(OLD).unstable(both);
    assert_eq!(ignored.run().moved(), "foo 2");
}

#[test]
fn where_binaries_lag_architecture_independent_ones_of_the_old_source_are_left_out() {
    let case = arm64_lags().set("IGNORE_CRUFT", "1").testing(OLD).unstable(NOT_YET_BUILT);
    let run = case.run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.lines(), ["foo 2 amd64", "foo-data 2 all", "foo 1 arm64", "foo 2 source"]);
}

#[test]
fn what_lags_is_no_left_over_while_the_source_suite_has_its_name() {
    let testing = "source foo 2\n+ foo; on=amd64\n+ foo 1; from=1; on=arm64\n+ libfoo1 1; from=1; on=arm64";
    let unstable = "source foo 2\n+ foo; on=amd64\n+ foo 1; from=1; on=arm64";
    let run = arm64_lags().testing(testing).unstable(unstable).run();
    assert_eq!(run.moved(), "-libfoo1 1 arm64");
    let strict = Case::new().architectures("amd64 arm64").testing(testing).unstable(unstable).run();
    assert_eq!(strict.moved(), "-foo 1 arm64, -libfoo1 1 arm64");
}

#[test]
fn packages_for_all_count_only_where_the_configuration_says() {
    let data = "source data 1\n+ data; arch=all; Depends: nothing";
    let case = Case::new().architectures("amd64 arm64").set("NOBREAKALL_ARCHES", "amd64").testing(data).unstable(data);
    let run = case.run();
    assert_eq!(run.uninstallable("amd64"), "data");
    assert_eq!(run.uninstallable("arm64"), "");
    assert_eq!(run.uninstallable("arm64+all"), "data");
    let only_on_arm64 = "source dep 1\n+ dep; on=amd64\nsource data 1\n+ data; arch=all; Depends: dep";
    let case = Case::new().architectures("amd64 arm64").set("NOBREAKALL_ARCHES", "amd64").unstable(only_on_arm64);
    assert_eq!(case.run().moved(), "dep 1, data 1");
    let case = Case::new().architectures("amd64 arm64").unstable(only_on_arm64);
    assert_eq!(case.run().moved(), "dep 1");
}

#[test]
fn the_command_line_can_narrow_the_architectures() {
    let case = Case::new().architectures("amd64 arm64").testing("foo 1").unstable("foo 2");
    let run = case.run_with(&["--architectures", "arm64"]).succeeded();
    assert_eq!(run.lines(), ["foo 2 arm64", "foo 2 source"]);
}

#[test]
fn reports_count_each_architecture() {
    let case = arm64_may_break().testing("a 1; Depends: nothing\nb 1").unstable("a 1; Depends: nothing\nb 2");
    let report = case.run().report();
    assert!(report.contains("Arch order is: amd64, arm64\n"), "{report}");
    assert!(report.contains("   now: 1+1: a-1:a-1\n"), "{report}");
}
