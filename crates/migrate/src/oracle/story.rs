//! Runs of the engine on archives in the notation, with all that there is to see afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::notation::Archive;
use crate::check;
use crate::compat::britney::config::{self, CommandLine};
use crate::compat::britney::{heidi, hints};
use crate::excuses::{Context, Excuses, excuses};
use crate::facts::Facts;
use crate::hint::{HintSet, ItemNames};
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;
use crate::upgrade::{Outcome, Plan, Upgrade};

/// No ages, old libraries stay in `libs`, no sets of items but by hints.
const CONFIG: &str = "
TESTING = target
UNSTABLE = primary
MINDAYS_LOW = 0
MINDAYS_MEDIUM = 0
MINDAYS_HIGH = 0
MINDAYS_CRITICAL = 0
MINDAYS_EMERGENCY = 0
DEFAULT_URGENCY = medium
SMOOTH_UPDATES = libs
IGNORE_CRUFT = 1
";

/// A run that is going to be told.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) archive: Archive,
    settings: Vec<(String, String)>,
    hints: Vec<String>,
    keep_installable: BTreeSet<String>,
}

/// How it ended, in texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// `HeidiResult`.
    pub(crate) result: String,
    /// The accepted items with their versions, in their order.
    pub(crate) accepted: Vec<String>,
    /// Valid excuses that stayed.
    pub(crate) stayed: Vec<String>,
    /// By item: the verdict.
    pub(crate) verdicts: BTreeMap<String, &'static str>,
    /// By architecture: the uninstallable names, before and after.
    pub(crate) uninstallable: Vec<(BTreeSet<String>, BTreeSet<String>)>,
    pub(crate) refused_hints: Vec<String>,
    /// The account, as in `update_output.txt`.
    pub(crate) report: String,
    pub(crate) steps: u64,
    pub(crate) trials: usize,
}

impl Story {
    pub(crate) fn new(notation: &str) -> Self {
        Self::of(Archive::parse(notation))
    }

    pub(crate) fn of(archive: Archive) -> Self {
        let architectures = archive.architectures.join(" ");
        let story = Self { archive, settings: Vec::new(), hints: Vec::new(), keep_installable: BTreeSet::new() };
        story.set("ARCHITECTURES", &architectures).set("NOBREAKALL_ARCHES", &architectures).set("AUTOHINTER", "no")
    }

    /// The same story of another archive.
    pub(crate) fn on(self, archive: Archive) -> Self {
        Self { archive, ..self }
    }

    /// A key of `britney.conf`; the last value counts.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A line of a hint file.
    pub(crate) fn hint(mut self, line: &str) -> Self {
        self.hints.push(line.to_owned());
        self
    }

    /// A binary that has to stay installable.
    pub(crate) fn keep_installable(mut self, name: &str) -> Self {
        self.keep_installable.insert(name.to_owned());
        self
    }

    /// Runs everything and checks every certificate.
    pub(crate) fn run(&self) -> Told {
        self.look(|context, excuses, outcome| {
            let distribution = context.distribution;
            let names = |ports: &crate::upgrade::Uninstallable| -> Vec<BTreeSet<String>> {
                let texts =
                    |names: &BTreeSet<_>| names.iter().map(|&name| distribution.name(name).to_owned()).collect();
                ports.ports.iter().map(texts).collect()
            };
            let archs = distribution.arch_ids();
            Told {
                result: heidi::result(distribution, context.rules, &outcome.target),
                accepted: outcome.accepted.iter().map(|item| distribution.item_text(item)).collect(),
                stayed: outcome.stayed.iter().map(|item| distribution.item_text(item)).collect(),
                verdicts: excuses.iter().map(|(name, excuse)| (name.clone(), excuse.verdict.as_str())).collect(),
                uninstallable: names(&outcome.before).into_iter().zip(names(&outcome.after)).collect(),
                refused_hints: outcome.refused_hints.clone(),
                steps: archs.map(|arch| outcome.target.installability(arch).steps()).sum(),
                trials: outcome.trials,
                report: outcome.report,
            }
        })
    }

    /// Runs everything, checks every certificate, and hands over what is there at the end.
    pub(crate) fn look<T>(&self, look: impl FnOnce(Context<'_>, &Excuses, Outcome) -> T) -> T {
        let distribution = self.archive.load();
        let universe = Universe::build(&distribution);
        let target = Target::new(&distribution, &universe);
        let command_line = CommandLine { overrides: &self.settings, ..CommandLine::default() };
        let (config, _) =
            config::parse(CONFIG, "britney.conf", &command_line).expect("the settings of a story are right");
        let rules = Rules::from_config(&config, &self.archive.architectures, 0);
        let suites: Vec<String> = distribution.suites.iter().filter_map(|suite| suite.short.clone()).collect();
        let names = ItemNames { architectures: &self.archive.architectures, suites: &suites };
        let (hints, mistakes) = hints::parse_command_line(&self.hints.join(";"), names);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let (hints, _) = HintSet::new(hints);
        let facts = Facts::default();
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
        let keep = self.keep_installable.iter().filter_map(|name| distribution.find_name(name)).collect();
        let outcome = Upgrade::new(context, &excuses, &keep, &|_| {}).run(Plan::Everything);
        for arch in distribution.arch_ids() {
            if let Err(error) = check::verify(&distribution, &universe, &outcome.target, arch) {
                panic!("{error}\n{:?}", self.archive);
            }
        }
        look(context, &excuses, outcome)
    }
}
