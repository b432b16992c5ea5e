use super::*;
use crate::model::wire_time;
use crate::oracle::history::at;

fn acceptance() -> Acceptance {
    Acceptance {
        outcomes: Outcomes::default(),
        item_keys: vec!["item".to_owned()],
        now: at(1_000_000),
        max_future: Duration::from_secs(3_600),
    }
}

fn accepted(body: &str) -> NewResult {
    parse_result(body.as_bytes(), &acceptance()).unwrap()
}

fn refused(body: &str) -> String {
    parse_result(body.as_bytes(), &acceptance()).unwrap_err().to_string()
}

/// A result that is fine but for these fields.
fn with(fields: &str) -> String {
    format!(r#"{{"outcome": "PASSED", "testcase": "t", {fields}}}"#)
}

#[test]
fn scalars_become_the_text_that_readers_have_always_met() {
    let body = with(
        r#""data": {"a": 1, "b": ["x", "y"], "c": true, "d": [null, false, 1.50], "e": {"x": [1, 2]}, "f": [], "g": null}"#,
    );
    let result = accepted(&body);
    let shown: Vec<_> = result.data.iter().map(|(key, values)| format!("{key}={}", values.join("|"))).collect();
    assert_eq!(shown, ["a=1", "b=x|y", "c=True", "d=False|1.50", r#"e={"x":[1,2]}"#]);
}

#[test]
fn outcomes_are_trimmed_and_capitalised() {
    let result =
        accepted(r#"{"outcome": " needs_inspection\n", "testcase": {"name": "a/b", "ref_url": null}, "x": 1}"#);
    assert_eq!(result.outcome.as_str(), "NEEDS_INSPECTION");
    assert_eq!(result.testcase, NewTestCase { name: "a/b".to_owned(), ref_url: Patch::Clear });
    assert_eq!((result.note, result.submit_time, result.groups.len()), (None, None, 0));
}

#[test]
fn absent_and_null_are_the_same_where_nothing_is_stored_yet() {
    let result = accepted(&with(r#""groups": null, "note": null, "ref_url": "u", "submit_time": null, "data": null"#));
    assert_eq!((result.note, result.ref_url.as_deref(), result.data.total()), (None, Some("u"), 0));
}

#[test]
fn groups_are_uuids_or_objects() {
    let result = accepted(&with(r#""groups": ["u", {"uuid": "v", "description": null, "ref_url": "r"}, {}]"#));
    let group =
        |uuid: Option<&str>, description, ref_url| NewGroup { uuid: uuid.map(str::to_owned), description, ref_url };
    let expected = [
        group(Some("u"), Patch::Keep, Patch::Keep),
        group(Some("v"), Patch::Clear, Patch::Set("r".to_owned())),
        group(None, Patch::Keep, Patch::Keep),
    ];
    assert_eq!(result.groups, expected);
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_fields() {
    let body =
        r#"{"data": [], "submit_time": "now", "ref_url": 1, "groups": [1, {"uuid": [1]}], "testcase": 5, "note": {}}"#;
    assert_eq!(
        refused(body).split("; ").collect::<Vec<_>>(),
        [
            "outcome: Field required",
            "testcase: Input should be a valid dictionary",
            "groups.0: Input should be a valid dictionary",
            "groups.1.uuid: Input should be a valid string",
            "note: Input should be a valid string",
            "ref_url: Input should be a valid string",
            "submit_time: Value error, Expected timestamp in milliseconds or datetime (in format \
             YYYY-MM-DDTHH:MM:SS.ffffff), got 'now'",
            "data: Input should be a valid dictionary",
        ]
    );
}

#[test]
fn a_missing_field_shows_the_whole_body() {
    let body = parse_result(br#"{"testcase": "t"}"#, &acceptance()).unwrap_err().body();
    assert_eq!(
        body,
        r#"{"validation_error":[{"loc":["outcome"],"msg":"Field required","type":"missing","input":{"testcase":"t"},"url":"https://errors.pydantic.dev/2.6/v/missing"}]}"#
    );
}

#[test]
fn each_mistake_has_its_own_words() {
    let outcome = |outcome: &str| refused(&format!(r#"{{"outcome": {outcome}, "testcase": "t"}}"#));
    assert_eq!(outcome("null"), "outcome: Input should be a valid string");
    assert_eq!(outcome("\"\""), "outcome: String should have at least 1 character");
    let known = "outcome: Value error, must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, QUEUED, RUNNING, ERROR";
    assert_eq!(outcome("\"GOOD\""), known);
    let testcase = |testcase: &str| refused(&format!(r#"{{"outcome": "INFO", "testcase": {testcase}}}"#));
    for empty in
        ["\"\"", "null", "{}", "[]", "0", "false", r#"{"name": ""}"#, r#"{"ref_url": "x"}"#, r#"{"name": null}"#]
    {
        assert_eq!(testcase(empty), "testcase: Value error, testcase name must be non-empty", "{empty}");
    }
    assert_eq!(testcase(r#"{"name": 1}"#), "testcase.name: Input should be a valid string");
    assert_eq!(testcase("[1]"), "testcase: Input should be a valid dictionary");
    assert_eq!(refused(&with(r#""groups": "g""#)), "groups: Input should be a valid list");
    let long = format!(r#""groups": ["{}"]"#, "é".repeat(37));
    assert_eq!(refused(&with(&long)), "groups.0.uuid: String should have at most 36 characters");
    assert_eq!(accepted(&with(&format!(r#""groups": ["{}"]"#, "é".repeat(36)))).groups.len(), 1);
}

#[test]
fn a_time_far_ahead_would_stay_the_latest_for_ever() {
    let time = |seconds: i64| with(&format!(r#""submit_time": {seconds}000"#));
    assert_eq!(accepted(&time(1_003_600)).submit_time.map(wire_time), Some(wire_time(at(1_003_600))));
    assert_eq!(refused(&time(1_003_601)), "submit_time: Value error, submit_time lies in the future");
    assert!(accepted(&time(-1)).submit_time.is_some());
}

#[test]
fn colons_are_told_once_all_fields_are_right() {
    let data = r#""data": {"invalid:key": 1, "x": 2, "another:invalid:key": 3}"#;
    let sentence = "Colon not allowed in key name: ['invalid:key', 'another:invalid:key']";
    assert_eq!(parse_result(with(data).as_bytes(), &acceptance()), Err(Refusal::Message(sentence.to_owned())));
    assert_eq!(refused(&with(&format!("{data}, \"note\": 1"))), "note: Input should be a valid string");
}

#[test]
fn what_is_no_object_is_a_bad_request() {
    for body in ["", "{", "[]", "1", "null", "\"x\""] {
        assert_eq!(refused(body), "Bad request", "{body}");
    }
}

#[test]
fn nothing_beyond_the_limits_is_taken() {
    let name = |length: usize| format!(r#"{{"outcome": "INFO", "testcase": "{}"}}"#, "n".repeat(length));
    assert_eq!(accepted(&name(1_024)).testcase.name.len(), 1_024);
    assert!(refused(&name(1_025)).contains("at most 1024 bytes"));
    let values = |count: usize| with(&format!(r#""data": {{"a": [{}]}}"#, vec!["1"; count].join(",")));
    assert_eq!(accepted(&values(10_000)).data.total(), 10_000);
    assert!(refused(&values(10_001)).contains("at most 10000 values"));
    let hundred: Vec<_> = (0..101).map(|number| number.to_string()).collect();
    let lists = format!(r#""data": {{"item": [{0}], "scenario": [{0}]}}"#, hundred.join(","));
    assert!(refused(&with(&lists)).contains("at most 10000 combinations"));
    assert!(refused(&with(r#""note": "a\u0000""#)).starts_with("note: Value error, must not contain"));
}

#[test]
fn posted_groups_and_test_cases_keep_what_is_not_given() {
    let group = parse_group(br#"{"uuid": null, "description": "", "ref_url": "r"}"#).unwrap();
    assert_eq!(group, NewGroup { uuid: None, description: Patch::Keep, ref_url: Patch::Set("r".to_owned()) });
    assert_eq!(parse_group(br#"{"uuid": 1}"#).unwrap_err().to_string(), "uuid: Input should be a valid string");
    let testcase = parse_testcase(br#"{"name": "t", "ref_url": null}"#).unwrap();
    assert_eq!(testcase, NewTestCase { name: "t".to_owned(), ref_url: Patch::Keep });
    let wrong = |body: &str| parse_testcase(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(wrong(r#"{"ref_url": 1}"#), "name: Field required; ref_url: Input should be a valid string");
    assert_eq!(wrong(r#"{"name": ""}"#), "name: String should have at least 1 character");
}
