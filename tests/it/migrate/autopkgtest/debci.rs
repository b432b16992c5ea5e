//! Results in a file of debci's.

use serde_json::{Value, json};

use super::{BOTH, passed_before, queued, tested, update};
use crate::migrate::case::Case;
use tidegate_testkit::{Answer, Web, WebFault};

fn entry(package: &str, version: &Value, status: &Value) -> Value {
    json!({
        "suite": "testing", "trigger": "foo/2", "package": package, "arch": "amd64", "version": version,
        "status": status, "run_id": 7, "updated_at": "2026-11-21T08:00:00.000Z",
    })
}

fn page(entries: &[Value]) -> String {
    json!({"results": entries}).to_string()
}

fn with_page(text: &str) -> Case {
    let case = update(tested()).file("debci.json", text);
    let url = format!("file://{}", case.path("debci.json").display());
    case.set("ADT_SWIFT_URL", &url)
}

#[test]
fn results_of_a_file_decide() {
    let case =
        with_page(&page(&[entry("foo", &json!("2"), &json!("pass")), entry("bar", &json!("1"), &json!("neutral"))]));
    let run = case.run();
    assert_eq!(run.moved(), "foo 2");
    let log = "https://ci.example.org/data/autopkgtest/testing/amd64/f/foo/7/log.gz";
    assert_eq!(run.policy("foo", "autopkgtest")["foo/2"]["amd64"][1], log);
    let cache: Value = serde_json::from_str(&case.text("state/autopkgtest-results.cache")).unwrap();
    assert_eq!(cache["foo/2"]["foo"]["amd64"], json!(["PASS", "2", "7", 1_795_248_000]));
}

/// Scenario 56.
#[test]
fn what_runs_waits_and_what_is_not_run_any_more_fails() {
    let case = passed_before(with_page(&page(&[entry("foo", &Value::Null, &Value::Null)])));
    assert_eq!(case.run().tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING");
    assert_eq!(queued(&case), ["debci-testing-amd64:bar foo/2"]);
    let case = with_page(&page(&[entry("foo", &json!("2"), &json!("tmpfail"))]));
    case.run();
    assert_eq!(queued(&case), BOTH);
    for blacklisted in [entry("bar", &Value::Null, &json!("fail")), entry("bar", &json!("1"), &json!("blacklisted"))] {
        let case = with_page(&page(&[entry("foo", &json!("2"), &json!("pass")), blacklisted]));
        case.run();
        let cache: Value = serde_json::from_str(&case.text("state/autopkgtest-results.cache")).unwrap();
        let known = &cache["foo/2"]["bar"]["amd64"];
        assert_eq!((&known[0], &known[1]), (&json!("FAIL"), &json!("blacklisted")));
        assert_eq!(case.hints("force-badtest bar/blacklisted\n").run().moved(), "foo 2");
    }
}

#[test]
fn results_of_another_suite_are_others() {
    let mut other = entry("foo", &json!("2"), &json!("pass"));
    other["suite"] = json!("stable");
    let case = with_page(&page(&[other]));
    case.run();
    assert_eq!(queued(&case), BOTH);
}

/// Section 7: a file of another shape is not a file without results.
#[test]
fn another_shape_ends_the_run() {
    let deep = format!("{{\"results\": {}", "[".repeat(1 << 20));
    for text in ["", "[]", "{}", "{\"results\": {}}", "{\"results\": [", "\u{0}", &deep] {
        let case = with_page(text);
        let run = case.run_with(&[]).failed(3);
        run.said(&["debci.json", "no results of debci"]);
        assert!(run.files.is_empty());
        assert_eq!(queued(&case), [""; 0]);
    }
    let missing = with_page("").set("ADT_SWIFT_URL", "file:///nowhere/debci.json");
    missing.run_with(&[]).failed(3).said(&["/nowhere/debci.json"]);
}

#[test]
fn an_entry_of_another_shape_is_left_out_and_said() {
    let odd = [
        json!(1),
        json!({"package": "foo"}),
        entry("foo", &json!("2"), &json!("splendid")),
        entry("foo", &json!({}), &json!("pass")),
    ];
    let good = [entry("foo", &json!("2"), &json!("pass")), entry("bar", &json!("1"), &json!("pass"))];
    let case = with_page(&page(&[odd.as_slice(), good.as_slice()].concat()));
    let run = case.run();
    run.said(&["W: ", "debci.json: 4 entries are no results, the first is number 0"]);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_server_may_have_the_file() {
    let text = page(&[entry("foo", &json!("2"), &json!("pass")), entry("bar", &json!("1"), &json!("pass"))]);
    let web = Web::start(move |request| match request.path.as_str() {
        "/data/debci.json" => Answer::ok(text.clone()),
        _ => Answer::status(404),
    });
    let case = || update(tested()).set("ADT_SWIFT_URL", &web.url("data/debci.json"));
    assert_eq!(case().run().moved(), "foo 2");
    assert_eq!(web.asked(), ["/data/debci.json"]);
    for (fault, said) in
        [(WebFault::Answer(Answer::status(401)), "401"), (WebFault::Drip, "no answer"), (WebFault::Cut, "breaks off")]
    {
        web.spoil("debci", fault, 5);
        let case = case();
        case.run_with(&[]).failed(3).said(&[&web.url("data/debci.json"), said]);
        assert_eq!(queued(&case), [""; 0]);
    }
}
