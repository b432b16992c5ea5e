//! What was mailed: `EmailCache` and `sru_regress_inform_state`. Both prevent that a mail is sent twice, so a text that
//! cannot be read as a whole is refused as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::Versions;

/// One version's reminders so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailRecord {
    /// Who gets them; empty where nobody is known yet.
    pub addresses: Vec<String>,
    /// The due age, in days, of the last one; 0 before the first.
    pub last_sent: u32,
}

/// Reminders by source and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailRecords(Versions<MailRecord>);

/// For which version of each source a regression was told, by distribution and series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegressionsTold(BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>);

/// A text that is no record of mails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoMailState(String);

impl NoMailState {
    fn at(path: &[&str], expected: &str) -> Self {
        let path: Vec<String> = path.iter().map(|part| crate::diagnostic::quote(part)).collect();
        let place = if path.is_empty() { "the whole".to_owned() } else { path.join(" / ") };
        Self(format!("{place} is not {expected}"))
    }
}

/// A state that a run keeps while it sends, and merges with what an aborted one left.
pub trait MailState: Clone + Default + PartialEq {
    /// Reads it.
    ///
    /// # Errors
    /// Anything in it is not as it should be.
    fn parse(text: &str) -> Result<Self, NoMailState>;

    /// Writes it, by name, as Python's `json` does.
    fn render(&self) -> String;

    /// Puts newer entries over its own.
    fn overlay(&mut self, newer: Self);
}

impl MailRecords {
    /// The record of one version.
    pub fn get(&self, source: &str, version: &str) -> Option<&MailRecord> {
        self.0.get(source)?.get(version)
    }

    /// Sets the record of one version.
    pub fn insert(&mut self, source: &str, version: &str, record: MailRecord) {
        self.0.entry(source.to_owned()).or_default().insert(version.to_owned(), record);
    }

    /// Drops what does not count any more.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        for (source, versions) in &mut self.0 {
            versions.retain(|version, _| keep(source, version));
        }
        self.0.retain(|_, versions| !versions.is_empty());
    }

    /// All records: source, version, record.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &MailRecord)> {
        self.0.iter().flat_map(|(source, versions)| {
            versions.iter().map(move |(version, record)| (source.as_str(), version.as_str(), record))
        })
    }
}

impl MailState for MailRecords {
    fn parse(text: &str) -> Result<Self, NoMailState> {
        let mut records = Self::default();
        for (source, versions) in object(json(text)?, &[], "{source: {version: …}}")? {
            for (version, record) in object(versions, &[&source], "{version: [[address…], age]}")? {
                let record = read_record(&record)
                    .ok_or_else(|| NoMailState::at(&[&source, &version], "[[address…], age of the last mail]"))?;
                records.insert(&source, &version, record);
            }
        }
        Ok(records)
    }

    fn render(&self) -> String {
        braces(self.0.iter().map(|(source, versions)| {
            let versions = versions.iter().map(|(version, record)| {
                let addresses: Vec<String> = record.addresses.iter().map(|address| quoted(address)).collect();
                (version, format!("[[{}], {}]", addresses.join(", "), record.last_sent))
            });
            (source, braces(versions))
        }))
    }

    fn overlay(&mut self, newer: Self) {
        for (source, versions) in newer.0 {
            self.0.entry(source).or_default().extend(versions);
        }
    }
}

/// A record as it is written now; as older programs wrote it, with an age that has a fraction, which is cut; or as the
/// oldest wrote it, by a word that says whether the one mail of those times was sent.
fn read_record(value: &Value) -> Option<MailRecord> {
    if let Some(sent) = value.as_bool() {
        return Some(MailRecord { addresses: Vec::new(), last_sent: u32::from(sent) });
    }
    let [addresses, age] = value.as_array()?.as_slice() else { return None };
    let addresses = addresses.as_array()?.iter().map(|address| address.as_str().map(str::to_owned));
    let last_sent = match (age.as_u64(), age.as_f64()) {
        (Some(days), _) => u32::try_from(days).ok()?,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 2^32")]
        (None, Some(days)) if days < f64::from(u32::MAX) => days.max(0.0) as u32,
        (None, Some(_) | None) => return None,
    };
    Some(MailRecord { addresses: addresses.collect::<Option<_>>()?, last_sent })
}

impl RegressionsTold {
    /// The version of a source for which it was told last.
    pub fn get(&self, distribution: &str, series: &str, source: &str) -> Option<&str> {
        self.0.get(distribution)?.get(series)?.get(source).map(String::as_str)
    }

    /// Notes that it was told.
    pub fn insert(&mut self, distribution: &str, series: &str, source: &str, version: &str) {
        let of_distribution = self.0.entry(distribution.to_owned()).or_default();
        of_distribution.entry(series.to_owned()).or_default().insert(source.to_owned(), version.to_owned());
    }

    /// Drops, of one series, what does not count any more.
    pub fn retain(&mut self, distribution: &str, series: &str, mut keep: impl FnMut(&str, &str) -> bool) {
        if let Some(versions) = self.0.get_mut(distribution).and_then(|of| of.get_mut(series)) {
            versions.retain(|source, version| keep(source, version));
        }
    }
}

impl MailState for RegressionsTold {
    fn parse(text: &str) -> Result<Self, NoMailState> {
        let mut told = Self::default();
        for (distribution, of_distribution) in object(json(text)?, &[], "{distribution: {series: …}}")? {
            for (series, versions) in object(of_distribution, &[&distribution], "{series: {source: version}}")? {
                for (source, version) in object(versions, &[&distribution, &series], "{source: version}")? {
                    let path = [distribution.as_str(), &series, &source];
                    let version = version.as_str().ok_or_else(|| NoMailState::at(&path, "a version"))?;
                    told.insert(&distribution, &series, &source, version);
                }
            }
        }
        Ok(told)
    }

    fn render(&self) -> String {
        braces(self.0.iter().map(|(distribution, of_distribution)| {
            let of_distribution = of_distribution.iter().map(|(series, versions)| {
                let versions = versions.iter().map(|(source, version)| (source, quoted(version)));
                (series, braces(versions))
            });
            (distribution, braces(of_distribution))
        }))
    }

    fn overlay(&mut self, newer: Self) {
        for (distribution, of_distribution) in newer.0 {
            let old = self.0.entry(distribution).or_default();
            for (series, versions) in of_distribution {
                old.entry(series).or_default().extend(versions);
            }
        }
    }
}

fn json(text: &str) -> Result<Value, NoMailState> {
    serde_json::from_str(text).map_err(|error| NoMailState(format!("it is not JSON: {error}")))
}

fn object(value: Value, path: &[&str], expected: &str) -> Result<serde_json::Map<String, Value>, NoMailState> {
    match value {
        Value::Object(entries) => Ok(entries),
        _ => Err(NoMailState::at(path, expected)),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn braces<'a>(entries: impl Iterator<Item = (&'a String, String)>) -> String {
    let mut text = "{".to_owned();
    for (index, (name, value)) in entries.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{}: {value}", quoted(name));
    }
    text + "}"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(addresses: &[&str], last_sent: u32) -> MailRecord {
        MailRecord { addresses: addresses.iter().map(|&address| address.to_owned()).collect(), last_sent }
    }

    #[test]
    fn a_record_is_read_and_written_as_it_was() {
        let text = r#"{"a": {"1": [["x@y", "z@y"], 31]}, "libc6": {"2": [["foo@bar.com"], 5], "3": [[], 0]}}"#;
        let records = MailRecords::parse(text).unwrap();
        assert_eq!(records.get("libc6", "2"), Some(&record(&["foo@bar.com"], 5)));
        assert_eq!(records.render(), text);
    }

    #[test]
    fn old_forms_are_read_as_whole_days() {
        let read = |text: &str| MailRecords::parse(&format!("{{\"f\": {{\"1\": {text}}}}}")).unwrap();
        let of = |text: &str| read(text).get("f", "1").cloned().unwrap();
        assert_eq!(of(r#"[["a@b"], 3.72]"#), record(&["a@b"], 3));
        assert_eq!(of(r#"[["a@b"], 30.999999]"#), record(&["a@b"], 30));
        assert_eq!(of("[[], -0.5]"), record(&[], 0));
        assert_eq!(of("true"), record(&[], 1));
        assert_eq!(of("false"), record(&[], 0));
    }

    #[test]
    fn what_is_not_understood_refuses_the_whole() {
        for text in
            ["", "[]", "{\"f\": 1}", "{\"f\": {\"1\": []}}", "{\"f\": {\"1\": [[1], 3]}}", "{\"f\": {\"1\": [[]"]
        {
            assert!(MailRecords::parse(text).is_err(), "{text}");
        }
        assert!(MailRecords::parse(r#"{"f": {"1": [["a"], 1e300]}}"#).is_err());
        let error = MailRecords::parse(r#"{"f": {"1": "x"}}"#).unwrap_err().to_string();
        assert_eq!(error, "\"f\" / \"1\" is not [[address…], age of the last mail]");
        assert!(RegressionsTold::parse(r#"{"ubuntu": {"noble": {"f": 1}}}"#).is_err());
    }

    #[test]
    fn the_newer_state_wins_where_both_speak() {
        let mut old = MailRecords::parse(r#"{"a": {"1": [[], 1], "2": [[], 3]}, "b": {"1": [[], 7]}}"#).unwrap();
        old.overlay(MailRecords::parse(r#"{"a": {"2": [["x@y"], 7]}, "c": {"1": [[], 1]}}"#).unwrap());
        let merged = r#"{"a": {"1": [[], 1], "2": [["x@y"], 7]}, "b": {"1": [[], 7]}, "c": {"1": [[], 1]}}"#;
        assert_eq!(old.render(), merged);
        old.retain(|source, version| (source, version) == ("a", "2"));
        assert_eq!(old.render(), r#"{"a": {"2": [["x@y"], 7]}}"#);

        let mut told = RegressionsTold::parse(r#"{"ubuntu": {"jammy": {"a": "1"}, "noble": {"a": "1"}}}"#).unwrap();
        told.overlay(RegressionsTold::parse(r#"{"ubuntu": {"noble": {"a": "2", "b": "1"}}}"#).unwrap());
        assert_eq!(told.get("ubuntu", "noble", "a"), Some("2"));
        assert_eq!(told.get("ubuntu", "jammy", "a"), Some("1"));
        told.retain("ubuntu", "noble", |source, _| source == "b");
        assert_eq!(told.render(), r#"{"ubuntu": {"jammy": {"a": "1"}, "noble": {"b": "1"}}}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(entries in proptest::collection::vec(
            (any::<String>(), any::<String>(), proptest::collection::vec(any::<String>(), 0..3), any::<u32>()), 0..6,
        )) {
            let mut records = MailRecords::default();
            for (source, version, addresses, last_sent) in entries {
                records.insert(&source, &version, MailRecord { addresses, last_sent });
            }
            prop_assert_eq!(MailRecords::parse(&records.render()), Ok(records));
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = MailRecords::parse(&text);
            let _ = RegressionsTold::parse(&text);
        }
    }
}
