//! Which binaries can be installed in no selection of ids at all.

use fixedbitset::FixedBitSet;

use super::{PortUniverse, Table};
use crate::installability::Installability;
use crate::model::BinaryId;

/// The binaries that have a clause of which every member is one of them, or conflicts with the binary itself.
///
/// That is nearly all. What is left takes a choice to find out, and is [`contradictory`].
pub(super) fn propagated(sets: &Table, written: &Table, conflicts: &Table) -> FixedBitSet {
    let users = written.transposed(sets.len());
    let mut never = FixedBitSet::with_capacity(written.len());
    let mut queue: Vec<u32> = (0..u32::try_from(written.len()).expect("as many rows as ids")).collect();
    let mut members: Option<Table> = None;
    while let Some(id) = queue.pop() {
        if never.contains(id as usize) {
            continue;
        }
        let against = conflicts.row(id as usize);
        let hopeless = |&set: &u32| {
            let mut literals = sets.row(set as usize).iter();
            literals.all(|literal| never.contains(*literal as usize) || against.binary_search(literal).is_ok())
        };
        if written.row(id as usize).iter().any(hopeless) {
            never.insert(id as usize);
            let members = members.get_or_insert_with(|| sets.transposed(written.len()));
            for &set in members.row(id as usize) {
                queue.extend(users.row(set as usize).iter().filter(|&&user| !never.contains(user as usize)));
            }
        }
    }
    never
}

/// The binaries beside [`propagated`] ones whose needs contradict each other whatever is chosen: what cannot be installed in
/// a target that holds every id and has no essential set.
///
/// `universe` is settled, but for its essential binaries. One that the search gave up on is not among them.
pub(super) fn contradictory(universe: &PortUniverse) -> Vec<BinaryId> {
    debug_assert!(universe.essential.is_empty(), "a selection need not hold the essential binaries");
    let everything = Installability::new(universe, (0..universe.len()).map(BinaryId::at));
    let dead = everything.dead().filter(|&id| !universe.is_never_installable(id) && !everything.is_unknown(id));
    dead.collect()
}
