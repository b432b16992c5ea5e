//! Does a bug block it?

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Hold};
use crate::model::Verdict;

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, rules, facts, .. } = context;
    let mut opinion = Opinion::default();
    for (bug, since) in facts.block_bugs.of(distribution.name(excuse.item.name)) {
        opinion.set(bug, since);
        let url = rules.urls.bug.replace("{bug}", bug);
        let days = rules.now.saturating_sub(since).max(0) / 86_400;
        let since = if since == 0 { String::new() } else { format!(", since {days} days") };
        opinion.holds.push(Hold {
            code: Code::PolicyBlockBugs,
            verdict: Verdict::RejectedPermanently,
            reason: Some("block"),
            about: bug.to_owned(),
            text: format!("Bug {bug} blocks it{since}; see {url}"),
            until: None,
        });
    }
    opinion
}
