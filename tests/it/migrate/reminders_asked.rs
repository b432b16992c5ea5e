//! Questions about reminders: their schedule, and the policy by itself.

use serde_json::{Value, json};

use super::case::{Case, NOON, PROGRAM};
use super::reminders::stuck;

fn answer(case: &Case, arguments: &[&str], input: &str) -> Value {
    let run = case.call(PROGRAM, &[&["--json", "migrate"], arguments].concat(), input).succeeded();
    serde_json::from_str(&run.stdout).expect("it is JSON")
}

#[test]
fn the_schedule_can_be_seen_in_advance() {
    let case = Case::new();
    let answer = answer(&case, &["mail", "schedule", "--age", "40"], "");
    assert_eq!(answer["invalid"], json!({"past": [1, 3, 7, 15, 31], "next": [61, 91, 121, 151, 181]}));
    assert_eq!(answer["valid"], json!({"past": [5, 7, 11, 19, 35], "next": [65, 95, 125, 155, 185]}));
    let run = case.call(PROGRAM, &["migrate", "mail", "schedule"], "").succeeded();
    assert_eq!(
        run.stdout,
        "age: 0 days\nwhile invalid: none yet; next 1, 3, 7, 15, 31\nwhile valid:   none yet; next 5, 7, 11, 19, 35\n"
    );
    let run = case.call(PROGRAM, &["migrate", "mail", "schedule", "--age", "4294967295"], "").succeeded();
    assert!(run.stdout.len() < 4_000, "{}", run.stdout);
}

#[test]
fn the_schedule_of_a_source_is_its_own() {
    let case =
        stuck(1, 6, "localhost:1").hints("").file("unstable/EmailCache", r#"{"a01": {"2": [["x@example.org"], 1]}}"#);
    let ask = ["mail", "schedule", "-c", "britney.conf", "--now", NOON, "--source", "a01"];
    let found = answer(&case, &ask, "");
    let item = json!({"source": "a01", "version": "2", "valid": false, "last_sent": 1, "stuck": true, "due_now": true});
    assert_eq!((&found["age"], &found["item"]), (&json!(6), &item));
    assert_eq!(found["invalid"]["next"][0], 7);
    let run = case.call(PROGRAM, &[&["migrate"], &ask[..]].concat(), "").succeeded();
    run.said(&["a01 2: 6 days old, invalid; last reminder: day 1; the next run sends one"]);
    let run = case.call(PROGRAM, &["migrate", "mail", "schedule", "-c", "britney.conf", "--source", "nobody"], "");
    run.failed(2).said(&["nobody", "explain"]);
}

#[test]
fn the_schedule_of_what_does_not_wait_is_refused() {
    let case = stuck(1, 6, "localhost:1").hints("");
    for (arguments, why) in [
        (&["--age=-1"][..], "--age"),
        (&["--age", "old"], "old"),
        (&["--age", "4294967296"], "4294967296"),
        (&["--age", "1", "--source", "a01"], "--source"),
        (&["-c", "britney.conf", "--source", ""], "--source"),
        (&["-c", "britney.conf", "--source", "a01/amd64"], "a01/amd64"),
    ] {
        let call = [&["migrate", "mail", "schedule"], arguments].concat();
        case.call(PROGRAM, &call, "").failed(2).said(&[why]);
    }
    let call = ["migrate", "mail", "schedule", "-c", "none.conf", "--source", "a01"];
    case.call(PROGRAM, &call, "").failed(1).said(&["none.conf"]);
    // Where reminders are off there is nothing to say of them, but an age and a schedule there are.
    let off = case.set("EMAIL_ENABLE", "no");
    let call = ["migrate", "mail", "schedule", "-c", "britney.conf", "--now", NOON, "--source", "a01"];
    off.call(PROGRAM, &call, "").succeeded().said(&["a01 2: 6 days old", "reminders are off"]);
}

#[test]
fn the_policy_answers_by_itself() {
    let case = Case::new();
    let input = json!({
        "source": "foo", "version": "2", "age": 40, "valid": false, "verdict": "REJECTED_PERMANENTLY",
        "reasons": ["depends"], "last_sent": 15,
    });
    let output = answer(&case, &["policy", "email"], &input.to_string());
    assert_eq!(output, json!({"verdict": "PASS", "stuck": true, "due": 31, "last_sent": 15, "send": true}));
    for (input, why) in [("", "standard input"), ("{\"source\": 1}", "--schema"), ("{\"sauce\": 1}", "sauce")] {
        case.call(PROGRAM, &["migrate", "policy", "email"], input).failed(2).said(&[why]);
    }
    for (name, title) in [("email", "EmailInput"), ("autopkgtest", "AutopkgtestInput")] {
        let schema = answer(&case, &["policy", name, "--schema"], "");
        assert_eq!(schema["input"]["title"], title);
    }
    case.call(PROGRAM, &["migrate", "policy", "age"], "{}").failed(2).said(&["age"]);
}

/// The policy autopkgtest on an archive of two sources: one test is asked for, and what it says then counts.
#[test]
fn the_policy_on_tests_answers_by_itself() {
    let case = Case::new();
    let stanza = |name: &str, version: u32, more: &str| format!("Package: {name}\nVersion: {version}\n{more}\n");
    let suite = |version: u32| {
        let sources = stanza("foo", version, "") + &stanza("bar", 1, "Testsuite: autopkgtest\n");
        let arch = "Architecture: amd64\n";
        let packages = stanza("foo", version, arch) + &stanza("bar", 1, &format!("{arch}Depends: foo\n"));
        json!({"sources": sources, "packages": {"amd64": packages}})
    };
    let run =
        |outcome: &str, id: &str| json!({"outcome": outcome, "version": "1", "run_id": id, "seen": 1_795_000_000});
    let mut input = json!({
        "source": "foo", "now": 1_795_262_400, "target": suite(1), "source_suite": suite(2),
        "results": {"bar/1": {"bar": {"amd64": run("PASS", "20261101_000000@")}}},
    });
    let output = answer(&case, &["policy", "autopkgtest"], &input.to_string());
    assert_eq!((&output["verdict"], &output["reasons"]), (&json!("REJECTED_TEMPORARILY"), &json!(["autopkgtest"])));
    let request = json!([{"source": "bar", "arch": "amd64", "triggers": ["foo/2"], "huge": false}]);
    assert_eq!((&output["tests"]["bar"]["amd64"][0], &output["requests"]), (&json!("RUNNING"), &request));
    input["results"]["foo/2"] = json!({"bar": {"amd64": run("FAIL", "20261121_000000@")}});
    let output = answer(&case, &["policy", "autopkgtest"], &input.to_string());
    assert_eq!((&output["verdict"], &output["requests"]), (&json!("REJECTED_PERMANENTLY"), &json!([])));
    input["hints"] = json!("force-badtest bar/1");
    let output = answer(&case, &["policy", "autopkgtest"], &input.to_string());
    assert_eq!(output["verdict"], "PASS");
    for (key, value, why) in [
        ("source", json!("nobody"), "nobody"),
        ("hints", json!("force-badtst bar/1"), "hints:1:1"),
        ("config", json!({"ADT_HUGE": "many"}), "ADT_HUGE"),
        ("now", json!("today"), "--schema"),
        ("target", json!({"sources": "Package", "packages": {}}), "target"),
        ("tests", json!(1), "tests"),
    ] {
        let mut input = input.clone();
        input[key] = value;
        case.call(PROGRAM, &["migrate", "policy", "autopkgtest"], &input.to_string()).failed(2).said(&[why]);
    }
}
