//! `excuses.yaml`: every excuse, for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::distribution::Distribution;
use crate::excuses::{Excuse, Excuses};
use crate::model::ArchId;

/// What a run adds to an excuse that britney2 does not have, by uvname.
pub type Annotations = BTreeMap<String, Annotation>;

/// What a run adds to one excuse.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Annotation {
    /// What holds it, in the form that all gates share.
    pub blockers: Vec<Value>,
    /// Why a valid candidate did not move, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Value>,
}

/// The whole file.
#[derive(Serialize)]
struct File<'a> {
    #[serde(rename = "generated-date")]
    generated: &'a str,
    sources: Vec<Entry<'a>>,
}

/// One excuse, as in the file and in the API.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry<'a> {
    item_name: String,
    source: &'a str,
    old_version: &'a str,
    new_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintainer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    is_candidate: bool,
    migration_policy_verdict: &'static str,
    reason: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forced_reason: Vec<&'static str>,
    excuses: &'a [String],
    #[serde(rename = "policy_info", skip_serializing_if = "Map::is_empty")]
    policy_info: Map<String, Value>,
    #[serde(skip_serializing_if = "Dependencies::is_empty")]
    dependencies: Dependencies<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_builds: Option<MissingBuilds<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    old_binaries: BTreeMap<&'a str, Vec<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<HintEntry<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    invalidated_by_other_package: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    manual_approval_status: Option<&'static str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    detailed_info: &'a [String],
    #[serde(flatten)]
    annotation: Annotation,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Dependencies<'a> {
    #[serde(rename = "migrate-after", skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
    #[serde(rename = "blocked-by", skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<String>,
    #[serde(rename = "unimportant-dependencies", skip_serializing_if = "Vec::is_empty")]
    unimportant: Vec<String>,
    #[serde(rename = "unsatisfiable-dependencies", skip_serializing_if = "BTreeMap::is_empty")]
    unsatisfiable: BTreeMap<&'a str, Vec<&'a str>>,
}

impl Dependencies<'_> {
    fn is_empty(&self) -> bool {
        self.after.is_empty() && self.blocked.is_empty() && self.unimportant.is_empty() && self.unsatisfiable.is_empty()
    }
}

#[derive(Debug, Clone, Serialize)]
struct MissingBuilds<'a> {
    #[serde(rename = "on-architectures")]
    important: Vec<&'a str>,
    #[serde(rename = "on-unimportant-architectures")]
    unimportant: Vec<&'a str>,
}

#[derive(Debug, Clone, Serialize)]
struct HintEntry<'a> {
    #[serde(rename = "hint-type")]
    kind: &'static str,
    #[serde(rename = "hint-from")]
    user: &'a str,
}

/// The excuses in the order of the file: by age in days, then by name.
pub fn in_order(excuses: &Excuses) -> Vec<(&String, &Excuse)> {
    let mut ordered: Vec<(&String, &Excuse)> = excuses.iter().collect();
    ordered.sort_by_key(|(name, excuse)| (excuse.age.unwrap_or(-1), *name));
    ordered
}

/// The text of the file.
///
/// # Errors
/// Only if the serializer refuses plain texts and numbers, which is a fault of ours.
pub fn render(
    distribution: &Distribution,
    excuses: &Excuses,
    mut annotations: Annotations,
    generated: &str,
) -> Result<String, serde_saphyr::ser::Error> {
    let sources = in_order(excuses)
        .into_iter()
        .map(|(name, excuse)| entry(distribution, name, excuse, annotations.remove(name).unwrap_or_default()))
        .collect();
    let mut options = serde_saphyr::SerializerOptions::default();
    options.prefer_block_scalars = false;
    serde_saphyr::to_string_with_options(&File { generated, sources }, options)
}

/// One excuse for programs.
pub fn entry<'a>(distribution: &'a Distribution, name: &str, excuse: &'a Excuse, annotation: Annotation) -> Entry<'a> {
    let version = |version: Option<_>| version.map_or("-", |version| distribution.text(version));
    let source = distribution
        .source(excuse.item.suite, excuse.item.name)
        .or_else(|| distribution.source(crate::model::SuiteId::TARGET, excuse.item.name));
    let section = source.map_or("", |source| distribution.text(source.section));
    let maintainer = source.map_or("", |source| distribution.text(source.maintainer));
    let maintainer = maintainer.split('<').next().unwrap_or_default().trim();
    let place = |arch: &Option<ArchId>| arch.map_or("all", |arch| distribution.arch_name(arch));
    let missing = !excuse.missing_builds.is_empty() || !excuse.unimportant_missing.is_empty();
    Entry {
        item_name: name.to_owned(),
        source: distribution.name(excuse.item.name),
        old_version: version(excuse.old),
        new_version: version(excuse.new),
        maintainer: Some(maintainer).filter(|maintainer| !maintainer.is_empty()),
        component: section.split_once('/').map(|(component, _)| component),
        is_candidate: excuse.is_valid(),
        migration_policy_verdict: excuse.verdict.as_str(),
        reason: excuse.reasons().into_iter().collect(),
        forced_reason: excuse.forced_reasons.iter().copied().collect(),
        excuses: &excuse.notes,
        policy_info: policy_info(excuse),
        dependencies: dependencies(distribution, excuse),
        missing_builds: missing.then(|| MissingBuilds {
            important: excuse.missing_builds.iter().map(place).collect(),
            unimportant: excuse.unimportant_missing.iter().map(place).collect(),
        }),
        old_binaries: excuse
            .old_binaries
            .iter()
            .map(|(&version, names)| {
                let mut names: Vec<&str> = names.iter().map(|&name| distribution.name(name)).collect();
                names.sort_unstable();
                (distribution.text(version), names)
            })
            .collect(),
        hints: excuse.hints.iter().map(|(kind, user)| HintEntry { kind, user }).collect(),
        invalidated_by_other_package: excuse.is_invalidated(),
        manual_approval_status: excuse.approved.map(|given| if given { "approved" } else { "not-approved" }),
        detailed_info: &excuse.details,
        annotation,
    }
}

fn policy_info(excuse: &Excuse) -> Map<String, Value> {
    let mut info = Map::new();
    for result in &excuse.policies {
        let mut data = result.info.clone();
        data.insert("verdict".to_owned(), result.verdict.as_str().into());
        info.insert(result.policy.as_str().to_owned(), Value::Object(data));
    }
    info
}

fn dependencies<'a>(distribution: &'a Distribution, excuse: &'a Excuse) -> Dependencies<'a> {
    let text = |key| distribution.key_text(key);
    let needed = excuse.dependencies.iter().flat_map(|dependency| &dependency.any_of);
    let mut after: Vec<String> = needed.filter(|on| !excuse.blocked_by.contains(on)).map(text).collect();
    after.sort_unstable();
    after.dedup();
    let mut blocked: Vec<String> = excuse.blocked_by.iter().map(text).collect();
    blocked.sort_unstable();
    let mut unimportant: Vec<String> = excuse.unimportant.values().flatten().map(text).collect();
    unimportant.sort_unstable();
    unimportant.dedup();
    let unsatisfiable = excuse.unsatisfiable.iter();
    Dependencies {
        after,
        blocked,
        unimportant,
        unsatisfiable: unsatisfiable
            .map(|(&arch, texts)| (distribution.arch_name(arch), texts.iter().map(String::as_str).collect()))
            .collect(),
    }
}
