//! The engine's answer is the obvious one, whatever was added, removed and taken back before (scenario 34).

use proptest::collection::vec;
use proptest::prelude::*;

use super::certificates::id_of;
use crate::installability::{Installability, Mark};
use crate::model::{ArchId, BinaryId};
use crate::oracle::brute_force::{Port, Set, bit, members};
use crate::oracle::generate::{cases, tangle};
use crate::universe::Universe;

const AMD64: ArchId = ArchId(0);

/// What is done to the target. The masks choose among the binaries.
#[derive(Debug, Clone)]
enum Step {
    Apply { removed: u16, added: u16 },
    Mark,
    Rollback,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u16>(), any::<u16>(), any::<u16>(), any::<u16>()).prop_map(|(a, b, c, d)| Step::Apply { removed: a & b, added: c & d }),
        2 => Just(Step::Mark),
        2 => Just(Step::Rollback),
        1 => Just(Step::Forget),
    ]
}

/// The engine and the oracle side by side, on one architecture.
struct Pair<'a> {
    port: &'a Port,
    ids: &'a [BinaryId],
    /// What the target holds.
    held: Set,
    /// Which of the essential packages go along; none if they contradicted each other at the start.
    with_essential: bool,
}

impl Pair<'_> {
    fn ids_of(&self, set: Set) -> Vec<BinaryId> {
        members(set).map(|number| self.ids[number]).collect()
    }

    fn set_of(&self, holds: impl Fn(BinaryId) -> bool) -> Set {
        (0..self.ids.len()).filter(|&number| holds(self.ids[number])).map(bit).sum()
    }

    fn compare(&self, state: &Installability) -> Result<(), TestCaseError> {
        let essential = if self.with_essential { self.port.essential & self.held } else { 0 };
        let dead = self.port.uninstallable(self.held, essential);
        prop_assert_eq!(self.set_of(|id| state.is_present(id)), self.held, "what is there");
        prop_assert_eq!(self.set_of(|id| state.is_dead(id)), dead, "what is uninstallable");
        let mut certified = 0;
        for world in state.worlds() {
            let world = self.set_of(|id| world.contains(id.index()));
            if world != 0 {
                prop_assert!(self.port.is_closed(self.held, world), "the world {:b} holds together", world);
                prop_assert_eq!(essential & !world, 0, "the world {:b} has the essential packages", world);
            }
            certified |= world;
        }
        prop_assert_eq!(certified, self.held & !dead, "every installable package has a certificate");
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn engine_and_brute_force_agree_after_every_change(
        archive in tangle(),
        start in any::<u16>(),
        steps in vec(step(), 1..12),
    ) {
        let distribution = archive.load();
        let whole = Universe::build(&distribution);
        let universe = whole.port(AMD64);
        let port = Port::new(&archive, "amd64");
        let packages = port.packages.iter();
        let ids: Vec<BinaryId> =
            packages.map(|package| id_of(&distribution, &whole, &package.name, &package.version)).collect();
        let mut pair = Pair { port: &port, ids: &ids, held: Set::from(start) & port.every(), with_essential: true };
        pair.with_essential = port.has_solution(pair.held, port.essential & pair.held);
        let mut state = Installability::new(universe, pair.ids_of(pair.held));
        prop_assert_eq!(state.is_without_essential(), !pair.with_essential);
        pair.compare(&state)?;
        let mut marks: Vec<(Mark, Set)> = vec![(state.mark(), pair.held)];
        for step in steps {
            match step {
                Step::Apply { removed, added } => {
                    let (removed, added) = (Set::from(removed) & port.every(), Set::from(added) & port.every());
                    state.apply(universe, &pair.ids_of(removed), &pair.ids_of(added));
                    pair.held = (pair.held & !removed) | added;
                }
                Step::Mark => marks.push((state.mark(), pair.held)),
                Step::Rollback => {
                    let (mark, held) = marks.pop().unwrap_or((state.mark(), pair.held));
                    state.rollback(mark);
                    pair.held = held;
                }
                Step::Forget => {
                    state.forget();
                    marks.clear();
                }
            }
            pair.compare(&state)?;
        }
    }
}

proptest! {
    #![proptest_config(cases(8))]

    /// Chapter 4.3.1: never installable is what no selection of packages makes installable.
    #[test]
    fn never_installable_is_exact(archive in tangle()) {
        let distribution = archive.load();
        let whole = Universe::build(&distribution);
        let universe = whole.port(AMD64);
        let port = Port::new(&archive, "amd64");
        for (number, package) in port.packages.iter().enumerate() {
            let id = id_of(&distribution, &whole, &package.name, &package.version);
            let never = port.never & bit(number) != 0;
            prop_assert_eq!(universe.is_never_installable(id), never, "{} {}", package.name, package.version);
        }
    }
}
