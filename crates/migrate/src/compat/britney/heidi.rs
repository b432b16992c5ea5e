//! `HeidiResult`, the new target in full, and `HeidiResultDelta`, what changed in it.

use std::fmt::Write as _;

use crate::distribution::Distribution;
use crate::model::{ArchId, Item, Scope};
use crate::rules::Rules;
use crate::target::Target;

/// The new target: binaries by architecture and name, then sources by name.
pub fn result(distribution: &Distribution, rules: &Rules, target: &Target) -> String {
    let mut text = String::with_capacity(64 * 100_000);
    let mut archs: Vec<ArchId> = distribution.arch_ids().collect();
    archs.sort_by_key(|&arch| distribution.arch_name(arch));
    for arch in archs {
        let arch_name = distribution.arch_name(arch);
        let mut lines: Vec<(&str, &str, &str, &str)> = Vec::new();
        for id in target.entries(arch) {
            let entry = distribution.entry(arch, id);
            let binary = distribution.binary(arch, entry.binary);
            let section = distribution.text(entry.section);
            if is_faux(section) {
                continue;
            }
            let lags = binary.arch_all && rules.port(arch).out_of_sync;
            let current = target.source(entry.source).map(|source| distribution.sources[source.index()].version);
            if lags && current != Some(entry.source_version) {
                continue;
            }
            let place = if binary.arch_all { "all" } else { arch_name };
            let section = if section.is_empty() { "unknown" } else { section };
            lines.push((distribution.name(binary.name), distribution.text(binary.version), place, section));
        }
        lines.sort_unstable();
        for (name, version, place, section) in lines {
            let _ = writeln!(text, "{name} {version} {place} {section}");
        }
    }
    let mut lines: Vec<(&str, &str, &str)> = Vec::new();
    for id in target.sources() {
        let source = &distribution.sources[id.index()];
        let section = distribution.text(source.section);
        if !source.fake && !is_faux(section) {
            let section = if section.is_empty() { "unknown" } else { section };
            lines.push((distribution.name(source.name), distribution.text(source.version), section));
        }
    }
    lines.sort_unstable();
    for (name, version, section) in lines {
        let _ = writeln!(text, "{name} {version} source {section}");
    }
    text
}

fn is_faux(section: &str) -> bool {
    section == "faux" || section.ends_with("/faux")
}

/// What was accepted, in that order: `[-]name version[ arch]`.
pub fn delta(distribution: &Distribution, accepted: &[Item]) -> String {
    let mut text = String::from("#HeidiDelta\n");
    for item in accepted {
        let sign = if item.scope.is_removal() { "-" } else { "" };
        let name = distribution.name(item.name);
        let version = distribution.text(item.version);
        let _ = match item.scope {
            Scope::Source | Scope::Removal => writeln!(text, "{sign}{name} {version}"),
            Scope::Arch(arch) | Scope::Cruft(arch) => {
                writeln!(text, "{sign}{name} {version} {}", distribution.arch_name(arch))
            }
        };
    }
    text
}

/// The uninstallable binaries of the target as loaded.
pub fn non_installable(distribution: &Distribution, rules: &Rules, loaded: &Target, time: &str) -> String {
    let mut text = format!("Built on: {time}\nLast update: {time}\n\n");
    for arch in distribution.arch_ids() {
        let name = distribution.arch_name(arch);
        for (label, with_all) in [(name.to_owned(), rules.port(arch).no_break_all), (format!("{name}+all"), true)] {
            let dead = loaded.installability(arch).dead().map(|id| distribution.binary(arch, id));
            let counted = dead.filter(|binary| with_all || !binary.arch_all);
            let mut names: Vec<&str> = counted.map(|binary| distribution.name(binary.name)).collect();
            names.sort_unstable();
            let _ = writeln!(text, "{label}: {}", names.join(" "));
        }
    }
    text
}
