//! What a result is: plain data, before and after it is stored.
//!
//! A stored result is never changed. Its order among others is its [`Position`], everywhere: by the time that its
//! sender gave it, and by id where times are equal.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use tidegate_kernel::Timestamp;

/// The longest name of a test case, in bytes.
pub const MAX_TESTCASE_NAME: usize = 1024;

/// So many values the extra data of one result may have.
pub const MAX_DATA_VALUES: usize = 10_000;

/// The longest uuid of a group, in characters.
pub const MAX_GROUP_UUID: usize = 36;

/// What a test found, in capitals: `PASSED`, `FAILED`, and what the configuration adds. Only [`Outcomes`] knows which
/// there are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome(String);

impl Outcome {
    /// The outcome of a result that is stored already, whatever is configured now.
    pub fn stored(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a test has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It found something out.
    Final,
    /// It waits or runs.
    Incomplete,
}

/// The outcomes that are known, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    known: Vec<Outcome>,
    incomplete: Vec<Outcome>,
}

impl Outcomes {
    /// The outcomes that need no configuration.
    pub const BASE: [&str; 4] = ["PASSED", "INFO", "FAILED", "NEEDS_INSPECTION"];

    /// The base, then these in their order, each once; those of `incomplete` are on the way to a final one.
    pub fn new<'a>(extra: impl IntoIterator<Item = &'a str>, incomplete: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<Outcome> = Vec::new();
        for name in Self::BASE.into_iter().chain(extra) {
            if !known.iter().any(|outcome| outcome.as_str() == name) {
                known.push(Outcome::stored(name));
            }
        }
        Self { known, incomplete: incomplete.into_iter().map(Outcome::stored).collect() }
    }

    /// All known outcomes, the base first.
    pub fn known(&self) -> &[Outcome] {
        &self.known
    }

    /// The known outcome of that name, letter by letter.
    pub fn exactly(&self, name: &str) -> Option<&Outcome> {
        self.known.iter().find(|outcome| outcome.as_str() == name)
    }

    /// The known outcome that is meant: blanks around and the size of letters do not count.
    pub fn meant(&self, text: &str) -> Option<&Outcome> {
        self.exactly(&text.trim().to_uppercase())
    }

    /// Whether that outcome is the end of a test.
    pub fn stage(&self, outcome: &Outcome) -> Stage {
        if self.incomplete.contains(outcome) { Stage::Incomplete } else { Stage::Final }
    }

    /// The names, joined by a comma and a blank.
    pub fn listed(&self) -> String {
        let names: Vec<_> = self.known.iter().map(Outcome::as_str).collect();
        names.join(", ")
    }
}

impl Default for Outcomes {
    fn default() -> Self {
        Self::new(["QUEUED", "RUNNING", "ERROR"], ["QUEUED", "RUNNING"])
    }
}

/// The id of a stored result, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResultId(pub i64);

impl fmt::Display for ResultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a result stands in the order of all: the newest has the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The time that its sender gave it, or that of its arrival.
    pub submit_time: Timestamp,
    /// Decides where times are equal.
    pub id: ResultId,
}

/// The keys and values that came with a result, in the order in which they were given. A key has at least one value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraData(IndexMap<String, Vec<String>>);

impl ExtraData {
    /// One more value of that key.
    pub fn push(&mut self, key: &str, value: impl Into<String>) {
        match self.0.get_mut(key) {
            Some(values) => values.push(value.into()),
            None => {
                self.0.insert(key.to_owned(), vec![value.into()]);
            }
        }
    }

    /// The values of a key in their order; `None` if it has none.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice).filter(|values| !values.is_empty())
    }

    /// The values of a key in their order.
    pub fn values(&self, key: &str) -> &[String] {
        self.get(key).unwrap_or_default()
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// How many values there are under all keys.
    pub fn total(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for ExtraData {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut data = Self::default();
        for (key, value) in pairs {
            data.push(&key.into(), value);
        }
        data
    }
}

/// What a body says about a field of something that may be there already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// It shall have none.
    Clear,
    /// It shall be this.
    Set(String),
}

impl Patch {
    /// The field's value, given what it was.
    #[must_use]
    pub fn over(&self, old: Option<String>) -> Option<String> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new.clone()),
        }
    }
}

/// The test case that a result names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTestCase {
    /// Up to 1,024 bytes; may contain `/`.
    pub name: String,
    /// Where it is described.
    pub ref_url: Patch,
}

/// A group that a result names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewGroup {
    /// `None`: one is made.
    pub uuid: Option<String>,
    /// What the run was.
    pub description: Patch,
    /// Where it is described.
    pub ref_url: Patch,
}

/// A result as it was accepted, before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResult {
    /// What was tested.
    pub testcase: NewTestCase,
    /// What came out.
    pub outcome: Outcome,
    /// The runs that it belongs to.
    pub groups: Vec<NewGroup>,
    /// A remark.
    pub note: Option<String>,
    /// Where its log is.
    pub ref_url: Option<String>,
    /// `None`: the server's clock.
    pub submit_time: Option<Timestamp>,
    /// What it is about, and all else.
    pub data: ExtraData,
}

/// A named check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// Unique.
    pub name: String,
    /// Where it is described.
    pub ref_url: Option<String>,
}

/// Results of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Unique, up to 36 characters.
    pub uuid: String,
    /// What the run was.
    pub description: Option<String>,
    /// Where it is described.
    pub ref_url: Option<String>,
    /// How many results it has.
    pub results_count: u64,
}

/// A result as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// From 1, ascending.
    pub id: ResultId,
    /// What was tested.
    pub testcase: TestCase,
    /// What came out.
    pub outcome: Outcome,
    /// When its sender says that it was.
    pub submit_time: Timestamp,
    /// The uuids of its groups.
    pub groups: Vec<String>,
    /// A remark.
    pub note: Option<String>,
    /// Where its log is.
    pub ref_url: Option<String>,
    /// What it is about, and all else.
    pub data: ExtraData,
}

impl StoredResult {
    /// Where it stands in the order of all.
    pub fn position(&self) -> Position {
        Position { submit_time: self.submit_time, id: self.id }
    }
}

/// The time as compatible clients read it: UTC without a zone, always six digits, `2026-11-21T08:04:12.847042`.
pub fn wire_time(instant: Timestamp) -> String {
    let mut text = instant.to_string();
    if text.ends_with('Z') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_outcomes_stand_behind_the_base_and_once() {
        let outcomes = Outcomes::new(["ERROR", "PASSED", "ERROR"], ["QUEUED"]);
        assert_eq!(outcomes.listed(), "PASSED, INFO, FAILED, NEEDS_INSPECTION, ERROR");
        assert_eq!(Outcomes::default().listed(), "PASSED, INFO, FAILED, NEEDS_INSPECTION, QUEUED, RUNNING, ERROR");
    }

    #[test]
    fn only_what_is_configured_is_incomplete() {
        let outcomes = Outcomes::default();
        let stage = |text: &str| outcomes.meant(text).map(|outcome| outcomes.stage(outcome));
        assert_eq!(stage(" running "), Some(Stage::Incomplete));
        assert_eq!(stage("error"), Some(Stage::Final));
        assert_eq!(stage("WAIVED"), None);
        assert_eq!(outcomes.exactly("running"), None);
    }

    #[test]
    fn a_key_without_values_is_not_there() {
        let data: ExtraData = serde_json::from_str(r#"{"b": ["2", "1"], "a": []}"#).unwrap();
        assert_eq!(data.get("a"), None);
        assert_eq!(data.values("b"), ["2", "1"]);
        assert_eq!((data.values("c").len(), data.total()), (0, 2));
    }

    #[test]
    fn times_have_six_digits_and_no_zone() {
        let whole = "2026-11-21T08:04:12Z".parse().unwrap();
        assert_eq!(wire_time(whole), "2026-11-21T08:04:12.000000");
    }
}
