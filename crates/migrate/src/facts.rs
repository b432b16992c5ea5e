//! What policies know from outside the archive. Plain data: who reads it is `files.rs`, and the formats are
//! `compat::britney::state`'s.

use std::collections::{BTreeMap, BTreeSet};

/// Facts about packages, by name.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// When the version in the source suite was first seen.
    pub first_seen: BTreeMap<String, FirstSeen>,
    /// Urgencies of versions.
    pub urgencies: BTreeMap<String, Vec<Urgency>>,
    /// Release-critical bugs in the target, by package name or `src:` and source name.
    pub target_bugs: Bugs,
    /// The same in the primary source suite.
    pub source_bugs: Bugs,
    /// Piuparts results; none if there is no summary.
    pub piuparts: Option<Piuparts>,
}

/// Bug numbers by package.
pub type Bugs = BTreeMap<String, BTreeSet<String>>;

/// When a version was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSeen {
    /// The version.
    pub version: String,
    /// The day or the instant.
    pub at: Moment,
}

/// A moment in the past, as exactly as it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A day's number.
    Day(i64),
    /// Seconds since 1970.
    Second(i64),
}

/// How urgent a version's upload was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// The version.
    pub version: String,
    /// The urgency, in lower case.
    pub urgency: String,
}

/// Piuparts results of the target and of the primary source suite, by source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piuparts {
    /// In the target.
    pub target: BTreeMap<String, PiupartsResult>,
    /// In the primary source suite.
    pub source: BTreeMap<String, PiupartsResult>,
}

/// One piuparts result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PiupartsResult {
    /// The state.
    pub state: PiupartsState,
    /// The page of the result.
    pub url: String,
}

/// The state of a source in piuparts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PiupartsState {
    /// `P`
    Passed,
    /// `F`
    Failed,
    /// `X`
    CannotBeTested,
    /// `W`
    Waiting,
}
