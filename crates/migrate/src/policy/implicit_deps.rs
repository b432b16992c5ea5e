//! Would it make something of the target uninstallable, and does that come anew?
//!
//! The item's change is tried on a copy of the target, with everything that the item needs from the source suite: what
//! breaks only because that is not there yet is no harm. For each binary that breaks all the same, the versions on their
//! way are tried: what mends it becomes a dependency, and what nothing mends holds the item.

use std::collections::BTreeMap;

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, DependencyKind, Excuse, Hold, ItemKey};
use crate::model::{ArchId, BinaryId, EntryId, Scope, SuiteId, Verdict};
use crate::target::{PortChange, Target};
use crate::upgrade::{Ground, Leaving, group};

/// So many names stand in the text of a hold; of more, the rest is counted.
const MOST_NAMES: usize = 3;

/// Binaries of the target that an item breaks, and what would mend each: nothing, or any of these items.
type Broken = BTreeMap<ArchId, Vec<(BinaryId, Vec<ItemKey>)>>;

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let Context { distribution, .. } = context;
    let mut opinion = Opinion::default();
    if excuse.old.is_none() {
        return opinion;
    }
    let archs = checked(context, excuse);
    if archs.is_empty() {
        return opinion;
    }
    let broken = context.memo.on_bench(context, |target| broken(context, target, excuse, &archs));
    let mut lasting: Vec<String> = Vec::new();
    for (arch, binaries) in broken {
        let place = distribution.arch_name(arch);
        let mut names: Vec<&str> = Vec::new();
        for (id, mended_by) in binaries {
            let binary = distribution.binary(arch, id);
            let (name, version) = (distribution.name(binary.name), distribution.text(binary.version));
            if mended_by.is_empty() {
                lasting.push(format!("{name}/{version}/{place}"));
                names.push(name);
            } else {
                let items: Vec<String> = mended_by.iter().map(|key| distribution.key_text(key)).collect();
                let items = items.join(" or ");
                opinion.notes.push(format!("It would make {name} {version} uninstallable on {place} without {items}."));
                opinion.dependencies.push((DependencyKind::ImplicitDeps, mended_by));
            }
        }
        if names.is_empty() {
            continue;
        }
        names.sort_unstable();
        let more = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        let names = names.join(", ") + &if more == 0 { String::new() } else { format!(" and {more} more") };
        opinion.holds.push(Hold {
            code: Code::PolicyImplicitDeps,
            verdict: Verdict::RejectedPermanently,
            reason: None,
            about: place.to_owned(),
            text: format!("It would make {names} uninstallable on {place}, and nothing on its way would mend that."),
            until: None,
        });
    }
    lasting.sort_unstable();
    opinion.set("implicit-deps", json!({"broken-binaries": lasting}));
    opinion
}

/// The architectures on which the item's change is known: it is built there.
fn checked(context: Context<'_>, excuse: &mut Excuse) -> Vec<ArchId> {
    let Context { distribution, rules, .. } = context;
    let only = excuse.item.scope.architecture();
    let mut archs = Vec::new();
    for arch in distribution.arch_ids().filter(|&arch| only.is_none_or(|only| only == arch)) {
        if excuse.missing_builds.contains(&Some(arch)) || excuse.unimportant_missing.contains(&Some(arch)) {
            let place = distribution.arch_name(arch);
            excuse.details.push(format!("It is not built on {place}; what it would break there is not known."));
        } else if !rules.port(arch).may_break {
            archs.push(arch);
        }
    }
    archs
}

fn broken(context: Context<'_>, target: &mut Target, excuse: &Excuse, archs: &[ArchId]) -> Broken {
    let Context { distribution, universe, .. } = context;
    let ground = Ground { target, ..context.smooth() };
    // What cannot be tried breaks nothing: it is skipped in its trial.
    let Ok(mut change) = group(ground, &excuse.item, true, &Leaving::new()) else { return Broken::new() };
    change.ports.retain(|arch, _| archs.contains(arch));
    for (&arch, change) in &change.ports {
        target.change(distribution, arch, change);
    }
    target.settle(distribution, universe);
    let mut broken = Broken::new();
    for (&arch, change) in &change.ports {
        let candidates = newly_dead(context, target, arch);
        if candidates.is_empty() {
            continue;
        }
        let added = change.added.iter().map(|&entry| distribution.entry(arch, entry).binary);
        bring(context, target, excuse.item.suite, arch, added.collect());
        let lasting = candidates.into_iter().filter(|&id| target.installability(arch).is_dead(id));
        let lasting: Vec<BinaryId> = lasting.collect();
        let mended = lasting.into_iter().map(|id| (id, mended_by(context, target, excuse, arch, id)));
        let mended: Vec<(BinaryId, Vec<ItemKey>)> = mended.collect();
        if !mended.is_empty() {
            broken.insert(arch, mended);
        }
    }
    broken
}

/// The target's binaries that were installable and are not any more, and that count.
fn newly_dead(context: Context<'_>, target: &Target, arch: ArchId) -> Vec<BinaryId> {
    let Context { distribution, rules, .. } = context;
    let before = context.target.installability(arch);
    let counts = |&id: &BinaryId| {
        let binary = distribution.binary(arch, id);
        (rules.port(arch).no_break_all || !binary.arch_all) && !context.smooth().may_be_uninstallable(arch, binary.name)
    };
    target.installability(arch).dead().filter(|&id| before.is_alive(id)).filter(counts).collect()
}

/// Puts into the target what these binaries need and only the source suite has, and what that needs, and so on.
fn bring(context: Context<'_>, target: &mut Target, suite: SuiteId, arch: ArchId, needing: Vec<BinaryId>) {
    let Context { distribution, universe, .. } = context;
    let port = universe.port(arch);
    let mut open = needing;
    let mut brought = false;
    while let Some(id) = open.pop() {
        for clause in port.needs(id) {
            if port.literals(clause).any(|literal| is_held(context, target, arch, literal)) {
                continue;
            }
            let there: Vec<EntryId> =
                port.literals(clause).filter_map(|literal| context.entry_in(suite, arch, literal)).collect();
            for entry in there {
                open.push(distribution.entry(arch, entry).binary);
                target.change(distribution, arch, &PortChange { removed: Vec::new(), added: vec![entry] });
                brought = true;
            }
        }
    }
    if brought {
        target.settle(distribution, universe);
    }
}

/// Whether the target holds exactly this binary now, judged or not.
fn is_held(context: Context<'_>, target: &Target, arch: ArchId, id: BinaryId) -> bool {
    let entry = target.entry(arch, context.distribution.binary(arch, id).name);
    entry.is_some_and(|entry| context.distribution.entry(arch, entry).binary == id)
}

/// The items of which any would mend a broken binary: the one that brings it anew, or those that bring what it lost.
fn mended_by(
    context: Context<'_>,
    target: &mut Target,
    excuse: &Excuse,
    arch: ArchId,
    broken: BinaryId,
) -> Vec<ItemKey> {
    let Context { distribution, universe, .. } = context;
    let suite = excuse.item.suite;
    let mut items = Vec::new();
    let binary = distribution.binary(arch, broken);
    let newer = distribution.entry_of(suite, arch, binary.name).filter(|&entry| {
        let there = distribution.entry_binary(arch, entry).version;
        distribution.compare(there, binary.version).is_gt() && !context.is_cruft(suite, arch, entry)
    });
    if let Some(entry) = newer {
        let id = distribution.entry(arch, entry).binary;
        if try_with(context, target, suite, arch, vec![entry], id) {
            items.push(context.item_of(suite, arch, entry));
        }
    }
    let port = universe.port(arch);
    let unmet = port.needs(broken).find(|&clause| {
        let mut literals = port.literals(clause);
        !literals.any(|literal| target.installability(arch).is_alive(literal))
    });
    let others = unmet.into_iter().flat_map(|clause| port.literals(clause));
    let others: Vec<EntryId> = others.filter_map(|literal| context.entry_in(suite, arch, literal)).collect();
    for entry in others {
        if try_with(context, target, suite, arch, vec![entry], broken) {
            items.push(context.item_of(suite, arch, entry));
        }
    }
    items.retain(|item| item.name != excuse.item.name || item.scope == Scope::Removal);
    items.sort_unstable();
    items.dedup();
    items
}

/// Whether a binary is installable if these come in, with what they need.
fn try_with(
    context: Context<'_>,
    target: &mut Target,
    suite: SuiteId,
    arch: ArchId,
    added: Vec<EntryId>,
    wanted: BinaryId,
) -> bool {
    let Context { distribution, universe, .. } = context;
    let savepoint = target.savepoint();
    let ids = added.iter().map(|&entry| distribution.entry(arch, entry).binary).collect();
    target.change(distribution, arch, &PortChange { removed: Vec::new(), added });
    target.settle(distribution, universe);
    bring(context, target, suite, arch, ids);
    let mends = target.installability(arch).is_alive(wanted);
    target.rollback(distribution, &savepoint);
    mends
}
