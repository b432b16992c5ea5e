//! From which personal archive a version was copied: `SourcePPA`.

use serde_json::Value;

use super::{Versions, json};
use crate::diagnostic::{Diagnostic, Place, quote};

/// The archive of each version of each source; empty for one that was copied from none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcePpas {
    versions: Versions<String>,
}

impl SourcePpas {
    /// The archive of a version: none if nobody has asked yet, empty if it was copied from none.
    pub fn get(&self, source: &str, version: &str) -> Option<&str> {
        self.versions.get(source)?.get(version).map(String::as_str)
    }

    /// Records the answer for a version.
    pub fn insert(&mut self, source: &str, version: &str, ppa: &str) {
        self.versions.entry(source.to_owned()).or_default().insert(version.to_owned(), ppa.to_owned());
    }

    /// Keeps the versions for which `keep(source, version)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.versions.retain(|source, versions| {
            versions.retain(|version, _| keep(source, version));
            !versions.is_empty()
        });
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The file's text.
    pub fn render(&self) -> String {
        serde_json::to_string(&self.versions).expect("maps of texts are JSON")
    }
}

/// Reads `{source: {version: archive}}`. An entry that cannot be read is left out, to be asked for again.
///
/// # Errors
/// The text is no JSON object.
pub fn parse_source_ppas(text: &str, file: &str) -> Result<(SourcePpas, Vec<Diagnostic>), Diagnostic> {
    let mut ppas = SourcePpas::default();
    let mut diagnostics = Vec::new();
    for (source, versions) in json::object(text, file)? {
        let Value::Object(versions) = versions else {
            let message = format!("the entry of {} is left out; expected {{version: archive}}", quote(&source));
            diagnostics.push(Place { file, line: 1, column: 1 }.warning("state-malformed", message));
            continue;
        };
        for (version, ppa) in versions {
            match ppa {
                Value::String(ppa) => ppas.insert(&source, &version, &ppa),
                Value::Null => ppas.insert(&source, &version, ""),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    let message = format!("the archive of {} is left out; expected a text", quote(&source));
                    diagnostics.push(Place { file, line: 1, column: 1 }.warning("state-malformed", message));
                }
            }
        }
    }
    Ok((ppas, diagnostics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_copied_from_none_is_known_and_another_is_not() {
        let (ppas, odd) = parse_source_ppas(r#"{"foo": {"1": "", "2": "~a/b"}, "bar": {"1": null}}"#, "it").unwrap();
        assert_eq!(odd, []);
        assert_eq!([ppas.get("foo", "1"), ppas.get("foo", "2"), ppas.get("foo", "3")], [Some(""), Some("~a/b"), None]);
        assert_eq!(ppas.get("bar", "1"), Some(""));
        assert_eq!(ppas.render(), r#"{"bar":{"1":""},"foo":{"1":"","2":"~a/b"}}"#);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let said = parse_source_ppas("{\"foo\": ", "SourcePPA").unwrap_err().to_string();
        assert!(said.starts_with("SourcePPA:1:"), "{said}");
        assert!(parse_source_ppas("[]", "SourcePPA").is_err());
        let (ppas, odd) = parse_source_ppas(r#"{"foo": 1, "bar": {"1": true, "2": "x"}}"#, "SourcePPA").unwrap();
        assert_eq!((odd.len(), ppas.get("bar", "2")), (2, Some("x")));
        assert!(parse_source_ppas(" \n", "SourcePPA").unwrap().0.is_empty());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(entries in proptest::collection::vec(("\\PC*", "\\PC*", "\\PC*"), 0..8)) {
            let mut ppas = SourcePpas::default();
            for (source, version, ppa) in &entries {
                ppas.insert(source, version, ppa);
            }
            prop_assert_eq!(parse_source_ppas(&ppas.render(), "SourcePPA").unwrap(), (ppas, Vec::new()));
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_source_ppas(&text, "SourcePPA");
        }
    }
}
