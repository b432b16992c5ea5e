//! Dependencies and conflicts as sets of ids, resolved once over all suites.
//!
//! For each architecture every relation becomes the set of binaries that satisfy it in *any* suite; a *clause* is such
//! a set as one binary needs it. Nothing here knows which suite holds what: that is the [`crate::target::Target`]'s.
//! All tables are flat, with ranges instead of nested vectors, since the engine walks them millions of times.

mod never;

use fixedbitset::FixedBitSet;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use rayon::prelude::*;
use std::hash::BuildHasher;
use tidegate_archive::relation::architecture_matches;

use crate::distribution::{Alternative, Distribution, Qualifier};
use crate::model::{ArchId, BinaryId, ClauseId, GroupId, NameId, TextId};

/// The resolved relations of all architectures.
#[derive(Debug)]
pub struct Universe {
    ports: Vec<PortUniverse>,
}

/// The resolved relations of one architecture.
#[derive(Debug, Default)]
pub struct PortUniverse {
    /// By [`GroupId`]: what satisfies it, never-installable binaries included.
    groups: Table,
    group_sets: Vec<u32>,
    /// By [`ClauseId`]: what satisfies it, never-installable binaries left out, in the order of the relation.
    clauses: Table,
    /// By [`BinaryId`]: its clauses. A never-installable binary has the empty clause alone.
    needs: Table,
    /// By [`ClauseId`]: the binaries that were written with it, never-installable ones included.
    users: Table,
    /// By [`BinaryId`]: the clauses that it satisfies.
    satisfies: Table,
    /// By [`BinaryId`]: what cannot be installed beside it. Symmetric.
    conflicts: Table,
    never: FixedBitSet,
    essential: Vec<BinaryId>,
    /// By [`NameId`]: the binaries of that name.
    by_name: Table,
    /// By [`NameId`]: who provides it; the index is into `providers`.
    providers: HashMap<NameId, Vec<(BinaryId, Option<TextId>)>, FixedState>,
}

/// Rows of ids in one vector.
#[derive(Debug, Clone)]
struct Table {
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Default for Table {
    fn default() -> Self {
        Self { starts: vec![0], values: Vec::new() }
    }
}

impl Table {
    #[inline]
    fn row(&self, index: usize) -> &[u32] {
        match (self.starts.get(index), self.starts.get(index + 1)) {
            (Some(&start), Some(&end)) => &self.values[start as usize..end as usize],
            _ => &[],
        }
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn push(&mut self, row: &[u32]) {
        self.values.extend_from_slice(row);
        self.starts.push(u32::try_from(self.values.len()).expect("inputs are bounded far below this"));
    }

    /// The table with rows and values exchanged, of `rows` rows; a value keeps the order of the rows that hold it.
    fn transposed(&self, rows: usize) -> Self {
        let mut starts = vec![0u32; rows + 1];
        for &value in &self.values {
            starts[value as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut values = vec![0u32; self.values.len()];
        for row in 0..self.len() {
            for &value in self.row(row) {
                let slot = &mut next[value as usize];
                values[*slot as usize] = u32::try_from(row).expect("as many rows as ids");
                *slot += 1;
            }
        }
        Self { starts, values }
    }
}

/// A table of sets in which equal sets are one.
#[derive(Default)]
struct Sets {
    table: Table,
    index: HashTable<u32>,
}

impl Sets {
    fn intern(&mut self, set: &[u32]) -> u32 {
        const HASH: FixedState = FixedState::with_seed(0x0073_6574);
        let hash = HASH.hash_one(set);
        if let Some(&id) = self.index.find(hash, |&id| self.table.row(id as usize) == set) {
            return id;
        }
        let id = u32::try_from(self.table.len()).expect("inputs are bounded far below this");
        self.table.push(set);
        let table = &self.table;
        self.index.insert_unique(hash, id, |&id| HASH.hash_one(table.row(id as usize)));
        id
    }
}

macro_rules! ids {
    ($row:expr, $id:ident) => {
        $row.iter().map(|&id| $id(id))
    };
}

impl Universe {
    /// Resolves every relation of a distribution.
    pub fn build(distribution: &Distribution) -> Self {
        let archs: Vec<ArchId> = distribution.arch_ids().collect();
        Self { ports: archs.into_par_iter().map(|arch| PortUniverse::build(distribution, arch)).collect() }
    }

    /// One architecture's part.
    #[inline]
    pub fn port(&self, arch: ArchId) -> &PortUniverse {
        &self.ports[arch.index()]
    }
}

impl PortUniverse {
    fn build(distribution: &Distribution, arch: ArchId) -> Self {
        let mut universe = Self::default();
        universe.index_names(distribution, arch);
        let mut sets = Sets::default();
        let empty = sets.intern(&[]);
        universe.resolve_groups(distribution, arch, &mut sets);
        let written = universe.written_clauses(distribution, arch, &mut sets);
        universe.conflicts = universe.resolve_conflicts(distribution, arch, &sets);
        universe.never = never::propagated(&sets.table, &written, &universe.conflicts);
        universe.settle_clauses(&sets.table, &written, empty);
        let contradictory = never::contradictory(&universe);
        if !contradictory.is_empty() {
            universe.never.extend(contradictory.into_iter().map(BinaryId::index));
            universe.settle_clauses(&sets.table, &written, empty);
        }
        universe.groups = sets.table;
        let binaries = &distribution.port(arch).binaries;
        universe.essential = (0..binaries.len()).filter(|&id| binaries[id].essential).map(BinaryId::at).collect();
        universe
    }

    fn index_names(&mut self, distribution: &Distribution, arch: ArchId) {
        let port = distribution.port(arch);
        let mut names = Table::default();
        for (id, binary) in port.binaries.iter().enumerate() {
            names.push(&[binary.name.0]);
            for &(name, version) in port.provides_of(binary) {
                self.providers.entry(name).or_default().push((BinaryId::at(id), version));
            }
        }
        self.by_name = names.transposed(distribution.names.len());
    }

    /// The binaries of that name, whichever suite holds them.
    pub fn named(&self, name: NameId) -> impl Iterator<Item = BinaryId> + '_ {
        ids!(self.by_name.row(name.index()), BinaryId)
    }

    /// Appends what satisfies one alternative of a binary relation.
    pub(crate) fn resolve(
        &self,
        distribution: &Distribution,
        arch: ArchId,
        alternative: &Alternative,
        building: bool,
        found: &mut Vec<u32>,
    ) {
        let port = distribution.port(arch);
        let admits = |version: TextId| match alternative.constraint {
            None => true,
            Some((operator, bound)) => operator.admits(distribution.compare(version, bound)),
        };
        for id in self.named(alternative.name) {
            let binary = &port.binaries[id.index()];
            let qualified = match alternative.qualifier {
                Qualifier::None => true,
                Qualifier::Any => binary.any_allowed,
                Qualifier::Native => building,
                Qualifier::Arch(name) => distribution.text(name) == distribution.arch_name(arch),
            };
            if qualified && admits(binary.version) && !found.contains(&id.0) {
                found.push(id.0);
            }
        }
        if alternative.qualifier == Qualifier::None
            && let Some(providers) = self.providers.get(&alternative.name)
        {
            for &(id, version) in providers {
                let fits = match version {
                    None => alternative.constraint.is_none(),
                    Some(version) => admits(version),
                };
                if fits && !found.contains(&id.0) {
                    found.push(id.0);
                }
            }
        }
    }

    fn resolve_groups(&mut self, distribution: &Distribution, arch: ArchId, sets: &mut Sets) {
        let relations = &distribution.relations;
        let arch_name = distribution.arch_name(arch);
        let mut found = Vec::new();
        self.group_sets = Vec::with_capacity(relations.groups.len());
        for group in (0..relations.groups.len()).map(GroupId::at) {
            found.clear();
            for alternative in relations.alternatives_of(group) {
                if architecture_matches(distribution.text(alternative.architectures), arch_name) {
                    self.resolve(distribution, arch, alternative, false, &mut found);
                }
            }
            self.group_sets.push(sets.intern(&found));
        }
    }

    /// Each binary's clauses as sets: groups of one alternative on the same name are intersected.
    fn written_clauses(&self, distribution: &Distribution, arch: ArchId, sets: &mut Sets) -> Table {
        let port = distribution.port(arch);
        let mut meets: HashMap<(u32, u32), u32, FixedState> = HashMap::default();
        let mut written = Table::default();
        let mut row: Vec<(Option<(NameId, Qualifier)>, u32)> = Vec::new();
        let mut plain = Vec::new();
        for binary in &port.binaries {
            row.clear();
            for &group in port.depends_of(binary) {
                let alternatives = distribution.relations.alternatives_of(group);
                let set = self.group_sets[group.index()];
                if let [only] = alternatives {
                    if !applies(distribution, arch, only) {
                        continue;
                    }
                    let key = Some((only.name, only.qualifier));
                    if let Some((_, former)) = row.iter_mut().find(|(known, _)| *known == key) {
                        *former = *meets.entry((*former, set)).or_insert_with(|| {
                            let other = sets.table.row(set as usize).to_vec();
                            let mut both = sets.table.row(*former as usize).to_vec();
                            both.retain(|id| other.contains(id));
                            sets.intern(&both)
                        });
                        continue;
                    }
                    row.push((key, set));
                } else if alternatives.is_empty() || alternatives.iter().any(|one| applies(distribution, arch, one)) {
                    row.push((None, set));
                }
            }
            plain.clear();
            plain.extend(row.iter().map(|&(_, set)| set));
            written.push(&plain);
        }
        written
    }

    fn resolve_conflicts(&self, distribution: &Distribution, arch: ArchId, sets: &Sets) -> Table {
        let port = distribution.port(arch);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (id, binary) in port.binaries.iter().enumerate() {
            let id = BinaryId::at(id).0;
            for &group in port.conflicts_of(binary) {
                let others = sets.table.row(self.group_sets[group.index()] as usize);
                pairs.extend(others.iter().filter(|&&other| other != id).flat_map(|&other| [(id, other), (other, id)]));
            }
            if distribution.exclusive_versions {
                pairs.extend(self.named(binary.name).map(|other| (id, other.0)).filter(|(id, other)| id != other));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut conflicts = Table::default();
        let mut rest = pairs.as_slice();
        let mut row = Vec::new();
        for id in 0..port.binaries.len() {
            let end = rest.iter().take_while(|&&(first, _)| first as usize == id).count();
            row.clear();
            row.extend(rest[..end].iter().map(|&(_, other)| other));
            conflicts.push(&row);
            rest = &rest[end..];
        }
        conflicts
    }

    /// Takes never-installable binaries out of the clauses, and merges those that became equal.
    fn settle_clauses(&mut self, sets: &Table, written: &Table, empty: u32) {
        let mut clauses = Sets::default();
        let empty_clause = clauses.intern(sets.row(empty as usize));
        let mut settled: Vec<Option<u32>> = vec![None; sets.len()];
        let mut literals = Vec::new();
        let mut needs = Table::default();
        let mut original = Table::default();
        let mut row = Vec::new();
        for id in 0..written.len() {
            row.clear();
            for &set in written.row(id) {
                let clause = *settled[set as usize].get_or_insert_with(|| {
                    literals.clear();
                    literals.extend(sets.row(set as usize).iter().filter(|&&id| !self.never.contains(id as usize)));
                    clauses.intern(&literals)
                });
                if !row.contains(&clause) {
                    row.push(clause);
                }
            }
            original.push(&row);
            if self.never.contains(id) {
                needs.push(&[empty_clause]);
            } else {
                needs.push(&row);
            }
        }
        self.users = original.transposed(clauses.table.len());
        self.satisfies = clauses.table.transposed(written.len());
        self.clauses = clauses.table;
        self.needs = needs;
    }

    /// What satisfies a relation group, in any suite.
    pub fn group(&self, group: GroupId) -> impl Iterator<Item = BinaryId> + '_ {
        ids!(self.groups.row(self.group_sets[group.index()] as usize), BinaryId)
    }

    /// What satisfies a clause.
    #[inline]
    pub fn literals(&self, clause: ClauseId) -> impl ExactSizeIterator<Item = BinaryId> + '_ {
        ids!(self.clauses.row(clause.index()), BinaryId)
    }

    /// The clauses of a binary.
    #[inline]
    pub fn needs(&self, binary: BinaryId) -> impl ExactSizeIterator<Item = ClauseId> + '_ {
        ids!(self.needs.row(binary.index()), ClauseId)
    }

    /// The binaries that have a clause.
    #[inline]
    pub fn users(&self, clause: ClauseId) -> impl ExactSizeIterator<Item = BinaryId> + '_ {
        ids!(self.users.row(clause.index()), BinaryId)
    }

    /// The clauses that a binary satisfies.
    #[inline]
    pub fn satisfies(&self, binary: BinaryId) -> impl ExactSizeIterator<Item = ClauseId> + '_ {
        ids!(self.satisfies.row(binary.index()), ClauseId)
    }

    /// What cannot be installed beside a binary.
    #[inline]
    pub fn conflicts(&self, binary: BinaryId) -> impl ExactSizeIterator<Item = BinaryId> + '_ {
        ids!(self.conflicts.row(binary.index()), BinaryId)
    }

    /// The binaries that have a clause which `binary` satisfies; a binary may come more than once.
    pub fn reverse_dependencies(&self, binary: BinaryId) -> impl Iterator<Item = BinaryId> + '_ {
        self.satisfies(binary).flat_map(|clause| self.users(clause))
    }

    /// Whether no selection of binaries at all makes it installable.
    pub fn is_never_installable(&self, binary: BinaryId) -> bool {
        self.never.contains(binary.index())
    }

    /// How many never-installable binaries there are.
    pub fn never_installable(&self) -> usize {
        self.never.count_ones(..)
    }

    /// The essential binaries of all suites.
    pub fn essential(&self) -> &[BinaryId] {
        &self.essential
    }

    /// How many binaries there are.
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Whether there is no binary.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether an alternative counts on an architecture at all.
pub(crate) fn applies(distribution: &Distribution, arch: ArchId, alternative: &Alternative) -> bool {
    architecture_matches(distribution.text(alternative.architectures), distribution.arch_name(arch))
}
