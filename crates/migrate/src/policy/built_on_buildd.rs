//! Was every binary built by a build daemon?

use std::collections::BTreeMap;

use serde_json::json;

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::HintKind;
use crate::model::Verdict;

/// Where architecture-independent binaries are built.
const ALL: &str = "all";

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, rules, facts, .. } = context;
    let mut opinion = Opinion::default();
    let suite = excuse.item.suite;
    let Some(source) = distribution.source(suite, excuse.item.name) else { return opinion };
    let only = excuse.item.scope.architecture();
    // Binaries by place and name; an architecture-independent one is listed on every architecture.
    let mut binaries: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for &(arch, entry) in &source.listed {
        let binary = distribution.entry_binary(arch, entry);
        let built_here = distribution.entry(arch, entry).source == source.name && !context.is_cruft(suite, arch, entry);
        let moves = !context.target.holds(arch, distribution.entry(arch, entry).binary);
        let asked = if binary.arch_all { rules.has_arch_all_buildds && only.is_none() } else { true };
        if built_here && moves && asked && only.is_none_or(|only| only == arch) {
            let place = if binary.arch_all { ALL } else { distribution.arch_name(arch) };
            binaries.insert((place, distribution.name(binary.name)), distribution.text(binary.version));
        }
    }
    let mut signed_by: BTreeMap<&str, &str> = BTreeMap::new();
    for ((place, name), version) in binaries {
        let Some(signer) = facts.signers.get(name, version, place) else {
            let text = format!("It is not known who built {name} {version} {}.", where_built(place));
            opinion.holds.push(hold(place, name, Verdict::RejectedCannotDetermineIfPermanent, text));
            continue;
        };
        signed_by.insert(place, &signer.uid);
        if signer.buildd {
            continue;
        }
        let whom = if signer.uid.is_empty() { "somebody" } else { &signer.uid };
        let text = format!("{name} {version} {} was built by {whom}, not by a build daemon.", where_built(place));
        match allowed_by(context, excuse).filter(|_| place == ALL) {
            Some(user) => {
                opinion.hinted = true;
                opinion.notes.push(format!("{text} {user} allows it."));
                opinion.hints.push((HintKind::AllowArchallMaintainerUpload.as_str(), user.to_owned()));
            }
            None => opinion.holds.push(hold(place, name, Verdict::RejectedPermanently, text)),
        }
    }
    opinion.set("signed-by", json!(signed_by));
    opinion
}

fn where_built(place: &str) -> String {
    if place == ALL { "for all architectures".to_owned() } else { format!("on {place}") }
}

fn hold(place: &str, name: &str, verdict: Verdict, text: String) -> Hold {
    let about = format!("{place} {name}");
    Hold { code: Code::PolicyBuiltOnBuildd, verdict, reason: Some("builtonbuildd"), about, text, until: None }
}

/// Who lets the maintainer build what is for all architectures.
fn allowed_by<'a>(context: Context<'a>, excuse: &Excuse) -> Option<&'a str> {
    let version = context.distribution.text(excuse.item.version);
    let name = context.distribution.name(excuse.item.name);
    let mut hints = context.hints.find(HintKind::AllowArchallMaintainerUpload, name);
    let allows = hints.find(|hint| {
        let item = hint.item();
        item.is_some_and(|item| !item.removal && item.version.as_deref().is_none_or(|hinted| hinted == version))
    });
    allows.map(|hint| hint.user.as_str())
}
