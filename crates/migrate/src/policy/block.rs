//! Is it blocked by hand, or does it need an approval that it does not have?

use std::collections::BTreeSet;

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::{Freeze, Hint, HintKind, ItemRef};
use crate::model::{Scope, SuiteId, Verdict};

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let mut opinion = Opinion::default();
    let mut block = plain_block(context, excuse);
    let mut block_udeb = matching(context, excuse, HintKind::BlockUdeb).map(|hint| (hint.user.clone(), hint.kind));
    let unblock = unblocking(context, excuse, HintKind::Unblock, &mut opinion);
    let unblock_udeb = unblocking(context, excuse, HintKind::UnblockUdeb, &mut opinion);
    let needs_approval = excuse.item.suite != SuiteId::PRIMARY;
    for (user, kind) in block.iter().chain(&block_udeb) {
        opinion.hints.push((kind.as_str(), user.clone()));
    }
    if needs_approval {
        excuse.approved = Some(unblock.is_some());
        match &unblock {
            Some(hint) => opinion.notes.push(format!("Approved by {}.", hint.user)),
            None => opinion.holds.push(Hold {
                code: Code::NeedsApproval,
                verdict: Verdict::RejectedNeedsApproval,
                reason: Some("block"),
                about: String::new(),
                text: "It comes from an additional suite and needs an approval.".to_owned(),
                until: None,
            }),
        }
        block = None;
    }
    for (lifted, blocked) in [(&unblock, &mut block), (&unblock_udeb, &mut block_udeb)] {
        let Some((user, kind)) = blocked.take() else { continue };
        if let Some(hint) = lifted {
            opinion.notes.push(format!("{} unblocks it from the {} of {user}.", hint.user, kind.as_str()));
            continue;
        }
        opinion.holds.push(Hold {
            code: Code::Block,
            verdict: Verdict::RejectedNeedsApproval,
            reason: Some("block"),
            about: kind.as_str().to_owned(),
            text: format!("{user} blocks it ({}).", kind.as_str()),
            until: None,
        });
    }
    for hint in unblock.into_iter().chain(unblock_udeb) {
        opinion.hints.push((hint.kind.as_str(), hint.user.clone()));
    }
    opinion
}

/// Who blocks the item: a freeze, or a block of this source.
fn plain_block(context: Context<'_>, excuse: &Excuse) -> Option<(String, HintKind)> {
    let frozen = |hint: &&Hint| match hint.freeze {
        Some(Freeze::Source) => true,
        Some(Freeze::NewSource) => excuse.old.is_none(),
        None => false,
    };
    let freeze = context
        .hints
        .of_kind(HintKind::BlockAll)
        .filter(|_| excuse.item.suite == SuiteId::PRIMARY)
        .find(frozen)
        .map(|hint| (hint.user.clone(), hint.kind));
    let blocked = matching(context, excuse, HintKind::Block).map(|hint| (hint.user.clone(), hint.kind));
    blocked.or(freeze)
}

/// A block hint for this item. With an architecture it means only that architecture's item, with a version only
/// that version.
fn matching<'a>(context: Context<'a>, excuse: &Excuse, kind: HintKind) -> Option<&'a Hint> {
    let distribution = context.distribution;
    let version = distribution.text(excuse.item.version);
    let of_arch = |item: &ItemRef| match (item.binary_architecture(), excuse.item.scope) {
        (None, _) => true,
        (Some(hinted), Scope::Arch(arch)) => hinted == distribution.arch_name(arch),
        (Some(_), _) => false,
    };
    let hints = context.hints.find(kind, distribution.name(excuse.item.name));
    let mut meant = hints.filter(|hint| {
        let item = hint.item();
        item.is_some_and(|item| {
            !item.removal && of_arch(item) && item.version.as_deref().is_none_or(|hinted| hinted == version)
        })
    });
    meant.next()
}

/// The unblock hint for this item. Of several for the same architecture, or for none, the one with the highest version
/// counts, whether or not it fits.
fn unblocking<'a>(context: Context<'a>, excuse: &Excuse, kind: HintKind, opinion: &mut Opinion) -> Option<&'a Hint> {
    let distribution = context.distribution;
    let version = distribution.text(excuse.item.version);
    let of_arch = |item: &ItemRef| match (item.binary_architecture(), excuse.item.scope) {
        (None, _) => true,
        (Some(hinted), Scope::Arch(arch)) => hinted == distribution.arch_name(arch),
        (Some(_), _) => false,
    };
    let hints = context.hints.find(kind, distribution.name(excuse.item.name));
    let mut candidates: Vec<(&Hint, &ItemRef)> = hints
        .filter_map(|hint| hint.item().map(|item| (hint, item)))
        .filter(|(_, item)| !item.removal && of_arch(item) && context.same_suite(item, excuse.item.suite))
        .collect();
    candidates.sort_by(|(_, a), (_, b)| {
        let version = |item: &ItemRef| item.version.clone().unwrap_or_default();
        tidegate_archive::version::compare(&version(b), &version(a))
    });
    let mut seen = BTreeSet::new();
    candidates.retain(|(_, item)| seen.insert(item.binary_architecture()));
    for (hint, item) in &candidates {
        if item.version.as_deref() != Some(version) {
            opinion.notes.push(format!("{} unblocks {}, which is not this version.", hint.user, item));
        }
    }
    candidates.into_iter().find(|(_, item)| item.version.as_deref() == Some(version)).map(|(hint, _)| hint)
}
