//! The check of certificates: every answer "installable" is looked at once more, by code that shares nothing with the
//! search that found it.
//!
//! A world proves its members installable if they are in the target, every clause of every member is met inside the
//! world, no two members conflict, and the essential binaries are among them. Linear in the size of the worlds.

use fixedbitset::FixedBitSet;

use crate::distribution::Distribution;
use crate::installability::Installability;
use crate::model::{ArchId, BinaryId};
use crate::target::Target;
use crate::universe::Universe;

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A member that the target does not hold.
    #[error("world {world} holds {member}, which the target does not")]
    NotInTarget {
        /// Which world.
        world: usize,
        /// The member.
        member: String,
    },
    /// A clause without a member that meets it.
    #[error("world {world} holds {member}, and nothing that meets one of its relations")]
    Unmet {
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
}

/// Checks every certificate of one architecture of a target.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    distribution: &Distribution,
    universe: &Universe,
    target: &Target,
    arch: ArchId,
) -> Result<(), CheckError> {
    verify_state(distribution, universe, target.installability(arch), arch)
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
    let mut certified = FixedBitSet::with_capacity(universe.port(arch).len());
    for (number, world) in state.worlds().iter().enumerate().filter(|(_, world)| !world.is_clear()) {
        verify_world(distribution, universe, state, arch, (number, world))?;
        certified.union_with(world);
    }
    let uncertified = state.present().find(|&id| !state.is_dead(id) && !certified.contains(id.index()));
    match uncertified {
        Some(id) => Err(CheckError::Uncertified { member: distribution.binary_text(arch, id) }),
        None => Ok(()),
    }
}

/// Checks one world, given with its number.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_world(
    distribution: &Distribution,
    universe: &Universe,
    state: &Installability,
    arch: ArchId,
    (number, world): (usize, &FixedBitSet),
) -> Result<(), CheckError> {
    let universe = universe.port(arch);
    let text = |id: BinaryId| distribution.binary_text(arch, id);
    let holds = |id: BinaryId| world.contains(id.index());
    for member in world.ones().map(BinaryId::at) {
        if !state.is_present(member) {
            return Err(CheckError::NotInTarget { world: number, member: text(member) });
        }
        if !universe.needs(member).all(|clause| universe.literals(clause).any(holds)) {
            return Err(CheckError::Unmet { world: number, member: text(member) });
        }
        if let Some(other) = universe.conflicts(member).find(|&other| holds(other)) {
            return Err(CheckError::Conflict { world: number, member: text(member), other: text(other) });
        }
    }
    if !state.is_without_essential() {
        let mut essential = universe.essential().iter().copied().filter(|&id| state.is_present(id));
        if let Some(missing) = essential.find(|&id| !holds(id)) {
            return Err(CheckError::LacksEssential { world: number, member: text(missing) });
        }
    }
    Ok(())
}
