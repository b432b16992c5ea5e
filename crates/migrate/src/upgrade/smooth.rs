//! Smooth updates: old libraries that stay in the target while something still needs them.

use super::Ground;
use crate::compat::britney::config::Dialect;
use crate::hint::{Hint, HintKind};
use crate::model::{ArchId, BinaryId, EntryId, Item, Scope, SuiteId};

/// Which of the binaries that an item would remove on one architecture stay instead.
///
/// `removed` are the target's binaries that the item would take out or replace there, in name order; `leaving` are
/// binaries that go at the same time for other reasons.
pub(crate) fn kept(
    ground: Ground<'_>,
    item: &Item,
    arch: ArchId,
    removed: &[EntryId],
    leaving: &[BinaryId],
) -> Vec<EntryId> {
    let Ground { distribution, universe, target, .. } = ground;
    if item.suite != SuiteId::PRIMARY || matches!(item.scope, Scope::Removal | Scope::Cruft(_)) {
        return Vec::new();
    }
    let universe = universe.port(arch);
    let binary_of = |entry: EntryId| distribution.entry(arch, entry).binary;
    let going: Vec<BinaryId> = removed.iter().map(|&entry| binary_of(entry)).collect();
    let mut kept: Vec<EntryId> = Vec::new();
    let mut kept_ids: Vec<BinaryId> = Vec::new();
    let mut open: Vec<EntryId> = Vec::new();
    for &entry in removed {
        let Some(cruft) = candidate(ground, item, arch, entry) else { continue };
        let id = binary_of(entry);
        let outside = |user: &BinaryId| !going.contains(user) && !leaving.contains(user);
        // Who cannot be installed anyway needs nothing.
        let in_use = |user: BinaryId| outside(&user) && target.is_usable(distribution, ground.universe, arch, user);
        let needed_in_target = universe.reverse_dependencies(id).any(in_use);
        let only_this = |user: BinaryId| {
            universe.needs(user).any(|clause| {
                let mut literals = universe.literals(clause);
                literals.all(|literal| literal == id || Some(literal) == cruft || kept_ids.contains(&literal))
            })
        };
        if needed_in_target && universe.reverse_dependencies(id).filter(outside).any(only_this) {
            kept.push(entry);
            kept_ids.push(id);
        } else {
            open.push(entry);
        }
    }
    loop {
        let needed =
            |&entry: &EntryId| universe.reverse_dependencies(binary_of(entry)).any(|user| kept_ids.contains(&user));
        let Some(position) = open.iter().position(needed) else { break };
        let entry = open.remove(position);
        kept.push(entry);
        kept_ids.push(binary_of(entry));
    }
    kept
}

/// Whether a hint lets old libraries of the item's source stay in any section.
fn allowed_by_hint(ground: Ground<'_>, item: &Item) -> bool {
    let Ground { distribution, rules, hints, .. } = ground;
    let version = distribution.source(item.suite, item.name).map(|source| distribution.text(source.version));
    let mut items = hints.find(HintKind::AllowSmoothUpdate, distribution.name(item.name)).filter_map(Hint::item);
    rules.dialect == Dialect::Ubuntu
        && items.any(|hinted| hinted.version.is_none() || hinted.version.as_deref() == version)
}

/// Whether a binary may stay at all. Inside: the source suite's left-over binary of the same name, if there is one.
#[expect(clippy::option_option, reason = "whether it may stay, and what of its name is left over, are two questions")]
fn candidate(ground: Ground<'_>, item: &Item, arch: ArchId, entry: EntryId) -> Option<Option<BinaryId>> {
    let Ground { distribution, rules, .. } = ground;
    let name = distribution.entry_binary(arch, entry).name;
    let Some(there) = distribution.entry_of(item.suite, arch, name) else {
        let section = distribution.text(distribution.entry(arch, entry).section);
        return (rules.smooth_updates.contains(section) || allowed_by_hint(ground, item)).then_some(None);
    };
    let there = distribution.entry(arch, there);
    let source = distribution.source(item.suite, item.name)?;
    (there.source_version != source.version).then_some(Some(there.binary))
}
