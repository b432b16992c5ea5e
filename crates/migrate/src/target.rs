//! The target suite while items are tried: what it holds now, and how to take a change back.

use crate::distribution::{Distribution, Entry, Lookup};
use crate::installability::{Installability, Mark};
use crate::model::{ArchId, BinaryId, EntryId, NameId, SourceId, SuiteId};
use crate::universe::Universe;

/// The target's sources and binaries, with the installability of each architecture.
#[derive(Debug, Clone)]
pub struct Target {
    /// By name.
    sources: Lookup<SourceId>,
    ports: Vec<Port>,
    /// By source name: the target's binaries that name it as their source.
    built_by: Vec<Vec<(ArchId, EntryId)>>,
    log: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Port {
    binaries: Lookup<EntryId>,
    installability: Installability,
    /// What came or went since the installability was judged.
    touched: Vec<BinaryId>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Source(NameId, Option<SourceId>),
    Binary(ArchId, NameId, Option<EntryId>),
}

/// A point to which the target can be rolled back.
#[derive(Debug, Clone)]
pub(crate) struct Savepoint {
    log: usize,
    ports: Vec<Mark>,
}

/// What one change takes out of an architecture and puts in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PortChange {
    pub(crate) removed: Vec<EntryId>,
    pub(crate) added: Vec<EntryId>,
}

impl Target {
    /// The target as loaded.
    pub fn new(distribution: &Distribution, universe: &Universe) -> Self {
        use rayon::prelude::*;
        let suite = distribution.suite(SuiteId::TARGET);
        let archs: Vec<ArchId> = distribution.arch_ids().collect();
        let port = |&arch: &ArchId| {
            let binaries = suite.binaries[arch.index()].clone();
            let present = binaries.iter().map(|(_, entry)| distribution.entry(arch, entry).binary);
            let installability = Installability::new(universe.port(arch), present);
            Port { binaries, installability, touched: Vec::new() }
        };
        let mut target = Self {
            sources: suite.sources.clone(),
            ports: archs.par_iter().map(port).collect(),
            built_by: vec![Vec::new(); distribution.names.len()],
            log: Vec::new(),
        };
        for arch in archs {
            for (_, entry) in suite.binaries[arch.index()].iter() {
                target.built_by[distribution.entry(arch, entry).source.index()].push((arch, entry));
            }
        }
        target
    }

    /// The source of that name.
    pub(crate) fn source(&self, name: NameId) -> Option<SourceId> {
        self.sources.get(name.index())
    }

    /// The sources, by name id.
    pub(crate) fn sources(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.sources.iter().map(|(_, id)| id)
    }

    /// The binary of that name.
    pub(crate) fn entry(&self, arch: ArchId, name: NameId) -> Option<EntryId> {
        self.ports[arch.index()].binaries.get(name.index())
    }

    /// The binaries of an architecture, by name id.
    pub(crate) fn entries(&self, arch: ArchId) -> impl Iterator<Item = EntryId> + '_ {
        self.ports[arch.index()].binaries.iter().map(|(_, entry)| entry)
    }

    /// The target's binaries that name this source.
    pub(crate) fn built_by(&self, source: NameId) -> &[(ArchId, EntryId)] {
        &self.built_by[source.index()]
    }

    /// The installability of one architecture.
    #[inline]
    pub fn installability(&self, arch: ArchId) -> &Installability {
        &self.ports[arch.index()].installability
    }

    /// Whether the target holds exactly this binary.
    #[inline]
    pub(crate) fn holds(&self, arch: ArchId, id: BinaryId) -> bool {
        self.installability(arch).is_present(id)
    }

    /// Whether the target holds exactly this binary now, and nothing says that it cannot be installed: what came since
    /// the last judgement is not known yet, unless it could be installed nowhere.
    pub(crate) fn is_usable(
        &self,
        distribution: &Distribution,
        universe: &Universe,
        arch: ArchId,
        id: BinaryId,
    ) -> bool {
        self.is_held(distribution, arch, id)
            && !self.installability(arch).is_dead(id)
            && !universe.port(arch).is_never_installable(id)
    }

    fn is_held(&self, distribution: &Distribution, arch: ArchId, id: BinaryId) -> bool {
        let entry = self.entry(arch, distribution.binary(arch, id).name);
        entry.is_some_and(|entry| distribution.entry(arch, entry).binary == id)
    }

    pub(crate) fn savepoint(&self) -> Savepoint {
        debug_assert!(self.ports.iter().all(|port| port.touched.is_empty()), "a savepoint is of a judged target");
        Savepoint { log: self.log.len(), ports: self.ports.iter().map(|port| port.installability.mark()).collect() }
    }

    /// Takes back everything since the savepoint.
    pub(crate) fn rollback(&mut self, distribution: &Distribution, savepoint: &Savepoint) {
        while self.log.len() > savepoint.log {
            match self.log.pop().expect("the log is longer than the savepoint") {
                Change::Source(name, former) => {
                    self.sources.set(name.index(), former);
                }
                Change::Binary(arch, name, former) => self.put(distribution, arch, name, former),
            }
        }
        for (port, &mark) in self.ports.iter_mut().zip(&savepoint.ports) {
            port.touched.clear();
            port.installability.rollback(mark);
        }
    }

    /// Makes everything so far final.
    pub(crate) fn forget(&mut self) {
        self.log.clear();
        for port in &mut self.ports {
            port.installability.forget();
        }
    }

    /// Sets or removes a source.
    pub(crate) fn set_source(&mut self, name: NameId, source: Option<SourceId>) {
        let former = self.sources.set(name.index(), source);
        self.log.push(Change::Source(name, former));
    }

    /// Takes binaries out and puts others in. What can be installed then is judged by [`Self::settle`].
    pub(crate) fn change(&mut self, distribution: &Distribution, arch: ArchId, change: &PortChange) {
        let binary_of = |entry: EntryId| distribution.entry(arch, entry).binary;
        let name_of = |entry: EntryId| distribution.entry_binary(arch, entry).name;
        for &entry in &change.removed {
            let name = name_of(entry);
            if self.entry(arch, name).map(binary_of) == Some(binary_of(entry)) {
                self.replace(distribution, arch, name, None);
            }
        }
        for &entry in &change.added {
            self.replace(distribution, arch, name_of(entry), Some(entry));
        }
    }

    /// Judges anew what all changes since the last time touch, as one: what is broken between two changes of one trial
    /// is nobody's concern, and its proofs would cost more than the trial.
    pub(crate) fn settle(&mut self, distribution: &Distribution, universe: &Universe) {
        for arch in distribution.arch_ids() {
            let mut touched = std::mem::take(&mut self.ports[arch.index()].touched);
            touched.sort_unstable();
            touched.dedup();
            let present = |id: &BinaryId| self.installability(arch).is_present(*id);
            let (held, gone): (Vec<BinaryId>, Vec<BinaryId>) =
                touched.into_iter().partition(|&id| self.is_held(distribution, arch, id));
            let removed: Vec<BinaryId> = gone.into_iter().filter(present).collect();
            let added: Vec<BinaryId> = held.into_iter().filter(|id| !present(id)).collect();
            if !removed.is_empty() || !added.is_empty() {
                self.ports[arch.index()].installability.apply(universe.port(arch), &removed, &added);
            }
        }
    }

    fn replace(&mut self, distribution: &Distribution, arch: ArchId, name: NameId, entry: Option<EntryId>) {
        let former = self.entry(arch, name);
        self.log.push(Change::Binary(arch, name, former));
        let binaries = [former, entry].into_iter().flatten().map(|entry| distribution.entry(arch, entry).binary);
        self.ports[arch.index()].touched.extend(binaries);
        self.put(distribution, arch, name, entry);
    }

    fn put(&mut self, distribution: &Distribution, arch: ArchId, name: NameId, entry: Option<EntryId>) {
        let former = self.ports[arch.index()].binaries.set(name.index(), entry);
        if let Some(former) = former {
            let Entry { source, .. } = distribution.entry(arch, former);
            self.built_by[source.index()].retain(|&listed| listed != (arch, former));
        }
        if let Some(entry) = entry {
            let Entry { source, .. } = distribution.entry(arch, entry);
            self.built_by[source.index()].push((arch, entry));
        }
    }
}
