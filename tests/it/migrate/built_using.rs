//! Are the sources there that were built into a binary?

use serde_json::json;

use super::case::Case;

#[test]
fn the_target_may_have_that_version_or_a_later_one() {
    let case = |used: &str| {
        let tool = "tool 2";
        Case::new().testing(tool).unstable(&format!("{tool}\nfoo 1; Built-Using: tool (= {used})")).run()
    };
    assert_eq!(case("2").moved(), "foo 1");
    assert_eq!(case("1").moved(), "foo 1");
    assert_eq!(case("3").verdict("foo"), "REJECTED_PERMANENTLY");
}

#[test]
fn the_source_suites_version_must_come_along() {
    let case = || Case::new().testing("tool 1").unstable("tool 2\nfoo 1; Built-Using: tool (= 2)");
    let run = case().hints("block tool\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM built-using");
    assert_eq!(run.excuse("foo")["dependencies"]["blocked-by"], json!(["tool"]));
    let run = case().run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.sources(), "foo 1, tool 2");
}

#[test]
fn rebuilt_binaries_are_asked_on_their_architecture() {
    let case = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1\ntool 1")
        .unstable("source foo 1\n+ foo 1+b1; Built-Using: tool (= 2); on=arm64\n+ foo 1+b1; on=amd64\ntool 1");
    let run = case.run();
    assert_eq!(run.moved(), "foo 1 amd64");
    assert_eq!(run.verdict("foo/arm64"), "REJECTED_PERMANENTLY");
}

#[test]
fn left_over_binaries_are_asked_too() {
    let case = Case::new()
        .set("IGNORE_CRUFT", "1")
        .testing("foo 1")
        .unstable("foo 2\n+ libfoo1 1; from=1; Built-Using: gone (= 1)");
    assert_eq!(case.run().verdict("foo"), "REJECTED_PERMANENTLY");
}

#[test]
fn an_architecture_that_may_break_holds_nothing() {
    let case = Case::new()
        .architectures("amd64 arm64")
        .set("BREAK_ARCHES", "arm64")
        .unstable("source foo 1\n+ foo; on=amd64\n+ foo; Built-Using: gone (= 1); on=arm64");
    assert_eq!(case.run().verdict("foo"), "PASS");
}
