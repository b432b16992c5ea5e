//! Would it bring release-critical bugs into the target that are not there yet?

use std::collections::BTreeSet;

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::compat::britney::state::RcBugs;
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::HintKind;
use crate::model::{NameId, SuiteId, Verdict};

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, facts, rules, .. } = context;
    let mut opinion = Opinion::default();
    let name = excuse.item.name;
    let source = bugs_of(context, SuiteId::PRIMARY, &facts.source_bugs, name);
    let target = match excuse.old {
        Some(_) => bugs_of(context, SuiteId::TARGET, &facts.target_bugs, name),
        None => BTreeSet::new(),
    };
    let mut unique: BTreeSet<&String> = source.difference(&target).collect();
    let version = distribution.text(excuse.item.version);
    for (hint, item) in context.hints_for(HintKind::IgnoreRcBugs, name, false) {
        if item.version.as_deref() != Some(version) {
            continue;
        }
        let ignored: Vec<&String> = unique.iter().copied().filter(|bug| hint.bugs.contains(*bug)).collect();
        if ignored.is_empty() {
            continue;
        }
        opinion.hinted = true;
        opinion.set("ignored-bugs", json!({"bugs": ignored, "issued-by": hint.user}));
        opinion.hints.push((hint.kind.as_str(), hint.user.clone()));
        unique.retain(|bug| !hint.bugs.contains(*bug));
    }
    opinion.set("shared-bugs", json!(source.intersection(&target).collect::<Vec<_>>()));
    opinion.set("unique-source-bugs", json!(unique));
    opinion.set("unique-target-bugs", json!(target.difference(&source).collect::<Vec<_>>()));
    if !unique.is_empty() {
        let list: Vec<String> = unique.iter().map(|bug| format!("#{bug}")).collect();
        let links: Vec<String> = unique.iter().map(|bug| rules.urls.bug.replace("{bug}", bug)).collect();
        opinion.notes.push(format!("Pages of these bugs: {}", links.join(" ")));
        opinion.holds.push(Hold {
            code: Code::Bugs,
            verdict: Verdict::RejectedPermanently,
            reason: Some("buggy"),
            about: String::new(),
            text: format!("It would bring release-critical bugs into the target: {}.", list.join(", ")),
            until: None,
        });
    }
    opinion
}

/// The bugs of a source in a suite: its own, and those of the binaries that it builds there. A bug on a bare name is
/// the source's only if no other source builds a binary of that name.
fn bugs_of(context: Context<'_>, suite: SuiteId, bugs: &RcBugs, name: NameId) -> BTreeSet<String> {
    let Context { distribution, .. } = context;
    let mut found = BTreeSet::new();
    let text = distribution.name(name);
    found.extend(bugs.of_source(text).map(str::to_owned));
    let mut collect = |name: &str| found.extend(bugs.of_package(name).map(str::to_owned));
    let entries = |name: NameId| {
        distribution
            .arch_ids()
            .filter_map(move |arch| distribution.entry_of(suite, arch, name).map(|id| distribution.entry(arch, id)))
    };
    let mut named_elsewhere = false;
    for entry in entries(name) {
        named_elsewhere |= entry.source != name;
    }
    if !named_elsewhere {
        collect(text);
    }
    let listed = distribution.source(suite, name).map_or(&[][..], |source| &source.listed);
    for &(arch, entry) in listed {
        if distribution.entry(arch, entry).source == name {
            collect(distribution.name(distribution.entry_binary(arch, entry).name));
        }
    }
    found
}
