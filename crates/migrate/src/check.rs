//! The check of certificates: every answer "installable" is looked at once more, by code that shares nothing with the
//! search that found it.
//!
//! A world proves its members installable if they are in the target, every clause of every member is met inside the
//! world, no two members conflict, and the essential binaries are among them. That claim is checked member by member
//! against the resolved relations. Nothing is searched for, and nothing that founds, grows or repairs worlds is used;
//! the cost is linear in the size of the worlds.

use fixedbitset::FixedBitSet;

use crate::distribution::Distribution;
use crate::installability::Installability;
use crate::model::{ArchId, BinaryId, GroupId};
use crate::target::Target;
use crate::universe::{PortUniverse, Universe, applies};

/// What is wrong with a certificate. It is a fault of this program, never one of the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A binary that is in the target and was judged as absent, or the other way round.
    #[error("{member} is {} the target and was judged as if it were {}", place(*.held), place(!*.held))]
    Misjudged {
        /// The binary.
        member: String,
        /// Whether the target holds it.
        held: bool,
    },
    /// A member that the target does not hold.
    #[error("world {world} holds {member}, which the target does not")]
    NotInTarget {
        /// Which world.
        world: usize,
        /// The member.
        member: String,
    },
    /// A clause without a member that meets it.
    #[error("world {world} holds {member}, and nothing that satisfies its relation `{relation}`")]
    Unmet {
        /// Which world.
        world: usize,
        /// The member.
        member: String,
        /// The relation as written; several with commas between them if one and the same package has to satisfy them.
        relation: String,
    },
    /// A member whose relations contradict each other whatever is chosen.
    #[error("world {world} holds {member}, which can be installed beside nothing at all")]
    Never {
        /// Which world.
        world: usize,
        /// The member.
        member: String,
    },
    /// Two members that exclude each other.
    #[error("world {world} holds {member} beside {other}, with which it conflicts")]
    Conflict {
        /// Which world.
        world: usize,
        /// The member.
        member: String,
        /// The other one.
        other: String,
    },
    /// An essential binary that is missing.
    #[error("world {world} lacks {member}, which is essential")]
    LacksEssential {
        /// Which world.
        world: usize,
        /// The missing binary.
        member: String,
    },
    /// A binary that counts as installable, without proof.
    #[error("{member} counts as installable and is in no world")]
    Uncertified {
        /// The binary.
        member: String,
    },
    /// A binary that counts as uninstallable, with a proof of the contrary.
    #[error("{member} counts as uninstallable and is in a world")]
    Refuted {
        /// The binary.
        member: String,
    },
}

fn place(held: bool) -> &'static str {
    if held { "in" } else { "not in" }
}

/// Checks every certificate of one architecture of a target, and that what is judged is what the target holds.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    distribution: &Distribution,
    universe: &Universe,
    target: &Target,
    arch: ArchId,
) -> Result<(), CheckError> {
    let state = target.installability(arch);
    let mut held = FixedBitSet::with_capacity(universe.port(arch).len());
    for entry in target.entries(arch) {
        held.insert(distribution.entry(arch, entry).binary.index());
    }
    let misjudged = (0..held.len()).find(|&id| held.contains(id) != state.is_present(BinaryId::at(id)));
    if let Some(id) = misjudged {
        let member = distribution.binary_text(arch, BinaryId::at(id));
        return Err(CheckError::Misjudged { member, held: held.contains(id) });
    }
    verify_state(distribution, universe, state, arch)
}

/// Checks every certificate of a state.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_state(
    distribution: &Distribution,
    universe: &Universe,
    state: &Installability,
    arch: ArchId,
) -> Result<(), CheckError> {
    verify_worlds(distribution, universe, state, arch, state.worlds())
}

/// Checks worlds as the certificates of a state.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_worlds(
    distribution: &Distribution,
    universe: &Universe,
    state: &Installability,
    arch: ArchId,
    worlds: &[FixedBitSet],
) -> Result<(), CheckError> {
    let check = Check { distribution, universe: universe.port(arch), state, arch };
    let essential = check.escort();
    let mut certified = FixedBitSet::with_capacity(check.universe.len());
    // A world that was given up is left empty and certifies nothing.
    for (number, world) in worlds.iter().enumerate().filter(|(_, world)| !world.is_clear()) {
        check.world(number, world, &essential)?;
        certified.union_with(world);
    }
    for id in state.present() {
        match (state.is_dead(id), certified.contains(id.index())) {
            (false, false) => return Err(CheckError::Uncertified { member: check.text(id) }),
            (true, true) => return Err(CheckError::Refuted { member: check.text(id) }),
            (false, true) | (true, false) => {}
        }
    }
    Ok(())
}

/// What is checked against.
struct Check<'a> {
    distribution: &'a Distribution,
    universe: &'a PortUniverse,
    state: &'a Installability,
    arch: ArchId,
}

impl Check<'_> {
    fn text(&self, id: BinaryId) -> String {
        self.distribution.binary_text(self.arch, id)
    }

    /// The essential binaries that are in every world, unless they contradict each other.
    fn escort(&self) -> Vec<BinaryId> {
        let escorted = !self.state.is_without_essential();
        let essential = |id: &BinaryId| escorted && self.distribution.binary(self.arch, *id).essential;
        self.state.present().filter(essential).collect()
    }

    fn world(&self, number: usize, world: &FixedBitSet, essential: &[BinaryId]) -> Result<(), CheckError> {
        let universe = self.universe;
        let holds = |id: BinaryId| world.contains(id.index());
        for member in world.ones().map(BinaryId::at) {
            if !self.state.is_present(member) {
                return Err(CheckError::NotInTarget { world: number, member: self.text(member) });
            }
            if !universe.needs(member).all(|clause| universe.literals(clause).any(holds)) {
                let text = self.text(member);
                return Err(match self.unmet(world, member) {
                    Some(relation) => CheckError::Unmet { world: number, member: text, relation },
                    None => CheckError::Never { world: number, member: text },
                });
            }
            if let Some(other) = universe.conflicts(member).find(|&other| holds(other)) {
                let (member, other) = (self.text(member), self.text(other));
                return Err(CheckError::Conflict { world: number, member, other });
            }
        }
        match essential.iter().find(|&&id| !holds(id)) {
            Some(&missing) => Err(CheckError::LacksEssential { world: number, member: self.text(missing) }),
            None => Ok(()),
        }
    }

    /// The relation of a member that nothing in its world satisfies; those without alternative on one name are one.
    fn unmet(&self, world: &FixedBitSet, member: BinaryId) -> Option<String> {
        let Self { distribution, universe, arch, .. } = *self;
        let relations = &distribution.relations;
        let counts = |group: &&GroupId| {
            let alternatives = relations.alternatives_of(**group);
            alternatives.is_empty() || alternatives.iter().any(|one| applies(distribution, arch, one))
        };
        let groups = distribution.port(arch).depends_of(distribution.binary(arch, member)).iter();
        let groups: Vec<GroupId> = groups.filter(counts).copied().collect();
        let is_one = |a: GroupId, b: GroupId| match (relations.alternatives_of(a), relations.alternatives_of(b)) {
            ([a], [b]) => a.name == b.name && a.qualifier == b.qualifier,
            _ => a == b,
        };
        let is_met = |need: &Vec<GroupId>| {
            let satisfies = |id: BinaryId| need.iter().all(|&group| universe.group(group).any(|by| by == id));
            world.ones().map(BinaryId::at).any(satisfies)
        };
        let mut needs = groups.iter().map(|&a| groups.iter().copied().filter(|&b| is_one(a, b)).collect());
        let unmet = needs.find(|need| !is_met(need))?;
        let text = |group: &GroupId| distribution.text(relations.groups[group.index()].text);
        Some(unmet.iter().map(text).collect::<Vec<_>>().join(", "))
    }
}
