//! Which bugs should be read by those who look after it? They hold nothing.

use super::Opinion;
use crate::excuses::{Context, Excuse};

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, rules, facts, .. } = context;
    let mut opinion = Opinion::default();
    for (bug, since) in facts.excuse_bugs.of(distribution.name(excuse.item.name)) {
        opinion.set(bug, since);
        opinion.notes.push(format!("Bug {bug} tells more; see {}", rules.urls.bug.replace("{bug}", bug)));
    }
    opinion
}
