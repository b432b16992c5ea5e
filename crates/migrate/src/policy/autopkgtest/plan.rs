//! Which tests an item needs, and where they have to wait.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::cases::Treatment;
use crate::distribution::{Distribution, Source};
use crate::excuses::Context;
use crate::model::{ArchId, BinaryId, EntryId, GroupId, NameId, SuiteId};

/// The binary on which drivers depend that are built where they are installed; who does has a test by that.
const DRIVERS: &str = "dkms";

/// Who is tested because of whom, apart from dependencies.
#[derive(Debug, Default)]
pub(crate) struct TestIndex {
    /// By binary: the target's sources with tests that name it in `Testsuite-Triggers`.
    triggered_by: HashMap<NameId, Vec<NameId>>,
    /// Sources of target and primary source suite with a binary that depends on [`DRIVERS`].
    drivers: HashSet<(SuiteId, NameId)>,
}

impl TestIndex {
    fn of(distribution: &Distribution) -> &Self {
        distribution.test_index.get_or_init(|| Self::new(distribution))
    }

    fn new(distribution: &Distribution) -> Self {
        let mut index = Self { drivers: drivers(distribution), ..Self::default() };
        for (_, id) in distribution.suite(SuiteId::TARGET).sources.iter() {
            let source = &distribution.sources[id.index()];
            if !source.tests && !index.drivers.contains(&(SuiteId::TARGET, source.name)) {
                continue;
            }
            let named: BTreeSet<NameId> = test_dependencies(distribution, source).collect();
            for name in named {
                index.triggered_by.entry(name).or_default().push(source.name);
            }
        }
        index
    }
}

/// The binaries that a source's `Testsuite-Triggers` name, as far as anything else mentions them.
pub(super) fn test_dependencies<'a>(
    distribution: &'a Distribution,
    source: &Source,
) -> impl Iterator<Item = NameId> + use<'a> {
    let words = distribution.text(source.test_triggers).split(|it: char| it == ',' || it.is_whitespace());
    words.filter(|word| !word.is_empty()).filter_map(|word| distribution.find_name(word))
}

fn drivers(distribution: &Distribution) -> HashSet<(SuiteId, NameId)> {
    let mut found = HashSet::new();
    let Some(dkms) = distribution.find_name(DRIVERS) else { return found };
    let groups = (0..distribution.relations.groups.len()).map(GroupId::at);
    let needing: HashSet<GroupId> = groups
        .filter(|&group| distribution.relations.alternatives_of(group).iter().any(|one| one.name == dkms))
        .collect();
    if needing.is_empty() {
        return found;
    }
    for arch in distribution.arch_ids() {
        let port = distribution.port(arch);
        for suite in [SuiteId::TARGET, SuiteId::PRIMARY] {
            for (_, id) in distribution.suite(suite).binaries[arch.index()].iter() {
                let entry = distribution.entry(arch, id);
                let depends = port.depends_of(distribution.binary(arch, entry.binary));
                if depends.iter().any(|group| needing.contains(group)) {
                    found.insert((suite, entry.source));
                }
            }
        }
    }
    found
}

/// What is to be done about an item's tests.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing of it is built yet.
    NotBuilt,
    /// Its architecture-independent binaries are not built yet.
    NotBuiltForAll,
    /// As each architecture says.
    Run(Vec<(ArchId, Place)>),
}

/// An architecture on which tests are run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The item is not built there yet.
    NotBuilt,
    /// The item cannot be installed there.
    Uninstallable,
    /// These sources are tested, sorted by name.
    Tests(Vec<NameId>),
}

/// The tests of a source of the primary source suite.
pub(super) fn plan(context: Context<'_>, source: &Source) -> Plan {
    let Context { distribution, rules, .. } = context;
    let index = TestIndex::of(distribution);
    let archs: BTreeMap<Option<ArchId>, Built> = built(context, source);
    let waits = |place: Option<ArchId>| archs.get(&place) == Some(&Built::Missing);
    let found = rules.autopkgtest.arches.iter().filter_map(|name| distribution.find_arch(name));
    let mut tested = Vec::new();
    for arch in found {
        if !tested.contains(&arch) {
            tested.push(arch);
        }
    }
    if !archs.values().any(|&built| built == Built::Current) {
        let missing: Vec<_> =
            tested.iter().filter(|&&arch| waits(Some(arch))).map(|&arch| (arch, Place::NotBuilt)).collect();
        return if missing.is_empty() { Plan::NotBuilt } else { Plan::Run(missing) };
    }
    if waits(None) {
        return Plan::NotBuiltForAll;
    }
    let place = |arch: ArchId| {
        if waits(Some(arch)) {
            return Place::NotBuilt;
        }
        let binaries = current_binaries(context, source, arch);
        if binaries.iter().any(|&entry| newly_uninstallable(context, arch, entry)) {
            return Place::Uninstallable;
        }
        Place::Tests(tests(context, index, source, arch, &binaries))
    };
    Plan::Run(tested.into_iter().map(|arch| (arch, place(arch))).collect())
}

/// Whether the binaries of a place are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Built {
    /// Some are of the source's version.
    Current,
    /// All are older, and the architecture may not lag.
    Missing,
    /// All are older, on an architecture that may lag.
    Lagging,
}

fn built(context: Context<'_>, source: &Source) -> BTreeMap<Option<ArchId>, Built> {
    let Context { distribution, rules, .. } = context;
    let mut places: BTreeMap<Option<ArchId>, Built> = BTreeMap::new();
    for &(arch, entry) in &source.listed {
        let all = distribution.entry_binary(arch, entry).arch_all;
        let place = if all { None } else { Some(arch) };
        let built = if distribution.entry(arch, entry).source_version == source.version {
            Built::Current
        } else if place.is_some_and(|arch| rules.port(arch).out_of_sync) {
            Built::Lagging
        } else {
            Built::Missing
        };
        let known = places.entry(place).or_insert(built);
        if built == Built::Current {
            *known = built;
        }
    }
    places
}

/// The binaries of a source's present version on an architecture, each name once.
pub(super) fn current_binaries(context: Context<'_>, source: &Source, arch: ArchId) -> Vec<EntryId> {
    let Context { distribution, .. } = context;
    let here = source
        .listed
        .iter()
        .filter(|&&(on, entry)| on == arch && distribution.entry(arch, entry).source_version == source.version);
    let mut entries: Vec<EntryId> = here.map(|&(_, entry)| entry).collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// Whether no selection of binaries makes one installable, and that is not so in the target already.
fn newly_uninstallable(context: Context<'_>, arch: ArchId, entry: EntryId) -> bool {
    let Context { distribution, universe, target, .. } = context;
    let port = universe.port(arch);
    let entry = distribution.entry(arch, entry);
    let name = distribution.binary(arch, entry.binary).name;
    let before = target.entry(arch, name).map(|entry| distribution.entry(arch, entry).binary);
    port.is_never_installable(entry.binary) && !before.is_some_and(|before| port.is_never_installable(before))
}

fn tests(context: Context<'_>, index: &TestIndex, source: &Source, arch: ArchId, binaries: &[EntryId]) -> Vec<NameId> {
    let Context { distribution, universe, rules, .. } = context;
    let cases = &rules.test_cases;
    let arch_name = distribution.arch_name(arch);
    let all_for_all = || binaries.iter().all(|&entry| distribution.entry_binary(arch, entry).arch_all);
    if binaries.is_empty()
        || cases.untested.contains(&arch_name)
        || (cases.not_for_all.contains(&arch_name) && all_for_all())
    {
        return Vec::new();
    }
    let testable = |name: NameId| is_testable(context, index, arch, name);
    let mut found: HashSet<NameId> = HashSet::new();
    match cases.treatment(distribution, source.name) {
        Treatment::Nothing => {}
        Treatment::Only(names) => {
            found.extend(names.iter().filter_map(|name| distribution.find_name(name)).filter(|&name| testable(name)));
        }
        Treatment::General { binaries: more, sources } => {
            let more: Vec<NameId> = more.iter().filter_map(|name| distribution.find_name(name)).collect();
            let ids = binaries.iter().map(|&entry| distribution.entry(arch, entry).binary);
            let counted = more.iter().filter_map(|&name| in_target(context, arch, name));
            for id in ids.chain(counted) {
                let users = universe.port(arch).reverse_dependencies(id);
                found.extend(users.filter_map(|user| owner(context, arch, user)));
            }
            let names = binaries.iter().map(|&entry| distribution.entry_binary(arch, entry).name);
            for name in names.chain(more) {
                found.extend(index.triggered_by.get(&name).into_iter().flatten());
            }
            found.extend(sources.iter().filter_map(|name| distribution.find_name(name)));
            found.remove(&source.name);
            found.retain(|&name| testable(name));
            if source.tests || index.drivers.contains(&(SuiteId::PRIMARY, source.name)) {
                found.insert(source.name);
            }
        }
    }
    let mut found: Vec<NameId> = found.into_iter().collect();
    found.sort_unstable_by_key(|&name| distribution.name(name));
    found
}

fn in_target(context: Context<'_>, arch: ArchId, name: NameId) -> Option<BinaryId> {
    context.target.entry(arch, name).map(|entry| context.distribution.entry(arch, entry).binary)
}

/// The target's source of exactly this binary.
fn owner(context: Context<'_>, arch: ArchId, id: BinaryId) -> Option<NameId> {
    let entry = context.target.entry(arch, context.distribution.binary(arch, id).name)?;
    let entry = context.distribution.entry(arch, entry);
    (entry.binary == id).then_some(entry.source)
}

/// Whether the target has tests of a source, and binaries of it on the architecture.
fn is_testable(context: Context<'_>, index: &TestIndex, arch: ArchId, name: NameId) -> bool {
    has_tests(context, index, name) && context.target.built_by(name).iter().any(|&(on, _)| on == arch)
}

fn has_tests(context: Context<'_>, index: &TestIndex, name: NameId) -> bool {
    let source = context.distribution.source(SuiteId::TARGET, name).filter(|source| !source.fake);
    source.is_some_and(|source| source.tests || index.drivers.contains(&(SuiteId::TARGET, name)))
}

/// Whether the target as it is could run a test of a source on an architecture.
pub(super) fn target_has_test(context: Context<'_>, arch: ArchId, name: NameId) -> bool {
    is_testable(context, TestIndex::of(context.distribution), arch, name)
}
