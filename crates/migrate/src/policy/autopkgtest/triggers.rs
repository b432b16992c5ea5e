//! What a test has to take from the source suite, so that the item can be installed for it at all.

use std::collections::{BTreeSet, HashSet};

use super::plan::{current_binaries, test_dependencies};
use crate::distribution::Source;
use crate::excuses::Context;
use crate::model::{ArchId, BinaryId, EntryId, NameId, SuiteId};
use crate::universe::applies;

/// The triggers of an item's tests on an architecture: the item, then, sorted, what else must come from the source suite.
///
/// That is what the target cannot give of the relations of all that comes, in turn; the newer versions of what breaks
/// by it and would not be broken there; and what the tests of those need and the target does not have.
pub(super) fn triggers(context: Context<'_>, source: &Source, arch: ArchId) -> Vec<String> {
    let Context { distribution, .. } = context;
    let mut closure = Closure { context, arch, taken: HashSet::new(), queue: Vec::new(), sources: BTreeSet::new() };
    for entry in current_binaries(context, source, arch) {
        closure.take(entry);
    }
    closure.take_tests_of(source);
    while let Some(entry) = closure.queue.pop() {
        closure.relations_of(entry);
        closure.broken_by(entry);
    }
    let text = |source: &Source| format!("{}/{}", distribution.name(source.name), distribution.text(source.version));
    let others = closure.sources.iter().filter(|&&name| name != source.name);
    let mut others: Vec<String> =
        others.filter_map(|&name| distribution.source(SuiteId::PRIMARY, name)).map(text).collect();
    others.sort_unstable();
    let mut all = vec![text(source)];
    all.extend(others);
    all
}

struct Closure<'a> {
    context: Context<'a>,
    arch: ArchId,
    /// Names of the binaries that come from the source suite.
    taken: HashSet<NameId>,
    queue: Vec<EntryId>,
    sources: BTreeSet<NameId>,
}

impl Closure<'_> {
    fn take(&mut self, entry: EntryId) {
        let distribution = self.context.distribution;
        if !self.taken.insert(distribution.entry_binary(self.arch, entry).name) {
            return;
        }
        self.queue.push(entry);
        let name = distribution.entry(self.arch, entry).source;
        if self.sources.insert(name)
            && let Some(source) = distribution.source(SuiteId::PRIMARY, name)
        {
            self.take_tests_of(source);
        }
    }

    /// What a source's tests need and the target does not have.
    fn take_tests_of(&mut self, source: &Source) {
        let Context { distribution, target, .. } = self.context;
        for name in test_dependencies(distribution, source) {
            if target.entry(self.arch, name).is_none()
                && let Some(entry) = distribution.entry_of(SuiteId::PRIMARY, self.arch, name)
            {
                self.take(entry);
            }
        }
    }

    /// What satisfies a binary's relations where the target does not.
    fn relations_of(&mut self, entry: EntryId) {
        let Context { distribution, universe, target, .. } = self.context;
        let arch = self.arch;
        let binary = distribution.entry_binary(arch, entry);
        for &group in distribution.port(arch).depends_of(binary) {
            let mut alternatives = distribution.relations.alternatives_of(group).iter();
            if !alternatives.any(|one| applies(distribution, arch, one)) {
                continue;
            }
            let there = |id: BinaryId| self.context.entry_in(SuiteId::PRIMARY, arch, id);
            let met = |id: BinaryId| {
                let taken = there(id).is_some() && self.taken.contains(&distribution.binary(arch, id).name);
                target.holds(arch, id) || taken
            };
            let solving = universe.port(arch);
            if !solving.group(group).any(met)
                && let Some(first) = solving.group(group).find_map(there)
            {
                self.take(first);
            }
        }
    }

    /// What a binary breaks in the target, as its version there does not, where the source suite has one that it does not
    /// break.
    fn broken_by(&mut self, entry: EntryId) {
        let Context { distribution, universe, target, .. } = self.context;
        let arch = self.arch;
        let port = universe.port(arch);
        let id = distribution.entry(arch, entry).binary;
        let id_of = |entry: EntryId| distribution.entry(arch, entry).binary;
        let before = target.entry(arch, distribution.binary(arch, id).name).map(id_of);
        let breaks = |id: BinaryId, other: BinaryId| port.conflicts(id).any(|found| found == other);
        for broken in port.conflicts(id) {
            if !target.holds(arch, broken) || before.is_some_and(|before| breaks(before, broken)) {
                continue;
            }
            let name = distribution.binary(arch, broken).name;
            let newer = distribution.entry_of(SuiteId::PRIMARY, arch, name);
            if let Some(newer) = newer.filter(|&newer| id_of(newer) != broken && !breaks(id, id_of(newer))) {
                self.take(newer);
            }
        }
    }
}
