//! The policy implicit-deps: what an item would make uninstallable.

use serde_json::{Value, json};

use super::case::Case;
use super::ubuntu::ubuntu;

fn broken(binaries: &[&str]) -> Value {
    json!({"broken-binaries": binaries})
}

/// foo 2 has another library, which bar needs.
fn new_library(bar: &str) -> Case {
    ubuntu()
        .set("SMOOTH_UPDATES", "badgers")
        .testing("source foo 1\n+ libfoo1\nbar 1; Depends: libfoo1")
        .unstable(&format!("source foo 2\n+ libfoo2\n{bar}"))
}

#[test]
fn what_breaks_for_good_holds() {
    let run = new_library("bar 1; Depends: libfoo1").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY");
    let info = run.policy("foo", "implicit-deps");
    assert_eq!(info["implicit-deps"], broken(&["bar/1/amd64"]));
    assert_eq!(info["verdict"], "REJECTED_PERMANENTLY");
}

#[test]
fn a_newer_version_of_what_breaks_is_a_dependency() {
    let run = new_library("bar 2; Depends: libfoo2").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&[]));
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["bar"]));
    assert_eq!(run.moved(), "bar 2, foo 2");
    let run = new_library("bar 2; Depends: libfoo2").hints("block bar\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM implicit-deps");
}

#[test]
fn a_rebuild_of_what_breaks_is_a_dependency_on_its_architecture() {
    let run = new_library("source bar 1\n+ bar 1+b1; Depends: libfoo2").run();
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["bar/amd64"]));
}

#[test]
fn a_newer_version_that_is_as_uninstallable_mends_nothing() {
    for bar in ["bar 2; Depends: libfoo1", "bar 2; Depends: gone"] {
        let run = new_library(bar).run();
        assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&["bar/1/amd64"]), "{bar}");
    }
}

#[test]
fn another_item_may_bring_what_was_lost() {
    let case = ubuntu()
        .set("SMOOTH_UPDATES", "badgers")
        .testing("source foo 1\n+ libfoo1\nbar 1; Depends: libfoo1 | libbaz1")
        .unstable("source foo 2\n+ libfoo2\nbar 1; Depends: libfoo1 | libbaz1\nsource baz 1\n+ libbaz1");
    let run = case.run();
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["baz"]));
    assert_eq!(run.moved(), "baz 1, foo 2");
}

#[test]
fn what_breaks_only_until_another_item_comes_along_is_no_harm() {
    let case = ubuntu()
        .testing("foo 1\nbar 1; Depends: foo")
        .unstable("foo 2; Depends: new\nbar 1; Depends: foo\nnew 1; Depends: newer\nnewer 1");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&[]));
    assert_eq!(run.sources(), "bar 1, foo 2, new 1, newer 1");
}

#[test]
fn an_exclusion_of_something_else_that_is_needed_breaks_too() {
    let case = ubuntu()
        .testing("foo 1\nbar 1\nuser 1; Depends: foo, bar")
        .unstable("foo 2; Conflicts: bar\nbar 1\nuser 1; Depends: foo, bar");
    let run = case.run();
    assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&["user/1/amd64"]));
}

#[test]
fn what_was_uninstallable_before_or_may_become_so_holds_nothing() {
    let run = new_library("bar 1; Depends: libfoo1").hints("allow-uninst bar\n").run();
    assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&[]));
    let case = ubuntu()
        .testing("source foo 1\n+ libfoo1\nbar 1; Depends: libfoo1, gone")
        .unstable("source foo 2\n+ libfoo2\nbar 1; Depends: libfoo1, gone");
    assert_eq!(case.run().verdict("foo"), "PASS");
}

#[test]
fn libraries_that_stay_while_needed_break_nothing() {
    let case = ubuntu()
        .testing("source foo 1\n+ libfoo1; section=libs\nbar 1; Depends: libfoo1")
        .unstable("source foo 2\n+ libfoo2; section=libs\nbar 1; Depends: libfoo1");
    let run = case.run();
    assert_eq!(run.policy("foo", "implicit-deps")["implicit-deps"], broken(&[]));
    assert_eq!(run.binaries("amd64"), "bar 1, libfoo1 1, libfoo2 2");
}

#[test]
fn where_it_is_not_built_nothing_is_known() {
    let case = |on: &str| {
        ubuntu()
            .architectures("amd64 arm64")
            .testing("foo 1\nbar 1; Depends: foo")
            .unstable(&format!("source foo 2\n+ foo 1; from=1; on={on}\nbar 1; Depends: foo"))
            .run()
    };
    let run = case("amd64,arm64");
    assert_eq!(run.policy("foo", "implicit-deps"), json!({"verdict": "PASS"}));
    let details = run.excuse("foo")["detailed-info"].to_string();
    assert!(details.contains("not built on amd64") && details.contains("not built on arm64"), "{details}");
}

#[test]
fn a_source_that_is_new_has_nothing_to_break() {
    let run = ubuntu().unstable("foo 1").run();
    assert_eq!(run.policy("foo", "implicit-deps"), json!({"verdict": "PASS"}));
}

#[test]
fn the_policy_can_be_switched_off() {
    let run = new_library("bar 1; Depends: libfoo1").set("IMPLICIT_DEPS", "no").run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "implicit-deps"), Value::Null);
    assert_eq!(run.moved(), "", "the trial finds it all the same");
}

#[test]
fn one_item_is_judged_after_another_as_if_it_were_alone() {
    let case = ubuntu()
        .set("SMOOTH_UPDATES", "badgers")
        .testing("source a 1\n+ liba1\nsource b 1\n+ libb1\nuser 1; Depends: liba1, libb1")
        .unstable("source a 2\n+ liba2\nsource b 2\n+ libb2\nuser 1; Depends: liba1, libb1");
    let run = case.run();
    for item in ["a", "b"] {
        assert_eq!(run.policy(item, "implicit-deps")["implicit-deps"], broken(&["user/1/amd64"]), "{item}");
    }
}
