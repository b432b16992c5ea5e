//! Bugs that speak of a source in the source suite: `Blocks` and `ExcuseBugs`.

use std::collections::BTreeMap;

use super::{three, word_lines};
use crate::diagnostic::{Diagnostic, Place, quote};

const EXAMPLE: &str = "source bug seconds";

/// The bugs of each source, with the instant at which each began to count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BugTimes {
    sources: BTreeMap<String, BTreeMap<String, i64>>,
}

impl BugTimes {
    /// The bugs of a source with their instants, in seconds since 1970; by the text of the number.
    pub fn of(&self, source: &str) -> impl Iterator<Item = (&str, i64)> {
        self.sources.get(source).into_iter().flatten().map(|(bug, &since)| (bug.as_str(), since))
    }
}

/// Reads `source bug seconds` lines; of two for one bug the later counts.
pub fn parse_bug_times(text: &str, file: &str) -> (BugTimes, Vec<Diagnostic>) {
    let mut bugs = BugTimes::default();
    let mut diagnostics = Vec::new();
    for (place, words) in word_lines(text, file) {
        match three(&words, place, EXAMPLE) {
            Ok([(_, source), (_, bug), (column, since)]) => {
                if let Some(since) = seconds(since) {
                    bugs.sources.entry(source.to_owned()).or_default().insert(bug.to_owned(), since);
                } else {
                    // That the bug is there counts for more than since when.
                    bugs.sources.entry(source.to_owned()).or_default().insert(bug.to_owned(), 0);
                    let message =
                        format!("{} is no time, so the bug counts from the beginning; write {EXAMPLE}", quote(since));
                    diagnostics.push(Place { column, ..place }.warning("state-malformed", message));
                }
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    (bugs, diagnostics)
}

/// Seconds since 1970; a fraction is dropped.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    whole.parse().ok().filter(|&seconds| seconds >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bugs_are_kept_with_their_times() {
        let (bugs, odd) = parse_bug_times("foo 12 1471505000\nfoo 13 1471505000.75\n# none\nbar 1 5\n", "Blocks");
        assert_eq!(odd, []);
        assert_eq!(bugs.of("foo").collect::<Vec<_>>(), [("12", 1_471_505_000), ("13", 1_471_505_000)]);
        assert_eq!(bugs.of("baz").count(), 0);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_said_and_a_block_without_a_time_still_blocks() {
        let (bugs, odd) = parse_bug_times("foo 12\nbar 13 yesterday\n", "Blocks");
        let said: Vec<String> = odd.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "Blocks:1:1: 2 words instead of three, so the line is left out; write source bug seconds",
                "Blocks:2:8: \"yesterday\" is no time, so the bug counts from the beginning; write source bug seconds",
            ]
        );
        assert_eq!(bugs.of("bar").collect::<Vec<_>>(), [("13", 0)]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_bug_times(&text, "Blocks");
        }
    }
}
