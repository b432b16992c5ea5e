//! What is known of tests: the newest and best result for each trigger, source and architecture.

use std::collections::BTreeMap;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It failed.
    Fail,
    /// It passed.
    Pass,
    /// Nothing that could fail was tested.
    Neutral,
    /// There is none.
    None,
    /// It failed, too long ago or with another version than any suite has.
    OldFail,
    /// It passed, likewise.
    OldPass,
    /// Neutral, likewise.
    OldNeutral,
}

/// One result that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// How it ended.
    pub outcome: Outcome,
    /// The tested version of the source; none where an old cache has none.
    pub version: Option<String>,
    /// The run's id: the last part of its path, or a number.
    pub run_id: Option<String>,
    /// When it ended, in seconds since 1970.
    pub seen: i64,
}

/// Results by trigger (`source/version`), tested source and architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestResults {
    /// The results.
    pub by_trigger: BTreeMap<String, BTreeMap<String, BTreeMap<String, TestRun>>>,
}

/// What a test server says of one run; nothing of it is checked against the archive yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRun {
    /// The tested source.
    pub source: String,
    /// The architecture.
    pub arch: String,
    /// Why it was run: `source/version`, in the order of the request.
    pub triggers: Vec<String>,
    /// The run.
    pub run: TestRun,
}
