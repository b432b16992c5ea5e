//! What an item's binaries depend on that the target does not have.

use super::{Context, Dependency, DependencyKind, Excuse, ItemKey};
use crate::compat::britney::config::Dialect;
use crate::distribution::Source;
use crate::model::{ArchId, EntryId, GroupId, Scope, SuiteId};

/// Looks at every relation of the item's binaries on one architecture, and notes the items it needs there.
pub(super) fn examine(context: Context<'_>, excuse: &mut Excuse, source: &Source, arch: ArchId) {
    let Context { distribution, .. } = context;
    let port = distribution.port(arch);
    for &(on, entry) in &source.listed {
        if on != arch || context.is_cruft(excuse.item.suite, arch, entry) {
            continue;
        }
        let binary = distribution.entry_binary(arch, entry);
        for &group in port.depends_of(binary) {
            relation(context, excuse, arch, entry, group);
        }
    }
}

fn relation(context: Context<'_>, excuse: &mut Excuse, arch: ArchId, entry: EntryId, group: GroupId) {
    let Context { distribution, universe, target, rules, .. } = context;
    let port = universe.port(arch);
    if port.group(group).any(|id| target.holds(arch, id)) || !applies(context, arch, group) {
        return;
    }
    let suite = excuse.item.suite;
    let solving: Vec<EntryId> = port.group(group).filter_map(|id| context.entry_in(suite, arch, id)).collect();
    if solving.iter().any(|&entry| distribution.entry(arch, entry).source == excuse.item.name) {
        return;
    }
    if solving.is_empty() {
        let text = distribution.text(distribution.relations.groups[group.index()].text).to_owned();
        let name = distribution.name(distribution.entry_binary(arch, entry).name);
        // In the ubuntu dialect a policy says it, and what follows.
        if rules.dialect == Dialect::Debian {
            excuse.note(format!("Nothing satisfies {name}'s relation `{text}` on {}.", distribution.arch_name(arch)));
            excuse.remarks.insert("depends");
        }
        excuse.unsatisfiable.entry(arch).or_default().insert(text);
        return;
    }
    let mut items: Vec<ItemKey> = solving.iter().map(|&entry| context.item_of(suite, arch, entry)).collect();
    items.sort_unstable();
    items.dedup();
    if rules.port(arch).may_break {
        excuse.unimportant.entry(arch).or_default().extend(items);
    } else {
        context.require(excuse, DependencyKind::Depends, items);
    }
}

/// Whether any alternative of a relation counts on this architecture; a malformed one counts and has none.
pub(crate) fn applies(context: Context<'_>, arch: ArchId, group: GroupId) -> bool {
    let alternatives = context.distribution.relations.alternatives_of(group);
    alternatives.is_empty() || alternatives.iter().any(|one| crate::universe::applies(context.distribution, arch, one))
}

impl Context<'_> {
    /// The item that brings an entry of a source suite: the source's, or the architecture's where the target has
    /// the source already.
    pub(crate) fn item_of(&self, suite: SuiteId, arch: ArchId, entry: EntryId) -> ItemKey {
        let name = self.distribution.entry(arch, entry).source;
        let version = |suite| self.distribution.source(suite, name).map(|source| source.version);
        let same = version(SuiteId::TARGET).is_some() && version(SuiteId::TARGET) == version(suite);
        ItemKey { name, scope: if same { Scope::Arch(arch) } else { Scope::Source }, suite }
    }

    /// Notes that an item needs one of these, or all of them where the rules are britney2's.
    pub(crate) fn require(&self, excuse: &mut Excuse, kind: DependencyKind, items: Vec<ItemKey>) {
        if self.rules.any_alternative {
            excuse.dependencies.insert(Dependency { kind, any_of: items });
        } else {
            excuse.dependencies.extend(items.into_iter().map(|item| Dependency { kind, any_of: vec![item] }));
        }
    }
}
