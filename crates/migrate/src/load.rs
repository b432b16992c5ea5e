//! From the texts of the indices to a [`Distribution`]. Pure: who reads the files is `files.rs`.
//!
//! Suites are taken in their order, target first; a binary that two suites share is split and interned once, and its
//! relations are compared as texts, since one id with two meanings would make every later answer a guess.

mod overlay;
mod statics;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use tidegate_archive::index::{self, IndexError, MultiArch, Package};
use tidegate_archive::{relation, version};

use statics::StaticTexts;

use crate::distribution::{Alternative, Binary, Distribution, Entry, Finding, Group, Port, Qualifier, Source, Suite};
use crate::model::{ArchId, BinaryId, EntryId, GroupId, NameId, SourceId, SuiteId, TextId};

/// One index file's name, for messages, and its text.
#[derive(Debug, Clone)]
pub struct IndexText<'a> {
    /// The path as the user knows it.
    pub file: &'a str,
    /// The whole text, decompressed.
    pub text: &'a str,
}

/// One suite's indices.
#[derive(Debug, Clone, Default)]
pub struct SuiteText<'a> {
    /// How messages name the suite.
    pub label: String,
    /// `tpu` or `pu` for an additional suite.
    pub short: Option<String>,
    /// `Sources`, one a component.
    pub sources: Vec<IndexText<'a>>,
    /// By architecture: `Packages`, one a component, installer packages included.
    pub packages: Vec<Vec<IndexText<'a>>>,
    /// Whether it lies over the target: what it does not have is the target's.
    pub overlay: bool,
}

/// A package that no index holds: it enters the target and the primary source suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaticPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its section; `faux` ones are not written to the result.
    pub section: String,
    /// `Provides`, as in an index.
    pub provides: String,
    /// The relations that it needs, with the architectures on which it needs them; empty: on all.
    pub depends: Vec<(String, Vec<String>)>,
    /// The architectures on which it exists; empty: all.
    pub architectures: Vec<String>,
    /// `Multi-Arch: allowed`.
    pub any_allowed: bool,
    /// Whether it must stay installable.
    pub keep_installable: bool,
}

/// Why a distribution cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// An index that is damaged.
    #[error("{file}: {error}")]
    Index {
        /// Which file.
        file: String,
        /// What is wrong, where.
        error: Box<IndexError>,
    },
    /// A stanza of an architecture that its index is not for.
    #[error(transparent)]
    Misplaced(Box<Misplaced>),
    /// One binary with two meanings.
    #[error(transparent)]
    Inconsistent(Box<Inconsistent>),
}

/// A stanza of an architecture that its index is not for.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file}: byte {offset}: package {package} has `Architecture: {found}`, but this is the index of {expected}; \
     check that the file stands in the right place"
)]
pub struct Misplaced {
    file: String,
    offset: usize,
    package: String,
    found: String,
    expected: String,
}

/// One binary with two meanings.
#[derive(Debug, thiserror::Error)]
#[error(
    "inconsistent data: {package} {version} on {architecture} differs in {fields} between {first} and {second}; \
     one version must be one package, take the indices of one moment"
)]
pub struct Inconsistent {
    package: String,
    version: String,
    architecture: String,
    fields: String,
    first: String,
    second: String,
}

/// Loads a distribution from its texts.
///
/// # Errors
/// An index that is damaged, of another architecture, or at odds with another suite's.
pub fn load(
    architectures: &[String],
    suites: &[SuiteText<'_>],
    extra: &[StaticPackage],
) -> Result<Distribution, LoadError> {
    let mut distribution = Distribution { architectures: architectures.to_vec(), ..Distribution::default() };
    let empty = TextId(distribution.texts.intern(""));
    let mut loader = Loader { distribution, empty };
    for suite in suites {
        loader.sources(suite)?;
        if suite.overlay {
            loader.lay_sources_over_target();
        }
    }
    let extra = StaticTexts::new(architectures, extra);
    loader.build_depends();
    for arch in loader.distribution.arch_ids() {
        loader.port(arch, suites, &extra)?;
    }
    Ok(loader.distribution)
}

/// Loads every stanza of some indices of one architecture as a pool in which all versions stand side by side, at most
/// one of each name to be installed. The first suite has the first version of each name, the second the next, and so on.
///
/// # Errors
/// As [`load`].
pub fn load_pool(architecture: &str, indices: &[IndexText<'_>]) -> Result<Distribution, LoadError> {
    let architectures = vec![architecture.to_owned()];
    let mut distribution = Distribution { architectures, exclusive_versions: true, ..Distribution::default() };
    let empty = TextId(distribution.texts.intern(""));
    let mut loader = Loader { distribution, empty };
    let arch = ArchId(0);
    let mut layers: Vec<Staged<'_>> = Vec::new();
    for index in indices {
        for package in packages(index, architecture) {
            let package = package?;
            let name = loader.name(package.name);
            let here = |layer: &Staged<'_>| {
                let stanza = layer.by_name.get(&name);
                stanza.is_some_and(|&stanza| layer.stanzas[stanza].1.version == package.version)
            };
            if layers.iter().any(here) {
                continue;
            }
            let free = layers.iter().position(|layer| !layer.by_name.contains_key(&name));
            let free = free.unwrap_or_else(|| {
                layers.push(Staged::default());
                layers.len() - 1
            });
            loader.stage(&mut layers[free], index.file, package);
        }
    }
    let mut port = Port::default();
    let (mut ids, mut firsts) = (HashMap::default(), Vec::new());
    for (number, staged) in layers.into_iter().enumerate() {
        loader.sources(&SuiteText { label: "pool".to_owned(), ..SuiteText::default() })?;
        loader.admit(arch, SuiteId::at(number), staged, &mut port, &mut ids, &mut firsts)?;
    }
    loader.only_newest_is_essential(&mut port);
    loader.distribution.ports.push(port);
    Ok(loader.distribution)
}

/// The stanzas of an index, each of the right architecture.
fn packages<'a, 'n>(
    index: &IndexText<'a>,
    architecture: &'n str,
) -> impl Iterator<Item = Result<Package<'a>, LoadError>> + use<'a, 'n> {
    let file = index.file;
    index::packages(index.text).map(move |package| {
        let package = package.map_err(|error| LoadError::Index { file: file.to_owned(), error: Box::new(error) })?;
        if package.architecture == "all" || package.architecture == architecture {
            return Ok(package);
        }
        Err(LoadError::Misplaced(Box::new(Misplaced {
            file: file.to_owned(),
            offset: package.offset,
            package: package.name.to_owned(),
            found: package.architecture.to_owned(),
            expected: architecture.to_owned(),
        })))
    })
}

struct Loader {
    distribution: Distribution,
    empty: TextId,
}

/// The stanza that first described a binary.
struct First<'a> {
    file: &'a str,
    package: Package<'a>,
}

/// The relation fields of a stanza in which two suites may not differ.
fn relation_fields<'a>(package: &Package<'a>) -> [(&'static str, &'a str); 6] {
    [
        ("Pre-Depends", package.pre_depends),
        ("Depends", package.depends),
        ("Conflicts", package.conflicts),
        ("Breaks", package.breaks),
        ("Provides", package.provides),
        ("Built-Using", package.built_using),
    ]
}

/// One suite's stanzas of one architecture, the winner of each name.
#[derive(Default)]
struct Staged<'a> {
    by_name: HashMap<NameId, usize, FixedState>,
    stanzas: Vec<(&'a str, Package<'a>)>,
    /// Sources under which the indices list a name, in their order.
    listings: Vec<(NameId, NameId)>,
    /// Sources that a stanza names, with the version, whether or not that stanza was replaced later.
    mentioned: Vec<(NameId, TextId)>,
}

impl Loader {
    fn name(&mut self, text: &str) -> NameId {
        NameId(self.distribution.names.intern(text))
    }

    fn text(&mut self, text: &str) -> TextId {
        TextId(self.distribution.texts.intern(text))
    }

    fn finding(&mut self, file: &str, package: &str, message: String) {
        self.distribution.findings.push(Finding { file: file.to_owned(), package: package.to_owned(), message });
    }

    fn check_version(&mut self, file: &str, package: &str, text: &str) {
        if let Err(error) = version::check(text) {
            self.finding(file, package, format!("version `{text}`: {error}; it is compared all the same"));
        }
    }

    fn sources(&mut self, input: &SuiteText<'_>) -> Result<(), LoadError> {
        let mut suite = Suite { label: input.label.clone(), short: input.short.clone(), ..Suite::default() };
        for index in &input.sources {
            for source in index::sources(index.text) {
                let source =
                    source.map_err(|error| LoadError::Index { file: index.file.to_owned(), error: Box::new(error) })?;
                if source.extra_source_only {
                    continue;
                }
                let name = self.name(source.name);
                let version = self.text(source.version);
                let former = suite.sources.get(name.index());
                if let Some(former) = former
                    && self.distribution.compare(self.distribution.sources[former.index()].version, version).is_gt()
                {
                    continue;
                }
                self.check_version(index.file, source.name, source.version);
                let entry = Source {
                    name,
                    version,
                    section: self.text(source.section),
                    maintainer: self.text(source.maintainer),
                    build_depends: [source.build_depends, source.build_depends_arch, source.build_depends_indep]
                        .map(|field| self.text(field)),
                    tests: has_tests(source.testsuite),
                    test_triggers: self.text(source.testsuite_triggers),
                    fake: false,
                    listed: Vec::new(),
                };
                if let Some(former) = former {
                    self.distribution.sources[former.index()] = entry;
                } else {
                    suite.sources.set(name.index(), Some(SourceId::at(self.distribution.sources.len())));
                    self.distribution.sources.push(entry);
                }
            }
        }
        suite.binaries.resize_with(self.distribution.architectures.len(), Default::default);
        self.distribution.suites.push(suite);
        Ok(())
    }

    /// Splits the build dependencies of every source that may become an item.
    fn build_depends(&mut self) {
        for number in 1..self.distribution.suites.len() {
            let suite = &self.distribution.suites[number];
            let target = self.distribution.suite(SuiteId::TARGET);
            let version_in_target =
                |name: usize| target.sources.get(name).map(|id| self.distribution.sources[id.index()].version);
            let changed: Vec<SourceId> = suite
                .sources
                .iter()
                .filter(|&(name, id)| version_in_target(name) != Some(self.distribution.sources[id.index()].version))
                .map(|(_, id)| id)
                .collect();
            for id in changed {
                for field in self.distribution.sources[id.index()].build_depends {
                    let text = self.distribution.text(field).to_owned();
                    for group in relation::groups(&text) {
                        self.group(group);
                    }
                }
            }
        }
    }

    fn port<'a>(&mut self, arch: ArchId, suites: &[SuiteText<'a>], extra: &'a StaticTexts) -> Result<(), LoadError> {
        let mut port = Port::default();
        let mut firsts: Vec<First<'_>> = Vec::new();
        let mut ids: HashMap<(NameId, TextId), BinaryId, FixedState> = HashMap::default();
        for (number, suite) in suites.iter().enumerate() {
            let suite_id = SuiteId::at(number);
            let mut staged = self.stage_index(arch, suite)?;
            if suite.overlay {
                let target = self.stage_index(arch, &suites[SuiteId::TARGET.index()])?;
                self.lay_over(suite_id, &mut staged, target);
            }
            if matches!(suite_id, SuiteId::TARGET | SuiteId::PRIMARY) {
                for package in extra.stanzas(arch) {
                    self.stage(&mut staged, "static packages", package);
                }
            }
            self.admit(arch, suite_id, staged, &mut port, &mut ids, &mut firsts)?;
        }
        self.distribution.ports.push(port);
        Ok(())
    }

    /// The stanzas of one suite's indices of one architecture.
    fn stage_index<'a>(&mut self, arch: ArchId, suite: &SuiteText<'a>) -> Result<Staged<'a>, LoadError> {
        let arch_name = self.distribution.arch_name(arch).to_owned();
        let mut staged = Staged::default();
        for index in suite.packages.get(arch.index()).into_iter().flatten() {
            for package in packages(index, &arch_name) {
                self.stage(&mut staged, index.file, package?);
            }
        }
        Ok(staged)
    }

    /// Takes a stanza into its suite, unless one of a higher version is there.
    fn stage<'a>(&mut self, staged: &mut Staged<'a>, file: &'a str, package: Package<'a>) {
        let name = self.name(package.name);
        let source = self.name(package.source);
        let source_version = self.text(package.source_version);
        if let Some(&former) = staged.by_name.get(&name) {
            if version::compare(staged.stanzas[former].1.version, package.version).is_gt() {
                return;
            }
            staged.stanzas[former] = (file, package);
        } else {
            staged.by_name.insert(name, staged.stanzas.len());
            staged.stanzas.push((file, package));
        }
        staged.listings.push((source, name));
        staged.mentioned.push((source, source_version));
    }

    /// Gives the staged stanzas of a suite their ids and lists them under their sources.
    fn admit<'a>(
        &mut self,
        arch: ArchId,
        suite: SuiteId,
        staged: Staged<'a>,
        port: &mut Port,
        ids: &mut HashMap<(NameId, TextId), BinaryId, FixedState>,
        firsts: &mut Vec<First<'a>>,
    ) -> Result<(), LoadError> {
        for (file, package) in &staged.stanzas {
            let name = self.name(package.name);
            let version = self.text(package.version);
            let binary = if let Some(&id) = ids.get(&(name, version)) {
                self.same_meaning(arch, &firsts[id.index()], &First { file, package: package.clone() })?;
                id
            } else {
                let id = BinaryId::at(port.binaries.len());
                ids.insert((name, version), id);
                self.check_version(file, package.name, package.version);
                let binary = self.binary(port, name, version, file, package);
                port.binaries.push(binary);
                firsts.push(First { file, package: package.clone() });
                id
            };
            let entry = Entry {
                binary,
                source: self.name(package.source),
                source_version: self.text(package.source_version),
                section: self.text(package.section),
            };
            let id = EntryId::at(port.entries.len());
            port.entries.push(entry);
            self.distribution.suites[suite.index()].binaries[arch.index()].set(name.index(), Some(id));
        }
        for (source, version) in staged.mentioned {
            self.fake_source(suite, source, version);
        }
        for (source, name) in staged.listings {
            let distribution = &mut self.distribution;
            let entry = distribution.suites[suite.index()].binaries[arch.index()].get(name.index());
            let source = distribution.suites[suite.index()].sources.get(source.index());
            if let (Some(entry), Some(source)) = (entry, source) {
                let listed = &mut distribution.sources[source.index()].listed;
                if !listed.contains(&(arch, entry)) {
                    listed.push((arch, entry));
                }
            }
        }
        Ok(())
    }

    /// Of several versions of an essential binary in a pool, the newest is the one that every system has.
    fn only_newest_is_essential(&self, port: &mut Port) {
        let mut newest: HashMap<NameId, TextId, FixedState> = HashMap::default();
        for binary in &port.binaries {
            let known = newest.entry(binary.name).or_insert(binary.version);
            if self.distribution.compare(binary.version, *known).is_gt() {
                *known = binary.version;
            }
        }
        for binary in &mut port.binaries {
            binary.essential &= newest[&binary.name] == binary.version;
        }
    }

    /// Makes a source for binaries whose own is not in the suite.
    fn fake_source(&mut self, suite: SuiteId, name: NameId, version: TextId) {
        let distribution = &mut self.distribution;
        if distribution.suites[suite.index()].sources.get(name.index()).is_some() {
            return;
        }
        let id = SourceId::at(distribution.sources.len());
        distribution.suites[suite.index()].sources.set(name.index(), Some(id));
        let section = TextId(distribution.texts.intern("faux"));
        distribution.sources.push(Source {
            name,
            version,
            section,
            maintainer: self.empty,
            build_depends: [self.empty; 3],
            tests: false,
            test_triggers: self.empty,
            fake: true,
            listed: Vec::new(),
        });
    }

    /// Refuses a second stanza of a binary whose relations are not those of the first.
    fn same_meaning(&self, arch: ArchId, first: &First<'_>, second: &First<'_>) -> Result<(), LoadError> {
        let pairs = relation_fields(&first.package).into_iter().zip(relation_fields(&second.package));
        let differing: Vec<&str> = pairs
            .filter(|((_, a), (_, b))| a != b && !relation::groups(a).eq(relation::groups(b)))
            .map(|((name, _), _)| name)
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        let place = |stanza: &First<'_>| format!("{} (byte {})", stanza.file, stanza.package.offset);
        Err(LoadError::Inconsistent(Box::new(Inconsistent {
            package: first.package.name.to_owned(),
            version: first.package.version.to_owned(),
            architecture: self.distribution.arch_name(arch).to_owned(),
            fields: differing.join(", "),
            first: place(first),
            second: place(second),
        })))
    }

    fn binary(&mut self, port: &mut Port, name: NameId, version: TextId, file: &str, package: &Package<'_>) -> Binary {
        let depends = self.group_range(&mut port.depends, [package.pre_depends, package.depends], file, package.name);
        let conflicts = self.group_range(&mut port.conflicts, [package.conflicts, package.breaks], file, package.name);
        let start = port.provides.len();
        for provide in relation::provides(package.provides) {
            match provide {
                Ok(provide) => {
                    let entry = (self.name(provide.name), provide.version.map(|version| self.text(version)));
                    port.provides.push(entry);
                }
                Err(error) => self.finding(file, package.name, format!("Provides: {error}; it is left out")),
            }
        }
        let provides = bounds(start, port.provides.len());
        let start = port.built_using.len();
        for (source, version) in relation::built_using(package.built_using) {
            let entry = (self.name(source), self.text(version));
            port.built_using.push(entry);
        }
        Binary {
            name,
            version,
            arch_all: package.architecture == "all",
            essential: package.essential,
            any_allowed: package.multi_arch == MultiArch::Allowed,
            depends,
            conflicts,
            provides,
            built_using: bounds(start, port.built_using.len()),
        }
    }

    fn group_range(&mut self, table: &mut Vec<GroupId>, fields: [&str; 2], file: &str, package: &str) -> (u32, u32) {
        let start = table.len();
        for field in fields {
            for text in relation::groups(field) {
                let id = self.group(text);
                if self.distribution.relations.groups[id.index()].malformed {
                    self.finding(file, package, format!("relation `{text}` does not parse; nothing satisfies it"));
                }
                table.push(id);
            }
        }
        bounds(start, table.len())
    }

    fn group(&mut self, text: &str) -> GroupId {
        intern_group(&mut self.distribution, text)
    }
}

/// The group of that text, split now if it is new.
fn intern_group(distribution: &mut Distribution, text: &str) -> GroupId {
    let text_id = TextId(distribution.texts.intern(text));
    if let Some(known) = distribution.relations.by_text.get(text_id.index()) {
        return known;
    }
    let start = distribution.relations.alternatives.len();
    let mut alternatives = Vec::new();
    let malformed = relation::parse_group(text, &mut alternatives).is_err();
    if !malformed {
        for alternative in &alternatives {
            let parsed = Alternative {
                name: NameId(distribution.names.intern(alternative.name)),
                qualifier: match alternative.qualifier {
                    relation::Qualifier::None => Qualifier::None,
                    relation::Qualifier::Any => Qualifier::Any,
                    relation::Qualifier::Native => Qualifier::Native,
                    relation::Qualifier::Arch(name) => Qualifier::Arch(TextId(distribution.texts.intern(name))),
                },
                constraint: alternative
                    .constraint
                    .map(|(operator, version)| (operator, TextId(distribution.texts.intern(version)))),
                architectures: TextId(distribution.texts.intern(alternative.architectures)),
                profiles: TextId(distribution.texts.intern(alternative.profiles)),
            };
            distribution.relations.alternatives.push(parsed);
        }
    }
    let id = GroupId::at(distribution.relations.groups.len());
    let alternatives = bounds(start, distribution.relations.alternatives.len());
    distribution.relations.groups.push(Group { text: text_id, alternatives, malformed });
    distribution.relations.by_text.set(text_id.index(), Some(id));
    id
}

/// Whether a `Testsuite` field names tests that can be run: the source's own, or those of a kind of packages.
fn has_tests(testsuite: &str) -> bool {
    let mut words = testsuite.split(|character: char| character == ',' || character.is_whitespace());
    words.any(|word| word == "autopkgtest" || word.starts_with("autopkgtest-pkg-"))
}

fn bounds(start: usize, end: usize) -> (u32, u32) {
    let bound = |value: usize| u32::try_from(value).expect("inputs are bounded far below this");
    (bound(start), bound(end))
}
