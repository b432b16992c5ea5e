//! What is seen of the target while an item is in it: what it breaks, and the core of that.

use std::collections::BTreeSet;

use super::core::{Fault, FaultyCore, Run};
use super::explanation::{Element, Elsewhere, Lost, Package};
use super::refute::{Constraint, Refutation, is_minimal_core, refute};
use super::relation::View;
use super::remedy;
use crate::distribution::Distribution;
use crate::model::{ArchId, BinaryId, Item, NameId};
use crate::target::Target;
use crate::upgrade::{Impossible, Judgement};

/// What a trial on the final target showed.
pub(super) enum Shown {
    Accepted,
    Impossible(String),
    Broken(Broken),
}

/// What a trial broke on the first architecture that got worse.
pub(super) struct Broken {
    pub(super) arch: ArchId,
    /// The binary that is explained.
    pub(super) binary: BinaryId,
    pub(super) names: Vec<NameId>,
    pub(super) mended: Vec<NameId>,
    /// Checked; none if the search was given up.
    pub(super) core: Option<Vec<Constraint>>,
    /// The core for people.
    pub(super) elements: Vec<Element>,
}

impl Run<'_> {
    /// Looks at the target with the item in it.
    pub(super) fn show(
        &self,
        item: &Item,
        target: &Target,
        judgement: Result<Judgement, Impossible>,
    ) -> Result<Shown, Fault> {
        let distribution = self.context.distribution;
        let judgement = match judgement {
            Ok(judgement) => judgement,
            Err(reason) => return Ok(Shown::Impossible(reason.to_string())),
        };
        let Some(arch) = judgement.worse else { return Ok(Shown::Accepted) };
        let (before, after) = (&self.outcome.after.ports[arch.index()], &judgement.after.ports[arch.index()]);
        let sorted = |names: &BTreeSet<NameId>| {
            let mut names: Vec<NameId> = names.iter().copied().collect();
            names.sort_by_key(|&name| distribution.name(name));
            names
        };
        let (names, mended) = (sorted(&(after - before)), sorted(&(before - after)));
        let broken = names.iter().find(|name| self.keep_installable.contains(name)).or(names.first());
        let entry = broken.and_then(|&name| target.entry(arch, name));
        let entry = entry.expect("what got worse has a newly uninstallable name, which the target holds");
        let binary = distribution.entry(arch, entry).binary;
        let view = View::new(distribution, self.context.universe, target, arch);
        let fault = |problem| Fault {
            item: distribution.uvname(item),
            package: distribution.binary_text(arch, binary),
            architecture: distribution.arch_name(arch).to_owned(),
            problem,
        };
        let core = match refute(view, binary) {
            Refutation::Core(core) if is_minimal_core(&core) => Some(core),
            Refutation::Core(_) => return Err(fault(FaultyCore::NotMinimal)),
            Refutation::Possible if !target.installability(arch).is_unknown(binary) => {
                return Err(fault(FaultyCore::Missing));
            }
            Refutation::Possible | Refutation::GivenUp => None,
        };
        let arranged = arranged(core.as_deref().unwrap_or_default());
        let elements = arranged.into_iter().map(|constraint| self.element(item, view, target, constraint)).collect();
        Ok(Shown::Broken(Broken { arch, binary, names, mended, core, elements }))
    }

    fn element(&self, item: &Item, view: View<'_>, target: &Target, constraint: &Constraint) -> Element {
        let View { distribution, arch, .. } = view;
        let package = |id: BinaryId| distribution.package(arch, id);
        match constraint {
            Constraint::Root(id) => Element::Root { package: package(*id) },
            Constraint::Essential(id) => Element::Essential { package: package(*id) },
            Constraint::Conflict(one, other) => {
                let (says, with, relation) = view.conflict(*one, *other);
                Element::Conflict { package: package(says), with: package(with), relation }
            }
            Constraint::Needs { binary, groups, by, absent } => {
                let was_there = |id: &&BinaryId| self.outcome.target.holds(arch, **id);
                let lost = absent.iter().filter(was_there).map(|&id| {
                    let instead = target.entry(arch, distribution.binary(arch, id).name);
                    let version = instead.map(|entry| distribution.entry_binary(arch, entry).version);
                    let replaced_by = version.map(|version| distribution.text(version).to_owned());
                    Lost { package: package(id), replaced_by }
                });
                let in_source = |id: BinaryId| {
                    distribution.source_suites().any(|suite| self.context.entry_in(suite, arch, id).is_some())
                };
                let elsewhere = absent.iter().filter(|&&id| in_source(id)).map(|&id| {
                    let bringer = remedy::bringer(self, item, arch, id);
                    Elsewhere { package: package(id), item: bringer.map(|item| distribution.uvname(&item)) }
                });
                Element::Needs {
                    package: package(*binary),
                    relation: view.relation_text(groups),
                    by: by.iter().map(|&id| package(id)).collect(),
                    lost: lost.collect(),
                    elsewhere: elsewhere.collect(),
                }
            }
        }
    }
}

/// A core in the order in which it reads: from what is to be installed along its needs, conflicts last.
pub(super) fn arranged(core: &[Constraint]) -> Vec<&Constraint> {
    let is_start = |constraint: &&Constraint| matches!(constraint, Constraint::Root(_) | Constraint::Essential(_));
    let mut starts: Vec<&Constraint> = core.iter().filter(is_start).collect();
    starts.sort_by_key(|constraint| matches!(constraint, Constraint::Essential(_)));
    let mut order: Vec<&Constraint> = Vec::new();
    let mut reached = BTreeSet::new();
    for start in starts {
        order.push(start);
        let mut queue = vec![start.subject()];
        let mut next = 0;
        while next < queue.len() {
            let id = queue[next];
            next += 1;
            if !reached.insert(id) {
                continue;
            }
            for constraint in core {
                if let Constraint::Needs { binary, by, .. } = constraint
                    && *binary == id
                {
                    order.push(constraint);
                    queue.extend(by);
                }
            }
        }
    }
    order.extend(core.iter().filter(|constraint| matches!(constraint, Constraint::Conflict(..))));
    order
}

impl Distribution {
    /// A binary's name and version, for people.
    pub(super) fn package(&self, arch: ArchId, id: BinaryId) -> Package {
        let binary = self.binary(arch, id);
        Package { name: self.name(binary.name).to_owned(), version: self.text(binary.version).to_owned() }
    }
}
