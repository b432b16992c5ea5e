//! What binaries need, relation by relation, as it was written.
//!
//! The engine's clauses have no text, and binaries that never can be installed are taken out of them. People want the
//! text, and want to see why such a binary is no help; so here each need keeps its relations and everything that
//! satisfies them. The answers are the same: what never can be installed is in no solution either way.

use crate::distribution::{Distribution, Qualifier};
use crate::installability::Installability;
use crate::model::{ArchId, BinaryId, GroupId, NameId};
use crate::target::Target;
use crate::universe::{PortUniverse, Universe, applies};

/// One architecture of a target, to look at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) distribution: &'a Distribution,
    pub(super) universe: &'a PortUniverse,
    pub(super) state: &'a Installability,
    pub(super) arch: ArchId,
}

/// One need of a binary: one of a set of binaries. Several relations on one name are one need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) groups: Vec<GroupId>,
    /// What satisfies it in any suite, in the order of the relation.
    pub(super) by: Vec<BinaryId>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        distribution: &'a Distribution,
        universe: &'a Universe,
        target: &'a Target,
        arch: ArchId,
    ) -> Self {
        Self { distribution, universe: universe.port(arch), state: target.installability(arch), arch }
    }

    /// What a binary needs.
    pub(super) fn needs(&self, binary: BinaryId) -> Vec<Need> {
        let Self { distribution, universe, arch, .. } = *self;
        let port = distribution.port(arch);
        let mut needs: Vec<(Option<(NameId, Qualifier)>, Need)> = Vec::new();
        for &group in port.depends_of(&port.binaries[binary.index()]) {
            let alternatives = distribution.relations.alternatives_of(group);
            if !alternatives.is_empty() && !alternatives.iter().any(|one| applies(distribution, arch, one)) {
                continue;
            }
            let by: Vec<BinaryId> = universe.group(group).collect();
            let key = match alternatives {
                [only] => Some((only.name, only.qualifier)),
                _ => None,
            };
            match needs.iter_mut().find(|(known, _)| key.is_some() && *known == key) {
                Some((_, need)) => {
                    need.by.retain(|id| by.contains(id));
                    need.groups.push(group);
                }
                None => needs.push((key, Need { groups: vec![group], by })),
            }
        }
        needs.into_iter().map(|(_, need)| need).collect()
    }

    /// The relations of a need as text.
    pub(super) fn relation_text(&self, groups: &[GroupId]) -> String {
        let relations = &self.distribution.relations.groups;
        let texts: Vec<&str> =
            groups.iter().map(|group| self.distribution.text(relations[group.index()].text)).collect();
        texts.join(", ")
    }

    /// Which of two binaries that exclude each other says so, the other, and in which words.
    pub(super) fn conflict(&self, one: BinaryId, other: BinaryId) -> (BinaryId, BinaryId, String) {
        let port = self.distribution.port(self.arch);
        for (says, against) in [(one, other), (other, one)] {
            let groups = port.conflicts_of(&port.binaries[says.index()]);
            if let Some(&group) = groups.iter().find(|&&group| self.universe.group(group).any(|id| id == against)) {
                return (says, against, self.relation_text(&[group]));
            }
        }
        (one, other, String::new())
    }

    /// The essential binaries that everything has to go with.
    pub(super) fn essential(&self) -> Vec<BinaryId> {
        if self.state.is_without_essential() {
            return Vec::new();
        }
        self.universe.essential().iter().copied().filter(|&id| self.state.is_present(id)).collect()
    }
}
