//! Random archives of a few sources with something to migrate.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::notation::{Archive, BinaryLine, SourceLine, Suite};

const SOURCES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
/// What the sources may do beside new versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Sources build binaries of each other's names, so that names are hijacked and suites hold two stanzas for one.
    pub(crate) hijack: bool,
    /// Sources are missing beside their binaries, and have versions that the suites hold in both directions.
    pub(crate) odd_sources: bool,
    /// Some come from an additional suite too.
    pub(crate) additional: bool,
}

impl Habits {
    pub(crate) const ORDINARY: Self = Self { hijack: false, odd_sources: false, additional: false };
    pub(crate) const HIJACKING: Self = Self { hijack: true, ..Self::ORDINARY };
    pub(crate) const ODD: Self = Self { odd_sources: true, additional: true, ..Self::HIJACKING };
}

#[derive(Debug, Clone)]
struct Relation {
    /// Which of the archive's names; from [`NOTHING`] on a name that is not there.
    name: u8,
    /// 0 to 4: no bound.
    operator: u8,
    version: u8,
}

const NOTHING: u8 = 248;

impl Relation {
    fn text(&self, names: &[String]) -> String {
        let name = if self.name < NOTHING { &names[usize::from(self.name) % names.len()] } else { "nothing" };
        match self.operator {
            0..=4 => name.to_owned(),
            5 => format!("{name} (<< {})", self.version),
            6 => format!("{name} (= {})", self.version),
            _ => format!("{name} (>= {})", self.version),
        }
    }
}

fn relation() -> impl Strategy<Value = Relation> {
    let version = prop_oneof![2 => Just(1u8), 3 => Just(2), 1 => Just(3)];
    (any::<u8>(), 0..=8u8, version).prop_map(|(name, operator, version)| Relation { name, operator, version })
}

/// What a binary asks for.
#[derive(Debug, Clone)]
struct Needs {
    depends: Vec<Vec<Relation>>,
    breaks: Vec<Relation>,
    provides: Vec<Relation>,
}

fn needs() -> impl Strategy<Value = Needs> {
    let group = || prop_oneof![3 => vec(relation(), 1), 1 => vec(relation(), 2)];
    let depends = prop_oneof![2 => Just(Vec::new()), 3 => vec(group(), 1), 1 => vec(group(), 2)];
    let rarely = |often: u32| prop_oneof![often => Just(Vec::new()), 1 => vec(relation(), 1)];
    (depends, rarely(5), rarely(7)).prop_map(|(depends, breaks, provides)| Needs { depends, breaks, provides })
}

impl Needs {
    fn fields(&self, names: &[String]) -> Vec<(String, String)> {
        let texts = |relations: &[Relation]| relations.iter().map(|one| one.text(names)).collect::<Vec<_>>();
        let join = |relations: &[Relation], between| texts(relations).join(between);
        let depends: Vec<String> = self.depends.iter().map(|group| join(group, " | ")).collect();
        let provides = texts(&self.provides);
        let provides: Vec<&str> = provides.iter().map(|text| text.split(' ').next().unwrap_or_default()).collect();
        let fields =
            [("Depends", depends.join(", ")), ("Breaks", join(&self.breaks, ", ")), ("Provides", provides.join(", "))];
        let written = fields.into_iter().filter(|(_, value)| !value.is_empty());
        written.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// One source over time.
#[derive(Debug, Clone)]
struct History {
    /// The versions in target, primary and additional suite; 0: absent.
    versions: [u8; 3],
    has_library: bool,
    /// Architecture-independent, or none.
    data: Option<bool>,
    /// From this version on it builds a program of that source's name; 4: never.
    hijacks: (u8, u8),
    /// What is not built, by suite, architecture and kind of binary, one bit each.
    unbuilt: u32,
    /// An old library is left: by suite.
    cruft: [bool; 3],
    /// A rebuild in the primary source suite, by architecture.
    rebuilt: [bool; 3],
    /// The source is missing, by suite.
    fake: [bool; 3],
}

/// A binary that a source builds.
struct Built {
    name: String,
    version: u8,
    all: bool,
    section: &'static str,
}

impl History {
    fn builds(&self, number: usize, suite: usize) -> Vec<Built> {
        let name = SOURCES[number];
        let version = self.versions[suite];
        if version == 0 {
            return Vec::new();
        }
        let misc = |name: String, all| Built { name, version, all, section: "misc" };
        let library = |version: u8| Built { name: format!("lib{name}{version}"), version, all: false, section: "libs" };
        let mut built = vec![misc(name.to_owned(), false)];
        if self.has_library {
            built.push(library(version));
            if self.cruft[suite] && version > 1 {
                built.push(library(version - 1));
            }
        }
        built.extend(self.data.map(|all| misc(format!("{name}-data"), all)));
        let (since, other) = self.hijacks;
        if version >= since && usize::from(other) != number {
            built.push(misc(SOURCES[usize::from(other)].to_owned(), false));
        }
        built
    }
}

fn history(habits: Habits) -> impl Strategy<Value = History> {
    let target = prop_oneof![1 => Just(0u8), 8 => 1..=2u8];
    let primary = prop_oneof![1 => Just(0u8), 9 => 1..=3u8];
    let additional =
        if habits.additional { prop_oneof![2 => Just(0u8), 1 => 1..=3u8].boxed() } else { Just(0u8).boxed() };
    let versions = (target, primary, additional).prop_map(move |(target, primary, additional)| {
        // A source rarely goes back; what is odd is asked for.
        [target, if habits.odd_sources || primary == 0 { primary } else { primary.max(target) }, additional]
    });
    let hijacks = if habits.hijack { prop_oneof![3 => Just(4u8), 1 => 1..=3u8].boxed() } else { Just(4u8).boxed() };
    let unbuilt =
        prop_oneof![2 => Just(0u32), 1 => (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(a, b, c)| a & b & c)];
    let rarely = |probability: f64| prop::array::uniform3(prop::bool::weighted(probability));
    (
        versions,
        any::<bool>(),
        prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)],
        (hijacks, 0..6u8),
        unbuilt,
        rarely(0.25),
        rarely(0.12),
        rarely(if habits.odd_sources { 0.08 } else { 0.0 }),
    )
        .prop_map(|(versions, has_library, data, hijacks, unbuilt, cruft, rebuilt, fake)| History {
            versions,
            has_library,
            data,
            hijacks,
            unbuilt,
            cruft,
            rebuilt,
            fake,
        })
}

/// An archive of 2 to `most` sources on one or two architectures.
pub(crate) fn uploads(most: usize, habits: Habits) -> impl Strategy<Value = Archive> {
    (1..=2usize, vec(history(habits), 2..=most), vec(needs(), 40), prop::bool::weighted(0.15)).prop_map(
        |(architectures, histories, needs, essential)| {
            let mut names: Vec<String> = Vec::new();
            for (number, history) in histories.iter().enumerate() {
                let built = (0..3).flat_map(|suite| history.builds(number, suite));
                names.extend(built.map(|built| built.name));
            }
            names.sort();
            names.dedup();
            let archive = Archive::empty(&["amd64", "arm64"][..architectures]);
            let mut builder = Builder { archive, needs, names, known: BTreeMap::new() };
            for (number, history) in histories.iter().enumerate() {
                for suite in 0..3 {
                    builder.suite(number, history, suite);
                }
            }
            if essential {
                for suite in 0..2 {
                    let mut line = BinaryLine::new("essential", "1");
                    line.essential = true;
                    line.fields.push(("Depends".to_owned(), "a | b | c".to_owned()));
                    builder.archive.suites[suite].binaries.push(line);
                    builder.archive.suites[suite].imply_sources(|name| name != "essential");
                }
            }
            builder.archive
        },
    )
}

struct Builder {
    archive: Archive,
    needs: Vec<Needs>,
    /// All names of binaries.
    names: Vec<String>,
    /// The needs of every binary so far, and whether it is for all architectures: a binary is the same in both suites.
    known: BTreeMap<(String, String), (usize, bool)>,
}

impl Builder {
    fn suite(&mut self, number: usize, history: &History, suite: usize) {
        let name = SOURCES[number];
        let version = history.versions[suite];
        if version == 0 {
            return;
        }
        if !history.fake[suite] {
            let line = SourceLine { name: name.to_owned(), version: version.to_string(), fields: Vec::new() };
            self.archive.suite_mut(suite).sources.push(line);
        }
        for (kind, built) in history.builds(number, suite).into_iter().enumerate() {
            for arch in 0..self.archive.architectures.len() {
                if history.unbuilt & (1 << (kind % 4 + 4 * arch + 8 * suite)) == 0 {
                    let rebuilt = suite == 1 && kind == 0 && history.rebuilt[arch];
                    self.binary(suite, arch, name, &built, rebuilt);
                }
            }
        }
    }

    fn binary(&mut self, suite: usize, arch: usize, source: &str, built: &Built, rebuilt: bool) {
        let version = built.version.to_string();
        let mut line = BinaryLine::new(&built.name, &format!("{version}{}", if rebuilt { "+b1" } else { "" }));
        let next = self.known.len();
        let (needs, all) = *self.known.entry((line.name.clone(), line.version.clone())).or_insert((next, built.all));
        line.source = (source.to_owned(), version);
        built.section.clone_into(&mut line.section);
        line.all = all;
        line.on = vec![self.archive.architectures[arch].clone()];
        line.fields = self.needs[needs % self.needs.len()].fields(&self.names);
        self.archive.suite_mut(suite).binaries.push(line);
    }
}

/// The same archive with the stanzas of every index in another order.
pub(crate) fn shuffled(archive: Archive) -> impl Strategy<Value = (Archive, Archive)> {
    let suite = |suite: Suite| {
        (Just(suite.sources).prop_shuffle(), Just(suite.binaries).prop_shuffle())
            .prop_map(|(sources, binaries)| Suite { sources, binaries })
    };
    let suites: Vec<_> = archive.suites.iter().cloned().map(suite).collect();
    suites.prop_map(move |suites| (archive.clone(), Archive { suites, architectures: archive.architectures.clone() }))
}
