//! How one test stands: its result beside what the target did before.

use tidegate_archive::version;

use super::plan::target_has_test;
use super::results::{NO_VERSIONS, Outcome, REFERENCE, TestRun};
use crate::excuses::Context;
use crate::hint::{Hint, HintKind};
use crate::model::{ArchId, NameId, SuiteId};

const DAY: i64 = 86_400;

/// How a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It passes.
    Pass,
    /// Nothing that could fail was tested.
    Neutral,
    /// It fails and did not before.
    Regression,
    /// It fails as before.
    AlwaysFail,
    /// It fails and a hint says that this does not matter.
    IgnoreFail,
    /// It has yet to end.
    Running,
    /// It fails; whether it did before has yet to be found out.
    RunningReference,
    /// It has yet to end, and failing would be nothing new.
    RunningAlwaysFail,
}

impl Status {
    /// The word in `policy_info`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Neutral => "NEUTRAL",
            Self::Regression => "REGRESSION",
            Self::AlwaysFail => "ALWAYSFAIL",
            Self::IgnoreFail => "IGNORE-FAIL",
            Self::Running => "RUNNING",
            Self::RunningReference => "RUNNING-REFERENCE",
            Self::RunningAlwaysFail => "RUNNING-ALWAYSFAIL",
        }
    }

    /// The words in a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Pass => "passes",
            Self::Neutral => "is neutral",
            Self::Regression => "regression",
            Self::AlwaysFail => "fails as before",
            Self::IgnoreFail => "fails, which is ignored",
            Self::Running => "test in progress",
            Self::RunningReference => "fails, reference test in progress",
            Self::RunningAlwaysFail => "test in progress (will not be considered a regression)",
        }
    }

    /// Whether the item has to wait for it, at the least.
    pub(super) fn holds(self) -> bool {
        match self {
            Self::Regression | Self::Running | Self::RunningReference => true,
            Self::Pass | Self::Neutral | Self::AlwaysFail | Self::IgnoreFail | Self::RunningAlwaysFail => false,
        }
    }
}

/// One test of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test<'a, 't> {
    pub(super) context: Context<'a>,
    /// `source/version` of the item.
    pub(super) trigger: &'t str,
    /// The item's source.
    pub(super) of: NameId,
    pub(super) source: NameId,
    pub(super) arch: ArchId,
}

/// What is found about a test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) status: Status,
    /// The result that counts.
    pub(super) run: Option<&'a TestRun>,
    /// Whether the test is to be asked for.
    pub(super) ask: bool,
    /// Whether the same test of the target as it is is to be asked for.
    pub(super) ask_reference: bool,
    /// The hint because of which a failure does not matter.
    pub(super) ignored: Option<&'a Hint>,
}

impl<'a> Test<'a, '_> {
    fn source_name(self) -> &'a str {
        self.context.distribution.name(self.source)
    }

    fn arch_name(self) -> &'a str {
        self.context.distribution.arch_name(self.arch)
    }

    fn known(self, trigger: &str) -> Option<&'a TestRun> {
        self.context.facts.test_results.get(trigger, self.source_name(), self.arch_name())
    }

    fn is_pending(self, trigger: &str) -> bool {
        self.context.facts.pending_tests.contains(trigger, self.source_name(), self.arch_name())
    }

    pub(super) fn find(self) -> Found<'a> {
        let pending = self.is_pending(self.trigger);
        let run = self.known(self.trigger);
        let found = Found { status: Status::Running, run, ask: false, ask_reference: false, ignored: None };
        match run.map(|run| (run, run.outcome)) {
            Some((_, Outcome::Pass)) => Found { status: Status::Pass, ..found },
            Some((_, Outcome::Neutral)) => Found { status: Status::Neutral, ..found },
            Some((run, Outcome::Fail)) => self.failed(run, pending, found),
            None | Some((_, Outcome::None | Outcome::OldFail | Outcome::OldPass | Outcome::OldNeutral)) => {
                let failing = self.failing(self.expected());
                let status = match failing.status {
                    Status::AlwaysFail | Status::IgnoreFail => Status::RunningAlwaysFail,
                    _ => Status::Running,
                };
                Found { status, run: None, ask: !pending, ..found }
            }
        }
    }

    fn failed(self, run: &TestRun, pending: bool, found: Found<'a>) -> Found<'a> {
        let Context { rules, .. } = self.context;
        let failing = self.failing(run.version.as_deref().unwrap_or_else(|| self.expected()));
        let days = rules.autopkgtest.retry_older_than.map(i64::from);
        let again = failing.status == Status::Regression
            && days.is_some_and(|days| rules.now.saturating_sub(run.seen) > days.saturating_mul(DAY));
        Found {
            status: failing.status,
            ask: again && !pending,
            ask_reference: failing.wants_reference && !self.is_pending(REFERENCE),
            ignored: failing.ignored,
            ..found
        }
    }

    /// The version that is tested where no result says it: the item's, or else the target's.
    fn expected(self) -> &'a str {
        let distribution = self.context.distribution;
        let suite = if self.source == self.of { SuiteId::PRIMARY } else { SuiteId::TARGET };
        distribution.source(suite, self.source).map_or("", |source| distribution.text(source.version))
    }

    /// What a failure at this version is.
    fn failing(self, tested: &str) -> Failing<'a> {
        let plain = |status| Failing { status, wants_reference: false, ignored: None };
        if let Some(hint) = self.bad_test(tested) {
            return Failing { ignored: Some(hint), ..plain(Status::IgnoreFail) };
        }
        let reference = self.context.rules.autopkgtest.reference_baseline;
        let baseline = self.known(REFERENCE).map(|run| reference_outcome(self.context, self.source, run));
        // Without a word about the target, only what happened before counts, unless references are made.
        let baseline = baseline.or(reference.then_some(Outcome::None));
        match baseline {
            Some(Outcome::Fail) => plain(Status::AlwaysFail),
            Some(outcome @ (Outcome::None | Outcome::OldFail))
                if target_has_test(self.context, self.arch, self.source) =>
            {
                let status =
                    if reference && outcome == Outcome::None { Status::RunningReference } else { Status::AlwaysFail };
                Failing { wants_reference: reference, ..plain(status) }
            }
            None
            | Some(
                Outcome::None
                | Outcome::OldFail
                | Outcome::Pass
                | Outcome::Neutral
                | Outcome::OldPass
                | Outcome::OldNeutral,
            ) => plain(if self.passed_before(tested) { Status::Regression } else { Status::AlwaysFail }),
        }
    }

    fn passed_before(self, tested: &str) -> bool {
        let Context { rules, facts, distribution, .. } = self.context;
        let most = if NO_VERSIONS.contains(&tested) { self.expected() } else { tested };
        let resets = self.hints(HintKind::ForceResetTest).filter_map(|(_, version)| version);
        let floor = resets.max_by(|a, b| version::compare(a, b));
        let trigger = distribution.name(self.of);
        let only = rules.test_cases.is_kernel_meta(trigger).then_some(trigger);
        facts.test_results.ever_passed((self.source_name(), self.arch_name()), most, floor, only)
    }

    /// The hint by which failures at this version do not matter.
    fn bad_test(self, tested: &str) -> Option<&'a Hint> {
        let expected = self.expected();
        let matches = |hinted: &str| {
            // What a server refuses to run has no version, and a hint about it says so; a run that never came to know its
            // version tested what was to be tested.
            let tested = if tested == "unknown" { expected } else { tested };
            let words = [hinted, tested].iter().any(|text| NO_VERSIONS.contains(text));
            hinted == "all" || hinted == tested || (!words && version::compare(tested, hinted).is_le())
        };
        let mut hints = self.hints(HintKind::ForceBadtest);
        hints.find(|(_, hinted)| hinted.is_some_and(matches)).map(|(hint, _)| hint)
    }

    /// The hints of a kind for the tested source on this architecture, with their versions.
    fn hints(self, kind: HintKind) -> impl Iterator<Item = (&'a Hint, Option<&'a str>)> {
        let arch = self.arch_name();
        let found = self.context.hints.find(kind, self.source_name());
        let with_item = found.filter_map(|hint| hint.item().map(|item| (hint, item)));
        let here = with_item.filter(move |(_, item)| item.binary_architecture().is_none_or(|hinted| hinted == arch));
        here.map(|(hint, item)| (hint, item.version.as_deref()))
    }
}

/// What a failure is.
struct Failing<'a> {
    status: Status,
    wants_reference: bool,
    ignored: Option<&'a Hint>,
}

/// A reference's outcome as it counts now: old where it is too old, or of a version that no suite has.
pub(super) fn reference_outcome(context: Context<'_>, source: NameId, run: &TestRun) -> Outcome {
    let Context { distribution, rules, .. } = context;
    let days = rules.autopkgtest.reference_max_age.map(i64::from);
    let too_old = days.is_some_and(|days| rules.now.saturating_sub(run.seen) > days.saturating_mul(DAY));
    let in_a_suite = || {
        let Some(version) = run.version.as_deref().filter(|version| !NO_VERSIONS.contains(version)) else {
            return true;
        };
        let mut suites = (0..distribution.suites.len()).map(SuiteId::at);
        suites.any(|suite| {
            distribution.source(suite, source).is_some_and(|source| distribution.text(source.version) == version)
        })
    };
    if too_old || !in_a_suite() { run.outcome.old() } else { run.outcome }
}
