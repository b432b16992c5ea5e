//! Small archives for explanations, told as stories: what the target has, what the source suite has, what is asked.

mod blockers;
mod causes;
mod snapshot;
mod stayed;
mod tree;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Answer, Explainer, Explanation};
use crate::compat::britney::config::{self, CommandLine};
use crate::compat::britney::hints::parse_file;
use crate::compat::britney::state;
use crate::excuses::{Context, Excuses, excuses};
use crate::facts::Facts;
use crate::hint::{HintRights, HintSet, ItemNames};
use crate::load::{IndexText, StaticPackage, SuiteText, load};
use crate::model::NameId;
use crate::policy::autopkgtest::results::{Outcome as TestOutcome, TestResults, TestRun};
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;
use crate::upgrade::{Outcome, Plan, Upgrade};

/// The instant of every run: 2026-11-21, noon.
const NOW: i64 = 1_795_262_400;

/// A small archive on amd64, where every version is old enough and uploads wait five days.
pub(super) struct Archive {
    /// Target, primary source suite, `tpu`: sources and binaries.
    suites: [(String, String); 3],
    hints: String,
    first_seen: String,
    bugs: String,
    piuparts: String,
    tests: TestResults,
    blocks: String,
    signers: String,
    constraints: Vec<StaticPackage>,
    config: String,
}

/// What a run left behind.
pub(super) struct Ran<'a> {
    pub(super) context: Context<'a>,
    pub(super) keep_installable: &'a BTreeSet<NameId>,
    pub(super) excuses: &'a Excuses,
    pub(super) outcome: &'a Outcome,
}

pub(super) fn archive() -> Archive {
    Archive {
        suites: std::array::from_fn(|_| (String::new(), String::new())),
        hints: String::new(),
        first_seen: String::new(),
        bugs: String::new(),
        piuparts: String::new(),
        tests: TestResults::default(),
        blocks: String::new(),
        signers: String::new(),
        constraints: Vec::new(),
        config: "TESTING = t\nUNSTABLE = s\nSTATE_DIR = state\nSMOOTH_UPDATES = libs\nDEFAULT_URGENCY = medium\n\
                 MINDAYS_LOW = 5\nMINDAYS_MEDIUM = 5\nMINDAYS_HIGH = 5\nMINDAYS_CRITICAL = 5\n\
                 MINDAYS_EMERGENCY = 5\nARCHITECTURES = amd64\nNOBREAKALL_ARCHES = amd64\nALL_BUILDARCH = amd64\n"
            .to_owned(),
    }
}

impl Archive {
    /// A source `foo 1` of the target with its binaries: `foo; Depends: bar (>= 2); Architecture: all`.
    pub(super) fn target(self, source: &str, binaries: &[&str]) -> Self {
        self.put(0, source, binaries)
    }

    /// The same in the primary source suite.
    pub(super) fn source(self, source: &str, binaries: &[&str]) -> Self {
        self.put(1, source, binaries)
    }

    /// The same in both.
    pub(super) fn both(self, source: &str, binaries: &[&str]) -> Self {
        self.put(0, source, binaries).put(1, source, binaries)
    }

    /// The same in the additional suite `tpu`.
    pub(super) fn tpu(self, source: &str, binaries: &[&str]) -> Self {
        self.put(2, source, binaries)
    }

    fn put(mut self, suite: usize, source: &str, binaries: &[&str]) -> Self {
        let mut fields = source.split(';').map(str::trim);
        let (name, version) = fields.next().and_then(|head| head.split_once(' ')).unwrap();
        let (sources, packages) = &mut self.suites[suite];
        writeln!(sources, "Package: {name}\nVersion: {version}\nMaintainer: Keepers of {name} <{name}@example.org>")
            .unwrap();
        for field in fields {
            writeln!(sources, "{field}").unwrap();
        }
        sources.push('\n');
        for binary in binaries {
            let mut fields = binary.split(';').map(str::trim);
            writeln!(packages, "Package: {}", fields.next().unwrap()).unwrap();
            let fields: Vec<&str> = fields.collect();
            let source = format!("Source: {name} ({version})");
            let version = format!("Version: {version}");
            for default in [source.as_str(), version.as_str(), "Architecture: amd64"] {
                let key = default.split(' ').next().unwrap();
                if !fields.iter().any(|field| field.starts_with(key)) {
                    writeln!(packages, "{default}").unwrap();
                }
            }
            for field in fields {
                writeln!(packages, "{field}").unwrap();
            }
            packages.push('\n');
        }
        self
    }

    pub(super) fn hint(mut self, line: &str) -> Self {
        self.hints += line;
        self.hints.push('\n');
        self
    }

    /// Uploaded so many days ago; what is not said is a month old.
    pub(super) fn days_old(mut self, source: &str, days: i64) -> Self {
        writeln!(self.first_seen, "{source} {}", (NOW / 3600 - 19) / 24 - days).unwrap();
        self
    }

    pub(super) fn bug(mut self, package: &str, bug: &str) -> Self {
        writeln!(self.bugs, "{package} {bug}").unwrap();
        self
    }

    pub(super) fn piuparts(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.piuparts);
        self
    }

    /// A result that is known of a test of version 2 on amd64.
    pub(super) fn tested(mut self, trigger: &str, source: &str, outcome: TestOutcome) -> Self {
        let (version, run_id) = (Some("2".to_owned()), Some(format!("run-{trigger}")));
        let run = TestRun { outcome, version, run_id, seen: NOW };
        let of_trigger = self.tests.by_trigger.entry(trigger.to_owned()).or_default();
        of_trigger.entry(source.to_owned()).or_default().insert("amd64".to_owned(), run);
        self
    }

    /// A bug that blocks a source.
    pub(super) fn block_bug(mut self, source: &str, bug: &str) -> Self {
        writeln!(self.blocks, "{source} {bug} 0").unwrap();
        self
    }

    pub(super) fn signers(mut self, signers: &str) -> Self {
        signers.clone_into(&mut self.signers);
        self
    }

    pub(super) fn config(mut self, line: &str) -> Self {
        self.config += line;
        self.config.push('\n');
        self
    }

    /// These packages must stay installable.
    pub(super) fn constraint(mut self, name: &str, packages: &[&str]) -> Self {
        let depends = packages.iter().map(|&package| (package.to_owned(), Vec::new())).collect();
        let constraint = StaticPackage {
            name: name.to_owned(),
            version: "1".to_owned(),
            section: "faux".to_owned(),
            depends,
            keep_installable: true,
            ..StaticPackage::default()
        };
        self.constraints.push(constraint);
        self
    }

    /// Runs the whole plan and looks at what it left.
    pub(super) fn run<R>(self, look: impl FnOnce(Ran<'_>) -> R) -> R {
        self.run_only(None, look)
    }

    /// Runs with these items alone, or with all.
    pub(super) fn run_only<R>(self, only: Option<&[&str]>, look: impl FnOnce(Ran<'_>) -> R) -> R {
        let archs = ["amd64".to_owned()];
        let suite = |index: usize, label: &str, short: Option<&str>| SuiteText {
            label: label.to_owned(),
            short: short.map(str::to_owned),
            sources: vec![IndexText { file: "Sources", text: &self.suites[index].0 }],
            packages: vec![vec![IndexText { file: "Packages", text: &self.suites[index].1 }]],
            overlay: false,
        };
        let mut suites = vec![suite(0, "testing", None), suite(1, "unstable", None)];
        if !self.suites[2].0.is_empty() {
            suites.push(suite(2, "tpu", Some("tpu")));
        }
        let distribution = load(&archs, &suites, &self.constraints).unwrap();
        let universe = Universe::build(&distribution);
        let target = Target::new(&distribution, &universe);
        let (config, _) = config::parse(&self.config, "britney.conf", &CommandLine::default()).unwrap();
        let rules = Rules::from_config(&config, &archs, NOW);
        let names = ItemNames { architectures: &archs, suites: &["tpu".to_owned()] };
        let (hints, problems) = parse_file(self.hints.as_bytes(), "hints/anna", "anna", HintRights::ALL, names);
        assert!(problems.is_empty(), "{problems:?}");
        let (hints, _) = HintSet::new(hints);
        let facts = self.facts(&suites);
        let memo = crate::policy::Memo::default();
        let context = Context {
            distribution: &distribution,
            universe: &universe,
            target: &target,
            rules: &rules,
            hints: &hints,
            facts: &facts,
            memo: &memo,
        };
        let excuses = excuses(context);
        let kept = self.constraints.iter().filter_map(|package| distribution.find_name(&package.name));
        let keep_installable: BTreeSet<NameId> = kept.collect();
        let items: Option<Vec<_>> = only.map(|names| names.iter().map(|name| excuses[*name].item).collect());
        let plan = items.as_deref().map_or(Plan::Everything, Plan::Only);
        let outcome = Upgrade::new(context, &excuses, &keep_installable, &|_| {}).run(plan);
        look(Ran { context, keep_installable: &keep_installable, excuses: &excuses, outcome: &outcome })
    }

    fn facts(&self, suites: &[SuiteText<'_>]) -> Facts {
        let mut dates = String::new();
        for stanza in suites[1].sources[0].text.split("\n\n").filter(|stanza| !stanza.is_empty()) {
            let value = |key: &str| stanza.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim();
            writeln!(dates, "{} {} 1", value("Package:"), value("Version:")).unwrap();
        }
        let (first_seen, _) = state::parse_age_dates(&(dates + &self.first_seen), "age-policy-dates");
        let (source_bugs, _) = state::parse_rc_bugs(&self.bugs, "rc-bugs-unstable");
        let (source_piuparts, _) = state::parse_piuparts(&self.piuparts, "piuparts-summary-unstable.json");
        Facts {
            first_seen,
            source_bugs,
            test_results: self.tests.clone(),
            block_bugs: state::parse_bug_times(&self.blocks, "Blocks").0,
            signers: state::parse_signers(&self.signers, "signers.json").unwrap().0,
            piuparts: source_piuparts.map(|source| (state::Piuparts::default(), source)),
            ..Facts::default()
        }
    }

    /// Runs, and explains an item that stayed.
    pub(super) fn stayed(self, item: &str) -> Explanation {
        self.run(|ran| ran.stayed(item))
    }

    /// Runs, and asks for an item.
    pub(super) fn ask(self, item: &str) -> Answer {
        self.run(|ran| ran.explainer().item(item).unwrap())
    }
}

impl<'a> Ran<'a> {
    pub(super) fn explainer(&self) -> Explainer<'a> {
        Explainer::new(self.context, self.keep_installable, self.excuses, self.outcome)
    }

    pub(super) fn stayed(&self, item: &str) -> Explanation {
        let excuse = self.excuses.get(item).unwrap_or_else(|| panic!("{item} has no excuse"));
        assert!(excuse.is_valid(), "{item}: {:?}", excuse.notes);
        assert!(self.outcome.stayed.contains(&excuse.item), "{item} moved:\n{}", self.outcome.report);
        self.explainer().stayed(&excuse.item).unwrap()
    }
}
