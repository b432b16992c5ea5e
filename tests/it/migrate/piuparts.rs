//! What piuparts says of installing, upgrading and removing.

use serde_json::{Value, json};

use super::case::Case;

fn summary(states: &[(&str, &str)], suite: &str) -> String {
    let result = |state: &str| json!({suite: [state, 0, "https://piuparts.example.org/foo"]});
    let packages: Value = states.iter().map(|&(source, state)| (source.to_owned(), result(state))).collect();
    json!({"_id": "Piuparts Package Test Results Summary", "_version": "1.0", "packages": packages}).to_string()
}

/// foo is replaced, with these states in the target and in the source suite.
fn judged(target: &str, source: &str) -> Case {
    Case::new()
        .testing("foo 1")
        .unstable("foo 2")
        .file("state/piuparts-summary-testing.json", &summary(&[("foo", target)], "testing"))
        .file("state/piuparts-summary-unstable.json", &summary(&[("foo", source)], "unstable"))
}

#[test]
fn a_regression_holds_and_a_missing_test_delays() {
    for (target, source, verdict) in [
        ("P", "P", "PASS"),
        ("P", "F", "REJECTED_PERMANENTLY piuparts"),
        ("F", "F", "PASS"),
        ("X", "F", "REJECTED_PERMANENTLY piuparts"),
        ("F", "P", "PASS"),
        ("P", "W", "REJECTED_TEMPORARILY piuparts"),
        ("F", "W", "REJECTED_TEMPORARILY piuparts"),
        ("P", "X", "PASS"),
    ] {
        assert_eq!(
            judged(target, source).run().verdict("foo"),
            verdict,
            "{target} in the target, {source} in the source"
        );
    }
}

#[test]
fn a_source_that_was_never_tested_passes() {
    let case = judged("P", "F").file("state/piuparts-summary-unstable.json", &summary(&[("bar", "F")], "unstable"));
    assert_eq!(case.run().verdict("foo"), "PASS");
}

#[test]
fn a_hint_lets_a_regression_pass() {
    let run = judged("P", "F").hints("ignore-piuparts foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.moved(), "foo 2");
    let run = judged("P", "F").hints("ignore-piuparts foo/1\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY piuparts");
}

#[test]
fn the_page_of_the_test_is_noted() {
    let info = judged("P", "F").run().policy("foo", "piuparts");
    assert_eq!(info["piuparts-test-url"], "https://piuparts.example.org/foo");
    assert_eq!(info["test-results"], "regression");
}

#[test]
fn without_a_summary_nobody_is_asked() {
    let run = Case::new().testing("foo 1").unstable("foo 2").run();
    assert_eq!(run.policy("foo", "piuparts"), Value::Null);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn the_policy_can_be_switched_off() {
    assert_eq!(judged("P", "F").set("PIUPARTS_ENABLE", "no").run().moved(), "foo 2");
}

#[test]
fn a_damaged_summary_is_said_and_holds_nothing() {
    let run = judged("P", "F").file("state/piuparts-summary-unstable.json", "{\"_id\": ").run();
    run.said(&["piuparts-summary-unstable.json:1:"]);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn rebuilt_binaries_are_not_tested() {
    let case = judged("P", "F").testing("foo 2").unstable("source foo 2\n+ foo 2+b1");
    assert_eq!(case.run().moved(), "foo 2 amd64");
}
