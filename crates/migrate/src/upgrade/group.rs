//! What an item takes out of the target and puts in.

use std::collections::BTreeMap;

use super::{Ground, smooth};
use crate::model::{ArchId, BinaryId, EntryId, Item, Scope, SuiteId};
use crate::target::PortChange;

/// The change that an item makes, by architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) ports: BTreeMap<ArchId, PortChange>,
    /// Old libraries that would go and stay instead.
    pub(crate) kept: Vec<(ArchId, EntryId)>,
}

/// Why an item cannot be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Impossible {
    #[error("{name} would go back from {from} to {to}")]
    Downgrade { name: String, from: String, to: String },
    #[error("{name} is not in the target")]
    Gone { name: String },
}

/// Binaries that leave for reasons other than the item itself, by architecture.
pub(crate) type Leaving = BTreeMap<ArchId, Vec<BinaryId>>;

/// The change of an item on the target as it is now. With `smooth`, old libraries stay while they are needed.
pub(crate) fn group(ground: Ground<'_>, item: &Item, smooth: bool, leaving: &Leaving) -> Result<Group, Impossible> {
    let Ground { distribution, target, .. } = ground;
    if let Scope::Cruft(arch) = item.scope {
        let entry = target.entry(arch, item.name);
        let entry = entry.filter(|&entry| distribution.entry_binary(arch, entry).version == item.version);
        let Some(entry) = entry else {
            return Err(Impossible::Gone { name: distribution.name(item.name).to_owned() });
        };
        let change = PortChange { removed: vec![entry], added: Vec::new() };
        return Ok(Group { ports: BTreeMap::from([(arch, change)]), kept: Vec::new() });
    }
    let mut group = Group::default();
    let archs = match item.scope {
        Scope::Arch(arch) => vec![arch],
        Scope::Source | Scope::Removal | Scope::Cruft(_) => distribution.arch_ids().collect(),
    };
    let none = Vec::new();
    for arch in archs {
        let mut removed = removed(ground, item, arch);
        if smooth {
            let kept = smooth::kept(ground, item, arch, &removed, leaving.get(&arch).unwrap_or(&none));
            removed.retain(|entry| !kept.contains(entry));
            group.kept.extend(kept.into_iter().map(|entry| (arch, entry)));
        }
        if item.suite != SuiteId::PRIMARY && matches!(item.scope, Scope::Arch(_)) {
            removed.retain(|&entry| !distribution.entry_binary(arch, entry).arch_all);
        }
        group.ports.insert(arch, PortChange { removed, added: Vec::new() });
    }
    if !item.scope.is_removal() {
        adds(ground, item, &mut group)?;
    }
    Ok(group)
}

/// The target's binaries that belong to the item: built by its source at the version that the target has.
fn removed(ground: Ground<'_>, item: &Item, arch: ArchId) -> Vec<EntryId> {
    let Ground { distribution, target, .. } = ground;
    let Some(source) = target.source(item.name) else { return Vec::new() };
    let version = distribution.sources[source.index()].version;
    let built = target.built_by(item.name).iter().filter(|&&(on, _)| on == arch);
    let mut removed: Vec<EntryId> = built
        .map(|&(_, entry)| entry)
        .filter(|&entry| distribution.entry(arch, entry).source_version == version)
        .filter(|&entry| !matches!(item.scope, Scope::Arch(_)) || !is_hijacked_there(ground, item, arch, entry))
        .collect();
    removed.sort_by_key(|&entry| distribution.name(distribution.entry_binary(arch, entry).name));
    removed
}

/// Whether the item's suite lists a binary of that name under the item's source though it belongs to another.
fn is_hijacked_there(ground: Ground<'_>, item: &Item, arch: ArchId, entry: EntryId) -> bool {
    let distribution = ground.distribution;
    let name = distribution.entry_binary(arch, entry).name;
    let listed = distribution.source(item.suite, item.name).map_or(&[][..], |source| &source.listed);
    listed.iter().any(|&(on, other)| {
        on == arch
            && distribution.entry_binary(arch, other).name == name
            && distribution.entry(arch, other).source != item.name
    })
}

fn adds(ground: Ground<'_>, item: &Item, group: &mut Group) -> Result<(), Impossible> {
    let Ground { distribution, target, rules, .. } = ground;
    let Some(source) = distribution.source(item.suite, item.name) else {
        return Err(Impossible::Gone { name: distribution.name(item.name).to_owned() });
    };
    let downgrade = |name, from, to| Impossible::Downgrade {
        name: distribution.name(name).to_owned(),
        from: distribution.text(from).to_owned(),
        to: distribution.text(to).to_owned(),
    };
    if let Some(former) = target.source(item.name) {
        let former = distribution.sources[former.index()].version;
        if distribution.compare(source.version, former).is_lt() {
            return Err(downgrade(item.name, former, source.version));
        }
    }
    for &(arch, id) in &source.listed {
        let Some(change) = group.ports.get_mut(&arch) else { continue };
        let entry = distribution.entry(arch, id);
        if entry.source != item.name {
            continue;
        }
        if entry.source_version != source.version && !rules.port(arch).out_of_sync {
            continue;
        }
        let binary = distribution.binary(arch, entry.binary);
        if let Some(former) = target.entry(arch, binary.name) {
            let former = distribution.entry_binary(arch, former).version;
            if distribution.compare(binary.version, former).is_lt() {
                return Err(downgrade(binary.name, former, binary.version));
            }
        }
        change.added.push(id);
    }
    Ok(())
}
