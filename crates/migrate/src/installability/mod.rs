//! Which binaries of the target are installable, kept up to date while items are tried.
//!
//! A binary is installable iff a set of the target's binaries exists that contains it and every essential binary,
//! meets every clause of every member, and holds no conflicting pair. Such a set is a certificate; the sets kept here
//! are *worlds*, each of which certifies all its members at once. A change is applied to the worlds in place: what
//! lost a dependency gets a replacement or leaves, and only what is in no world any more is proved again. Rollback
//! replays a log backwards, so the cost of a trial follows what it touched.
//!
//! Nothing here decides what to try: that is [`crate::upgrade`]'s.

mod proof;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::model::{BinaryId, ClauseId};
use crate::universe::PortUniverse;

use proof::Sat;

/// The state of one architecture.
#[derive(Debug, Clone)]
pub struct Installability {
    present: FixedBitSet,
    /// The uninstallable binaries of the target, with what could change that.
    dead: BTreeMap<BinaryId, Arc<Watch>>,
    dead_set: FixedBitSet,
    /// What the uninstallable binaries wait for: a literal of the watch, and whose watch it is.
    watched: BTreeSet<(BinaryId, BinaryId)>,
    worlds: Vec<FixedBitSet>,
    /// By binary: how many worlds hold it.
    cover: Vec<u16>,
    essential: Vec<BinaryId>,
    /// The essential set contradicts itself, so nothing is asked to go with it.
    without_essential: bool,
    log: Vec<Change>,
    scratch: Scratch,
    /// How many members, clauses and literals were looked at; what growth laws are tested on.
    steps: u64,
}

/// What could make an uninstallable binary installable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Binaries that, added or made installable, could do it. Sorted.
    pub(crate) literals: Vec<BinaryId>,
    /// Whether the removal of an essential binary could.
    pub(crate) essential: bool,
    /// The search was given up: the binary counts as uninstallable because nothing is accepted on a guess.
    pub(crate) unknown: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Present(BinaryId),
    Absent(BinaryId),
    Joined(u16, BinaryId),
    Left(u16, BinaryId),
    Died(BinaryId),
    Revived(BinaryId, Arc<Watch>),
    World,
    Essential(Vec<BinaryId>),
}

/// Work space that is empty between calls.
#[derive(Debug, Clone, Default)]
struct Scratch {
    lost: Vec<BinaryId>,
    forced: Marks,
    blocked: Marks,
}

/// A set that is emptied by counting up.
#[derive(Debug, Clone, Default)]
struct Marks {
    stamps: Vec<u32>,
    now: u32,
}

impl Marks {
    fn clear(&mut self, len: usize) {
        if self.stamps.len() < len || self.now == u32::MAX {
            self.stamps = vec![0; len];
            self.now = 0;
        }
        self.now += 1;
    }

    fn insert(&mut self, id: BinaryId) -> bool {
        std::mem::replace(&mut self.stamps[id.index()], self.now) != self.now
    }

    fn contains(&self, id: BinaryId) -> bool {
        self.stamps[id.index()] == self.now
    }
}

/// A point in an architecture's log to which it can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl Installability {
    /// Judges every binary of `present`.
    pub fn new(universe: &PortUniverse, present: impl IntoIterator<Item = BinaryId>) -> Self {
        let len = universe.len();
        let mut state = Self {
            present: FixedBitSet::with_capacity(len),
            dead: BTreeMap::new(),
            dead_set: FixedBitSet::with_capacity(len),
            watched: BTreeSet::new(),
            worlds: Vec::new(),
            cover: vec![0; len],
            essential: Vec::new(),
            without_essential: false,
            log: Vec::new(),
            scratch: Scratch::default(),
            steps: 0,
        };
        for id in present {
            state.present.insert(id.index());
        }
        state.essential = universe.essential().iter().copied().filter(|&id| state.is_present(id)).collect();
        state.without_essential =
            !state.essential.is_empty() && !matches!(state.prove_together(universe, None), Sat::Yes(_));
        let everything: Vec<BinaryId> = state.present().collect();
        state.give_up_hopeless(universe, everything);
        state.found_worlds(universe);
        state.log.clear();
        state
    }

    /// Whether the target holds a binary.
    #[inline]
    pub fn is_present(&self, id: BinaryId) -> bool {
        self.present.contains(id.index())
    }

    /// Whether the target holds a binary that cannot be installed.
    #[inline]
    pub fn is_dead(&self, id: BinaryId) -> bool {
        self.dead_set.contains(id.index())
    }

    /// Whether the target holds a binary that can be installed.
    #[inline]
    pub fn is_alive(&self, id: BinaryId) -> bool {
        self.is_present(id) && !self.is_dead(id)
    }

    /// The target's uninstallable binaries, by id.
    pub fn dead(&self) -> impl Iterator<Item = BinaryId> + '_ {
        self.dead.keys().copied()
    }

    /// Whether the search for this uninstallable binary was given up.
    pub fn is_unknown(&self, id: BinaryId) -> bool {
        self.dead.get(&id).is_some_and(|watch| watch.unknown)
    }

    /// The target's binaries, by id.
    pub fn present(&self) -> impl Iterator<Item = BinaryId> + '_ {
        self.present.ones().map(BinaryId::at)
    }

    /// Whether the essential set has no solution, so that installability is judged without it.
    pub fn is_without_essential(&self) -> bool {
        self.without_essential
    }

    /// The certificates: sets of which each proves all its members installable.
    pub fn worlds(&self) -> &[FixedBitSet] {
        &self.worlds
    }

    /// How much has been looked at since the state was made.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The point to which [`Self::rollback`] returns.
    pub fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Forgets how to go back: what was applied stays.
    pub fn forget(&mut self) {
        self.log.clear();
    }

    /// Takes `removed` out of the target and puts `added` in, and judges anew what that touches.
    ///
    /// A binary that is in both lists stays.
    pub fn apply(&mut self, universe: &PortUniverse, removed: &[BinaryId], added: &[BinaryId]) {
        let mut staying = std::mem::take(&mut self.scratch.forced);
        staying.clear(self.cover.len());
        for &id in added {
            staying.insert(id);
        }
        let leaves = |id: &BinaryId| self.is_present(*id) && !staying.contains(*id);
        let leaving: Vec<BinaryId> = removed.iter().copied().filter(leaves).collect();
        self.scratch.forced = staying;
        let coming: Vec<BinaryId> = added.iter().copied().filter(|&id| !self.is_present(id)).collect();
        for &id in &leaving {
            self.present.set(id.index(), false);
            self.log.push(Change::Absent(id));
            self.revive(id);
        }
        for &id in &coming {
            self.present.insert(id.index());
            self.log.push(Change::Present(id));
        }
        let essential_left = self.change_essential(universe, &leaving, &coming);
        self.wake(&coming, essential_left);
        self.give_up_users(universe, leaving.clone());
        self.repair(universe, &leaving);
        self.scratch.lost.extend(coming);
        let lost = std::mem::take(&mut self.scratch.lost);
        self.give_up_hopeless(universe, lost.clone());
        for id in lost {
            if self.is_alive(id) && self.cover[id.index()] == 0 {
                self.prove(universe, id);
            }
        }
    }

    /// Takes the verdict from every uninstallable binary that something new could help, directly or through others,
    /// and notes it for a new proof. All at once: two that need each other would else keep each other down.
    fn wake(&mut self, coming: &[BinaryId], essential_left: bool) {
        let mut woken: Vec<BinaryId> = Vec::new();
        if essential_left {
            woken.extend(self.dead.iter().filter(|(_, watch)| watch.essential).map(|(&id, _)| id));
        }
        for &id in coming {
            self.watchers(id, &mut woken);
        }
        let mut next = 0;
        while next < woken.len() {
            let id = woken[next];
            next += 1;
            if self.is_dead(id) {
                self.revive(id);
                self.scratch.lost.push(id);
                self.watchers(id, &mut woken);
            }
        }
    }

    /// Appends the uninstallable binaries that wait for this one.
    fn watchers(&mut self, id: BinaryId, found: &mut Vec<BinaryId>) {
        let before = found.len();
        found.extend(self.watched.range((id, BinaryId(0))..=(id, BinaryId(u32::MAX))).map(|&(_, watcher)| watcher));
        self.steps += 1 + (found.len() - before) as u64;
    }

    /// Gives up those that need something which the target does not have or which cannot be installed, and then what
    /// needs them. Proofs would follow the same chain again for each.
    fn give_up_hopeless(&mut self, universe: &PortUniverse, suspects: impl IntoIterator<Item = BinaryId>) {
        for id in suspects {
            if !self.is_alive(id) {
                continue;
            }
            if let Some(clause) = universe.needs(id).find(|&clause| !self.is_within_reach(universe, clause)) {
                self.give_up(universe, id, clause);
                self.give_up_users(universe, vec![id]);
            }
        }
    }

    /// Gives up what needs one of those that left or were given up, and has nothing else, and so on.
    fn give_up_users(&mut self, universe: &PortUniverse, mut gone: Vec<BinaryId>) {
        while let Some(id) = gone.pop() {
            for clause in universe.satisfies(id) {
                if self.is_within_reach(universe, clause) {
                    continue;
                }
                for user in universe.users(clause).filter(|&user| self.is_alive(user)).collect::<Vec<_>>() {
                    self.give_up(universe, user, clause);
                    gone.push(user);
                }
            }
        }
    }

    fn give_up(&mut self, universe: &PortUniverse, id: BinaryId, clause: ClauseId) {
        let mut literals: Vec<BinaryId> = universe.literals(clause).collect();
        literals.sort_unstable();
        self.die(id, Watch { literals, essential: false, unknown: false });
    }

    /// Whether the target has something that meets a clause and is not known to be uninstallable.
    fn is_within_reach(&mut self, universe: &PortUniverse, clause: ClauseId) -> bool {
        let mut looked_at = 1;
        let found = universe.literals(clause).any(|literal| {
            looked_at += 1;
            self.is_alive(literal)
        });
        self.steps += looked_at;
        found
    }

    /// A binary that counts as uninstallable and is not, if there is one: all of them are proved anew, together.
    pub fn wrongly_dead(&self, universe: &PortUniverse) -> Option<BinaryId> {
        let mut anew = self.clone();
        let dead: Vec<BinaryId> = self.dead().filter(|&id| !self.is_unknown(id)).collect();
        for &id in &dead {
            anew.revive(id);
        }
        for &id in &dead {
            if anew.cover[id.index()] == 0 {
                anew.prove(universe, id);
            }
        }
        dead.into_iter().find(|&id| !anew.is_dead(id))
    }

    /// Undoes everything since `mark`.
    pub fn rollback(&mut self, mark: Mark) {
        while self.log.len() > mark.0 {
            match self.log.pop().expect("the log is longer than the mark") {
                Change::Present(id) => self.present.set(id.index(), false),
                Change::Absent(id) => self.present.insert(id.index()),
                Change::Joined(world, id) => {
                    self.worlds[usize::from(world)].set(id.index(), false);
                    self.cover[id.index()] -= 1;
                }
                Change::Left(world, id) => {
                    self.worlds[usize::from(world)].insert(id.index());
                    self.cover[id.index()] += 1;
                }
                Change::Died(id) => drop(self.exhume(id)),
                Change::Revived(id, watch) => self.bury(id, watch),
                Change::World => {
                    self.worlds.pop();
                }
                Change::Essential(former) => self.essential = former,
            }
        }
    }

    fn die(&mut self, id: BinaryId, watch: Watch) {
        self.bury(id, Arc::new(watch));
        self.log.push(Change::Died(id));
    }

    fn revive(&mut self, id: BinaryId) {
        if let Some(watch) = self.exhume(id) {
            self.log.push(Change::Revived(id, watch));
        }
    }

    fn bury(&mut self, id: BinaryId, watch: Arc<Watch>) {
        debug_assert!(!self.is_dead(id), "what waits for each other must not be buried twice: nothing would wake it");
        self.watched.extend(watch.literals.iter().map(|&literal| (literal, id)));
        self.dead.insert(id, watch);
        self.dead_set.insert(id.index());
    }

    fn exhume(&mut self, id: BinaryId) -> Option<Arc<Watch>> {
        let watch = self.dead.remove(&id)?;
        self.dead_set.set(id.index(), false);
        for &literal in &watch.literals {
            self.watched.remove(&(literal, id));
        }
        Some(watch)
    }

    /// Takes over a changed essential set; returns whether an essential binary left.
    fn change_essential(&mut self, universe: &PortUniverse, leaving: &[BinaryId], coming: &[BinaryId]) -> bool {
        let is_essential = |id: &BinaryId| universe.essential().contains(id);
        let left = leaving.iter().any(is_essential);
        if left || coming.iter().any(is_essential) {
            let essential = universe.essential().iter().copied().filter(|&id| self.is_present(id)).collect();
            let former = std::mem::replace(&mut self.essential, essential);
            self.log.push(Change::Essential(former));
        }
        left
    }
}
