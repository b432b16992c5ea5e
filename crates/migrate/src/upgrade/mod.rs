//! The upgrade: candidates are tried in order, what does not make the target worse is accepted.
//!
//! [`Upgrade::run`] is the whole: hints that go first, the main run, architectures that may break, hints that come
//! last, sets of items that depend on each other, obsolete sources, old libraries. `order` says what is tried
//! when, `group` what an item changes, `smooth` which old libraries stay; `trial` applies and judges.

mod alone;
mod auto_hints;
mod group;
mod hints;
mod order;
mod report;
pub(crate) mod smooth;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::britney::config::Dialect;
use crate::distribution::Distribution;
use crate::excuses::{Context, Excuses};
use crate::hint::{Hint, HintKind, HintSet};
use crate::model::{ArchId, Item, NameId, Scope, SuiteId};
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;

pub(crate) use alone::Judgement;
pub(crate) use group::{Impossible, Leaving, group};
pub(crate) use report::Report;

/// What groups and orders are computed on: the target as it is at that moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) distribution: &'a Distribution,
    pub(crate) universe: &'a Universe,
    pub(crate) target: &'a Target,
    pub(crate) rules: &'a Rules,
    pub(crate) hints: &'a HintSet,
}

impl<'a> Context<'a> {
    /// The ground of the target as loaded.
    pub(crate) fn smooth(&self) -> Ground<'a> {
        Ground {
            distribution: self.distribution,
            universe: self.universe,
            target: self.target,
            rules: self.rules,
            hints: self.hints,
        }
    }
}

/// Names of uninstallable binaries of the target, by architecture. Architecture-independent ones count only where
/// the rules say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uninstallable {
    /// By architecture.
    pub ports: Vec<BTreeSet<NameId>>,
}

/// What a run did.
#[derive(Debug)]
pub struct Outcome {
    /// The new target.
    pub target: Target,
    /// The accepted items, in the order of acceptance; each once.
    pub accepted: Vec<Item>,
    /// The uninstallable binaries before.
    pub before: Uninstallable,
    /// The uninstallable binaries after.
    pub after: Uninstallable,
    /// Candidates that did not move.
    pub stayed: Vec<Item>,
    /// The account in the forms of `update_output.txt`, without its head.
    pub report: String,
    /// How many trials there were.
    pub trials: usize,
    /// Hints that could not be used, with the reason.
    pub refused_hints: Vec<String>,
}

/// Which items a run tries.
#[derive(Debug, Clone, Copy)]
pub enum Plan<'a> {
    /// All candidates, with hints and what follows.
    Everything,
    /// Only these, and nothing else.
    Only(&'a [Item]),
    /// Only the hints that try items.
    Hints,
}

/// A run in progress.
pub struct Upgrade<'a> {
    context: Context<'a>,
    excuses: &'a Excuses,
    keep_installable: &'a BTreeSet<NameId>,
    target: Target,
    /// The architecture that is treated as one that may not break, in a run of its own.
    strict: Option<ArchId>,
    /// Items that a run may still try.
    candidates: Vec<Item>,
    /// Items that were accepted, with the order.
    accepted: Vec<Item>,
    moved: BTreeSet<Item>,
    report: Report,
    trials: usize,
    refused_hints: Vec<String>,
    progress: &'a dyn Fn(Progress),
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Trials so far.
    pub trials: usize,
    /// Accepted items so far.
    pub accepted: usize,
    /// Candidates at the start.
    pub candidates: usize,
}

impl<'a> Upgrade<'a> {
    /// A run on the target as loaded.
    pub fn new(
        context: Context<'a>,
        excuses: &'a Excuses,
        keep_installable: &'a BTreeSet<NameId>,
        progress: &'a dyn Fn(Progress),
    ) -> Self {
        let target = context.target.clone();
        let mut candidates: Vec<Item> =
            excuses.values().filter(|excuse| excuse.is_valid()).map(|excuse| excuse.item).collect();
        candidates.extend(cruft(context.distribution, context.rules, &target));
        Self {
            context,
            excuses,
            keep_installable,
            target,
            strict: None,
            candidates,
            accepted: Vec::new(),
            moved: BTreeSet::new(),
            report: Report::default(),
            trials: 0,
            refused_hints: Vec::new(),
            progress,
        }
    }

    /// Tries everything that the plan says.
    pub fn run(mut self, plan: Plan<'_>) -> Outcome {
        let before = self.uninstallable();
        match plan {
            Plan::Everything => self.everything(),
            Plan::Hints => {
                self.early_hints();
                self.late_hints();
            }
            Plan::Only(items) => {
                self.candidates = items.to_vec();
                self.report.line("info: main run");
                let actions = self.candidates.clone();
                self.all(&actions, true);
            }
        }
        let after = self.uninstallable();
        self.target.forget();
        let stayed = self.excuses.values().filter(|excuse| excuse.is_valid()).map(|excuse| excuse.item);
        let stayed = stayed.filter(|item| !self.moved.contains(item)).collect();
        Outcome {
            stayed,
            target: self.target,
            accepted: self.accepted,
            before,
            after,
            report: self.report.into_text(),
            trials: self.trials,
            refused_hints: self.refused_hints,
        }
    }

    fn everything(&mut self) {
        self.early_hints();
        let bound = |item: &Item, rules: &Rules| item.scope.architecture().filter(|&arch| rules.port(arch).may_break);
        let rules = self.context.rules;
        let all = std::mem::take(&mut self.candidates);
        let (ordinary, breaking): (Vec<Item>, Vec<Item>) =
            all.into_iter().partition(|item| bound(item, rules).is_none());
        self.report.line("info: main run");
        let mut left = self.all(&ordinary, false);
        for arch in self.context.distribution.arch_ids().filter(|&arch| rules.port(arch).may_break) {
            let items: Vec<Item> = breaking.iter().copied().filter(|item| bound(item, rules) == Some(arch)).collect();
            self.report.line(&format!("info: broken arch run for {}", self.context.distribution.arch_name(arch)));
            self.strict = Some(arch);
            left.extend(self.all(&items, false));
            self.strict = None;
        }
        self.candidates = left;
        self.late_hints();
        if rules.auto_hinter {
            self.auto_hints();
        }
        if rules.remove_obsolete {
            self.remove_obsolete();
        }
        let old = cruft(self.context.distribution, rules, &self.target);
        if !old.is_empty() {
            self.report.line("Removing packages left in the target suite (e.g. smooth updates or cruft)");
            self.list_libraries(&old);
            self.all(&old, true);
        }
        let old = cruft(self.context.distribution, rules, &self.target);
        self.report.line(&format!("List of old libraries in the target suite ({}):", old.len()));
        self.list_libraries(&old);
    }

    fn list_libraries(&mut self, old: &[Item]) {
        let distribution = self.context.distribution;
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for item in old {
            let arch = item.scope.architecture().map_or("", |arch| distribution.arch_name(arch));
            by_name.entry(distribution.name(item.name)).or_default().push(arch);
        }
        for (name, archs) in by_name {
            self.report.line(&format!(" {name}: {}", archs.join(" ")));
        }
    }

    /// Sources that no binary of the target names.
    fn remove_obsolete(&mut self) {
        let distribution = self.context.distribution;
        let sources = self.target.sources().map(|id| &distribution.sources[id.index()]);
        let unused = sources.filter(|source| !source.fake && self.target.built_by(source.name).is_empty());
        let mut removals: Vec<Item> = unused
            .map(|source| Item {
                name: source.name,
                scope: Scope::Removal,
                suite: SuiteId::PRIMARY,
                version: source.version,
            })
            .collect();
        removals.sort_by_key(|item| distribution.name(item.name));
        if !removals.is_empty() {
            self.report.line(&format!("Removing obsolete source packages from the target suite ({}):", removals.len()));
            self.all(&removals, true);
        }
    }

    pub(crate) fn ground(&self) -> Ground<'_> {
        Ground {
            distribution: self.context.distribution,
            universe: self.context.universe,
            target: &self.target,
            rules: self.context.rules,
            hints: self.context.hints,
        }
    }

    fn may_break(&self, arch: ArchId) -> bool {
        self.strict != Some(arch) && self.context.rules.port(arch).may_break
    }

    fn uninstallable(&self) -> Uninstallable {
        Uninstallable { ports: self.context.distribution.arch_ids().map(|arch| self.uninstallable_on(arch)).collect() }
    }

    fn uninstallable_on(&self, arch: ArchId) -> BTreeSet<NameId> {
        uninstallable_on(self.ground(), arch, self.context.rules.port(arch).no_break_all)
    }
}

/// The names of the uninstallable binaries of an architecture, architecture-independent ones on demand.
pub(crate) fn uninstallable_on(ground: Ground<'_>, arch: ArchId, with_all: bool) -> BTreeSet<NameId> {
    let dead = ground.target.installability(arch).dead();
    let dead = dead.map(|id| ground.distribution.binary(arch, id));
    let counting = dead.filter(|binary| with_all || !binary.arch_all).map(|binary| binary.name);
    if ground.hints.of_kind(HintKind::AllowUninst).next().is_none() {
        return counting.collect();
    }
    counting.filter(|&name| !ground.may_be_uninstallable(arch, name)).collect()
}

impl Ground<'_> {
    /// Whether a hint lets a binary become uninstallable there without being counted.
    pub(crate) fn may_be_uninstallable(&self, arch: ArchId, name: NameId) -> bool {
        let arch = self.distribution.arch_name(arch);
        let hints = self.hints.find(HintKind::AllowUninst, self.distribution.name(name));
        let mut items = hints.filter_map(Hint::item);
        self.rules.dialect == Dialect::Ubuntu
            && items.any(|item| item.binary_architecture().is_none_or(|hinted| hinted == arch))
    }
}

/// Binaries of the target that are left over from another version of their source. On an architecture that may lag,
/// only those whose name left the source suite.
pub(crate) fn cruft(distribution: &Distribution, rules: &Rules, target: &Target) -> Vec<Item> {
    let mut items = Vec::new();
    for arch in distribution.arch_ids() {
        for id in target.entries(arch) {
            let entry = distribution.entry(arch, id);
            let version = target.source(entry.source).map(|source| distribution.sources[source.index()].version);
            let binary = distribution.binary(arch, entry.binary);
            let current = version == Some(entry.source_version);
            let lags =
                rules.port(arch).out_of_sync && distribution.entry_of(SuiteId::PRIMARY, arch, binary.name).is_some();
            if !current && !lags {
                items.push(Item {
                    name: binary.name,
                    scope: Scope::Cruft(arch),
                    suite: SuiteId::PRIMARY,
                    version: binary.version,
                });
            }
        }
    }
    items.sort_by_key(|item| (distribution.name(item.name), item.scope));
    items
}
