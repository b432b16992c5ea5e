//! Are the sources that were built into it there, so that what is shipped can be built from what is shipped?

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, DependencyKind, Excuse, Hold, ItemKey};
use crate::model::{NameId, Scope, SuiteId, TextId, Verdict};

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, rules, .. } = context;
    let mut opinion = Opinion::default();
    let suite = excuse.item.suite;
    let Some(source) = distribution.source(suite, excuse.item.name) else { return opinion };
    let only = excuse.item.scope.architecture();
    for &(arch, entry) in &source.listed {
        if only.is_some_and(|only| only != arch) {
            continue;
        }
        let binary = distribution.entry_binary(arch, entry);
        for &(name, version) in distribution.port(arch).built_using_of(binary) {
            let in_source = has(context, suite, name, version);
            if has(context, SuiteId::TARGET, name, version) || (in_source && name == excuse.item.name) {
                continue;
            }
            let (binary, used) = (distribution.name(binary.name), distribution.name(name));
            let place = distribution.arch_name(arch);
            if in_source {
                let item = ItemKey { name, scope: Scope::Source, suite };
                if rules.port(arch).may_break {
                    opinion.notes.push(format!("{binary} was built with {used} on {place}, which may break."));
                } else {
                    opinion.notes.push(format!("{binary} was built with {used} on {place}."));
                    opinion.dependencies.push((DependencyKind::BuiltUsing, vec![item]));
                }
                continue;
            }
            let version = distribution.text(version);
            let text = format!("{binary} was built with {used} {version} on {place}, which no suite has.");
            if rules.port(arch).may_break {
                opinion.notes.push(text);
            } else {
                let about = format!("{binary} {place} {used}");
                let verdict = Verdict::RejectedPermanently;
                opinion.holds.push(Hold { code: Code::BuiltUsing, verdict, reason: None, about, text, until: None });
            }
        }
    }
    opinion
}

/// Whether a suite has a source at this version or a later one.
fn has(context: Context<'_>, suite: SuiteId, name: NameId, version: TextId) -> bool {
    let distribution = context.distribution;
    let source = distribution.source(suite, name);
    source.is_some_and(|source| distribution.compare(source.version, version).is_ge())
}
