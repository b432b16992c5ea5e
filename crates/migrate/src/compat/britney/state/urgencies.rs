//! How urgent each upload was: `age-policy-urgencies`, formerly `Urgency`.

use std::collections::BTreeMap;

use super::{three, word_lines};
use crate::diagnostic::Diagnostic;

/// The urgencies of the uploads of each source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Urgencies {
    uploads: BTreeMap<String, Vec<(String, String)>>,
}

impl Urgencies {
    /// Version and urgency (in lower case, perhaps of unknown meaning) of a source's uploads, in the order of the file. One
    /// version may have several: which of them counts is the age policy's rule.
    pub fn of<'s>(&'s self, source: &str) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s> {
        self.uploads.get(source).into_iter().flatten().map(|(version, urgency)| (version.as_str(), urgency.as_str()))
    }
}

/// Reads `source version urgency` lines.
pub fn parse_urgencies(text: &str, file: &str) -> (Urgencies, Vec<Diagnostic>) {
    let mut urgencies = Urgencies::default();
    let mut diagnostics = Vec::new();
    for (place, words) in word_lines(text, file) {
        match three(&words, place, "source version urgency") {
            Ok([(_, source), (_, version), (_, urgency)]) => {
                let uploads = urgencies.uploads.entry(source.to_owned()).or_default();
                uploads.push((version.to_owned(), urgency.to_lowercase()));
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    (urgencies, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_upload_is_kept_in_the_order_of_the_file() {
        let (urgencies, diagnostics) = parse_urgencies("foo 2 low\nbar 1 medium\nfoo 1 HIGH\nfoo 2 odd\n", "Urgency");
        assert_eq!(diagnostics, []);
        assert_eq!(urgencies.of("foo").collect::<Vec<_>>(), [("2", "low"), ("1", "high"), ("2", "odd")]);
        assert_eq!(urgencies.of("baz").count(), 0);
    }

    #[test]
    fn what_is_no_line_is_left_out_and_said() {
        let (urgencies, diagnostics) = parse_urgencies("foo 2 low for users\nfoo 1 low\n", "Urgency");
        assert_eq!(urgencies.of("foo").collect::<Vec<_>>(), [("1", "low")]);
        assert_eq!(
            diagnostics[0].to_string(),
            "Urgency:1:1: 5 words instead of three, so the line is left out; write source version urgency"
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_urgencies(&text, "Urgency");
        }
    }
}
