//! The policy source-ppa: what was copied from one personal archive moves together.

use serde_json::{Value, json};

use super::case::Case;
use super::ubuntu::ubuntu;
use tidegate_testkit::{Answer, Web, WebFault};

const ARCHIVE: &str = "https://api.launchpad.net/1.0/~bileto-ppa-service/+archive/ubuntu/1234";

fn from(archives: [&str; 3]) -> Case {
    let [first, second, third] = archives;
    let cache = json!({
        "foo": {"2": first}, "bar": {"2": second}, "baz": {"2": third, "1": ARCHIVE}, "gone": {"1": ARCHIVE},
    });
    ubuntu()
        .testing("foo 1\nbar 1\nbaz 1")
        .unstable("foo 2\nbar 2\nbaz 2")
        .file("unstable/SourcePPA", &cache.to_string())
}

#[test]
fn one_that_is_held_holds_the_others() {
    let run = from([ARCHIVE, ARCHIVE, ""]).hints("block foo\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_NEEDS_APPROVAL block");
    assert_eq!(run.verdict("bar"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM source-ppa");
    assert_eq!(run.verdict("baz"), "PASS");
    assert_eq!(run.moved(), "baz 2");
    let info = run.policy("bar", "source-ppa");
    assert_eq!(info["ppa"], "~bileto-ppa-service/+archive/ubuntu/1234");
    assert_eq!(info["members"], json!(["bar", "foo"]));
}

#[test]
fn what_holds_another_through_its_dependencies_holds_all() {
    let case = from([ARCHIVE, ARCHIVE, ""]).unstable("foo 2; Depends: baz (>= 2)\nbar 2\nbaz 2").hints("block baz\n");
    assert_eq!(case.run().verdict("bar"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM source-ppa");
}

#[test]
fn a_forced_one_holds_nobody() {
    let run = from([ARCHIVE, ARCHIVE, ""]).hints("block foo\nforce foo/2\n").run();
    assert_eq!(run.moved(), "bar 2, baz 2, foo 2");
    // Nor is the forced one held by the others.
    let run =
        from([ARCHIVE, ARCHIVE, ""]).hints("block foo\nforce bar/2\n").unstable("foo 2\nbar 2; Depends: gone\nbaz 2");
    assert_eq!(run.run().verdict("bar"), "PASS_HINTED");
}

#[test]
fn together_they_move() {
    assert_eq!(from([ARCHIVE, ARCHIVE, ""]).run().moved(), "bar 2, baz 2, foo 2");
}

#[test]
fn other_archives_bind_nothing() {
    for archive in [
        "",
        "https://api.launchpad.net/1.0/~anna/+archive/ubuntu/ppa",
        "https://api.launchpad.net/1.0/~ci-train-ppa-service/+archive/ubuntu/stable-phone-overlay",
    ] {
        let run = from([archive, archive, ""]).hints("block foo\n").run();
        assert_eq!(run.moved(), "bar 2, baz 2", "{archive}");
        assert_eq!(run.policy("bar", "source-ppa"), json!({"verdict": "PASS"}));
    }
}

#[test]
fn the_cache_keeps_what_is_on_its_way() {
    let case = from([ARCHIVE, "", ""]);
    case.run();
    let kept: Value = serde_json::from_str(&case.text("unstable/SourcePPA")).expect("the cache is JSON");
    assert_eq!(kept, json!({"foo": {"2": ARCHIVE}, "bar": {"2": ""}, "baz": {"2": ""}}));
}

#[test]
fn what_nobody_has_asked_is_not_said_to_come_from_nowhere() {
    let case = from(["", "", ""]).unstable("foo 3\nbar 2\nbaz 2");
    assert_eq!(case.run().verdict("foo"), "PASS");
    let kept: Value = serde_json::from_str(&case.text("unstable/SourcePPA")).expect("the cache is JSON");
    assert_eq!(kept["foo"], Value::Null);
}

/// Launchpad, in which foo 2 and bar 2 were copied from the archive, and then promoted; it knows nothing of baz 2.
fn launchpad() -> Web {
    Web::start(|request| {
        let copied = json!({"copy_source_archive_link": ARCHIVE});
        let entries = match request.query["source_name"].as_str() {
            "foo" | "bar" => json!([{"copy_source_archive_link": null}, copied]),
            _ => json!([]),
        };
        Answer::ok(json!({"entries": entries}).to_string())
    })
}

#[test]
fn launchpad_is_asked_once_for_each_version() {
    let launchpad = launchpad();
    let case = ubuntu()
        .testing("foo 1\nbar 1\nbaz 1\nold 1")
        .unstable("foo 2\nbar 2\nbaz 2\nold 1")
        .set("LAUNCHPAD_URL", &launchpad.url("1.0"))
        .hints("block foo\n");
    let run = case.run();
    assert_eq!(run.verdict("bar"), "REJECTED_BLOCKED_BY_ANOTHER_ITEM source-ppa");
    assert_eq!(run.moved(), "baz 2");
    let asked = launchpad.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[0].contains("source_name=bar") && asked[0].contains("version=2"), "{asked:?}");
    let kept: Value = serde_json::from_str(&case.text("unstable/SourcePPA")).expect("the cache is JSON");
    assert_eq!(kept, json!({"foo": {"2": ARCHIVE}, "bar": {"2": ARCHIVE}, "baz": {"2": ""}}));
    case.run();
    assert_eq!(launchpad.asked(), Vec::<String>::new());
}

#[test]
fn what_launchpad_does_not_answer_is_asked_again() {
    let launchpad = launchpad();
    launchpad.spoil("source_name=baz", WebFault::Answer(Answer::status(500)), 1);
    let case = ubuntu().testing("bar 1\nbaz 1\nfoo 1").unstable("bar 2\nbaz 2\nfoo 2");
    let case = case.set("LAUNCHPAD_URL", &launchpad.url("1.0"));
    case.run().said(&["W: ", "whence baz 2 and 1 more came", "500", "asked again in the next run"]);
    let kept: Value = serde_json::from_str(&case.text("unstable/SourcePPA")).expect("the cache is JSON");
    assert_eq!(kept, json!({"bar": {"2": ARCHIVE}}));
    launchpad.asked();
    // An address where nobody listens is given up at once.
    let away = case.set("LAUNCHPAD_URL", "http://127.0.0.1:9/1.0");
    away.run().said(&["W: ", "whence baz 2 and 1 more came", "no connection"]);
}

#[test]
fn a_damaged_cache_is_moved_aside_and_made_anew() {
    let case = from(["", "", ""]).file("unstable/SourcePPA", "{\"foo\": ");
    case.run().said(&["unstable/SourcePPA:1:"]);
    assert_eq!(case.text("unstable/SourcePPA.corrupt-20261121T120000Z"), "{\"foo\": ");
    case.run_with(&["--dry-run"]).succeeded();
    let again = from(["", "", ""]).file("unstable/SourcePPA", "[]");
    again.run_with(&["--dry-run"]).succeeded();
    assert_eq!(again.text("unstable/SourcePPA"), "[]");
}
