//! What runs remember of tests: `autopkgtest-pending.json` and `autopkgtest-results.cache`.
//!
//! Both prevent that something is done again, so neither is read halfway: a file of another shape is damaged as a whole, and the
//! caller says what that means.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::policy::autopkgtest::request::PendingTests;
use crate::policy::autopkgtest::results::{Outcome, TestResults, TestRun};

type Three<T> = BTreeMap<String, BTreeMap<String, T>>;

/// Reads `{trigger: {source: [architecture…]}}`. An empty text is an empty file of an older run.
///
/// # Errors
/// Where the text is something else, in words.
pub fn parse_pending_tests(text: &str) -> Result<PendingTests, String> {
    if text.trim().is_empty() {
        return Ok(PendingTests::default());
    }
    let by_trigger: Three<_> = serde_json::from_str(text)
        .map_err(|error| format!("{error}; expected {{trigger: {{source: [architecture, …]}}}}"))?;
    Ok(PendingTests { by_trigger })
}

/// The file of the requests without an answer.
pub fn render_pending_tests(pending: &PendingTests) -> String {
    format!("{:#}\n", json!(pending.by_trigger))
}

/// Reads `{trigger: {source: {architecture: [outcome, version, run id, seconds since 1970]}}}`. Old files have a boolean instead of
/// an outcome and no time.
///
/// # Errors
/// Where the text is something else, in words.
pub fn parse_test_results(text: &str) -> Result<TestResults, String> {
    let mut results = TestResults::default();
    if text.trim().is_empty() {
        return Ok(results);
    }
    let all: Three<BTreeMap<String, Vec<Value>>> =
        serde_json::from_str(text).map_err(|error| format!("{error}; expected {EXPECTED}"))?;
    for (trigger, sources) in all {
        for (source, archs) in sources {
            for (arch, entry) in archs {
                let run = run(&entry).ok_or_else(|| {
                    let entry = Value::Array(entry);
                    format!("{entry} of {source} on {arch} for {trigger} is no result; expected {EXPECTED}")
                })?;
                let sources = results.by_trigger.entry(trigger.clone()).or_default();
                sources.entry(source.clone()).or_default().insert(arch, run);
            }
        }
    }
    Ok(results)
}

const EXPECTED: &str = "{trigger: {source: {architecture: [outcome, version, run id, seconds]}}}";

fn run(entry: &[Value]) -> Option<TestRun> {
    let outcome = match entry.first()? {
        Value::Bool(true) => Outcome::Pass,
        Value::Bool(false) => Outcome::Fail,
        Value::String(word) => OUTCOMES.iter().find(|(_, name)| name == word)?.0,
        _ => return None,
    };
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(Value::Number(number)) => Some(Some(number.to_string())),
        Some(_) => None,
    };
    let (version, run_id) = (text(entry.get(1))?, text(entry.get(2))?);
    let seen = match entry.get(3) {
        None | Some(Value::Null) => 0,
        Some(value) => value.as_i64().or_else(|| whole(value.as_f64()?))?,
    };
    Some(TestRun { outcome, version, run_id, seen })
}

/// A time with a fraction, without it.
fn whole(seconds: f64) -> Option<i64> {
    format!("{:.0}", seconds.floor()).parse().ok()
}

const OUTCOMES: [(Outcome, &str); 7] = [
    (Outcome::Fail, "FAIL"),
    (Outcome::Pass, "PASS"),
    (Outcome::Neutral, "NEUTRAL"),
    (Outcome::None, "NONE"),
    (Outcome::OldFail, "OLD_FAIL"),
    (Outcome::OldPass, "OLD_PASS"),
    (Outcome::OldNeutral, "OLD_NEUTRAL"),
];

impl Outcome {
    /// The word of the cache.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Pass => "PASS",
            Self::Neutral => "NEUTRAL",
            Self::None => "NONE",
            Self::OldFail => "OLD_FAIL",
            Self::OldPass => "OLD_PASS",
            Self::OldNeutral => "OLD_NEUTRAL",
        }
    }
}

/// The file of the results.
pub fn render_test_results(results: &TestResults) -> String {
    let entry = |run: &TestRun| json!([run.outcome.as_str(), run.version, run.run_id, run.seen]);
    let all: Three<BTreeMap<&str, Value>> = results
        .by_trigger
        .iter()
        .map(|(trigger, sources)| {
            let sources = sources.iter().map(|(source, archs)| {
                (source.clone(), archs.iter().map(|(arch, run)| (arch.as_str(), entry(run))).collect())
            });
            (trigger.clone(), sources.collect())
        })
        .collect();
    format!("{:#}\n", json!(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_old_runs_left_is_read() {
        let results = parse_test_results(
            r#"{"a/1": {"a": {"amd64": [true, "1", "20150101_100000@"], "arm64": ["FAIL", null, null, 1.5]}}}"#,
        )
        .unwrap();
        let run = |arch| results.get("a/1", "a", arch).unwrap().clone();
        assert_eq!((run("amd64").outcome, run("amd64").seen), (Outcome::Pass, 0));
        assert_eq!((run("arm64").outcome, run("arm64").version, run("arm64").seen), (Outcome::Fail, None, 1));
    }

    #[test]
    fn another_shape_is_damaged() {
        for text in
            ["[]", "{\"a/1\": [", r#"{"a/1": {"a": {"amd64": ["GOOD", "1", "x", 1]}}}"#, r#"{"a/1": {"a": {"b": []}}}"#]
        {
            assert!(parse_test_results(text).is_err(), "{text}");
            assert!(parse_pending_tests(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_word_of_the_cache_is_read() {
        for (outcome, word) in OUTCOMES {
            assert_eq!(outcome.as_str(), word);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            runs in prop::collection::vec(("[ab]/[12]", "[ab]", "[xy]", 0..7_usize, prop::option::of("[0-9]{0,3}"), any::<i64>()), 0..20),
        ) {
            let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
            for (trigger, source, arch, outcome, version, seen) in runs {
                pending.insert(&trigger, &source, &arch);
                let run = TestRun { outcome: OUTCOMES[outcome].0, run_id: version.clone(), version, seen };
                results.by_trigger.entry(trigger).or_default().entry(source).or_default().insert(arch, run);
            }
            prop_assert_eq!(&parse_test_results(&render_test_results(&results)), &Ok(results));
            prop_assert_eq!(&parse_pending_tests(&render_pending_tests(&pending)), &Ok(pending));
        }

        #[test]
        fn reading_never_panics(text in "[\\[\\]{}\":,PFa0]{0,40}") {
            let _ = parse_test_results(&text);
            let _ = parse_pending_tests(&text);
        }
    }
}
