//! A distribution as loaded: its suites with their sources and binaries, and every relation text split once.
//!
//! Immutable after [`crate::load`]; what a run changes is a [`crate::target::Target`] on top of it. Suites share the
//! per-architecture table of binaries, so that one binary in two suites is one [`BinaryId`].

use std::collections::BTreeMap;

use tidegate_archive::relation::Operator;

use crate::model::{ArchId, BinaryId, EntryId, GroupId, Interner, NameId, SourceId, SuiteId, TextId};
use crate::policy::autopkgtest::TestIndex;

/// Everything that was loaded.
#[derive(Debug, Default)]
pub struct Distribution {
    /// Package names.
    pub(crate) names: Interner,
    /// Versions, sections and relation texts.
    pub(crate) texts: Interner,
    /// The configured architectures, in their order.
    pub architectures: Vec<String>,
    /// Target, primary source, additional sources: indexed by [`SuiteId`].
    pub suites: Vec<Suite>,
    /// The sources of all suites.
    pub(crate) sources: Vec<Source>,
    /// The binaries of each architecture.
    pub(crate) ports: Vec<Port>,
    /// The relations of all architectures.
    pub(crate) relations: Relations,
    /// At most one version of a name can be installed: the suites are the versions of one pool.
    pub(crate) exclusive_versions: bool,
    /// Who is tested because of whom; made when it is first asked for.
    pub(crate) test_index: std::sync::OnceLock<TestIndex>,
    /// What was odd in the input and did not stop the run.
    pub findings: Vec<Finding>,
}

/// One suite.
#[derive(Debug, Default)]
pub struct Suite {
    /// How messages name it: the last part of its path.
    pub label: String,
    /// `tpu` or `pu`; none for target and primary source.
    pub short: Option<String>,
    /// By [`NameId`]: the source of that name.
    pub(crate) sources: Lookup<SourceId>,
    /// By architecture, then by [`NameId`]: the binary of that name.
    pub(crate) binaries: Vec<Lookup<EntryId>>,
}

/// One source package of one suite.
#[derive(Debug, Clone)]
pub struct Source {
    pub(crate) name: NameId,
    pub(crate) version: TextId,
    /// Empty text if the stanza has none.
    pub(crate) section: TextId,
    pub(crate) maintainer: TextId,
    /// `Build-Depends`, `-Arch`, `-Indep` as written.
    pub(crate) build_depends: [TextId; 3],
    /// Whether `Testsuite` names tests that can be run.
    pub(crate) tests: bool,
    /// `Testsuite-Triggers` as written.
    pub(crate) test_triggers: TextId,
    /// Stands for binaries whose source is not in the suite: never an item, never written.
    pub(crate) fake: bool,
    /// The binaries that the indices list under it, hijacked ones included.
    pub(crate) listed: Vec<(ArchId, EntryId)>,
}

/// The binaries of one architecture in all suites.
#[derive(Debug, Default)]
pub(crate) struct Port {
    /// By [`BinaryId`].
    pub(crate) binaries: Vec<Binary>,
    /// By [`EntryId`].
    pub(crate) entries: Vec<Entry>,
    /// The dependency groups of all binaries, `Pre-Depends` before `Depends`.
    pub(crate) depends: Vec<GroupId>,
    /// The groups of `Conflicts` and `Breaks`.
    pub(crate) conflicts: Vec<GroupId>,
    /// What is provided, and at which version.
    pub(crate) provides: Vec<(NameId, Option<TextId>)>,
    /// Sources that were built into the binary, with their versions.
    pub(crate) built_using: Vec<(NameId, TextId)>,
}

/// A binary (name, version) of one architecture. The ranges point into its [`Port`].
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    pub(crate) name: NameId,
    pub(crate) version: TextId,
    pub(crate) arch_all: bool,
    pub(crate) essential: bool,
    pub(crate) any_allowed: bool,
    pub(crate) depends: (u32, u32),
    pub(crate) conflicts: (u32, u32),
    pub(crate) provides: (u32, u32),
    pub(crate) built_using: (u32, u32),
}

/// What one suite's index says of a binary beside its relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) binary: BinaryId,
    pub(crate) source: NameId,
    pub(crate) source_version: TextId,
    pub(crate) section: TextId,
}

/// Every relation group of the distribution, split into alternatives once.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    pub(crate) groups: Vec<Group>,
    pub(crate) alternatives: Vec<Alternative>,
    /// By [`TextId`]: the group with that text.
    pub(crate) by_text: Lookup<GroupId>,
}

/// `a | b (>= 1)`: a range of [`Relations::alternatives`]. A text that does not parse has none and satisfies nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) text: TextId,
    pub(crate) alternatives: (u32, u32),
    pub(crate) malformed: bool,
}

/// One alternative of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alternative {
    pub(crate) name: NameId,
    pub(crate) qualifier: Qualifier,
    pub(crate) constraint: Option<(Operator, TextId)>,
    /// The text inside `[…]`; empty: every architecture.
    pub(crate) architectures: TextId,
    /// The restriction formulas `<…>`; empty: every build profile.
    pub(crate) profiles: TextId,
}

/// The part behind the colon of a package name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Qualifier {
    None,
    Any,
    Native,
    /// A named architecture.
    Arch(TextId),
}

/// An oddity of the input that is listed and does not stop the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file it stands in.
    pub file: String,
    /// The package whose stanza it is.
    pub package: String,
    /// What is odd, and what was made of it.
    pub message: String,
}

/// A map from dense ids to optional ids, as a vector.
#[derive(Debug, Clone)]
pub(crate) struct Lookup<T> {
    slots: Vec<u32>,
    marker: std::marker::PhantomData<T>,
}

impl<T> Default for Lookup<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), marker: std::marker::PhantomData }
    }
}

const VACANT: u32 = u32::MAX;

macro_rules! lookups {
    ($($id:ident)*) => {$(
        impl Lookup<$id> {
            #[inline]
            pub(crate) fn get(&self, key: usize) -> Option<$id> {
                match self.slots.get(key) {
                    Some(&slot) if slot != VACANT => Some($id(slot)),
                    _ => None,
                }
            }

            /// Sets or clears a key's value and returns the former one.
            pub(crate) fn set(&mut self, key: usize, value: Option<$id>) -> Option<$id> {
                if key >= self.slots.len() {
                    // Nothing is there to clear.
                    value?;
                    self.slots.resize(key + 1, VACANT);
                }
                let former = std::mem::replace(&mut self.slots[key], value.map_or(VACANT, |id| id.0));
                (former != VACANT).then_some($id(former))
            }

        }
    )*};
}
lookups!(EntryId SourceId GroupId);

macro_rules! listed_lookups {
    ($($id:ident)*) => {$(
        impl Lookup<$id> {
            /// The keys with their values, in the order of the keys.
            pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, $id)> + '_ {
                self.slots.iter().enumerate().filter(|&(_, &slot)| slot != VACANT).map(|(key, &slot)| (key, $id(slot)))
            }
        }
    )*};
}
listed_lookups!(EntryId SourceId);

impl Distribution {
    /// A package name's text.
    #[inline]
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(id.0)
    }

    /// A version's, section's or relation's text.
    #[inline]
    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id.0)
    }

    /// The id of a package name, if any suite or relation mentions it.
    pub fn find_name(&self, name: &str) -> Option<NameId> {
        self.names.find(name).map(NameId)
    }

    /// The architectures' ids, in configuration order.
    pub fn arch_ids(&self) -> impl DoubleEndedIterator<Item = ArchId> + use<> {
        (0..self.architectures.len()).map(ArchId::at)
    }

    /// An architecture's name.
    pub fn arch_name(&self, arch: ArchId) -> &str {
        &self.architectures[arch.index()]
    }

    /// The architecture of that name.
    pub fn find_arch(&self, name: &str) -> Option<ArchId> {
        self.architectures.iter().position(|known| known == name).map(ArchId::at)
    }

    /// The source suites: the primary one, then the additional ones.
    pub fn source_suites(&self) -> impl Iterator<Item = SuiteId> + use<> {
        (1..self.suites.len()).map(SuiteId::at)
    }

    pub(crate) fn suite(&self, suite: SuiteId) -> &Suite {
        &self.suites[suite.index()]
    }

    pub(crate) fn source(&self, suite: SuiteId, name: NameId) -> Option<&Source> {
        self.suite(suite).sources.get(name.index()).map(|id| &self.sources[id.index()])
    }

    pub(crate) fn port(&self, arch: ArchId) -> &Port {
        &self.ports[arch.index()]
    }

    pub(crate) fn binary(&self, arch: ArchId, id: BinaryId) -> &Binary {
        &self.ports[arch.index()].binaries[id.index()]
    }

    pub(crate) fn entry(&self, arch: ArchId, id: EntryId) -> Entry {
        self.ports[arch.index()].entries[id.index()]
    }

    /// The binary that an entry is of.
    pub(crate) fn entry_binary(&self, arch: ArchId, id: EntryId) -> &Binary {
        self.binary(arch, self.entry(arch, id).binary)
    }

    pub(crate) fn entry_of(&self, suite: SuiteId, arch: ArchId, name: NameId) -> Option<EntryId> {
        self.suite(suite).binaries[arch.index()].get(name.index())
    }

    /// Compares two versions by Debian's rules.
    pub(crate) fn compare(&self, a: TextId, b: TextId) -> std::cmp::Ordering {
        if a == b {
            return std::cmp::Ordering::Equal;
        }
        tidegate_archive::version::compare(self.text(a), self.text(b))
    }

    /// `name version` of a binary, for people.
    pub fn binary_text(&self, arch: ArchId, id: BinaryId) -> String {
        let binary = self.binary(arch, id);
        format!("{} {}", self.name(binary.name), self.text(binary.version))
    }

    /// The sources of a suite that are no fakes, in name order.
    pub(crate) fn sources_by_name(&self, suite: SuiteId) -> BTreeMap<&str, NameId> {
        let sources = self.suite(suite).sources.iter();
        sources
            .filter(|(_, id)| !self.sources[id.index()].fake)
            .map(|(_, id)| self.sources[id.index()].name)
            .map(|name| (self.name(name), name))
            .collect()
    }
}

impl Port {
    pub(crate) fn depends_of(&self, binary: &Binary) -> &[GroupId] {
        range(&self.depends, binary.depends)
    }

    pub(crate) fn conflicts_of(&self, binary: &Binary) -> &[GroupId] {
        range(&self.conflicts, binary.conflicts)
    }

    pub(crate) fn provides_of(&self, binary: &Binary) -> &[(NameId, Option<TextId>)] {
        range(&self.provides, binary.provides)
    }

    pub(crate) fn built_using_of(&self, binary: &Binary) -> &[(NameId, TextId)] {
        range(&self.built_using, binary.built_using)
    }
}

impl Relations {
    pub(crate) fn alternatives_of(&self, group: GroupId) -> &[Alternative] {
        range(&self.alternatives, self.groups[group.index()].alternatives)
    }
}

/// The part of a flat table that a (start, end) pair names.
#[inline]
pub(crate) fn range<T>(table: &[T], (start, end): (u32, u32)) -> &[T] {
    &table[start as usize..end as usize]
}
