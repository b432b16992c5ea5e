//! Worlds: how they are founded, grown, and repaired after a change.

use fixedbitset::FixedBitSet;

use super::proof::Sat;
use super::{Change, Installability, Watch};
use crate::model::{BinaryId, ClauseId};
use crate::universe::PortUniverse;

/// How many members one repair of a world may throw out for newcomers; without a bound two that exclude each other
/// could take turns for ever.
const MOST_EVICTIONS: usize = 64;

impl Installability {
    /// Founds worlds until every binary of the target that is not known to be uninstallable is in one, or becomes so.
    pub(super) fn found_worlds(&mut self, universe: &PortUniverse) {
        let mut left: Vec<BinaryId> = self.present().filter(|&id| !self.is_dead(id)).collect();
        while !left.is_empty() {
            let world = self.new_world();
            if !self.grow_essential(universe, world) {
                self.close_world(world);
                break;
            }
            let before = left.len();
            left.retain(|&id| !self.worlds[world].contains(id.index()) && !self.grow(universe, world, id));
            if left.len() == before {
                self.close_world(world);
                break;
            }
        }
        for id in left {
            if self.cover[id.index()] == 0 {
                self.prove(universe, id);
            }
        }
    }

    fn new_world(&mut self) -> usize {
        self.worlds.push(FixedBitSet::with_capacity(self.cover.len()));
        self.log.push(Change::World);
        self.worlds.len() - 1
    }

    /// Empties a world that was founded in vain. It stays, empty, so that the log's numbers remain true.
    fn close_world(&mut self, world: usize) {
        let members: Vec<BinaryId> = self.worlds[world].ones().map(BinaryId::at).collect();
        for id in members {
            self.leave(world, id);
        }
    }

    fn join(&mut self, world: usize, id: BinaryId) {
        self.worlds[world].insert(id.index());
        self.cover[id.index()] += 1;
        self.log.push(Change::Joined(number(world), id));
    }

    fn leave(&mut self, world: usize, id: BinaryId) {
        self.worlds[world].set(id.index(), false);
        let cover = &mut self.cover[id.index()];
        *cover -= 1;
        if *cover == 0 {
            self.scratch.lost.push(id);
        }
        self.log.push(Change::Left(number(world), id));
    }

    fn grow_essential(&mut self, universe: &PortUniverse, world: usize) -> bool {
        if self.without_essential {
            return true;
        }
        let essential = self.essential.clone();
        essential.into_iter().all(|id| self.worlds[world].contains(id.index()) || self.grow(universe, world, id))
    }

    /// Whether a binary is alive and in conflict with no member.
    fn fits(&mut self, universe: &PortUniverse, world: usize, id: BinaryId) -> bool {
        let members = &self.worlds[world];
        self.steps += 1 + universe.conflicts(id).len() as u64;
        self.present.contains(id.index())
            && !self.dead_set.contains(id.index())
            && !universe.conflicts(id).any(|other| members.contains(other.index()))
    }

    /// Lets a binary join a world with what it needs: for each clause the first alternative that fits.
    /// Leaves the world as it was if that does not work out.
    pub(super) fn grow(&mut self, universe: &PortUniverse, world: usize, root: BinaryId) -> bool {
        self.grow_evicting(universe, world, root, 0).is_some()
    }

    /// Like [`Self::grow`], but may take up to `limit` members in conflict with the newcomers out of the world.
    /// Those are returned; what they leave unmet is the caller's to repair.
    fn grow_evicting(
        &mut self,
        universe: &PortUniverse,
        world: usize,
        root: BinaryId,
        limit: usize,
    ) -> Option<Vec<BinaryId>> {
        let mark = self.log.len();
        let mut evicted = Vec::new();
        let mut newcomers = Vec::new();
        if !self.admit(universe, world, root, limit, &mut newcomers, &mut evicted) {
            return None;
        }
        let mut next = 0;
        while next < newcomers.len() {
            let id = newcomers[next];
            next += 1;
            for clause in universe.needs(id) {
                self.steps += universe.literals(clause).len() as u64;
                if self.is_met(universe, world, clause) {
                    continue;
                }
                let admitted = (0..=limit.min(1)).any(|round| {
                    let limit = if round == 0 { 0 } else { limit };
                    universe
                        .literals(clause)
                        .any(|literal| self.admit(universe, world, literal, limit, &mut newcomers, &mut evicted))
                });
                if !admitted {
                    self.retract(mark);
                    return None;
                }
            }
        }
        Some(evicted)
    }

    /// Lets one binary join if it fits, or if no more than `limit` members that are no newcomers have to go.
    fn admit(
        &mut self,
        universe: &PortUniverse,
        world: usize,
        id: BinaryId,
        limit: usize,
        newcomers: &mut Vec<BinaryId>,
        evicted: &mut Vec<BinaryId>,
    ) -> bool {
        if !self.fits(universe, world, id) {
            if limit == 0 || !self.is_alive(id) {
                return false;
            }
            let members = &self.worlds[world];
            let against: Vec<BinaryId> =
                universe.conflicts(id).filter(|other| members.contains(other.index())).collect();
            let welcome = |other: &BinaryId| newcomers.contains(other) || self.essential.contains(other);
            if evicted.len() + against.len() > limit || against.iter().any(welcome) {
                return false;
            }
            for other in against {
                self.leave(world, other);
                evicted.push(other);
            }
        }
        self.join(world, id);
        newcomers.push(id);
        true
    }

    /// Undoes the latest joins and leaves of a world.
    fn retract(&mut self, mark: usize) {
        // What left for a newcomer that then did not stay may have been noted as lost; it is in a world again, so
        // the loop that looks after the lost ones passes over it.
        self.rollback(super::Mark(mark));
    }

    #[inline]
    fn is_met(&self, universe: &PortUniverse, world: usize, clause: ClauseId) -> bool {
        let members = &self.worlds[world];
        universe.literals(clause).any(|literal| members.contains(literal.index()))
    }

    /// Mends every world after binaries left the target and others came.
    pub(super) fn repair(&mut self, universe: &PortUniverse, leaving: &[BinaryId]) {
        for world in 0..self.worlds.len() {
            if self.worlds[world].is_clear() {
                continue;
            }
            let mut queue: Vec<BinaryId> =
                leaving.iter().copied().filter(|id| self.worlds[world].contains(id.index())).collect();
            for &id in &queue {
                self.leave(world, id);
            }
            let mut whole = self.welcome_essential(universe, world, &mut queue);
            let mut next = 0;
            let mut evictions = MOST_EVICTIONS;
            while whole && next < queue.len() {
                let id = queue[next];
                next += 1;
                for clause in universe.satisfies(id) {
                    self.steps += 1;
                    whole = whole && self.mend(universe, world, clause, &mut queue, &mut evictions);
                }
            }
            if !whole {
                self.close_world(world);
            }
        }
    }

    /// Makes room for essential binaries that are new in the target.
    fn welcome_essential(&mut self, universe: &PortUniverse, world: usize, queue: &mut Vec<BinaryId>) -> bool {
        if self.without_essential {
            return true;
        }
        for id in self.essential.clone() {
            if self.worlds[world].contains(id.index()) {
                continue;
            }
            match self.grow_evicting(universe, world, id, usize::MAX) {
                Some(evicted) => queue.extend(evicted),
                None => return false,
            }
        }
        true
    }

    /// Sees to a clause that may have lost its last member of the world: a replacement joins, or its users leave.
    /// False if an essential binary would have to leave.
    fn mend(
        &mut self,
        universe: &PortUniverse,
        world: usize,
        clause: ClauseId,
        queue: &mut Vec<BinaryId>,
        evictions: &mut usize,
    ) -> bool {
        self.steps += universe.literals(clause).len() as u64;
        if self.is_met(universe, world, clause) {
            return true;
        }
        let members = &self.worlds[world];
        self.steps += universe.users(clause).len() as u64;
        let users: Vec<BinaryId> = universe.users(clause).filter(|id| members.contains(id.index())).collect();
        if users.is_empty() {
            return true;
        }
        for limit in [0, users.len().min(*evictions)] {
            for literal in universe.literals(clause) {
                if let Some(evicted) = self.grow_evicting(universe, world, literal, limit) {
                    *evictions -= evicted.len();
                    queue.extend(evicted);
                    return true;
                }
            }
        }
        if !self.without_essential && users.iter().any(|id| self.essential.contains(id)) {
            return false;
        }
        for id in users {
            self.leave(world, id);
            queue.push(id);
        }
        true
    }

    /// Finds a world for a binary that is in none, or establishes that there is none.
    pub(super) fn prove(&mut self, universe: &PortUniverse, id: BinaryId) {
        let hopeless =
            universe.needs(id).any(|clause| !universe.literals(clause).any(|literal| self.is_alive(literal)));
        let worlds = if hopeless { 0 } else { self.worlds.len() };
        for world in 0..worlds {
            if !self.worlds[world].is_clear() && self.grow(universe, world, id) {
                return;
            }
        }
        if let Some(watch) = self.refute(universe, id) {
            self.die(id, watch);
            return;
        }
        let world = self.vacant_world();
        if self.grow(universe, world, id) && self.grow_essential(universe, world) {
            return;
        }
        self.close_world(world);
        match self.prove_together(universe, Some(id)) {
            Sat::Yes(members) => {
                for member in members {
                    self.join(world, member);
                }
            }
            Sat::No(literals) => self.die(id, Watch { literals, essential: true, unknown: false }),
            Sat::GivenUp(literals) => self.die(id, Watch { literals, essential: true, unknown: true }),
        }
    }

    fn vacant_world(&mut self) -> usize {
        match self.worlds.iter().position(FixedBitSet::is_clear) {
            Some(world) => world,
            None => self.new_world(),
        }
    }
}

fn number(world: usize) -> u16 {
    u16::try_from(world).expect("a target falls into far fewer worlds")
}
