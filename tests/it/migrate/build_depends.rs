//! Can what moves be built where it goes?

use serde_json::json;

use super::case::Case;

const UNBUILDABLE: &str = "REJECTED_PERMANENTLY";

/// A new source with these build dependencies, in an archive with `tool 1` in both suites and `fresh 1` only in the source
/// suite, blocked: who needs it waits.
fn with(fields: &str) -> Case {
    let tool = "tool 1; Provides: virtual-tool, versioned-tool (= 4)";
    Case::new().testing(tool).unstable(&format!("{tool}\nfresh 1\nfoo 1; {fields}")).hints("block fresh\n")
}

fn verdict(fields: &str) -> String {
    with(fields).run().verdict("foo")
}

const BLOCKED: &str = "REJECTED_BLOCKED_BY_ANOTHER_ITEM";

#[test]
fn what_the_target_has_is_enough() {
    assert_eq!(verdict("Build-Depends: tool, tool (>= 1), virtual-tool, versioned-tool (>= 3)"), "PASS");
    assert_eq!(verdict("Build-Depends-Arch: tool; Build-Depends-Indep: tool"), "PASS");
}

#[test]
fn what_nobody_has_holds() {
    for field in ["Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep"] {
        for missing in ["nothing", "tool (>= 2)", "versioned-tool (>= 5)", "virtual-tool (>= 1)"] {
            assert_eq!(verdict(&format!("{field}: tool, {missing}")), UNBUILDABLE, "{field}: {missing}");
        }
    }
    let info = with("Build-Depends: nothing").run().policy("foo", "build-depends");
    assert_eq!(info["unsatisfiable-arch-build-depends"], json!({"amd64": ["nothing"]}));
}

#[test]
fn what_only_the_source_suite_has_must_come_along() {
    let run = with("Build-Depends: fresh").run();
    assert_eq!(run.verdict("foo"), format!("{BLOCKED} build-depends"));
    assert_eq!(run.excuse("foo")["dependencies"]["blocked-by"], json!(["fresh"]));
    assert_eq!(verdict("Build-Depends-Indep: fresh"), format!("{BLOCKED} build-depends-indep"));
    let run = with("Build-Depends: fresh").file("hints/release", "").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["fresh"]));
}

#[test]
fn every_missing_relation_makes_its_own_dependency() {
    // britney2 keeps only the last one's.
    let run = Case::new().unstable("fresh 1\nsecond 1\nfoo 1; Build-Depends: fresh, second").run();
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["fresh", "second"]));
}

#[test]
fn a_source_may_need_what_it_builds() {
    let run = Case::new().unstable("foo 1; Build-Depends: foo\n+ libfoo-dev").run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn all_providers_have_to_be_valid_in_the_debian_dialect() {
    assert_eq!(verdict("Build-Depends: fresh | tool"), "PASS", "the target has one");
    let case = with("Build-Depends: fresh | other").unstable("fresh 1\nother 1\nfoo 1; Build-Depends: fresh | other");
    assert_eq!(case.run().verdict("foo"), format!("{BLOCKED} build-depends"));
}

#[test]
fn no_build_profile_is_active() {
    assert_eq!(verdict("Build-Depends: nothing <nocheck>"), "PASS");
    assert_eq!(verdict("Build-Depends: nothing <!nocheck>"), UNBUILDABLE);
    assert_eq!(verdict("Build-Depends: nothing <!stage1> <cross>"), UNBUILDABLE);
    assert_eq!(verdict("Build-Depends: nothing <!stage1 cross>"), "PASS");
    assert_eq!(verdict("Build-Depends: nothing <stage1> | tool"), "PASS");
    assert_eq!(verdict("Build-Depends: nothing <stage1> | missing"), UNBUILDABLE);
}

#[test]
fn wildcards_of_architectures_are_expanded() {
    for applies in ["amd64", "any-amd64", "linux-any", "any", "!arm64", "!hurd-any", "arm64 amd64"] {
        assert_eq!(verdict(&format!("Build-Depends: nothing [{applies}]")), UNBUILDABLE, "{applies}");
    }
    for other in ["arm64", "hurd-any", "kfreebsd-amd64", "!amd64", "!linux-any", "!any-amd64", "any-i386"] {
        assert_eq!(verdict(&format!("Build-Depends: nothing [{other}]")), "PASS", "{other}");
    }
    assert_eq!(verdict("Build-Depends: tool [arm64] | nothing"), UNBUILDABLE);
    assert_eq!(verdict("Build-Depends: nothing [arm64] | tool"), "PASS");
}

#[test]
fn native_tools_are_asked_of_the_archive_as_any_other() {
    assert_eq!(verdict("Build-Depends: tool:native"), "PASS");
    assert_eq!(verdict("Build-Depends: tool:any"), UNBUILDABLE, "it does not allow that");
    let allowed = "tool 1; Multi-Arch: allowed";
    let case = Case::new().testing(allowed).unstable(&format!("{allowed}\nfoo 1; Build-Depends: tool:any"));
    assert_eq!(case.run().verdict("foo"), "PASS");
}

/// An archive of two architectures: `there` is only on arm64.
fn on_two(new: &str) -> Case {
    let tools = "tool 1\nsource there 1\n+ there; on=arm64\nsource here 1\n+ here; on=amd64";
    Case::new().architectures("amd64 arm64").testing(tools).unstable(&format!("{tools}\n{new}"))
}

#[test]
fn an_architecture_with_binaries_of_its_own_must_be_able_to_build() {
    assert_eq!(on_two("foo 1; Build-Depends: there").run().verdict("foo"), UNBUILDABLE);
    assert_eq!(on_two("foo 1; Build-Depends-Arch: there").run().verdict("foo"), UNBUILDABLE);
    assert_eq!(on_two("source foo 1; Build-Depends: there\n+ foo; on=arm64").run().verdict("foo"), "PASS");
    let run = on_two("source foo 1; Build-Depends: there\n+ foo; arch=all").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "build-depends")["check-build-depends-on-arch"], "arm64");
    assert_eq!(on_two("source foo 1; Build-Depends: there, here\n+ foo; arch=all").run().verdict("foo"), UNBUILDABLE);
}

#[test]
fn any_one_architecture_can_build_what_is_for_all() {
    let run = on_two("foo 1; Build-Depends-Indep: there").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "build-depends")["check-build-depends-indep-on-arch"], "arm64");
    assert_eq!(on_two("foo 1; Build-Depends-Indep: there, here").run().verdict("foo"), UNBUILDABLE);
}

#[test]
fn any_one_is_the_first_with_the_best_result() {
    let judged_on = |case: Case| case.run().policy("foo", "build-depends")["check-build-depends-indep-on-arch"].clone();
    assert_eq!(judged_on(on_two("foo 1; Build-Depends-Indep: tool")), "amd64");
    assert_eq!(judged_on(on_two("foo 1; Build-Depends-Indep: tool").set("ALL_BUILDARCH", "arm64")), "arm64");
    let only_on_arm64 = on_two("source foo 1; Build-Depends-Indep: tool\n+ foo; on=arm64");
    assert_eq!(judged_on(only_on_arm64), "arm64", "with binaries of its own");
    // Needing an item is better than lacking something, and worse than having all.
    let fresh = "source fresh 1\n+ fresh; on=arm64\nfoo 1; Build-Depends-Indep: fresh";
    assert_eq!(judged_on(on_two(fresh)), "arm64");
    let fresh = "source fresh 1\n+ fresh; on=amd64\nfoo 1; Build-Depends-Indep: fresh | there";
    let run = on_two(fresh).hints("block fresh\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn rebuilt_binaries_need_no_building() {
    let case = Case::new().testing("foo 1; Build-Depends: nothing");
    assert_eq!(case.unstable("source foo 1; Build-Depends: nothing\n+ foo 1+b1").run().moved(), "foo 1 amd64");
}
