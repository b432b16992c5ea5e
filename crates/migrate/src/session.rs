//! A distribution ready for decisions: loaded, resolved, judged for installability, with its rules, hints and facts.
//!
//! Pure. Everything that can be asked of a distribution (a run, an explanation, a what-if) starts from a session, and
//! none of it changes the session.

use std::collections::BTreeSet;

use crate::distribution::Distribution;
use crate::excuses::{Context, Excuses, excuses};
use crate::facts::Facts;
use crate::hint::HintSet;
use crate::load::{LoadError, StaticPackage, SuiteText, load};
use crate::model::NameId;
use crate::policy::Memo;
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;
use crate::upgrade::{Outcome, Plan, Progress, Upgrade};

/// A distribution and all that is known of it.
#[derive(Debug)]
pub struct Session {
    /// The suites.
    pub distribution: Distribution,
    /// Their resolved relations.
    pub universe: Universe,
    /// The target as loaded.
    pub target: Target,
    /// The rules.
    pub rules: Rules,
    /// The hints.
    pub hints: HintSet,
    /// What the policies know.
    pub facts: Facts,
    /// What the policies have worked out.
    pub memo: Memo,
    /// Names that must stay installable.
    pub keep_installable: BTreeSet<NameId>,
}

impl Session {
    /// Loads and resolves.
    ///
    /// # Errors
    /// As [`load`].
    pub fn new(
        architectures: &[String],
        suites: &[SuiteText<'_>],
        extra: &[StaticPackage],
        rules: Rules,
        hints: HintSet,
        facts: Facts,
    ) -> Result<Self, LoadError> {
        let distribution = load(architectures, suites, extra)?;
        let universe = Universe::build(&distribution);
        let target = Target::new(&distribution, &universe);
        let kept = extra.iter().filter(|package| package.keep_installable);
        let keep_installable = kept.filter_map(|package| distribution.find_name(&package.name)).collect();
        Ok(Self { distribution, universe, target, rules, hints, facts, memo: Memo::default(), keep_installable })
    }

    /// What excuses are made of.
    pub fn context(&self) -> Context<'_> {
        Context {
            distribution: &self.distribution,
            universe: &self.universe,
            target: &self.target,
            rules: &self.rules,
            hints: &self.hints,
            facts: &self.facts,
            memo: &self.memo,
        }
    }

    /// Every excuse.
    pub fn excuses(&self) -> Excuses {
        excuses(self.context())
    }

    /// Tries what the plan says.
    pub fn upgrade(&self, excuses: &Excuses, plan: Plan<'_>, progress: &dyn Fn(Progress)) -> Outcome {
        Upgrade::new(self.context(), excuses, &self.keep_installable, progress).run(plan)
    }
}
