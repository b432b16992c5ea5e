//! What would help: items of the source suites that would bring what the core misses, or something newer in place of
//! one of its binaries. That an item mends a break is not guessed: both are tried together.

use super::core::{Explainer, Run};
use super::explanation::{Phrases, Remedy, Standing};
use super::refute::Constraint;
use super::tree;
use crate::excuses::{DependencyKind, Excuse, ItemKey};
use crate::model::{ArchId, BinaryId, Item, NameId, Scope, SuiteId};

/// So many items are tried at most, and so many are named.
const MOST_TRIED: usize = 16;
const MOST_NAMED: usize = 3;

/// The items that would mend a broken binary, then those that would bring something that its core misses.
pub(super) fn find(
    explainer: &mut Explainer<'_>,
    item: &Item,
    arch: ArchId,
    broken: BinaryId,
    core: &[Constraint],
) -> Vec<Remedy> {
    let run = explainer.run;
    let distribution = run.context.distribution;
    let now = &run.outcome.after;
    let name = distribution.binary(arch, broken).name;
    let mut remedies = Vec::new();
    for (other, brought) in suspects(&run, item, arch, broken, core).into_iter().take(MOST_TRIED) {
        let mut try_with = |items: &[Item]| {
            let judged = explainer.bench.try_out(items, now, |_, judgement| judgement).ok()?;
            Some((!judged.after.ports[arch.index()].contains(&name), judged.worse.is_none()))
        };
        let mut with = Vec::new();
        let mut found = try_with(&[*item, other]);
        if !matches!(found, Some((true, _))) {
            let company = company(&run, item, &other);
            let members: Vec<Item> = [*item, other].into_iter().chain(company.iter().copied()).collect();
            if !company.is_empty()
                && let Some((true, enough)) = try_with(&members)
            {
                found = Some((true, enough));
                with = company;
            }
        }
        let Some((mends, enough)) = found else { continue };
        if mends || !brought.is_empty() {
            let uvname = distribution.uvname(&other);
            remedies.push(Remedy {
                version: distribution.text(other.version).to_owned(),
                text: Phrases::of(distribution, &other).helping,
                brings: brought.into_iter().map(|id| distribution.package(arch, id)).collect(),
                standing: standing(&run, &run.excuses[&uvname]),
                mends,
                with: with.iter().map(|item| distribution.item_text(item)).collect(),
                enough,
                item: uvname,
            });
        }
    }
    remedies.sort_by_key(|remedy| (!remedy.mends, !remedy.enough));
    remedies.truncate(MOST_NAMED);
    remedies
}

/// Items that did not move and could have to do with it, with what they would bring of what nothing in the target
/// meets: those that bring something, those of the broken binary's source, those of the other binaries' sources.
fn suspects(
    run: &Run<'_>,
    item: &Item,
    arch: ArchId,
    broken: BinaryId,
    core: &[Constraint],
) -> Vec<(Item, Vec<BinaryId>)> {
    let mut found: Vec<(Item, Vec<BinaryId>)> = Vec::new();
    let mut add = |other: Item, brought: Option<BinaryId>| {
        let index = found.iter().position(|(known, _)| *known == other).unwrap_or_else(|| {
            found.push((other, Vec::new()));
            found.len() - 1
        });
        found[index].1.extend(brought);
    };
    for constraint in core {
        if let Constraint::Needs { by, absent, .. } = constraint {
            for &id in absent {
                if let Some(other) = bringer(run, item, arch, id) {
                    add(other, by.is_empty().then_some(id));
                }
            }
        }
    }
    let mut binaries = vec![broken];
    for constraint in core {
        binaries.push(constraint.subject());
        if let Constraint::Conflict(_, other) = constraint {
            binaries.push(*other);
        }
    }
    for id in binaries {
        let others = of_binary(run, arch, id);
        others.into_iter().filter(|other| other.key() != item.key()).for_each(|other| add(other, None));
    }
    found
}

/// What an item's binaries need that has not moved either, with what that needs; nothing if it is too much to be of
/// help.
fn company(run: &Run<'_>, item: &Item, other: &Item) -> Vec<Item> {
    let mut members = vec![*other];
    let mut next = 0;
    while next < members.len() {
        let excuse = run.excuses.get(&run.context.distribution.uvname(&members[next]));
        next += 1;
        let needs = excuse.into_iter().flat_map(|excuse| &excuse.dependencies);
        let needs = needs.filter(|dependency| dependency.kind == DependencyKind::Depends);
        for &key in needs.flat_map(|dependency| &dependency.any_of).filter(|key| **key != item.key()) {
            if let Some(needed) = waiting(run, key)
                && !members.contains(&needed)
            {
                members.push(needed);
            }
        }
        if members.len() > MOST_TRIED {
            return Vec::new();
        }
    }
    members.split_off(1)
}

/// The item, other than `item`, that would bring a binary into the target; none if it has moved, or if the source
/// suite has the binary only as a left-over.
pub(super) fn bringer(run: &Run<'_>, item: &Item, arch: ArchId, id: BinaryId) -> Option<Item> {
    let context = run.context;
    context.distribution.source_suites().find_map(|suite| {
        let entry = context.entry_in(suite, arch, id)?;
        if context.is_cruft(suite, arch, entry) && !context.rules.port(arch).out_of_sync {
            return None;
        }
        let key = context.item_of(suite, arch, entry);
        if key == item.key() {
            return None;
        }
        waiting(run, key)
    })
}

/// The items of the source that a binary of the target is built from.
fn of_binary(run: &Run<'_>, arch: ArchId, id: BinaryId) -> Vec<Item> {
    let distribution = run.context.distribution;
    let Some(entry) = run.outcome.target.entry(arch, distribution.binary(arch, id).name) else { return Vec::new() };
    let name: NameId = distribution.entry(arch, entry).source;
    let mut keys: Vec<ItemKey> = Vec::new();
    for suite in distribution.source_suites() {
        keys.extend([Scope::Source, Scope::Arch(arch)].map(|scope| ItemKey { name, scope, suite }));
    }
    keys.push(ItemKey { name, scope: Scope::Removal, suite: SuiteId::PRIMARY });
    keys.into_iter().filter_map(|key| waiting(run, key)).collect()
}

/// The item of that key, if it has an excuse and did not move.
fn waiting(run: &Run<'_>, key: ItemKey) -> Option<Item> {
    let excuse = run.excuses.get(&run.context.distribution.key_text(&key))?;
    run.waits(excuse).then_some(excuse.item)
}

/// Why an item did not move.
fn standing(run: &Run<'_>, excuse: &Excuse) -> Standing {
    if excuse.is_valid() {
        return Standing::Stayed;
    }
    let cause = tree::first_cause(run.context, run.excuses, excuse);
    let hold = cause.own_holds().next().or(cause.holds.first());
    let hold = hold.expect("an invalid excuse has what holds it");
    Standing::Invalid {
        verdict: excuse.verdict,
        cause: run.context.distribution.uvname(&cause.item),
        code: hold.code,
        text: hold.text.clone(),
    }
}
