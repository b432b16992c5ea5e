//! Packages that no index holds, in the form of index stanzas.

use tidegate_archive::index::{MultiArch, Package};

use super::StaticPackage;
use crate::model::ArchId;

/// The static packages as stanzas, by architecture.
pub(super) struct StaticTexts {
    packages: Vec<Vec<(StaticPackage, String)>>,
}

impl StaticTexts {
    pub(super) fn new(architectures: &[String], extra: &[StaticPackage]) -> Self {
        let on = |list: &[String], arch: &String| list.is_empty() || list.contains(arch);
        let port = |arch: &String| {
            let here = extra.iter().filter(|package| on(&package.architectures, arch));
            let with_depends = here.map(|package| {
                let groups = package.depends.iter().filter(|(_, only)| on(only, arch));
                let depends: Vec<&str> = groups.map(|(group, _)| group.as_str()).collect();
                (package.clone(), depends.join(", "))
            });
            with_depends.collect()
        };
        Self { packages: architectures.iter().map(port).collect() }
    }

    /// Their `Architecture` is left empty: they are of the one that is being loaded.
    pub(super) fn stanzas(&self, arch: ArchId) -> impl Iterator<Item = Package<'_>> {
        self.packages[arch.index()].iter().map(move |(package, depends)| Package {
            offset: 0,
            name: &package.name,
            version: &package.version,
            architecture: "",
            section: &package.section,
            source: &package.name,
            source_version: &package.version,
            multi_arch: if package.any_allowed { MultiArch::Allowed } else { MultiArch::No },
            essential: false,
            pre_depends: "",
            depends,
            conflicts: "",
            breaks: "",
            provides: &package.provides,
            built_using: "",
            maintainer: "",
        })
    }
}
