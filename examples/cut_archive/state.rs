//! What the policies of the example know beside the packages: when versions were first seen, and how urgent they are.
//!
//! Debian's archive does not say either, so both are made up, from the names alone: most versions are old enough, some
//! are a few days old, some uploads are of low or high urgency. What a story tells is always old enough.

use std::fmt::Write as _;

use crate::snapshot::Change;
use crate::{spread, stories};

/// The day of unstable's snapshot, 2026-11-21, as `age-policy-dates` counts days: they begin at 19:00 UTC.
const TODAY: u64 = 20_777;

/// The days between the snapshots of testing and unstable: nothing in unstable alone can be older.
const MOST_DAYS: u64 = 21;

/// One version in so many is of low urgency, and as many are of high urgency.
const RARE: u64 = 8;

/// `source version day`, one line for each version that unstable has and testing has not.
pub(crate) fn dates(changes: &[Change<'_>]) -> String {
    let mut text = String::new();
    for (source, version) in versions(changes) {
        let days = if stories::tells(source) { MOST_DAYS } else { (1 + spread(source) % 60).min(MOST_DAYS) };
        writeln!(text, "{source} {version} {}", TODAY - days).expect("a string takes any text");
    }
    text
}

/// `source version urgency`, one line for each version whose urgency is not the default.
pub(crate) fn urgencies(changes: &[Change<'_>]) -> String {
    let mut text = String::new();
    for (source, version) in versions(changes) {
        let urgency = match spread(version) % RARE {
            0 => "low",
            1 => "high",
            _ => continue,
        };
        writeln!(text, "{source} {version} {urgency}").expect("a string takes any text");
    }
    text
}

fn versions<'a>(changes: &'a [Change<'a>]) -> impl Iterator<Item = (&'a str, &'a str)> {
    changes.iter().filter_map(|change| change.version.map(|version| (change.source, version)))
}
