//! Why a valid candidate stayed: its trial is repeated, alone, on the final target, and what it breaks gets a core.

use std::collections::BTreeSet;

use super::explanation::{Breakage, Explanation, Phrases, Why};
use super::remedy;
use super::show::{Broken, Shown};
use crate::excuses::{Context, Excuse, Excuses};
use crate::model::{Item, NameId, SuiteId};
use crate::upgrade::{Outcome, Upgrade};

/// An explanation that does not hold: a fault of ours, not of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{item}: {package} counts as uninstallable on {architecture}, and {problem}; this is a fault of tidegate")]
pub struct Fault {
    /// The item's uvname.
    pub item: String,
    /// The binary.
    pub package: String,
    /// Where.
    pub architecture: String,
    /// What is wrong with the explanation.
    pub problem: FaultyCore,
}

/// What is wrong with an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultyCore {
    /// The exact search finds a solution for what the run counted as uninstallable.
    #[error("a second search finds that it is not")]
    Missing,
    /// The core can be met, or something of it can be left out.
    #[error("the core that was found for it is not a minimal one")]
    NotMinimal,
}

/// Explains a run's result. Holds one copy of the final target, on which items are tried and taken back.
pub struct Explainer<'a> {
    pub(super) run: Run<'a>,
    pub(super) bench: Upgrade<'a>,
}

/// The run that is explained.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) context: Context<'a>,
    pub(super) keep_installable: &'a BTreeSet<NameId>,
    pub(super) excuses: &'a Excuses,
    pub(super) outcome: &'a Outcome,
}

impl Run<'_> {
    /// Whether an item has not moved, though it has an excuse.
    pub(super) fn waits(&self, excuse: &Excuse) -> bool {
        !excuse.is_valid() || self.outcome.stayed.contains(&excuse.item)
    }
}

impl<'a> Explainer<'a> {
    /// For a run with these excuses that ended like that.
    pub fn new(
        context: Context<'a>,
        keep_installable: &'a BTreeSet<NameId>,
        excuses: &'a Excuses,
        outcome: &'a Outcome,
    ) -> Self {
        let bench = Upgrade::bench(context, excuses, keep_installable, outcome.target.clone());
        Self { run: Run { context, keep_installable, excuses, outcome }, bench }
    }

    /// Why a valid candidate did not move.
    ///
    /// # Errors
    /// A reason that does not stand up to its check.
    pub fn stayed(&mut self, item: &Item) -> Result<Explanation, Fault> {
        let run = self.run;
        let distribution = run.context.distribution;
        let shown =
            self.bench.try_out(&[*item], &run.outcome.after, |target, judged| run.show(item, target, judged))?;
        let why = match shown {
            Shown::Accepted => Why::TrialOrder,
            Shown::Impossible(text) => Why::Impossible { text },
            Shown::Broken(broken) => Why::Breaks(self.breakage(item, broken)),
        };
        Ok(Explanation {
            item: distribution.uvname(item),
            version: distribution.text(item.version).to_owned(),
            move_text: Phrases::of(distribution, item).moving,
            why,
        })
    }

    fn breakage(&mut self, item: &Item, broken: Broken) -> Breakage {
        let Run { context, keep_installable, outcome, .. } = self.run;
        let distribution = context.distribution;
        let Broken { arch, binary, names, mended, core, elements } = broken;
        let remedies = remedy::find(self, item, arch, binary, core.as_deref().unwrap_or_default());
        let texts = |names: &[NameId]| names.iter().map(|&name| distribution.name(name).to_owned()).collect();
        let mut suites = (0..distribution.suites.len()).map(SuiteId::at);
        let entry = suites.find_map(|suite| context.entry_in(suite, arch, binary));
        let source = entry.map(|entry| distribution.name(distribution.entry(arch, entry).source));
        Breakage {
            architecture: distribution.arch_name(arch).to_owned(),
            broken: distribution.package(arch, binary),
            source: source.unwrap_or_default().to_owned(),
            constraint: keep_installable.contains(&distribution.binary(arch, binary).name),
            brought_in: !outcome.target.holds(arch, binary),
            names: texts(&names),
            mended: texts(&mended),
            core: core.map(|_| elements),
            remedies,
        }
    }
}
