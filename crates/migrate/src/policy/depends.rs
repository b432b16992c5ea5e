//! Can every relation of its binaries be met where it goes?
//!
//! The dependencies between items are found with the excuse itself; what is judged here is what no item could mend:
//! relations that no suite satisfies, and relations that only a component could satisfy on which this one may not rely.

use std::collections::BTreeSet;

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::distribution::Source;
use crate::excuses::{Context, Excuse, Hold, relation_applies};
use crate::model::{ArchId, EntryId, GroupId, Verdict};

/// The components that are supported, which may rely only on each other.
const SUPPORTED: [&str; 2] = ["main", "restricted"];

/// The components of which those above may need nothing.
const UNSUPPORTED: [&str; 2] = ["universe", "multiverse"];

/// What is wrong with a relation.
enum Flaw {
    /// No suite satisfies it.
    Nowhere,
    /// Only this component satisfies it.
    Component(String),
}

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, .. } = context;
    let mut opinion = Opinion::default();
    let Some(source) = distribution.source(excuse.item.suite, excuse.item.name) else { return opinion };
    let mut nowhere_on: BTreeSet<&str> = BTreeSet::new();
    for (arch, entry) in judged(context, excuse, source) {
        let binary = distribution.entry_binary(arch, entry);
        for &group in distribution.port(arch).depends_of(binary) {
            let Some(flaw) = flaw(context, excuse, arch, entry, group) else { continue };
            let (name, place) = (distribution.name(binary.name), distribution.arch_name(arch));
            let relation = distribution.text(distribution.relations.groups[group.index()].text);
            if is_in_target_already(context, arch, entry, group, &flaw) {
                opinion.notes.push(format!("{name} is as little installable on {place} as the target's."));
                continue;
            }
            let text = match &flaw {
                Flaw::Nowhere => {
                    nowhere_on.insert(place);
                    format!("Nothing satisfies {name}'s relation `{relation}` on {place}.")
                }
                Flaw::Component(component) => {
                    let own = component_of(context, arch, entry);
                    format!("{name} is in {own}, and only {component} satisfies its `{relation}` on {place}.")
                }
            };
            opinion.holds.push(Hold {
                code: Code::PolicyDepends,
                verdict: Verdict::RejectedPermanently,
                reason: Some("depends"),
                about: format!("{place} {name} {relation}"),
                text,
                until: None,
            });
        }
    }
    if !nowhere_on.is_empty() {
        opinion.set("unsatisfiable_on_archs", json!(nowhere_on));
    }
    opinion
}

/// The item's binaries, where they count: not on an architecture that may break, nor left over from another version.
fn judged<'a>(
    context: Context<'a>,
    excuse: &'a Excuse,
    source: &'a Source,
) -> impl Iterator<Item = (ArchId, EntryId)> + 'a {
    let Context { distribution, rules, .. } = context;
    let only = excuse.item.scope.architecture();
    source.listed.iter().copied().filter(move |&(arch, entry)| {
        let port = rules.port(arch);
        only.is_none_or(|only| only == arch)
            && !port.may_break
            && (port.no_break_all || !distribution.entry_binary(arch, entry).arch_all)
            && !context.is_cruft(excuse.item.suite, arch, entry)
    })
}

/// What is wrong with a relation of one of the item's binaries.
fn flaw(context: Context<'_>, excuse: &Excuse, arch: ArchId, entry: EntryId, group: GroupId) -> Option<Flaw> {
    let Context { distribution, universe, target, .. } = context;
    if !relation_applies(context, arch, group) {
        return None;
    }
    let own = component_of(context, arch, entry);
    let strict = SUPPORTED.contains(&own);
    let mut unsupported: Option<&str> = None;
    for id in universe.port(arch).group(group) {
        let name = distribution.binary(arch, id).name;
        let in_target = target.entry(arch, name).filter(|&entry| distribution.entry(arch, entry).binary == id);
        for found in in_target.into_iter().chain(context.entry_in(excuse.item.suite, arch, id)) {
            let component = component_of(context, arch, found);
            if !strict || !UNSUPPORTED.contains(&component) {
                return None;
            }
            unsupported = unsupported.or(Some(component));
        }
    }
    Some(unsupported.map_or(Flaw::Nowhere, |component| Flaw::Component(component.to_owned())))
}

/// The part of a section in front of its slash.
fn component_of(context: Context<'_>, arch: ArchId, entry: EntryId) -> &str {
    let section = context.distribution.text(context.distribution.entry(arch, entry).section);
    section.split_once('/').map_or(SUPPORTED[0], |(component, _)| component)
}

/// Whether the target's binary of that name suffers from the same: then the item makes nothing worse.
fn is_in_target_already(context: Context<'_>, arch: ArchId, entry: EntryId, group: GroupId, flaw: &Flaw) -> bool {
    let Context { distribution, target, .. } = context;
    let Some(former) = target.entry(arch, distribution.entry_binary(arch, entry).name) else { return false };
    match flaw {
        Flaw::Nowhere => target.installability(arch).is_dead(distribution.entry(arch, former).binary),
        Flaw::Component(_) => {
            let binary = distribution.entry_binary(arch, former);
            distribution.port(arch).depends_of(binary).contains(&group)
        }
    }
}
