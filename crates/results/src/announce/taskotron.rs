//! The stream of old consumers, which knows neither scenarios nor states: a result is compared with the one before it.
//!
//! Kept as it was, off by default. Nothing new should listen to it.

use crate::digest::{KeyHash, Parts};
use crate::model::{ExtraData, Outcome};

/// What this stream takes for one thing: test case, item, type and architecture.
pub fn identity(testcase: &str, data: &ExtraData) -> KeyHash {
    let part = |parts: Parts, key: &str| {
        let values = data.get(key).map(|values| {
            let mut values: Vec<_> = values.iter().map(String::as_str).collect();
            values.sort_unstable();
            values.dedup();
            values
        });
        parts.list(values)
    };
    ["item", "type", "arch"].into_iter().fold(Parts::default().text(testcase), part).hash()
}

/// What is said of a result on the old stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldNews {
    /// The outcome before; `None` for the first.
    pub prev_outcome: Option<Outcome>,
}

/// Whether the stream says anything of a result, given the outcome of the newest earlier one of the same
/// [`identity`].
pub fn old_news(earlier: Option<&Outcome>, outcome: &Outcome) -> Option<OldNews> {
    match earlier {
        Some(earlier) if earlier == outcome => None,
        other => Some(OldNews { prev_outcome: other.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_not_seen() {
        let data = |scenario: &str| {
            [("item", "a-1-1"), ("type", "koji_build"), ("scenario", scenario)].into_iter().collect::<ExtraData>()
        };
        assert_eq!(identity("t", &data("bios")), identity("t", &data("uefi")));
        assert_ne!(identity("t", &data("bios")), identity("u", &data("bios")));
        let failed = Outcome::stored("FAILED");
        let mut earlier = None;
        let mut said = Vec::new();
        for outcome in ["FAILED", "FAILED", "PASSED"].map(Outcome::stored) {
            said.extend(old_news(earlier.as_ref(), &outcome));
            earlier = Some(outcome);
        }
        assert_eq!(said, [OldNews { prev_outcome: None }, OldNews { prev_outcome: Some(failed) }]);
    }
}
