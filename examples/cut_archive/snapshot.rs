//! The snapshot: its stanzas, what can be installed in each suite, and what satisfies a relation.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use tidegate_archive::compression::{Compression, decompress};
use tidegate_archive::index::{self, MultiArch};
use tidegate_archive::relation::{self, Qualifier, Relation};
use tidegate_archive::version;
use tidegate_migrate::installability::Installability;
use tidegate_migrate::load::{IndexText, SuiteText, load};
use tidegate_migrate::model::{ArchId, BinaryId};
use tidegate_migrate::universe::{PortUniverse, Universe};

/// The suites, target first.
pub(crate) const SUITES: [&str; 2] = ["testing", "unstable"];
pub(crate) const TESTING: usize = 0;
pub(crate) const UNSTABLE: usize = 1;

/// The one architecture of the slice.
pub(crate) const ARCHITECTURE: &str = "amd64";
const ARCH: ArchId = ArchId(0);

/// No index may be larger than this when decompressed.
const MOST_BYTES: u64 = 1 << 30;

/// The indices of both suites.
pub(crate) struct Texts {
    pub(crate) suites: [SuiteTexts; 2],
}

/// The indices of one suite.
#[derive(Default)]
pub(crate) struct SuiteTexts {
    pub(crate) sources: String,
    pub(crate) packages: String,
}

impl Texts {
    pub(crate) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let read = |suite: &str, name: &str| -> Result<String, Box<dyn Error>> {
            let path = folder.join(suite).join(format!("{name}.zst"));
            let named = |error: &dyn Error| format!("cannot read {}: {error}", path.display());
            let packed = fs::read(&path).map_err(|error| named(&error))?;
            let bytes = decompress(Compression::Zstd, &packed, MOST_BYTES).map_err(|error| named(&error))?;
            Ok(String::from_utf8(bytes).map_err(|error| named(&error))?)
        };
        let suite = |suite| -> Result<SuiteTexts, Box<dyn Error>> {
            Ok(SuiteTexts { sources: read(suite, "Sources")?, packages: read(suite, "Packages_amd64")? })
        };
        Ok(Self { suites: [suite(SUITES[TESTING])?, suite(SUITES[UNSTABLE])?] })
    }

    /// As the engine takes them.
    pub(crate) fn for_engine(&self) -> Vec<SuiteText<'_>> {
        let mut suites = Vec::new();
        for (&label, texts) in SUITES.iter().zip(&self.suites) {
            let sources = vec![IndexText { file: label, text: &texts.sources }];
            let packages = vec![vec![IndexText { file: label, text: &texts.packages }]];
            suites.push(SuiteText { label: label.to_owned(), short: None, overlay: false, sources, packages });
        }
        suites
    }
}

/// A stanza of `Sources`.
pub(crate) struct Source<'a> {
    pub(crate) version: &'a str,
    pub(crate) stanza: &'a str,
    /// `Build-Depends`, `-Arch`, `-Indep`.
    pub(crate) build_depends: [&'a str; 3],
}

/// A stanza of `Packages`.
pub(crate) struct Binary<'a> {
    pub(crate) source: &'a str,
    pub(crate) stanza: &'a str,
    /// `Pre-Depends` and `Depends`.
    pub(crate) depends: [&'a str; 2],
    pub(crate) built_using: &'a str,
}

/// One suite. Of several versions of a name the highest counts, as in the engine.
pub(crate) struct Suite<'a> {
    pub(crate) sources: BTreeMap<&'a str, Source<'a>>,
    pub(crate) binaries: BTreeMap<BinaryId, Binary<'a>>,
    pub(crate) built_by: BTreeMap<&'a str, Vec<BinaryId>>,
    pub(crate) installability: Installability,
}

impl Suite<'_> {
    /// The first of the worlds that certify a binary; none for one that cannot be installed.
    pub(crate) fn world_of(&self, id: BinaryId) -> Option<usize> {
        self.installability.worlds().iter().position(|world| world.contains(id.index()))
    }
}

/// A source that is not the same in both suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub(crate) source: &'a str,
    /// The version in unstable, if there is one.
    pub(crate) version: Option<&'a str>,
}

/// Both suites, resolved.
pub(crate) struct Snapshot<'a> {
    pub(crate) suites: [Suite<'a>; 2],
    universe: Universe,
    /// By name: the binaries, with version and whether they are `Multi-Arch: allowed`.
    named: HashMap<&'a str, Vec<(BinaryId, &'a str, bool)>>,
    /// By provided name: the binaries, with the provided version.
    provided: HashMap<&'a str, Vec<(BinaryId, Option<&'a str>)>>,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(texts: &'a Texts) -> Result<Self, Box<dyn Error>> {
        let distribution = load(&[ARCHITECTURE.to_owned()], &texts.for_engine(), &[])?;
        let universe = Universe::build(&distribution);
        let port = universe.port(ARCH);
        let ids = (0..port.len()).map(BinaryId::at);
        let ids: HashMap<String, BinaryId> = ids.map(|id| (distribution.binary_text(ARCH, id), id)).collect();
        let mut names = Names::default();
        let [testing, unstable] = &texts.suites;
        let suites = [suite(testing, port, &ids, &mut names)?, suite(unstable, port, &ids, &mut names)?];
        let Names { named, provided, .. } = names;
        Ok(Self { suites, universe, named, provided })
    }

    /// The relations of the one architecture.
    pub(crate) fn port(&self) -> &PortUniverse {
        self.universe.port(ARCH)
    }

    /// Every source that is not the same in both suites, or whose binaries are not.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<'a>> + '_ {
        let [testing, unstable] = &self.suites;
        let names: BTreeSet<&'a str> = testing.sources.keys().chain(unstable.sources.keys()).copied().collect();
        let changes = names.into_iter().map(|source| {
            let version = |suite: &Suite<'a>| suite.sources.get(source).map(|source| source.version);
            let same =
                version(testing) == version(unstable) && testing.built_by.get(source) == unstable.built_by.get(source);
            (same, Change { source, version: version(unstable) })
        });
        changes.filter(|(same, _)| !same).map(|(_, change)| change)
    }

    /// What satisfies a group of alternatives, in any suite; `None` if no alternative counts on this architecture.
    pub(crate) fn resolve(&self, group: &str, building: bool) -> Option<Vec<BinaryId>> {
        let mut alternatives = Vec::new();
        if relation::parse_group(group, &mut alternatives).is_err() {
            return Some(Vec::new());
        }
        alternatives.retain(|one| {
            relation::architecture_matches(one.architectures, ARCHITECTURE)
                && (!building || relation::profiles_match(one.profiles, &[]))
        });
        let mut found = Vec::new();
        for alternative in &alternatives {
            self.satisfying(alternative, building, &mut found);
        }
        (!alternatives.is_empty()).then_some(found)
    }

    fn satisfying(&self, relation: &Relation<'_>, building: bool, found: &mut Vec<BinaryId>) {
        let admits = |version: &str| {
            relation.constraint.is_none_or(|(operator, bound)| operator.admits(version::compare(version, bound)))
        };
        for &(id, version, allowed) in self.named.get(relation.name).into_iter().flatten() {
            let qualified = match relation.qualifier {
                Qualifier::None => true,
                Qualifier::Any => allowed,
                Qualifier::Native => building,
                Qualifier::Arch(name) => name == ARCHITECTURE,
            };
            if qualified && admits(version) && !found.contains(&id) {
                found.push(id);
            }
        }
        if relation.qualifier != Qualifier::None {
            return;
        }
        for &(id, version) in self.provided.get(relation.name).into_iter().flatten() {
            let fits = version.map_or(relation.constraint.is_none(), admits);
            if fits && !found.contains(&id) {
                found.push(id);
            }
        }
    }
}

/// What relations find binaries by.
#[derive(Default)]
struct Names<'a> {
    named: HashMap<&'a str, Vec<(BinaryId, &'a str, bool)>>,
    provided: HashMap<&'a str, Vec<(BinaryId, Option<&'a str>)>>,
    known: HashSet<BinaryId>,
}

impl<'a> Names<'a> {
    fn add(&mut self, id: BinaryId, package: &index::Package<'a>) {
        if !self.known.insert(id) {
            return;
        }
        let allowed = package.multi_arch == MultiArch::Allowed;
        self.named.entry(package.name).or_default().push((id, package.version, allowed));
        for provide in relation::provides(package.provides).flatten() {
            self.provided.entry(provide.name).or_default().push((id, provide.version));
        }
    }
}

fn suite<'a>(
    texts: &'a SuiteTexts,
    port: &PortUniverse,
    ids: &HashMap<String, BinaryId>,
    names: &mut Names<'a>,
) -> Result<Suite<'a>, Box<dyn Error>> {
    let mut sources: BTreeMap<&str, Source<'_>> = BTreeMap::new();
    let read = index::sources(&texts.sources).collect::<Result<Vec<_>, _>>()?;
    for (source, stanza) in read.iter().zip(stanzas(&texts.sources, read.iter().map(|source| source.offset))) {
        let former = sources.get(source.name);
        let newer = former.is_none_or(|former| version::compare(former.version, source.version).is_lt());
        if newer && !source.extra_source_only {
            let build_depends = [source.build_depends, source.build_depends_arch, source.build_depends_indep];
            sources.insert(source.name, Source { version: source.version, stanza, build_depends });
        }
    }
    let mut binaries = BTreeMap::new();
    let mut built_by: BTreeMap<&str, Vec<BinaryId>> = BTreeMap::new();
    let read = index::packages(&texts.packages).collect::<Result<Vec<_>, _>>()?;
    for (package, stanza) in read.iter().zip(stanzas(&texts.packages, read.iter().map(|package| package.offset))) {
        // The engine has no id for what it left out: an older version beside a newer one.
        let Some(&id) = ids.get(&format!("{} {}", package.name, package.version)) else { continue };
        names.add(id, package);
        built_by.entry(package.source).or_default().push(id);
        let depends = [package.pre_depends, package.depends];
        binaries.insert(id, Binary { source: package.source, stanza, depends, built_using: package.built_using });
    }
    for built in built_by.values_mut() {
        built.sort_unstable();
    }
    let installability = Installability::new(port, binaries.keys().copied());
    Ok(Suite { sources, binaries, built_by, installability })
}

/// The stanzas that begin at these offsets, without the blank lines behind them.
fn stanzas(text: &str, starts: impl Iterator<Item = usize> + Clone) -> impl Iterator<Item = &str> {
    let ends = starts.clone().skip(1).chain([text.len()]).collect::<Vec<_>>();
    let pairs = starts.collect::<Vec<_>>().into_iter().zip(ends);
    pairs.map(|(start, end)| text[start..end].trim_end())
}
