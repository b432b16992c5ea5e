//! The policy depends: relations that nothing on its way can meet.

use serde_json::{Value, json};

use super::case::Case;
use super::ubuntu::ubuntu;

#[test]
fn a_relation_that_nothing_satisfies_holds() {
    let case = |case: Case| case.testing("foo 1").unstable("foo 2; Depends: gone (>= 2)").run();
    let run = case(ubuntu());
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY depends");
    let info = run.policy("foo", "depends");
    assert_eq!(info, json!({"verdict": "REJECTED_PERMANENTLY", "unsatisfiable_on_archs": ["amd64"]}));
    // Debian's britney leaves it to the trial.
    assert_eq!(case(Case::new()).verdict("foo"), "PASS depends");
}

#[test]
fn what_the_item_or_another_one_brings_is_enough() {
    let case = ubuntu().testing("foo 1").unstable("source foo 2\n+ foo; Depends: libfoo2, bar\n+ libfoo2\nbar 1");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.policy("foo", "depends"), json!({"verdict": "PASS"}));
    assert_eq!(run.excuse("foo")["dependencies"]["migrate-after"], json!(["bar"]));
}

#[test]
fn the_same_breakage_in_the_target_holds_nothing() {
    for (arch, verdict) in [("", "PASS"), ("; arch=all", "PASS")] {
        let story = |version: u8| format!("foo {version}; Depends: gone{arch}");
        let run = ubuntu().testing(&story(1)).unstable(&story(2)).run();
        assert_eq!(run.verdict("foo"), verdict, "{arch}");
        assert_eq!(run.moved(), "foo 2");
    }
    let run = ubuntu().testing("foo 1; arch=all").unstable("foo 2; arch=all; Depends: gone").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY depends");
}

#[test]
fn what_is_for_all_architectures_counts_where_it_has_to_be_installable() {
    let case = ubuntu()
        .architectures("amd64 i386")
        .set("NOBREAKALL_ARCHES", "amd64")
        .testing("tool 1; on=amd64")
        .unstable("tool 1; on=amd64\nfoo 1; arch=all; Depends: tool");
    assert_eq!(case.run().verdict("foo"), "PASS");
    assert_eq!(case.set("NOBREAKALL_ARCHES", "amd64 i386").run().verdict("foo"), "REJECTED_PERMANENTLY depends");
}

#[test]
fn an_architecture_that_may_break_holds_nothing() {
    let case = ubuntu()
        .architectures("amd64 i386")
        .set("BREAK_ARCHES", "i386")
        .testing("foo 1")
        .unstable("source foo 2\n+ foo; on=amd64\n+ foo; on=i386; Depends: gone");
    assert_eq!(case.run().verdict("foo"), "PASS");
}

#[test]
fn supported_components_need_no_unsupported_ones() {
    for (own, other, held) in [
        ("libs", "universe/libs", true),
        ("restricted/libs", "multiverse/libs", true),
        ("libs", "restricted/libs", false),
        ("universe/libs", "libs", false),
        ("universe/libs", "multiverse/libs", false),
        ("libs", "libs", false),
    ] {
        let run = ubuntu()
            .testing(&format!("bar 1; section={other}\nfoo 1; section={own}"))
            .unstable(&format!("bar 1; section={other}\nfoo 2; section={own}; Depends: bar"))
            .run();
        let verdict = if held { "REJECTED_PERMANENTLY depends" } else { "PASS" };
        assert_eq!(run.verdict("foo"), verdict, "{own} needs {other}");
    }
}

#[test]
fn one_alternative_of_a_supported_component_is_enough() {
    let others = "bar 1; section=universe/libs\nbaz 1; section=libs";
    let run = ubuntu()
        .testing(&format!("{others}\nfoo 1"))
        .unstable(&format!("{others}\nfoo 2; section=libs; Depends: bar | baz"))
        .run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn a_need_of_another_component_that_the_target_has_too_holds_nothing() {
    let other = "bar 1; section=universe/libs";
    let foo = |version: u8| format!("{other}\nfoo {version}; section=libs; Depends: bar");
    assert_eq!(ubuntu().testing(&foo(1)).unstable(&foo(2)).run().verdict("foo"), "PASS");
}

#[test]
fn left_over_binaries_are_not_looked_at() {
    let case = ubuntu()
        .testing("foo 1")
        .unstable("source foo 2\n+ foo\n+ foo-old 1; from=1; Depends: gone")
        .set("IGNORE_CRUFT", "1");
    assert_eq!(case.run().verdict("foo"), "PASS");
}

#[test]
fn rebuilt_binaries_are_judged_too() {
    let case = ubuntu().testing("foo 1").unstable("source foo 1\n+ foo 1+b1; Depends: gone");
    let run = case.run();
    assert_eq!(run.verdict("foo/amd64"), "REJECTED_PERMANENTLY depends");
    assert_eq!(run.policy("foo/amd64", "age"), Value::Null);
}
