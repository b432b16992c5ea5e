//! A source suite that lies over the target: only what is on its way is in its own indices.
//!
//! Everything that the suite does not have is taken from the target, so that nothing looks removed that was never
//! meant to be. A target's binary is overridden by a binary of its name, and by the build of its source's new version
//! on that architecture: what that build does not have was dropped. Before the build is there, the old binaries say
//! that it is missing.

use std::collections::BTreeMap;

use super::{Loader, Staged};
use crate::distribution::{Lookup, Source};
use crate::model::{NameId, SourceId, SuiteId};

impl Loader {
    /// Adds the target's sources to the suite that was read last, where it has none of that name.
    pub(super) fn lay_sources_over_target(&mut self) {
        let target: Vec<(usize, SourceId)> = self.distribution.suite(SuiteId::TARGET).sources.iter().collect();
        let Some(suite) = self.distribution.suites.last_mut() else { return };
        let own: Lookup<SourceId> = suite.sources.clone();
        for (name, id) in target {
            if own.get(name).is_none() {
                let source = Source { listed: Vec::new(), ..self.distribution.sources[id.index()].clone() };
                suite.sources.set(name, Some(SourceId::at(self.distribution.sources.len())));
                self.distribution.sources.push(source);
            }
        }
    }

    /// Adds the target's binaries of one architecture to a suite's own.
    pub(super) fn lay_over<'a>(&mut self, suite: SuiteId, staged: &mut Staged<'a>, target: Staged<'a>) {
        let built: BTreeMap<NameId, Built> = self.built(suite, staged);
        for (file, package) in target.stanzas {
            let name = self.name(package.name);
            let source = self.name(package.source);
            let overridden = built.get(&source).is_some_and(|built| match package.architecture {
                "all" => built.anything,
                _ => built.specific,
            });
            if !overridden && !staged.by_name.contains_key(&name) {
                self.stage(staged, file, package);
            }
        }
    }

    /// Which of the suite's sources have a build of their present version here that the target has not.
    fn built(&mut self, suite: SuiteId, staged: &Staged<'_>) -> BTreeMap<NameId, Built> {
        let mut built: BTreeMap<NameId, Built> = BTreeMap::new();
        for (_, package) in &staged.stanzas {
            let source = self.name(package.source);
            let version = self.text(package.source_version);
            let version_in = |suite| self.distribution.source(suite, source).map(|source| source.version);
            if version_in(suite) == Some(version) && version_in(SuiteId::TARGET) != Some(version) {
                let built = built.entry(source).or_default();
                built.anything = true;
                built.specific |= package.architecture != "all";
            }
        }
        built
    }
}

/// What a source has on one architecture.
#[derive(Debug, Clone, Copy, Default)]
struct Built {
    /// Any binary.
    anything: bool,
    /// A binary of this architecture alone.
    specific: bool,
}
