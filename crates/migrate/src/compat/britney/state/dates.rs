//! When each version was first seen: `age-policy-dates`, formerly `Dates`.

use std::fmt::Write as _;

use super::super::config::Dialect;
use super::{Versions, three, word_lines};
use crate::diagnostic::{Diagnostic, Place, quote};

/// A number above this is in seconds, in either dialect; up to it, in days.
const LAST_DAY: i64 = 100_000;

/// Days begin at 19:00 UTC, before that day's archive run.
const DAY_BEGINS_AT_HOUR: i64 = 19;

const EXAMPLE: &str = "source version day";

/// When a version was first seen, as the file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstSeen {
    /// Number of the day: hours since 1970 less 19, divided by 24.
    Day(i64),
    /// Seconds since 1970.
    Seconds(i64),
}

impl FirstSeen {
    /// The day that holds the instant.
    pub fn day(self) -> i64 {
        match self {
            Self::Day(day) => day,
            Self::Seconds(seconds) => (seconds.div_euclid(3600) - DAY_BEGINS_AT_HOUR).div_euclid(24),
        }
    }

    /// The instant in seconds since 1970; of a day its beginning.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Day(day) => day.saturating_mul(24).saturating_add(DAY_BEGINS_AT_HOUR).saturating_mul(3600),
            Self::Seconds(seconds) => seconds,
        }
    }

    fn of_number(number: i64) -> Self {
        if number > LAST_DAY { Self::Seconds(number) } else { Self::Day(number) }
    }
}

/// First sight of each version of each source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgeDates {
    versions: Versions<FirstSeen>,
}

impl AgeDates {
    /// When this version was first seen, if it was.
    pub fn get(&self, source: &str, version: &str) -> Option<FirstSeen> {
        self.versions.get(source)?.get(version).copied()
    }

    /// Records a first sight; of two for one version the later call counts.
    pub fn insert(&mut self, source: &str, version: &str, seen: FirstSeen) {
        self.versions.entry(source.to_owned()).or_default().insert(version.to_owned(), seen);
    }

    /// Keeps the versions for which `keep(source, version)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.versions.retain(|source, versions| {
            versions.retain(|version, _| keep(source, version));
            !versions.is_empty()
        });
    }

    /// Source, version and first sight, sorted by source and then by version, both in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, FirstSeen)> {
        let all = self
            .versions
            .iter()
            .flat_map(|(source, versions)| versions.iter().map(move |(version, seen)| (source, version, seen)));
        all.map(|(source, version, &seen)| (source.as_str(), version.as_str(), seen))
    }

    /// The file's text, sorted: days in the debian dialect, seconds in ubuntu's.
    pub fn render(&self, dialect: Dialect) -> String {
        let mut text = String::new();
        for (source, version, seen) in self.iter() {
            let number = match dialect {
                Dialect::Debian => seen.day(),
                // A number that would read as a day can only come of the first days of 1970.
                Dialect::Ubuntu => seen.seconds().max(LAST_DAY + 1),
            };
            writeln!(text, "{source} {version} {number}").expect("a string takes any text");
        }
        text
    }
}

/// Reads `source version day` lines; later lines beat earlier ones.
pub fn parse_age_dates(text: &str, file: &str) -> (AgeDates, Vec<Diagnostic>) {
    let mut dates = AgeDates::default();
    let mut diagnostics = Vec::new();
    for (place, words) in word_lines(text, file) {
        match three(&words, place, EXAMPLE) {
            Ok([(_, source), (_, version), (column, word)]) => {
                if let Some(number) = parse_number(word) {
                    dates.insert(source, version, FirstSeen::of_number(number));
                } else {
                    let message =
                        format!("{} is no day or time, so the line is left out; write {EXAMPLE}", quote(word));
                    diagnostics.push(Place { column, ..place }.warning("state-malformed", message));
                }
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    (dates, diagnostics)
}

/// A whole number; seconds may have a fraction, which is dropped.
fn parse_number(text: &str) -> Option<i64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if digits(whole) && digits(fraction) { whole.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_and_seconds_are_told_apart_by_size() {
        let (dates, diagnostics) =
            parse_age_dates("foo 1.0-1 16043\n\n# note\nbar 2 1794734810\nbaz 1 100000\n", "Dates");
        assert_eq!(diagnostics, []);
        assert_eq!(dates.get("foo", "1.0-1"), Some(FirstSeen::Day(16043)));
        assert_eq!(dates.get("bar", "2"), Some(FirstSeen::Seconds(1_794_734_810)));
        assert_eq!(dates.get("baz", "1"), Some(FirstSeen::Day(100_000)));
        assert_eq!(dates.get("foo", "1.0-2"), None);
    }

    #[test]
    fn a_day_begins_at_seven_in_the_evening() {
        let day = |hour: i64, minute: i64| FirstSeen::Seconds((20_000 * 24 + hour) * 3600 + minute * 60).day();
        assert_eq!(day(19, 0), day(18, 59) + 1);
        assert_eq!(day(19, 0), day(42, 59));
        assert_eq!(FirstSeen::Day(20_000).seconds(), (20_000 * 24 + 19) * 3600);
        assert_eq!(FirstSeen::Day(20_000).day(), 20_000);
    }

    #[test]
    fn lines_are_written_sorted_in_the_dialects_unit() {
        let (dates, _) = parse_age_dates("b 2 1794734810\na 2 3\na 10 4\n", "Dates");
        assert_eq!(dates.render(Dialect::Debian), "a 10 4\na 2 3\nb 2 20771\n");
        assert_eq!(dates.render(Dialect::Ubuntu), "a 10 414000\na 2 327600\nb 2 1794734810\n");
    }

    #[test]
    fn the_first_days_of_1970_are_not_mistaken_when_read_again() {
        let (dates, _) = parse_age_dates("a 1 0\n", "Dates");
        assert_eq!(dates.render(Dialect::Ubuntu), "a 1 100001\n");
    }

    #[test]
    fn what_is_no_line_is_left_out_and_said() {
        let (dates, diagnostics) = parse_age_dates("a 1 3\nb 2\nc 1 soon\nd 1 -4\ne 1 7\nf 1 1794734810.75\n", "Dates");
        assert_eq!(dates.iter().map(|(source, ..)| source).collect::<Vec<_>>(), ["a", "e", "f"]);
        let said: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "Dates:2:1: 2 words instead of three, so the line is left out; write source version day",
                "Dates:3:5: \"soon\" is no day or time, so the line is left out; write source version day",
                "Dates:4:5: \"-4\" is no day or time, so the line is left out; write source version day",
            ]
        );
    }

    #[test]
    fn the_later_line_counts_and_gone_versions_can_be_dropped() {
        let (mut dates, _) = parse_age_dates("a 1 3\na 1 5\na 2 6\nb 1 7\n", "Dates");
        dates.retain(|source, version| (source, version) != ("a", "2") && source != "b");
        assert_eq!(dates.iter().collect::<Vec<_>>(), [("a", "1", FirstSeen::Day(5))]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_age_dates(&text, "Dates");
        }

        #[test]
        fn what_is_written_reads_back(lines in proptest::collection::vec(("[a-c]", "[0-9]", 0_i64..4_000_000_000), 0..20)) {
            let mut dates = AgeDates::default();
            for (source, version, number) in lines {
                dates.insert(&source, &version, FirstSeen::of_number(number));
            }
            for dialect in [Dialect::Debian, Dialect::Ubuntu] {
                let text = dates.render(dialect);
                let (again, diagnostics) = parse_age_dates(&text, "Dates");
                prop_assert_eq!(diagnostics, []);
                prop_assert_eq!(again.render(dialect), text);
                for ((_, _, a), (_, _, b)) in dates.iter().zip(again.iter()) {
                    prop_assert_eq!(a.day(), b.day());
                }
            }
        }
    }
}
