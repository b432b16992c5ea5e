//! An item that needs an invalid item is invalid too.

use std::collections::BTreeMap;

use super::{Context, Excuse, Excuses, Hold, ItemKey};
use crate::blockers::Code;
use crate::model::{Scope, Verdict};

/// Verdicts by item.
pub(crate) type Verdicts = BTreeMap<ItemKey, Verdict>;

/// Passes invalidity on until nothing changes. May be called again on excuses of which one lost what held it.
pub(crate) fn invalidate(context: Context<'_>, excuses: &mut Excuses) {
    for excuse in excuses.values_mut() {
        withdraw(excuse);
    }
    let (own, settled) = {
        let invalidation = Invalidation::new(context, excuses);
        let own = invalidation.own();
        let settled = invalidation.settle(&own);
        (own, settled)
    };
    for excuse in excuses.values_mut() {
        conclude(context, excuse, &settled, own[&excuse.item.key()]);
    }
}

/// Takes back what an earlier pass made of an excuse.
fn withdraw(excuse: &mut Excuse) {
    if excuse.is_invalidated() {
        let (passed_on, own): (Vec<Hold>, Vec<Hold>) =
            excuse.holds.drain(..).partition(|hold| hold.code == Code::DependsOnInvalid);
        excuse.holds = own;
        excuse.notes.retain(|note| !passed_on.iter().any(|hold| hold.text == *note));
        excuse.blocked_by.clear();
        excuse.verdict = excuse.own_verdict(None);
    }
}

/// Who needs whom, to pass invalidity on from any set of verdicts.
pub(crate) struct Invalidation<'a> {
    context: Context<'a>,
    by_key: BTreeMap<ItemKey, &'a Excuse>,
    users: BTreeMap<ItemKey, Vec<ItemKey>>,
}

impl<'a> Invalidation<'a> {
    pub(crate) fn new(context: Context<'a>, excuses: &'a Excuses) -> Self {
        let mut users: BTreeMap<ItemKey, Vec<ItemKey>> = BTreeMap::new();
        for excuse in excuses.values() {
            for dependency in &excuse.dependencies {
                for &on in &dependency.any_of {
                    users.entry(on).or_default().push(excuse.item.key());
                }
            }
        }
        let by_key = excuses.values().map(|excuse| (excuse.item.key(), excuse)).collect();
        Self { context, by_key, users }
    }

    /// Each item's own verdict.
    pub(crate) fn own(&self) -> Verdicts {
        self.by_key.iter().map(|(&key, excuse)| (key, excuse.own_verdict(None))).collect()
    }

    /// The verdicts with invalidity passed on. The order of visits does not matter: verdicts only rise.
    pub(crate) fn settle(&self, own: &Verdicts) -> Verdicts {
        let mut settled = own.clone();
        let mut queue: Vec<ItemKey> =
            settled.iter().filter(|(_, verdict)| verdict.is_rejected()).map(|(&key, _)| key).collect();
        while let Some(key) = queue.pop() {
            for &user in self.users.get(&key).into_iter().flatten() {
                let excuse = self.by_key[&user];
                if excuse.forced || own[&user].is_rejected() {
                    continue;
                }
                let verdict = inherited(self.context, excuse, &settled).unwrap_or(own[&user]);
                if verdict > settled[&user] {
                    settled.insert(user, verdict);
                    queue.push(user);
                }
            }
        }
        settled
    }
}

/// The verdict that an excuse has because of those it needs, if it is invalid because of them.
fn inherited(context: Context<'_>, excuse: &Excuse, settled: &Verdicts) -> Option<Verdict> {
    let held = |any_of: &[ItemKey]| {
        let each = any_of.iter().map(|&on| standing(context, on, settled));
        each.min_by_key(|verdict| verdict.unwrap_or(Verdict::NotApplicable)).flatten()
    };
    let invalid = excuse.dependencies.iter().filter_map(|dependency| held(&dependency.any_of));
    invalid.filter(|verdict| verdict.is_rejected()).map(passed_on).max()
}

/// What an invalid item makes of those that need it.
fn passed_on(verdict: Verdict) -> Verdict {
    if verdict.is_blocked() { Verdict::RejectedBlockedByAnotherItem } else { Verdict::RejectedWaitingForAnotherItem }
}

/// The verdict of an item that is needed: none if it has no excuse, or if an additional suite's candidate stands in.
fn standing(context: Context<'_>, on: ItemKey, settled: &Verdicts) -> Option<Verdict> {
    let verdict = settled.get(&on).copied()?;
    if verdict.is_rejected() && on.scope == Scope::Source {
        let stands_in = context.distribution.source_suites().any(|suite| {
            let other = ItemKey { suite, ..on };
            suite != on.suite && settled.get(&other).is_some_and(|verdict| !verdict.is_rejected())
        });
        if stands_in {
            return None;
        }
    }
    Some(verdict)
}

fn conclude(context: Context<'_>, excuse: &mut Excuse, settled: &Verdicts, own: Verdict) {
    let Context { distribution, .. } = context;
    let mut holds = Vec::new();
    let mut impossible = Vec::new();
    for dependency in &excuse.dependencies {
        let known = |on: &&ItemKey| settled.contains_key(on);
        if !dependency.any_of.iter().any(|on| known(&on)) {
            impossible.extend(dependency.any_of.iter().map(|&on| (dependency.kind, on)));
            continue;
        }
        if excuse.forced || own.is_rejected() {
            continue;
        }
        let standings: Vec<Option<Verdict>> =
            dependency.any_of.iter().map(|&on| standing(context, on, settled)).collect();
        if standings.iter().any(|verdict| verdict.is_none_or(|verdict| !verdict.is_rejected())) {
            continue;
        }
        for (on, verdict) in dependency.any_of.iter().zip(standings.into_iter().flatten()) {
            holds.push((dependency.kind, *on, passed_on(verdict)));
        }
    }
    for (kind, on) in impossible {
        excuse.remarks.insert(kind.reason());
        let text = format!(
            "It needs {} ({}), which has no excuse: nothing of it is on its way.",
            distribution.key_text(&on),
            kind.reason()
        );
        if !excuse.notes.contains(&text) {
            excuse.note(text);
        }
    }
    for (kind, on, verdict) in holds {
        excuse.blocked_by.insert(on);
        let text = distribution.key_text(&on);
        excuse.hold(Hold {
            code: Code::DependsOnInvalid,
            verdict,
            reason: Some(kind.reason()),
            about: format!("{} {text}", kind.reason()),
            text: format!("It needs {text} ({}), which may not migrate.", kind.reason()),
            until: None,
        });
    }
}
