//! What would change under other hints, rules or times. Works on a view of a session and changes nothing in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::excuses::{Context, Excuses, excuses};
use crate::hint::{HintKind, HintSet};
use crate::model::{ArchId, Item};
use crate::rules::{PolicyName, Rules};
use crate::session::Session;
use crate::upgrade::{Outcome, Plan, Upgrade};

/// What is assumed.
#[derive(Debug, Clone, Default)]
pub struct Assumption {
    /// Hints beside those that there are.
    pub hints: HintSet,
    /// Hints that do not count: their lines.
    pub ignored: BTreeSet<String>,
    /// So many days later.
    pub days: i64,
    /// Policies that are not asked.
    pub policies_off: Vec<PolicyName>,
    /// Architectures that may break.
    pub may_break: Vec<ArchId>,
}

/// A decision: excuses, and what was done with them.
#[derive(Debug)]
pub struct Decision {
    /// Every excuse.
    pub excuses: Excuses,
    /// What moved.
    pub outcome: Outcome,
}

/// How one decision differs from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Items that move now and did not.
    pub newly_moving: Vec<String>,
    /// Items that moved and do not any more.
    pub newly_staying: Vec<String>,
    /// Verdicts that changed: from and to, by item.
    pub verdicts: BTreeMap<String, (Option<&'static str>, Option<&'static str>)>,
    /// Binaries that become uninstallable, by architecture.
    pub newly_uninstallable: BTreeMap<String, BTreeSet<String>>,
    /// Binaries that do not become uninstallable any more, by architecture.
    pub no_longer_uninstallable: BTreeMap<String, BTreeSet<String>>,
}

impl Session {
    /// Decides everything.
    pub fn decide(&self) -> Decision {
        let excuses = self.excuses();
        let outcome = self.upgrade(&excuses, Plan::Everything, &|_| {});
        Decision { excuses, outcome }
    }

    /// Decides everything under an assumption.
    pub fn decide_if(&self, assumption: &Assumption) -> Decision {
        let rules = assumption.rules(&self.rules);
        let hints = assumption.hints(&self.hints);
        let context = Context { rules: &rules, hints: &hints, ..self.context() };
        let excuses = excuses(context);
        let outcome = Upgrade::new(context, &excuses, &self.keep_installable, &|_| {}).run(Plan::Everything);
        Decision { excuses, outcome }
    }

    /// How `then` differs from `now`.
    pub fn difference(&self, now: &Decision, then: &Decision) -> Difference {
        let distribution = &self.distribution;
        let moved = |decision: &Decision| -> BTreeSet<Item> { decision.outcome.accepted.iter().copied().collect() };
        let (before, after) = (moved(now), moved(then));
        let names = |items: BTreeSet<&Item>| {
            let mut names: Vec<String> = items.into_iter().map(|item| distribution.item_text(item)).collect();
            names.sort_unstable();
            names
        };
        let mut difference = Difference {
            newly_moving: names(after.difference(&before).collect()),
            newly_staying: names(before.difference(&after).collect()),
            ..Difference::default()
        };
        let verdict = |excuses: &Excuses, name: &String| excuses.get(name).map(|excuse| excuse.verdict.as_str());
        for name in now.excuses.keys().chain(then.excuses.keys()) {
            let change = (verdict(&now.excuses, name), verdict(&then.excuses, name));
            if change.0 != change.1 {
                difference.verdicts.insert(name.clone(), change);
            }
        }
        for arch in distribution.arch_ids() {
            let (before, after) = (&now.outcome.after.ports[arch.index()], &then.outcome.after.ports[arch.index()]);
            let lists = [
                (after - before, &mut difference.newly_uninstallable),
                (before - after, &mut difference.no_longer_uninstallable),
            ];
            for (names, list) in lists {
                if !names.is_empty() {
                    let names = names.into_iter().map(|name| distribution.name(name).to_owned()).collect();
                    list.insert(distribution.arch_name(arch).to_owned(), names);
                }
            }
        }
        difference
    }
}

impl Assumption {
    fn rules(&self, rules: &Rules) -> Rules {
        let mut rules = rules.clone();
        rules.now += self.days * 86_400;
        rules.policies.retain(|policy| !self.policies_off.contains(policy));
        for &arch in &self.may_break {
            rules.ports[arch.index()].may_break = true;
        }
        rules
    }

    fn hints(&self, hints: &HintSet) -> HintSet {
        let kept = hints.iter().filter(|hint| !self.ignored.contains(&hint.text));
        HintSet::new(kept.chain(self.hints.iter()).cloned()).0
    }

    /// The sources that the assumption removes.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.hints.of_kind(HintKind::Remove).filter_map(|hint| hint.item().map(|item| item.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::britney::hints;
    use crate::hint::{Hint, ItemNames};
    use crate::model::{Scope, SuiteId};
    use crate::tests::snapshot::Snapshot;

    /// Twenty hint lines of five kinds, about items from all over the archive.
    fn lines(session: &Session, now: &Decision) -> Vec<String> {
        let distribution = &session.distribution;
        let is_source = |item: &&Item| item.scope == Scope::Source;
        let moved: Vec<&Item> = now.outcome.accepted.iter().filter(is_source).collect();
        let updates: Vec<&Item> =
            moved.iter().copied().filter(|item| distribution.source(SuiteId::TARGET, item.name).is_some()).collect();
        let stayed: Vec<&Item> = now.outcome.stayed.iter().filter(is_source).collect();
        let invalid: Vec<&Item> = now
            .excuses
            .values()
            .filter(|excuse| !excuse.is_valid())
            .map(|excuse| &excuse.item)
            .filter(is_source)
            .collect();
        let pick = |items: &[&Item], number: usize| *items[number * (items.len() - 1) / 4];
        let text = |item: Item| distribution.item_text(&item);
        let of_round = |number| {
            let removed = distribution.source(SuiteId::TARGET, pick(&updates, number).name).unwrap();
            [
                format!("block {}", distribution.name(pick(&moved, number).name)),
                format!("remove {}/{}", distribution.name(removed.name), distribution.text(removed.version)),
                format!("force {}", text(pick(&invalid, number))),
                format!("easy {} {}", text(pick(&stayed, number)), text(pick(&stayed, number + 1))),
                format!("force-hint {}", text(pick(&stayed, number))),
            ]
        };
        (0..4).flat_map(of_round).collect()
    }

    /// Scenario 65: what-ifs in one process say what full runs with the hints say.
    #[test]
    fn twenty_what_ifs_equal_twenty_full_runs() {
        let Some(snapshot) = Snapshot::read() else { return };
        let session = snapshot.session(HintSet::default());
        let now = session.decide();
        let names = ItemNames { architectures: &session.distribution.architectures, suites: &[] };
        let mut changed = 0;
        for line in lines(&session, &now) {
            let (given, odd): (Vec<Hint>, _) = hints::parse_command_line(&line, names);
            assert!(odd.is_empty(), "{line}: {odd:?}");
            let assumption = Assumption { hints: HintSet::new(given.clone()).0, ..Assumption::default() };
            let warm = session.decide_if(&assumption);
            let cold_session = snapshot.session(HintSet::new(given).0);
            let cold = cold_session.decide();
            let told = |session: &Session, decision: &Decision| {
                let text = |item: &Item| session.distribution.item_text(item);
                let accepted: Vec<String> = decision.outcome.accepted.iter().map(text).collect();
                let stayed: Vec<String> = decision.outcome.stayed.iter().map(text).collect();
                (accepted, stayed, decision.outcome.report.clone())
            };
            assert!(told(&session, &warm) == told(&cold_session, &cold), "{line}");
            assert_eq!(session.difference(&cold, &warm), Difference::default(), "{line}");
            changed += usize::from(session.difference(&now, &warm) != Difference::default());
        }
        assert!(changed >= 12, "only {changed} of the twenty hints changed anything");
    }
}
