//! The release-critical bugs of a suite: `rc-bugs-SUITE`, formerly `BugsV`.

use std::collections::{BTreeMap, BTreeSet};

use super::word_lines;
use crate::diagnostic::Diagnostic;

/// The bugs of each package, as the tracker files them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RcBugs {
    packages: BTreeMap<String, BTreeSet<String>>,
}

/// Prefix of packages that are sources for certain.
const SOURCE_PREFIX: &str = "src:";

impl RcBugs {
    /// Bugs that were filed on the source: lines `src:name`.
    pub fn of_source(&self, source: &str) -> impl Iterator<Item = &str> {
        self.of(&format!("{SOURCE_PREFIX}{source}"))
    }

    /// Bugs that were filed on a name that may be a binary's or a source's: lines without `src:`.
    pub fn of_package(&self, name: &str) -> impl Iterator<Item = &str> {
        self.of(name)
    }

    /// Each package, with `src:` where it was written, and its bugs; both sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.packages.iter().map(|(package, bugs)| (package.as_str(), bugs))
    }

    fn of<'s>(&'s self, package: &str) -> impl Iterator<Item = &'s str> + use<'s> {
        self.packages.get(package).into_iter().flatten().map(String::as_str)
    }
}

/// Reads `package bug[,bug…]` lines; the bugs of several lines for one package add up.
pub fn parse_rc_bugs(text: &str, file: &str) -> (RcBugs, Vec<Diagnostic>) {
    let mut bugs = RcBugs::default();
    let mut diagnostics = Vec::new();
    for (place, words) in word_lines(text, file) {
        let numbers = || words[1..].iter().flat_map(|(_, word)| word.split(',')).filter(|bug| !bug.is_empty());
        if numbers().next().is_none() {
            let message = "the line names no bug, so it is left out; write package bug,bug";
            diagnostics.push(place.warning("state-malformed", message));
            continue;
        }
        let (_, package) = words[0];
        bugs.packages.entry(package.to_owned()).or_default().extend(numbers().map(str::to_owned));
    }
    (bugs, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sources_and_names_are_kept_apart_and_lines_add_up() {
        let (bugs, diagnostics) = parse_rc_bugs("src:foo 123,45\nfoo 7\nfoo 8,7,\nbar 1, 2\n", "BugsV");
        assert_eq!(diagnostics, []);
        assert_eq!(bugs.of_source("foo").collect::<Vec<_>>(), ["123", "45"]);
        assert_eq!(bugs.of_package("foo").collect::<Vec<_>>(), ["7", "8"]);
        assert_eq!(bugs.of_package("bar").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(bugs.of_source("bar").count(), 0);
        assert_eq!(bugs.iter().map(|(package, _)| package).collect::<Vec<_>>(), ["bar", "foo", "src:foo"]);
    }

    #[test]
    fn a_package_without_bugs_is_left_out_and_said() {
        let (bugs, diagnostics) = parse_rc_bugs("\n# none\nfoo\nbar ,\n", "BugsV");
        assert_eq!(bugs, RcBugs::default());
        let said: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "BugsV:3:1: the line names no bug, so it is left out; write package bug,bug",
                "BugsV:4:1: the line names no bug, so it is left out; write package bug,bug",
            ]
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_rc_bugs(&text, "BugsV");
        }
    }
}
