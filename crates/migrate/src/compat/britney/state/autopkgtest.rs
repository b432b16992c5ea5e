//! What is asked of test servers and what they said: `autopkgtest-pending.json` and `autopkgtest-results.cache`.
//!
//! The first may not be guessed at: what it does not name is asked for again. The second is a copy of what servers know, so
//! that a part of it that can't be read is left out.

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Place, quote};
use crate::policy::autopkgtest::request::PendingTests;
use crate::policy::autopkgtest::results::{Outcome, TestResults, TestRun};

/// The name of the file of requests without an answer.
pub const PENDING_TESTS: &str = "autopkgtest-pending.json";

/// The name of the file of results.
pub const TEST_RESULTS: &str = "autopkgtest-results.cache";

/// So many parts that can't be read are named; of more, the rest is counted.
const MOST_NAMED: usize = 20;

const OUTCOMES: [(&str, Outcome); 7] = [
    ("FAIL", Outcome::Fail),
    ("PASS", Outcome::Pass),
    ("NEUTRAL", Outcome::Neutral),
    ("NONE", Outcome::None),
    ("OLD_FAIL", Outcome::OldFail),
    ("OLD_PASS", Outcome::OldPass),
    ("OLD_NEUTRAL", Outcome::OldNeutral),
];

/// Reads the requests without an answer. An empty text is damaged: a file without requests has `{}`.
///
/// # Errors
/// One sentence: the text is damaged.
pub fn parse_pending_tests(text: &str) -> Result<PendingTests, String> {
    let by_trigger = serde_json::from_str(text)
        .map_err(|error| format!("it is not of the form {{trigger: {{source: [architecture, …]}}}}: {error}"))?;
    Ok(PendingTests { by_trigger })
}

/// The text of the requests without an answer.
pub fn render_pending_tests(pending: &PendingTests) -> String {
    pretty(&json!(pending.by_trigger))
}

/// Reads the results. An empty text is none; parts that can't be read are left out with a diagnostic.
///
/// # Errors
/// One sentence: the text is damaged as a whole.
pub fn parse_test_results(text: &str, file: &str) -> Result<(TestResults, Vec<Diagnostic>), String> {
    let mut results = TestResults::default();
    if text.trim().is_empty() {
        return Ok((results, Vec::new()));
    }
    let triggers: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut odd = Vec::new();
    for (trigger, sources) in triggers {
        let Value::Object(sources) = sources else {
            odd.push(trigger);
            continue;
        };
        let of_trigger = results.by_trigger.entry(trigger.clone()).or_default();
        for (source, archs) in sources {
            let Value::Object(archs) = archs else {
                odd.push(format!("{trigger} {source}"));
                continue;
            };
            let of_source = of_trigger.entry(source.clone()).or_default();
            for (arch, result) in archs {
                match run(&result) {
                    Some(run) => drop(of_source.insert(arch, run)),
                    None => odd.push(format!("{trigger} {source} {arch}")),
                }
            }
        }
    }
    let place = Place { file, line: 1, column: 1 };
    let expected = "[result, version, run, seconds since 1970]";
    let mut diagnostics: Vec<Diagnostic> = odd
        .iter()
        .take(MOST_NAMED)
        .map(|what| format!("the result of {} is left out; expected {expected}", quote(what)))
        .map(|message| place.warning("state-malformed", message))
        .collect();
    if let Some(more) = odd.len().checked_sub(MOST_NAMED).filter(|&more| more > 0) {
        diagnostics.push(place.warning("state-malformed", format!("{more} more results are left out")));
    }
    Ok((results, diagnostics))
}

/// The text of the results.
pub fn render_test_results(results: &TestResults) -> String {
    let mut triggers = Map::new();
    for (trigger, sources) in &results.by_trigger {
        let mut of_trigger = Map::new();
        for (source, archs) in sources {
            let of_source = archs.iter().map(|(arch, run)| (arch.clone(), entry(run))).collect();
            of_trigger.insert(source.clone(), Value::Object(of_source));
        }
        triggers.insert(trigger.clone(), Value::Object(of_trigger));
    }
    pretty(&Value::Object(triggers))
}

fn entry(run: &TestRun) -> Value {
    let outcome = OUTCOMES.iter().find(|(_, outcome)| *outcome == run.outcome).map(|(word, _)| *word);
    json!([outcome, run.version, run.run_id, run.seen])
}

fn run(value: &Value) -> Option<TestRun> {
    let parts = value.as_array()?;
    let outcome = match parts.first()? {
        Value::Bool(passed) => {
            if *passed {
                Outcome::Pass
            } else {
                Outcome::Fail
            }
        }
        Value::String(word) => OUTCOMES.iter().find(|(known, _)| known == word)?.1,
        _ => return None,
    };
    let text = |index: usize| match parts.get(index) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(Value::Number(number)) if index == 2 => Some(Some(number.to_string())),
        Some(_) => None,
    };
    let (version, run_id) = (text(1)?, text(2)?);
    let seen = match parts.get(3) {
        None | Some(Value::Null) => run_id.as_deref().and_then(time_of_run).unwrap_or(0),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds; what is out of range becomes the nearest that is not"
        )]
        Some(Value::Number(number)) => number.as_i64().or_else(|| Some(number.as_f64()? as i64))?,
        Some(_) => return None,
    };
    Some(TestRun { outcome, version, run_id, seen })
}

/// The time that begins a run's id, `20261121_080000@…`, in seconds since 1970.
pub fn time_of_run(id: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%d_%H%M%S", id.get(..15)?).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

/// JSON with an indent of two and no newline at its end.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value of JSON can be written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PENDING: &str = "{\n  \"foo/2\": {\n    \"bar\": [\n      \"amd64\",\n      \"i386\"\n    ]\n  }\n}";

    #[test]
    fn requests_are_written_as_they_are_read() {
        let pending = parse_pending_tests(PENDING).unwrap();
        assert!(pending.contains("foo/2", "bar", "i386") && !pending.contains("foo/2", "bar", "arm64"));
        assert_eq!(render_pending_tests(&pending), PENDING);
        assert_eq!(render_pending_tests(&PendingTests::default()), "{}");
        assert_eq!(parse_pending_tests("{}"), Ok(PendingTests::default()));
    }

    #[test]
    fn damaged_requests_are_no_requests() {
        for text in
            ["", "{", "[]", "{\"foo/2\": []}", "{\"foo/2\": {\"bar\": [1]}}", "{\"foo/2\": {\"bar\": [\"amd64\"]}}x"]
        {
            assert!(parse_pending_tests(text).is_err(), "{text}");
        }
    }

    #[test]
    fn results_are_read_in_every_form_that_they_had() {
        let text = r#"{"foo/2": {"bar": {"a": ["PASS", "1", "20150101_100000@", 1420106400], "b": [true, "1", "20150101_100000@"],
            "c": [false, null, "", 5.75], "d": ["OLD_NEUTRAL", null, null, 0], "e": ["FAIL", "1", 77, 5]}}}"#;
        let (results, said) = parse_test_results(text, "cache").unwrap();
        assert_eq!(said, []);
        let get = |arch| results.get("foo/2", "bar", arch).unwrap().clone();
        assert_eq!(get("a"), get("b"));
        let (version, run_id) = (Some("1".to_owned()), Some("20150101_100000@".to_owned()));
        assert_eq!(get("a"), TestRun { outcome: Outcome::Pass, version, run_id, seen: 1_420_106_400 });
        assert_eq!(get("c"), TestRun { outcome: Outcome::Fail, version: None, run_id: Some(String::new()), seen: 5 });
        assert_eq!(get("d").outcome, Outcome::OldNeutral);
        assert_eq!(get("e").run_id.as_deref(), Some("77"));
        let written = render_test_results(&results);
        assert!(written.contains("        \"OLD_NEUTRAL\",\n        null,\n        null,\n        0\n"), "{written}");
    }

    #[test]
    fn a_result_that_is_none_is_left_out_and_a_text_that_is_none_refused() {
        let text =
            r#"{"foo/2": {"bar": {"a": ["MAYBE", "1", "x", 1], "b": ["PASS", "1", "x", 1]}, "baz": 1}, "qux/1": []}"#;
        let (results, said) = parse_test_results(text, "cache").unwrap();
        assert_eq!(results.by_trigger["foo/2"]["bar"].keys().collect::<Vec<_>>(), ["b"]);
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3);
        assert!(said[0].starts_with("cache:1:1: the result of \"foo/2 bar a\" is left out"), "{said:?}");
        assert!(parse_test_results("{\"foo/2\": ", "cache").is_err());
        let many: Map<String, Value> = (0..50).map(|number| (number.to_string(), json!(1))).collect();
        let (_, said) = parse_test_results(&Value::Object(many).to_string(), "cache").unwrap();
        assert_eq!((said.len(), said[20].message.as_str()), (21, "30 more results are left out"));
    }

    #[test]
    fn a_runs_id_begins_with_its_time() {
        assert_eq!(time_of_run("20150101_100000@"), Some(1_420_106_400));
        assert_eq!(time_of_run("20150101_10000"), None);
        assert_eq!(time_of_run("ééééééééé"), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>(), json in "[\\[\\]{}\":,PASfa0.]{0,40}") {
            for text in [text, json] {
                let _ = parse_pending_tests(&text);
                let _ = parse_test_results(&text, "cache");
            }
        }

        #[test]
        fn what_is_written_reads_back(
            tests in proptest::collection::vec(("[a-c]/[0-9]", "[a-c]", "[ab]", 0..7_usize, proptest::option::of("[0-9]"), 0_i64..9), 0..12),
        ) {
            let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
            for (trigger, source, arch, outcome, version, seen) in tests {
                pending.insert(&trigger, &source, &arch);
                let run = TestRun { outcome: OUTCOMES[outcome].1, run_id: version.clone(), version, seen };
                results.by_trigger.entry(trigger).or_default().entry(source).or_default().insert(arch, run);
            }
            prop_assert_eq!(parse_pending_tests(&render_pending_tests(&pending)), Ok(pending));
            let (again, said) = parse_test_results(&render_test_results(&results), "cache").unwrap();
            prop_assert_eq!(said, vec![]);
            prop_assert_eq!(again, results);
        }
    }
}
