//! Can it be built where it goes?
//!
//! `Build-Depends` and `Build-Depends-Arch` count on every architecture with binaries of its own, `-Indep` on any one.
//! Unlike britney2, which takes the providers of the last relation alone, every relation that the target does not
//! satisfy makes its own dependency.

use std::collections::BTreeMap;

use serde_json::json;
use tidegate_archive::relation;

use super::Opinion;
use crate::blockers::Code;
use crate::distribution::{Distribution, Source};
use crate::excuses::{Context, DependencyKind, Excuse, Hold, ItemKey};
use crate::model::{ArchId, BinaryId, GroupId, Verdict};

/// How a field's relations stand on one architecture; the smaller, the better.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    unsatisfiable: Vec<String>,
    needed: Vec<Vec<ItemKey>>,
}

impl Standing {
    fn rank(&self) -> u8 {
        match (self.unsatisfiable.is_empty(), self.needed.is_empty()) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 2,
        }
    }
}

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let mut opinion = Opinion::default();
    let Some(source) = context.distribution.source(excuse.item.suite, excuse.item.name) else { return opinion };
    let (specific, order) = architectures(context, source);
    let arch_groups = groups(context.distribution, source, &[0, 1]);
    let indep_groups = groups(context.distribution, source, &[2]);
    let mut unsatisfiable: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    if !arch_groups.is_empty() {
        if specific.is_empty() {
            let best = best(context, excuse, &order, &arch_groups);
            report(context, &mut opinion, best, DependencyKind::BuildDepends, &mut unsatisfiable, true);
        } else {
            for arch in specific {
                let standing = standing(context, excuse, arch, &arch_groups);
                report(
                    context,
                    &mut opinion,
                    Some((arch, standing)),
                    DependencyKind::BuildDepends,
                    &mut unsatisfiable,
                    false,
                );
            }
        }
    }
    if !indep_groups.is_empty() {
        let best = best(context, excuse, &order, &indep_groups);
        report(context, &mut opinion, best, DependencyKind::BuildDependsIndep, &mut unsatisfiable, true);
    }
    if !unsatisfiable.is_empty() {
        opinion.set("unsatisfiable-arch-build-depends", json!(unsatisfiable));
    }
    opinion
}

/// The architectures on which the source has binaries of its own, and all in the order in which "any one" is sought.
fn architectures(context: Context<'_>, source: &Source) -> (Vec<ArchId>, Vec<ArchId>) {
    let Context { distribution, rules, .. } = context;
    let is_specific = |arch: &ArchId| {
        source.listed.iter().any(|&(on, entry)| on == *arch && !distribution.entry_binary(*arch, entry).arch_all)
    };
    let specific: Vec<ArchId> = distribution.arch_ids().filter(is_specific).collect();
    let mut order: Vec<ArchId> = rules.all_build_arch.into_iter().collect();
    for arch in specific.iter().copied().chain(distribution.arch_ids()) {
        if !order.contains(&arch) {
            order.push(arch);
        }
    }
    (specific, order)
}

/// The relation groups of some of a source's build dependency fields.
fn groups(distribution: &Distribution, source: &Source, fields: &[usize]) -> Vec<GroupId> {
    let texts = fields.iter().map(|&field| distribution.text(source.build_depends[field]));
    texts
        .flat_map(relation::groups)
        .filter_map(|text| distribution.texts.find(text))
        .filter_map(|text| distribution.relations.by_text.get(text as usize))
        .collect()
}

fn best(context: Context<'_>, excuse: &Excuse, order: &[ArchId], groups: &[GroupId]) -> Option<(ArchId, Standing)> {
    let mut best: Option<(ArchId, Standing)> = None;
    for &arch in order {
        let found = standing(context, excuse, arch, groups);
        if best.as_ref().is_none_or(|(_, best)| found.rank() < best.rank()) {
            best = Some((arch, found));
        }
        if best.as_ref().is_some_and(|(_, best)| best.rank() == 0) {
            break;
        }
    }
    best
}

fn standing(context: Context<'_>, excuse: &Excuse, arch: ArchId, groups: &[GroupId]) -> Standing {
    let Context { distribution, universe, target, .. } = context;
    let mut standing = Standing::default();
    let mut found = Vec::new();
    for &group in groups {
        found.clear();
        let mut counts = distribution.relations.groups[group.index()].malformed;
        for alternative in distribution.relations.alternatives_of(group) {
            if crate::universe::applies(distribution, arch, alternative)
                && relation::profiles_match(distribution.text(alternative.profiles), &[])
            {
                counts = true;
                universe.port(arch).resolve(distribution, arch, alternative, true, &mut found);
            }
        }
        if !counts || found.iter().any(|&id| target.holds(arch, BinaryId(id))) {
            continue;
        }
        let suite = excuse.item.suite;
        let solving = found.iter().filter_map(|&id| context.entry_in(suite, arch, BinaryId(id)));
        let mut items: Vec<ItemKey> = solving.map(|entry| context.item_of(suite, arch, entry)).collect();
        if items.iter().any(|item| item.name == excuse.item.name) {
            continue;
        }
        items.sort_unstable();
        items.dedup();
        if items.is_empty() {
            let text = distribution.relations.groups[group.index()].text;
            standing.unsatisfiable.push(distribution.text(text).to_owned());
        } else {
            standing.needed.push(items);
        }
    }
    standing
}

fn report<'a>(
    context: Context<'a>,
    opinion: &mut Opinion,
    found: Option<(ArchId, Standing)>,
    kind: DependencyKind,
    unsatisfiable: &mut BTreeMap<&'a str, Vec<String>>,
    any_one: bool,
) {
    let Some((arch, standing)) = found else { return };
    let name = context.distribution.arch_name(arch);
    let (field, key) = match kind {
        DependencyKind::BuildDependsIndep => ("Build-Depends-Indep", "check-build-depends-indep-on-arch"),
        DependencyKind::BuildDepends
        | DependencyKind::Depends
        | DependencyKind::BuiltUsing
        | DependencyKind::ImplicitDeps
        | DependencyKind::Linux
        | DependencyKind::SourcePpa => ("Build-Depends", "check-build-depends-on-arch"),
    };
    if any_one {
        opinion.set(key, name);
        opinion.notes.push(format!("Its {field} is judged on {name}."));
    }
    for text in standing.unsatisfiable {
        opinion.holds.push(Hold {
            code: Code::BuildDepends,
            verdict: Verdict::RejectedPermanently,
            reason: None,
            about: format!("{name} {text}"),
            text: format!("Nothing satisfies its {field} `{text}` on {name}."),
            until: None,
        });
        if !any_one {
            unsatisfiable.entry(name).or_default().push(text);
        }
    }
    for items in standing.needed {
        opinion.dependencies.push((kind, items));
    }
}
