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
    let case = stuck(1, 6, "localhost:1").file("unstable/EmailCache", r#"{"a01": {"2": [["x@example.org"], 1]}}"#);
    let ask = ["mail", "schedule", "-c", "britney.conf", "--now", NOON, "--source", "a01"];
    let found = answer(&case, &ask, "");
    let item = json!({"source": "a01", "version": "2", "valid": false, "last_sent": 1, "stuck": true, "due_now": true});
    assert_eq!((&found["age"], &found["item"]), (&json!(6), &item));
    assert_eq!(found["invalid"]["next"][0], 7);
    let run = case.call(PROGRAM, &[&["migrate"], &ask[..]].concat(), "").succeeded();
    run.said(&["a01 2: 6 days old", "last reminder: day 1", "the next run sends one"]);
    let run = case.call(PROGRAM, &["migrate", "mail", "schedule", "-c", "britney.conf", "--source", "nobody"], "");
    run.failed(2).said(&["nobody", "explain"]);
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
    let schema = answer(&case, &["policy", "email", "--schema"], "");
    assert_eq!(schema["input"]["title"], "EmailInput");
}
