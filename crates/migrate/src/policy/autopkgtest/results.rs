//! What is known of tests: the newest and best result for each trigger, source and architecture.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_archive::version;

use super::request::PendingTests;

/// The trigger of tests of the target as it is.
pub const REFERENCE: &str = "migration-reference/0";

/// What stands for the version of a run that ended before it knew one, and of one that a server refuses to run.
pub(super) const NO_VERSIONS: [&str; 2] = ["unknown", "blacklisted"];

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Default)]
pub struct TestResults {
    /// The results.
    pub by_trigger: BTreeMap<String, BTreeMap<String, BTreeMap<String, TestRun>>>,
    history: History,
}

impl PartialEq for TestResults {
    fn eq(&self, other: &Self) -> bool {
        self.by_trigger == other.by_trigger
    }
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

    /// Whether the test passed, however long ago.
    pub fn has_passed(self) -> bool {
        match self {
            Self::Pass | Self::OldPass => true,
            Self::Fail | Self::Neutral | Self::None | Self::OldFail | Self::OldNeutral => false,
        }
    }

    /// The same, too old to be relied on.
    #[must_use]
    pub fn old(self) -> Self {
        match self {
            Self::Fail | Self::OldFail => Self::OldFail,
            Self::Pass | Self::OldPass => Self::OldPass,
            Self::Neutral | Self::OldNeutral => Self::OldNeutral,
            Self::None => Self::None,
        }
    }
}

impl TestResults {
    /// What is known of one test.
    pub fn get(&self, trigger: &str, source: &str, arch: &str) -> Option<&TestRun> {
        self.by_trigger.get(trigger)?.get(source)?.get(arch)
    }

    /// Takes what a test server says of a run, for every trigger that it was run for, and ends the requests that it answers.
    /// A result of a version below the one that the trigger is about is none of that trigger's. A failure never
    /// replaces a result without one, unless it is a reference. In which order runs are taken makes no difference.
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
                self.history.0.take();
            }
        }
    }

    /// Whether a test passed before on an architecture, at a version above `floor` and not above `most`. With `only`, results
    /// count that were triggered by that source.
    pub(super) fn ever_passed(
        &self,
        (source, arch): (&str, &str),
        most: &str,
        floor: Option<&str>,
        only: Option<&str>,
    ) -> bool {
        let history = self.history.0.get_or_init(|| History::passes(self));
        let passes = history.get(source).and_then(|archs| archs.get(arch));
        passes.into_iter().flatten().any(|(trigger, passed)| {
            only.is_none_or(|only| only == trigger)
                && version::compare(passed, most).is_le()
                && floor.is_none_or(|floor| version::compare(passed, floor).is_gt())
        })
    }
}

/// Passes by tested source and architecture: the trigger's source and the version. Made when it is first asked for.
#[derive(Debug, Default)]
struct History(OnceLock<Passes>);

type Passes = HashMap<String, HashMap<String, BTreeSet<(String, String)>>>;

impl History {
    fn passes(results: &TestResults) -> Passes {
        let mut passes = Passes::default();
        for (trigger, sources) in &results.by_trigger {
            let trigger = trigger.split_once('/').map_or(trigger.as_str(), |(source, _)| source);
            for (source, archs) in sources {
                for (arch, run) in archs {
                    let Some(version) = run.version.as_ref().filter(|_| run.outcome.has_passed()) else { continue };
                    let of_source = passes.entry(source.clone()).or_default();
                    of_source.entry(arch.clone()).or_default().insert((trigger.to_owned(), version.clone()));
                }
            }
        }
        passes
    }
}

impl Clone for History {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Whether a run can be an answer to a trigger: it tested no older version of the source that the trigger names.
fn answers(trigger: &str, found: &FoundRun) -> bool {
    let Some((source, wanted)) = trigger.split_once('/') else { return false };
    let tested = found.run.version.as_deref().filter(|version| !NO_VERSIONS.contains(version));
    source != found.source || tested.is_none_or(|tested| version::compare(tested, wanted).is_ge())
}

/// Whether a run counts instead of the one that is known.
fn replaces(trigger: &str, known: &TestRun, new: &TestRun) -> bool {
    if known.run_id.is_some() && known.run_id == new.run_id {
        return false;
    }
    let rank = |run: &TestRun| (trigger != REFERENCE && run.outcome.is_good(), run.seen, run.run_id.clone());
    rank(known) <= rank(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(outcome: Outcome, version: &str, number: i64) -> TestRun {
        let (version, run_id) = (Some(version.to_owned()), Some(number.to_string()));
        TestRun { outcome, version, run_id, seen: number }
    }

    fn found(source: &str, triggers: &[&str], run: TestRun) -> FoundRun {
        let triggers = triggers.iter().map(|&trigger| trigger.to_owned()).collect();
        FoundRun { source: source.to_owned(), arch: "amd64".to_owned(), triggers, run }
    }

    #[test]
    fn a_run_answers_every_trigger_that_it_was_run_for() {
        let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
        for trigger in ["foo/2", "baz/1", "other/1"] {
            pending.insert(trigger, "bar", "amd64");
        }
        results.take(&mut pending, &found("bar", &["foo/2", "baz/1", "word"], run(Outcome::Pass, "1", 5)));
        assert_eq!(results.get("foo/2", "bar", "amd64"), results.get("baz/1", "bar", "amd64"));
        assert_eq!(results.get("foo/2", "bar", "amd64"), Some(&run(Outcome::Pass, "1", 5)));
        assert_eq!(results.by_trigger.len(), 2);
        assert_eq!(pending.by_trigger.keys().collect::<Vec<_>>(), ["other/1"]);
    }

    #[test]
    fn a_result_of_an_older_version_answers_nothing() {
        let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
        pending.insert("foo/2", "foo", "amd64");
        results.take(&mut pending, &found("foo", &["foo/2"], run(Outcome::Pass, "2~rc1", 5)));
        assert_eq!(results, TestResults::default());
        assert!(pending.contains("foo/2", "foo", "amd64"));
        results.take(&mut pending, &found("foo", &["foo/2"], run(Outcome::Fail, "unknown", 6)));
        assert_eq!(pending, PendingTests::default());
        // Of another source any version is one.
        results.take(&mut pending, &found("bar", &["foo/2"], run(Outcome::Pass, "1", 7)));
        assert!(results.get("foo/2", "bar", "amd64").is_some());
    }

    #[test]
    fn a_failure_replaces_no_pass_but_a_references() {
        for (trigger, outcome) in [("foo/2", Outcome::Pass), (REFERENCE, Outcome::Fail)] {
            let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
            results.take(&mut pending, &found("bar", &[trigger], run(Outcome::Pass, "1", 5)));
            results.take(&mut pending, &found("bar", &[trigger], run(Outcome::Fail, "1", 6)));
            assert_eq!(results.get(trigger, "bar", "amd64").map(|run| run.outcome), Some(outcome));
        }
    }

    #[test]
    fn what_passed_before_is_asked_within_bounds() {
        let (mut results, mut pending) = (TestResults::default(), PendingTests::default());
        results.take(&mut pending, &found("bar", &["foo/1"], run(Outcome::Pass, "3", 5)));
        results.take(&mut pending, &found("bar", &["foo/2"], run(Outcome::Neutral, "2", 6)));
        let passed = |most, floor, only| results.ever_passed(("bar", "amd64"), most, floor, only);
        assert!(passed("3", None, None) && passed("4", Some("2"), Some("foo")));
        assert!(!passed("2", None, None) && !passed("4", Some("3"), None) && !passed("4", None, Some("baz")));
        assert!(!results.ever_passed(("bar", "arm64"), "4", None, None));
        results.take(&mut pending, &found("bar", &["foo/3"], run(Outcome::Pass, "2", 7)));
        assert!(results.ever_passed(("bar", "amd64"), "2", None, None));
    }

    proptest! {
        #[test]
        fn the_order_in_which_runs_are_taken_makes_no_difference(
            outcomes in proptest::collection::vec((0..3_usize, 0..2_usize), 1..6),
            shift in 0..6_usize,
        ) {
            let all = [Outcome::Pass, Outcome::Fail, Outcome::Neutral];
            let runs: Vec<FoundRun> = outcomes
                .iter()
                .zip(1..)
                .map(|(&(outcome, trigger), number)| {
                    found("bar", &[["foo/2", REFERENCE][trigger]], run(all[outcome], "1", number))
                })
                .collect();
            let taken = |runs: &mut dyn Iterator<Item = &FoundRun>| {
                let mut results = TestResults::default();
                runs.for_each(|run| results.take(&mut PendingTests::default(), run));
                results.by_trigger
            };
            let in_order = taken(&mut runs.iter());
            prop_assert_eq!(&in_order, &taken(&mut runs.iter().rev()));
            prop_assert_eq!(&in_order, &taken(&mut runs.iter().cycle().skip(shift).take(runs.len())));
        }
    }
}
