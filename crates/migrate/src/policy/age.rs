//! Is it old enough for its urgency?

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Hold};
use crate::facts::Moment;
use crate::hint::HintKind;
use crate::model::Verdict;
use crate::rules::day_of;

const DAY: i64 = 86_400;

/// The age of the source suite's version, in seconds; whole days in the debian dialect.
pub(crate) fn seen(context: Context<'_>, source: &str, version: &str) -> i64 {
    let rules = context.rules;
    let known = context.facts.first_seen.get(source).filter(|seen| seen.version == version);
    let Some(seen) = known else { return 0 };
    let age = if rules.fractional_ages {
        let since = match seen.at {
            Moment::Day(day) => (day * 24 + 19) * 3600,
            Moment::Second(second) => second,
        };
        rules.now - since
    } else {
        let since = match seen.at {
            Moment::Day(day) => day,
            Moment::Second(second) => day_of(second),
        };
        (rules.today() - since) * DAY
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
    for entry in facts.urgencies.get(name).into_iter().flatten() {
        let moves = old.is_none_or(|old| compare(old, &entry.version).is_lt()) && compare(&entry.version, new).is_le();
        let urgency = if days(&entry.urgency).is_some() { &entry.urgency } else { &rules.default_urgency };
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

/// The days that an item must be old, before hints.
pub(crate) fn required_age(context: Context<'_>, excuse: &Excuse) -> u32 {
    let (urgency, _) = urgency(context, excuse);
    context.rules.min_days.get(&urgency).copied().unwrap_or(0)
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
        reason: Some("age"),
        about: String::new(),
        text: format!("It is too young: {days} of {required} days."),
        until: Some(of_age(context, age, required)),
    });
    opinion
}

/// The instant at which an item of that age has the required one.
fn of_age(context: Context<'_>, age: i64, required: u32) -> i64 {
    let rules = context.rules;
    let missing = i64::from(required) * DAY - age;
    if rules.fractional_ages {
        rules.now + missing
    } else {
        ((rules.today() + missing / DAY) * 24 + 19) * 3600
    }
}
