//! Was it copied from a personal archive together with others? Then they migrate together.
//!
//! Each of such a group depends on all others, so that what holds one holds all, and a `force` hint on one holds nobody.

use std::collections::BTreeMap;

use serde_json::json;

use super::Opinion;
use crate::distribution::Distribution;
use crate::excuses::{Context, DependencyKind, Excuse, ItemKey};
use crate::facts::Facts;
use crate::model::{NameId, Scope, SuiteId};

/// The owners of personal archives whose sources belong together.
const OWNERS: [&str; 2] = ["~bileto-ppa-service/", "~ci-train-ppa-service/"];

/// Personal archives of those owners from which sources come that do not belong together.
const APART: [&str; 1] = ["stable-phone-overlay"];

pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Opinion {
    let Context { distribution, facts, .. } = context;
    let mut opinion = Opinion::default();
    let (name, version) = (excuse.item.name, distribution.text(excuse.item.version));
    let Some(archive) = facts.source_ppas.get(distribution.name(name), version).and_then(together) else {
        return opinion;
    };
    let groups = context.memo.together(|| groups(distribution, facts));
    let members = groups.get(archive).map_or(&[][..], Vec::as_slice);
    opinion.set("ppa", archive);
    opinion.set("members", json!(members.iter().map(|&member| distribution.name(member)).collect::<Vec<_>>()));
    for &member in members.iter().filter(|&&member| member != name) {
        let item = ItemKey { name: member, scope: Scope::Source, suite: SuiteId::PRIMARY };
        opinion.dependencies.push((DependencyKind::SourcePpa, vec![item]));
    }
    if members.len() > 1 {
        opinion.notes.push(format!("It was copied from {archive} together with others, and moves with them."));
    }
    opinion
}

/// The part of an archive's address that names it, if what comes from it belongs together.
fn together(address: &str) -> Option<&str> {
    let start = OWNERS.iter().find_map(|owner| address.find(owner))?;
    let archive = address[start..].trim_end_matches('/');
    let apart = archive.rsplit('/').next().is_some_and(|name| APART.contains(&name));
    (!apart).then_some(archive)
}

/// The sources on their way of each archive, in name order.
fn groups(distribution: &Distribution, facts: &Facts) -> BTreeMap<String, Vec<NameId>> {
    let mut groups: BTreeMap<String, Vec<NameId>> = BTreeMap::new();
    for (name, version) in on_their_way(distribution) {
        if let Some(archive) = facts.source_ppas.get(name, version).and_then(together) {
            groups.entry(archive.to_owned()).or_default().extend(distribution.find_name(name));
        }
    }
    groups
}

/// The sources with their versions that the target does not have, in name order.
fn on_their_way(distribution: &Distribution) -> impl Iterator<Item = (&str, &str)> {
    let sources = distribution.sources_by_name(SuiteId::PRIMARY).into_iter();
    sources.filter_map(|(name, id)| {
        let version = distribution.source(SuiteId::PRIMARY, id)?.version;
        let target = distribution.source(SuiteId::TARGET, id).filter(|source| !source.fake);
        (target.map(|source| source.version) != Some(version)).then(|| (name, distribution.text(version)))
    })
}

/// The sources on their way of which nobody has asked yet whence they were copied.
pub fn unknown<'a>(distribution: &'a Distribution, facts: &'a Facts) -> impl Iterator<Item = (&'a str, &'a str)> {
    on_their_way(distribution).filter(|(name, version)| facts.source_ppas.get(name, version).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_archives_of_services_bind() {
        let address = "https://api.launchpad.net/1.0/~bileto-ppa-service/+archive/ubuntu/1234";
        assert_eq!(together(address), Some("~bileto-ppa-service/+archive/ubuntu/1234"));
        assert_eq!(
            together("~ci-train-ppa-service/+archive/ubuntu/landing-1/"),
            together("x/~ci-train-ppa-service/+archive/ubuntu/landing-1")
        );
        for apart in ["", "~anna/+archive/ubuntu/ppa", "~ci-train-ppa-service/+archive/ubuntu/stable-phone-overlay"] {
            assert_eq!(together(apart), None, "{apart}");
        }
    }
}
