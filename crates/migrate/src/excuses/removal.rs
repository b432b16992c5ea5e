//! Excuses of removals: sources that left the primary source suite, or that a `remove` hint names.

use super::{Context, Excuse, Excuses, Hold};
use crate::blockers::Code;
use crate::hint::HintKind;
use crate::model::{Item, NameId, Scope, SuiteId, TextId, Verdict};

/// Sources of the target that the primary source suite does not know in any form.
pub(super) fn absent(context: Context<'_>, add: &mut impl FnMut(Excuse)) {
    let Context { distribution, .. } = context;
    for &name in distribution.sources_by_name(SuiteId::TARGET).values() {
        let Some(target) = distribution.source(SuiteId::TARGET, name) else { continue };
        if distribution.source(SuiteId::PRIMARY, name).is_none() {
            let mut excuse = removal(name, target.version);
            excuse.note("It is not in the source suite any more.".to_owned());
            blocked(context, &mut excuse);
            add(excuse);
        }
    }
}

/// Sources that a hint removes at the version that the target has, and for which no valid item is there.
pub(super) fn hinted(context: Context<'_>, excuses: &Excuses) -> Vec<Excuse> {
    let Context { distribution, .. } = context;
    let mut found = Vec::new();
    for hint in context.hints.of_kind(HintKind::Remove) {
        let Some(item) = hint.item().filter(|item| !item.removal) else { continue };
        let Some(name) = distribution.find_name(&item.name) else { continue };
        let Some(target) = distribution.source(SuiteId::TARGET, name).filter(|target| !target.fake) else { continue };
        if item.version.as_deref() != Some(distribution.text(target.version)) {
            continue;
        }
        let valid = |key: &str| excuses.get(key).is_some_and(Excuse::is_valid);
        if valid(&item.name) || valid(&format!("-{}", item.name)) {
            continue;
        }
        let mut excuse = removal(name, target.version);
        excuse.hint(hint.kind.as_str(), &hint.user);
        excuse.note(format!("{} asks for its removal.", hint.user));
        blocked(context, &mut excuse);
        found.push(excuse);
    }
    found
}

fn removal(name: NameId, version: TextId) -> Excuse {
    let item = Item { name, scope: Scope::Removal, suite: SuiteId::PRIMARY, version };
    Excuse::new(item, Some(version), None)
}

/// A `block -src` hint keeps a source in the target.
fn blocked(context: Context<'_>, excuse: &mut Excuse) {
    let block = context.hints_for(HintKind::Block, excuse.item.name, true).next();
    if let Some((hint, _)) = block {
        excuse.hint(hint.kind.as_str(), &hint.user);
        excuse.hold(Hold {
            code: Code::Block,
            verdict: Verdict::RejectedPermanently,
            reason: Some("block"),
            about: hint.user.clone(),
            text: format!("{} blocks its removal.", hint.user),
            until: None,
        });
    }
}
