//! Is it old enough for its urgency?

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::compat::britney::config::Dialect;
use crate::compat::britney::state::FirstSeen;
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::HintKind;
use crate::model::Verdict;

const DAY: i64 = 86_400;

/// The age of the source suite's version, in seconds; whole days in the debian dialect.
fn seen(context: Context<'_>, source: &str, version: &str) -> i64 {
    let rules = context.rules;
    let Some(seen) = context.facts.first_seen.get(source, version) else { return 0 };
    let age = if rules.fractional_ages {
        rules.now.saturating_sub(seen.seconds())
    } else {
        rules.today().saturating_sub(seen.day()).saturating_mul(DAY)
    };
    age.max(0)
}

/// The urgency of an item: the most urgent of the versions that the target does not have yet.
/// Returns it with the one that was asked for, where a source that is new to the target may not have that.
fn urgency(context: Context<'_>, excuse: &Excuse) -> (String, Option<String>) {
    let Context { distribution, rules, facts, .. } = context;
    let name = distribution.name(excuse.item.name);
    let new = distribution.text(excuse.item.version);
    let old = excuse.old.map(|version| distribution.text(version));
    let compare = tidegate_archive::version::compare;
    let days = |urgency: &str| rules.min_days.get(urgency).copied();
    let mut best: Option<(u32, &str)> = None;
    for (version, urgency) in facts.urgencies.of(name) {
        let moves = old.is_none_or(|old| compare(old, version).is_lt()) && compare(version, new).is_le();
        let urgency = if days(urgency).is_some() { urgency } else { &rules.default_urgency };
        if let (true, Some(required)) = (moves, days(urgency))
            && best.is_none_or(|(least, _)| required < least)
        {
            best = Some((required, urgency));
        }
    }
    let urgency = best.map_or(rules.default_urgency.as_str(), |(_, urgency)| urgency);
    if old.is_none() && days(urgency) < days(&rules.default_urgency) {
        return (rules.default_urgency.clone(), Some(urgency.to_owned()));
    }
    (urgency.to_owned(), None)
}

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let Context { distribution, rules, .. } = context;
    let mut opinion = Opinion::default();
    let name = distribution.name(excuse.item.name);
    let version = distribution.text(excuse.item.version);
    let age = seen(context, name, version);
    let days = age / DAY;
    excuse.age = Some(days);
    let (urgency, asked) = urgency(context, excuse);
    if let Some(asked) = asked {
        opinion.notes.push(format!("New to the target: it counts as {urgency} and not as {asked}."));
        opinion.set("urgency-reduced", json!({"from": asked, "to": urgency}));
    }
    let default = rules.min_days.get(&urgency).copied().unwrap_or(0);
    let default = adjusted(context, excuse, &urgency, default, &mut opinion);
    opinion.set("age-requirement", default);
    if rules.fractional_ages {
        #[expect(clippy::cast_precision_loss, reason = "ages are far below 2^52 seconds")]
        opinion.set("current-age", age as f64 / DAY as f64);
    } else {
        opinion.set("current-age", days);
    }
    let mut required = default;
    let mut urgent = None;
    for kind in [HintKind::AgeDays, HintKind::Urgent] {
        for (hint, item) in context.hints_for(kind, excuse.item.name, false) {
            if item.version.as_deref() != Some(version) {
                continue;
            }
            opinion.hints.push((hint.kind.as_str(), hint.user.clone()));
            if kind == HintKind::Urgent {
                required = 0;
                urgent = Some(&hint.user);
            } else {
                required = hint.days.unwrap_or(required);
            }
            let changed = json!({"new-requirement": required, "changed-by": hint.user});
            opinion.set("age-requirement-reduced", changed);
        }
    }
    if age >= i64::from(required) * DAY {
        opinion.notes.push(format!("{days} days old ({required} needed)."));
        if let Some(user) = urgent.filter(|_| age < i64::from(default) * DAY) {
            opinion.hinted = true;
            opinion.notes.push(format!("Too young ({days} of {default} days), but {user} calls it urgent."));
        }
        return opinion;
    }
    opinion.holds.push(Hold {
        code: Code::Age,
        verdict: Verdict::RejectedTemporarily,
        // Ubuntu's britney has no word for it.
        reason: (rules.dialect == Dialect::Debian).then_some("age"),
        about: String::new(),
        text: format!("It is too young: {days} of {required} days."),
        until: Some(of_age(context, age, required)),
    });
    opinion
}

/// The required age after what policies took off and added.
fn adjusted(context: Context<'_>, excuse: &Excuse, urgency: &str, days: u32, opinion: &mut Opinion) -> u32 {
    let rules = context.rules;
    let mut required = i64::from(days);
    for (policy, &bounty) in excuse.bounties.iter().filter(|&(_, &bounty)| bounty > 0) {
        required -= i64::from(bounty);
        opinion.notes.push(format!("Required age reduced by {bounty} days because of {}.", policy.as_str()));
    }
    if !rules.no_penalties.contains(urgency) {
        for (policy, &penalty) in excuse.penalties.iter().filter(|&(_, &penalty)| penalty > 0) {
            required += i64::from(penalty);
            opinion.notes.push(format!("Required age increased by {penalty} days because of {}.", policy.as_str()));
        }
    }
    let least = i64::from(rules.bounty_min_age.min(days));
    if required < least {
        opinion.notes.push(format!("Required age is not allowed to drop below {least} days."));
    }
    u32::try_from(required.max(least)).unwrap_or(u32::MAX)
}

/// The instant at which an item of that age has the required one.
fn of_age(context: Context<'_>, age: i64, required: u32) -> i64 {
    let rules = context.rules;
    let missing = i64::from(required) * DAY - age;
    if rules.fractional_ages { rules.now + missing } else { FirstSeen::Day(rules.today() + missing / DAY).seconds() }
}
