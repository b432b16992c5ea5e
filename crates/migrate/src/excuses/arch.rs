//! Excuses of single architectures: the source is the same, its binaries there are not.

use std::cmp::Ordering;

use super::{Context, Excuse, Hold, conclude, depends};
use crate::blockers::Code;
use crate::distribution::Source;
use crate::hint::HintKind;
use crate::model::{ArchId, EntryId, Item, NameId, Scope, SuiteId, Verdict};
use crate::upgrade::smooth;

/// The excuses of a source for the architectures on which its binaries differ.
pub(super) fn excuses(context: Context<'_>, suite: SuiteId, name: NameId, add: &mut impl FnMut(Excuse)) {
    let Context { distribution, .. } = context;
    let (Some(source), Some(target)) = (distribution.source(suite, name), distribution.source(SuiteId::TARGET, name))
    else {
        return;
    };
    if target.fake || source.version != target.version {
        return;
    }
    for arch in distribution.arch_ids() {
        if let Some(excuse) = excuse(context, suite, source, target, arch) {
            add(excuse);
        }
    }
}

fn excuse(context: Context<'_>, suite: SuiteId, source: &Source, target: &Source, arch: ArchId) -> Option<Excuse> {
    let Context { distribution, .. } = context;
    let item = Item { name: source.name, scope: Scope::Arch(arch), suite, version: source.version };
    let mut excuse = Excuse::new(item, Some(target.version), Some(source.version));
    let version = distribution.text(target.version);
    let removal = context
        .hints_for(HintKind::Remove, source.name, false)
        .find(|(_, item)| item.version.as_deref() == Some(version));
    if let Some((hint, _)) = removal {
        excuse.hint(hint.kind.as_str(), &hint.user);
        excuse.hold(Hold {
            code: Code::HintRemove,
            verdict: Verdict::RejectedPermanently,
            reason: Some("remove"),
            about: hint.user.clone(),
            text: format!("{} asks for its removal, so it is not updated.", hint.user),
            until: None,
        });
        return Some(excuse);
    }
    let mut worth_doing = new_binaries(context, source, target, arch, &mut excuse);
    if suite == SuiteId::PRIMARY && excuse.holds.is_empty() {
        worth_doing |= vanished_binaries(context, source, arch, &mut excuse);
    }
    if !worth_doing {
        return None;
    }
    if excuse.holds.is_empty() {
        depends::examine(context, &mut excuse, source, arch);
        conclude(context, &mut excuse);
    }
    Some(excuse)
}

/// The entries that a source lists on an architecture, by name.
fn listed_by_name(context: Context<'_>, source: &Source, arch: ArchId) -> Vec<EntryId> {
    let Context { distribution, .. } = context;
    let mut listed: Vec<EntryId> =
        source.listed.iter().filter(|&&(on, _)| on == arch).map(|&(_, entry)| entry).collect();
    listed.sort_by_key(|&entry| distribution.name(distribution.entry_binary(arch, entry).name));
    listed
}

fn new_binaries(context: Context<'_>, source: &Source, target: &Source, arch: ArchId, excuse: &mut Excuse) -> bool {
    let Context { distribution, rules, .. } = context;
    let mut worth_doing = false;
    for id in listed_by_name(context, source, arch) {
        let entry = distribution.entry(arch, id);
        let binary = distribution.binary(arch, entry.binary);
        let name = distribution.name(binary.name);
        let version = distribution.text(binary.version);
        let built_from = distribution.text(entry.source_version);
        let in_target = context.target.entry(arch, binary.name);
        if binary.arch_all {
            if in_target.is_none_or(|id| distribution.entry(arch, id).binary != entry.binary) {
                excuse.note(format!("{name} {version} is for all architectures and does not move with one."));
            }
            continue;
        }
        if entry.source_version != target.version {
            // Left over, or taken over by another source.
            if rules.ignore_cruft {
                excuse.note(format!("{name} {version} is left over from {built_from}; it is ignored."));
                continue;
            }
            let target_version = distribution.text(target.version);
            excuse.hold(Hold {
                code: Code::WrongSource,
                verdict: Verdict::RejectedPermanently,
                reason: None,
                about: name.to_owned(),
                text: format!("{name} {version} is built from {built_from}, not from the target's {target_version}."),
                until: None,
            });
            continue;
        }
        let Some(in_target) = in_target else {
            excuse.note(format!("New binary: {name} {version}."));
            worth_doing = true;
            continue;
        };
        let former = distribution.entry_binary(arch, in_target).version;
        match distribution.compare(binary.version, former) {
            Ordering::Less => excuse.hold(Hold {
                code: Code::Downgrade,
                verdict: Verdict::RejectedPermanently,
                reason: None,
                about: name.to_owned(),
                text: format!("{name} would go back from {} to {version}.", distribution.text(former)),
                until: None,
            }),
            Ordering::Greater => {
                excuse.note(format!("Updated binary: {name} ({} to {version}).", distribution.text(former)));
                worth_doing = true;
            }
            Ordering::Equal => {}
        }
    }
    worth_doing
}

fn vanished_binaries(context: Context<'_>, source: &Source, arch: ArchId, excuse: &mut Excuse) -> bool {
    let Context { distribution, target, .. } = context;
    let mut built: Vec<EntryId> =
        target.built_by(source.name).iter().filter(|&&(on, _)| on == arch).map(|&(_, entry)| entry).collect();
    built.sort_by_key(|&entry| distribution.name(distribution.entry_binary(arch, entry).name));
    let gone = |&entry: &EntryId| {
        let name = distribution.entry_binary(arch, entry).name;
        distribution.entry_of(SuiteId::PRIMARY, arch, name).is_none()
    };
    let gone: Vec<EntryId> = built.iter().copied().filter(gone).collect();
    if gone.is_empty() {
        return false;
    }
    let kept = smooth::kept(context.smooth(), &excuse.item, arch, &built, &[]);
    let mut worth_doing = false;
    for entry in gone {
        let binary = distribution.entry_binary(arch, entry);
        let name = distribution.name(binary.name);
        if binary.arch_all {
            excuse.note(format!("{name} is gone from the source suite; it is for all architectures and stays."));
        } else if kept.contains(&entry) {
            excuse.note(format!("{name} is gone from the source suite; it stays while others need it."));
        } else {
            excuse.note(format!("Removed binary: {name} {}.", distribution.text(binary.version)));
            worth_doing = true;
        }
    }
    worth_doing
}
