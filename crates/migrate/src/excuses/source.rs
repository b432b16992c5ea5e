//! The excuse of a source whose version differs between the suites.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Excuse, Hold, conclude, depends};
use crate::blockers::Code;
use crate::compat::britney::config::Dialect;
use crate::distribution::Source;
use crate::hint::HintKind;
use crate::model::{ArchId, EntryId, Item, NameId, Scope, SuiteId, TextId, Verdict};

/// The excuse of a source, or none if the target has that version.
pub(super) fn excuse(context: Context<'_>, suite: SuiteId, name: NameId) -> Option<Excuse> {
    let Context { distribution, .. } = context;
    let source = distribution.source(suite, name)?;
    let target = distribution.source(SuiteId::TARGET, name).filter(|target| !target.fake);
    if target.is_some_and(|target| target.version == source.version) {
        return None;
    }
    let item = Item { name, scope: Scope::Source, suite, version: source.version };
    let mut excuse = Excuse::new(item, target.map(|target| target.version), Some(source.version));
    if let Some(target) = target
        && distribution.compare(source.version, target.version) == Ordering::Less
    {
        excuse.hold(Hold {
            code: Code::NewerInTarget,
            verdict: Verdict::RejectedPermanently,
            reason: Some("newerintesting"),
            about: String::new(),
            text: format!(
                "The target has {}, which is newer than {}.",
                distribution.text(target.version),
                distribution.text(source.version)
            ),
            until: None,
        });
        return Some(excuse);
    }
    removal_request(context, &mut excuse);
    builds(context, source, &mut excuse);
    additional_builds(context, source, target, &mut excuse);
    if source.listed.is_empty() {
        excuse.hold(Hold {
            code: Code::NoBinaries,
            verdict: Verdict::RejectedPermanently,
            reason: Some("no-binaries"),
            about: String::new(),
            text: "It has no binaries on any architecture.".to_owned(),
            until: None,
        });
    }
    for arch in distribution.arch_ids() {
        depends::examine(context, &mut excuse, source, arch);
    }
    conclude(context, &mut excuse);
    Some(excuse)
}

/// A `remove` hint on either version holds the update back.
fn removal_request(context: Context<'_>, excuse: &mut Excuse) {
    let Context { distribution, .. } = context;
    let versions = [excuse.old, excuse.new].map(|version| version.map(|version| distribution.text(version)));
    for (hint, item) in context.hints_for(HintKind::Remove, excuse.item.name, false) {
        if item.version.is_some() && versions.contains(&item.version.as_deref()) {
            excuse.hint(hint.kind.as_str(), &hint.user);
            excuse.hold(Hold {
                code: Code::HintRemove,
                verdict: Verdict::RejectedPermanently,
                reason: Some("remove"),
                about: hint.user.clone(),
                text: format!("{} asks for its removal, so it is not updated.", hint.user),
                until: None,
            });
            return;
        }
    }
}

/// The binaries of one architecture (or `all`), by whether they are built from the present source.
#[derive(Default)]
struct Built {
    current: bool,
    old: BTreeMap<TextId, BTreeSet<NameId>>,
}

fn builds(context: Context<'_>, source: &Source, excuse: &mut Excuse) {
    let Context { distribution, rules, .. } = context;
    let mut built: BTreeMap<Option<ArchId>, Built> = BTreeMap::new();
    for &(arch, entry) in &source.listed {
        let binary = distribution.entry_binary(arch, entry);
        let place = if binary.arch_all { None } else { Some(arch) };
        let built = built.entry(place).or_default();
        if is_current(context, source, arch, entry) {
            built.current = true;
        } else {
            let version = distribution.entry(arch, entry).source_version;
            built.old.entry(version).or_default().insert(binary.name);
            excuse.old_binaries.entry(version).or_default().insert(binary.name);
        }
    }
    for (place, built) in built {
        if built.old.is_empty() {
            continue;
        }
        let place_name = place.map_or("all", |arch| distribution.arch_name(arch)).to_owned();
        let on = place.map_or("for architecture all".to_owned(), |arch| format!("on {}", distribution.arch_name(arch)));
        let lags = place.is_some_and(|arch| rules.port(arch).out_of_sync);
        let old: Vec<String> = built
            .old
            .iter()
            .map(|(&version, names)| {
                let mut names: Vec<&str> = names.iter().map(|&name| distribution.name(name)).collect();
                names.sort_unstable();
                format!("{} (from {})", names.join(", "), distribution.text(version))
            })
            .collect();
        let old = old.join("; ");
        // Without daemons that build what is for all architectures, nobody waits for such a build.
        let awaited = place.is_some() || rules.has_arch_all_buildds;
        match (built.current, lags || !awaited) {
            (true, true) => excuse.note(format!("Old binaries {on}, which may lag: {old}.")),
            (true, false) if rules.ignore_cruft => {
                excuse.note(format!("Old binaries {on} are ignored: {old}."));
            }
            (true, false) => excuse.hold(Hold {
                code: Code::OldBinaries,
                verdict: Verdict::RejectedPermanently,
                reason: None,
                about: place_name.clone(),
                text: format!("Old binaries are left {on}: {old}."),
                until: None,
            }),
            (false, true) => {
                excuse.unimportant_missing.insert(place);
                excuse.note(format!("Not built {on}, which may lag: {old}."));
            }
            (false, false) => {
                excuse.details.push(format!("Old binaries {on}: {old}."));
                excuse.missing_builds.insert(place);
                let build = rules
                    .urls
                    .build
                    .replace("{source}", distribution.name(excuse.item.name))
                    .replace("{version}", distribution.text(source.version))
                    .replace("{arch}", &place_name);
                excuse.hold(Hold {
                    code: Code::MissingBuild,
                    verdict: Verdict::RejectedCannotDetermineIfPermanent,
                    reason: (rules.dialect == Dialect::Ubuntu).then_some("missingbuild"),
                    about: place_name.clone(),
                    text: format!("Not built {on}: there is only {old}; see {build}"),
                    until: None,
                });
            }
        }
    }
}

/// Whether a listed binary counts as built from the source's present version. Only the version is compared, also where
/// another source has taken the binary over: britney2 does the same.
fn is_current(context: Context<'_>, source: &Source, arch: ArchId, entry: EntryId) -> bool {
    context.distribution.entry(arch, entry).source_version == source.version
}

/// An additional suite's item must be built wherever the target's version is.
fn additional_builds(context: Context<'_>, source: &Source, target: Option<&Source>, excuse: &mut Excuse) {
    let Context { distribution, rules, .. } = context;
    let Some(target) = target.filter(|_| excuse.item.suite != SuiteId::PRIMARY) else {
        return;
    };
    let specific = |listed: &Source, arch: ArchId| {
        listed.listed.iter().any(|&(on, entry)| on == arch && !distribution.entry_binary(arch, entry).arch_all)
    };
    let current = |arch: ArchId| {
        let mut listed = source.listed.iter().filter(|&&(on, _)| on == arch);
        listed.any(|&(_, entry)| {
            !distribution.entry_binary(arch, entry).arch_all && is_current(context, source, arch, entry)
        })
    };
    for arch in distribution.arch_ids() {
        if !specific(target, arch) || current(arch) || excuse.missing_builds.contains(&Some(arch)) {
            continue;
        }
        let name = distribution.arch_name(arch);
        if rules.port(arch).out_of_sync {
            excuse.unimportant_missing.insert(Some(arch));
            excuse.note(format!("Not built on {name}, which may lag."));
        } else {
            excuse.missing_builds.insert(Some(arch));
            excuse.hold(Hold {
                code: Code::MissingBuild,
                verdict: Verdict::RejectedCannotDetermineIfPermanent,
                reason: (rules.dialect == Dialect::Ubuntu).then_some("missingbuild"),
                about: name.to_owned(),
                text: format!("Not yet built on {name}, where the target has binaries of it."),
                until: None,
            });
        }
    }
}
