//! What must stay installable, and packages that no index has.

use super::case::Case;

/// Moving foo breaks bar and mends two others, so that counts alone would accept it.
fn a_good_trade() -> Case {
    let others = "bar 1; Depends: foo (<< 2)\nbaz 1; Depends: foo (>= 2)\nqux 1; Depends: foo (>= 2)";
    Case::new().testing(&format!("foo 1\nother 1\n{others}")).unstable(&format!("foo 2\nother 2\n{others}"))
}

/// Scenario 10.
#[test]
fn what_must_stay_installable_is_not_traded() {
    assert_eq!(a_good_trade().run().moved(), "foo 2, other 2");
    let run = a_good_trade().constraint("keep-bar", "bar").run_with(&["--explain"]).succeeded();
    assert_eq!(run.moved(), "other 2");
    assert!(run.report().contains("    * amd64: bar, keep-bar\n"), "{}", run.report());
    let explanation = run.excuse("foo")["explanation"].to_string();
    assert!(explanation.contains("keep-bar"), "{explanation}");
}

/// Scenario 61.
#[test]
fn a_hint_that_breaks_it_is_rolled_back_whole() {
    let case = a_good_trade().constraint("keep-bar", "bar");
    let without = case.run();
    let with = case.hints("easy foo/2 other/2\n").run();
    assert!(with.report().contains("FAILED"), "{}", with.report());
    assert_eq!(with.result(), without.result());
    assert_eq!(with.moved(), without.moved());
    let forced = a_good_trade().constraint("keep-bar", "bar").hints("force-hint foo/2\n").run();
    assert_eq!(forced.moved(), "foo 2, other 2");
}

#[test]
fn a_constraint_may_name_architectures() {
    let trade = |arch: &str| {
        let case = a_good_trade().architectures("amd64 arm64");
        case.constraint("keep", &format!("bar [{arch}]\nother")).run().moved()
    };
    assert_eq!(trade("amd64"), "other 2");
    assert_eq!(trade("arm64"), "other 2");
    assert_eq!(trade("i386"), "foo 2, other 2");
}

#[test]
fn constraints_are_in_no_output() {
    let run = Case::new().testing("foo 1").unstable("foo 2").constraint("keep-foo", "foo").run();
    assert_eq!(run.result(), "foo 2 amd64 misc\nfoo 2 source misc\n");
    assert_eq!(run.items(), "foo");
}

#[test]
fn a_constraint_that_is_broken_already_breaks_no_further() {
    let case = Case::new().testing("foo 1").unstable("foo 2").constraint("keep", "foo\nnothing");
    let run = case.run();
    assert_eq!(run.uninstallable("amd64"), "keep");
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_mistaken_constraint_stops_the_run() {
    let case = Case::new().constraint("keep", "foo, bar");
    let run = case.run_with(&[]).failed(1);
    run.said(&["static/constraints:4:"]);
    assert_eq!(run.files.len(), 0);
}

#[test]
fn packages_that_no_index_has_satisfy_relations() {
    let case = Case::new().unstable("foo 1; Depends: driver, firmware (>= 3)").set("STATIC_INPUT_DIR", "static");
    assert_eq!(case.run().moved(), "");
    let packages = "Package: driver\n\nPackage: blob\nVersion: 3\nProvides: firmware (= 3)\nComponent: main\n";
    let run = case.file("static/faux-packages", packages).run();
    assert_eq!(run.moved(), "foo 1");
    assert_eq!(run.result(), "foo 1 amd64 misc\nfoo 1 source misc\n");
}

#[test]
fn packages_that_no_index_has_may_be_of_some_architectures() {
    let case = Case::new().architectures("amd64 arm64").unstable("foo 1; Depends: driver");
    let case =
        case.set("STATIC_INPUT_DIR", "static").file("static/faux-packages", "Package: driver\nArchitecture: amd64\n");
    let run = case.run();
    assert_eq!(run.excuse("foo")["dependencies"]["unsatisfiable-dependencies"].to_string(), r#"{"arm64":["driver"]}"#);
}
