//! The summary of piuparts: `piuparts-summary-SUITE.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place, quote};

const ID: &str = "Piuparts Package Test Results Summary";
const VERSION: &str = "1.0";

/// What piuparts says of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PiupartsState {
    /// `P`: passed.
    Passed,
    /// `F`: failed.
    Failed,
    /// `W`: not tested yet.
    Waiting,
    /// `X`: can't be tested.
    Untestable,
}

/// The result of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PiupartsResult {
    /// The state.
    pub state: PiupartsState,
    /// The page that shows the test; empty if the summary has none.
    pub url: String,
}

/// The results of one suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piuparts {
    packages: BTreeMap<String, PiupartsResult>,
}

impl Piuparts {
    /// The result of a source; none if it was never considered.
    pub fn get(&self, source: &str) -> Option<&PiupartsResult> {
        self.packages.get(source)
    }

    /// Number of sources with a result.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether no source has a result.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

/// Reads a summary. An empty text is no data: none. So is one that can't be read or is of another version, which is said. A
/// source whose result can't be read is left out. The name under which a source's result stands is the suite's in piuparts'
/// words and not compared; of several the first by name counts.
pub fn parse_piuparts(text: &str, file: &str) -> (Option<Piuparts>, Vec<Diagnostic>) {
    let place = Place { file, line: 1, column: 1 };
    if text.trim().is_empty() {
        return (None, Vec::new());
    }
    let packages = match summary(text, place) {
        Ok(packages) => packages,
        Err(diagnostic) => return (None, vec![diagnostic]),
    };
    let mut summary = Piuparts::default();
    let mut diagnostics = Vec::new();
    for (source, suites) in packages {
        if let Some(result) = result(&suites) {
            summary.packages.insert(source, result);
        } else {
            let expected = "{suite: [state, number, url]} with a state of P F W X";
            let message = format!("the result of {} is left out; expected {expected}", quote(&source));
            diagnostics.push(place.warning("state-malformed", message));
        }
    }
    (Some(summary), diagnostics)
}

fn summary(text: &str, place: Place<'_>) -> Result<serde_json::Map<String, Value>, Diagnostic> {
    let mut summary: Value = serde_json::from_str(text).map_err(|error| {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let place = Place { line: number(error.line()), column: number(error.column()), ..place };
        place.error("state-damaged", format!("the summary is no JSON: {error}; fetch it again"))
    })?;
    for (key, expected) in [("_id", ID), ("_version", VERSION)] {
        if summary.get(key).and_then(Value::as_str) != Some(expected) {
            return Err(place
                .error("state-damaged", format!("this is no summary of piuparts: {key} is not {}", quote(expected))));
        }
    }
    match summary.get_mut("packages").map(Value::take) {
        Some(Value::Object(packages)) => Ok(packages),
        _ => Err(place.error("state-damaged", "the summary has no packages; fetch it again")),
    }
}

fn result(suites: &Value) -> Option<PiupartsResult> {
    let (_, result) = suites.as_object()?.iter().min_by_key(|(suite, _)| suite.as_str())?;
    let result = result.as_array()?;
    let state = match result.first()?.as_str()? {
        "P" => PiupartsState::Passed,
        "F" => PiupartsState::Failed,
        "W" => PiupartsState::Waiting,
        "X" => PiupartsState::Untestable,
        _ => return None,
    };
    let url = result.get(2).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(PiupartsResult { state, url })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_packages(packages: &str) -> String {
        format!(r#"{{"_id": "{ID}", "_version": "1.0", "_type": "source", "packages": {packages}}}"#)
    }

    #[test]
    fn each_source_has_a_state_and_a_page() {
        let text = with_packages(
            r#"{"a": {"sid": ["P", 0, "https://p/a"]}, "b": {"sid": ["F", 3, "u"]}, "c": {"sid": ["W", 0]}, "d": {"sid": ["X", 0, "u"]}}"#,
        );
        let (summary, diagnostics) = parse_piuparts(&text, "piuparts-summary-unstable.json");
        let summary = summary.unwrap();
        assert_eq!(diagnostics, []);
        assert_eq!(
            summary.get("a"),
            Some(&PiupartsResult { state: PiupartsState::Passed, url: "https://p/a".to_owned() })
        );
        assert_eq!(summary.get("b").unwrap().state, PiupartsState::Failed);
        assert_eq!(summary.get("c").unwrap().state, PiupartsState::Waiting);
        assert_eq!(summary.get("d").unwrap().state, PiupartsState::Untestable);
        assert_eq!(summary.get("e"), None);
        assert_eq!((summary.len(), summary.is_empty()), (4, false));
    }

    #[test]
    fn an_empty_file_is_no_data() {
        assert_eq!(parse_piuparts(" \n", "p.json"), (None, vec![]));
    }

    #[test]
    fn another_file_or_a_damaged_one_is_no_data_and_said() {
        let said = |text: &str| {
            let (summary, diagnostics) = parse_piuparts(text, "p.json");
            assert_eq!(summary, None);
            diagnostics[0].to_string()
        };
        assert!(said("{\n\"_id\": ").starts_with("p.json:2:"));
        assert!(said("{}").contains("_id is not"));
        assert!(said(&with_packages("{}").replace("1.0", "2.0")).contains("_version is not \"1.0\""));
        assert_eq!(said(&with_packages("[]")), "p.json:1:1: the summary has no packages; fetch it again");
    }

    #[test]
    fn a_source_with_another_state_is_left_out_and_said() {
        let (summary, diagnostics) =
            parse_piuparts(&with_packages(r#"{"a": {"sid": ["Q"]}, "b": {}, "c": {"sid": ["P", 0, "u"]}}"#), "p.json");
        assert_eq!(summary.unwrap().len(), 1);
        assert_eq!(diagnostics.len(), 2);
        assert!(diagnostics[0].message.starts_with("the result of \"a\" is left out"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>(), packages in "[\\[\\]{}\":,PFa0]{0,40}") {
            let _ = parse_piuparts(&text, "p.json");
            let _ = parse_piuparts(&with_packages(&packages), "p.json");
        }
    }
}
