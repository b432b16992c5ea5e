//! Archives in a few readable lines, for tests: one line a package.
//!
//! ```text
//! architectures amd64 arm64
//! both    libc 1: essential
//! target  a 1: Depends b (>= 1) | c; Conflicts d
//! primary a 2: src:foo 2; all; section libs
//! primary a-dbg 1: src:foo 1; on arm64
//! primary src:foo 2: Build-Depends x
//! target  -src:bar
//! ```
//!
//! A line names the suite (`target`, `primary`, `tpu`, `pu`, or `both` for the first two), the package and its version.
//! Behind the colon stand attributes, parted by `;`. One that begins with a capital is a field of the index. The others:
//! `all` (architecture-independent), `on ARCH …` (only there; else everywhere), `essential`, `section NAME`, and
//! `src:NAME [VERSION]` (what it is built from; else the source of its own name and version).
//!
//! Sources are implied by the binaries, at the highest version that one names. A line `src:NAME VERSION` says it itself, and
//! `-src:NAME` keeps the source out of the suite. Of two lines for one binary the index holds two stanzas, in this order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tidegate_archive::version;

use crate::distribution::Distribution;
use crate::load::{IndexText, LoadError, SuiteText, load};

/// The suites that a line can name, in the order of their ids.
pub(crate) const SUITES: [&str; 4] = ["target", "primary", "tpu", "pu"];

/// What a distribution is loaded from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) architectures: Vec<String>,
    /// Target, primary, and as many of the additional suites as are used.
    pub(crate) suites: Vec<Suite>,
}

/// The stanzas of one suite, in their order.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Suite {
    pub(crate) sources: Vec<SourceLine>,
    pub(crate) binaries: Vec<BinaryLine>,
}

/// A stanza of `Sources`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SourceLine {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// A stanza of `Packages`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BinaryLine {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Name and version of what it is built from.
    pub(crate) source: (String, String),
    pub(crate) all: bool,
    /// Where it exists; empty: everywhere.
    pub(crate) on: Vec<String>,
    pub(crate) essential: bool,
    pub(crate) section: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Archive {
    /// Reads the notation; a mistake in it is the test's, and panics.
    pub(crate) fn parse(text: &str) -> Self {
        let mut archive = Self::empty(&["amd64"]);
        let mut without: BTreeSet<(usize, String)> = BTreeSet::new();
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        for line in lines.filter(|line| !line.is_empty()) {
            let (head, attributes) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            let words: Vec<&str> = head.split_whitespace().collect();
            if words[0] == "architectures" {
                archive.architectures = words[1..].iter().map(|&arch| arch.to_owned()).collect();
                continue;
            }
            let suites = match words[0] {
                "both" => vec![0, 1],
                word => vec![SUITES.iter().position(|&suite| suite == word).expect("a line begins with a suite")],
            };
            for number in suites {
                let suite = archive.suite_mut(number);
                let attributes = attributes.split(';').map(str::trim).filter(|attribute| !attribute.is_empty());
                match (words[1].strip_prefix("-src:"), words[1].strip_prefix("src:")) {
                    (Some(name), _) => drop(without.insert((number, name.to_owned()))),
                    (None, Some(name)) => suite.sources.push(SourceLine::read(name, words[2], attributes)),
                    (None, None) => suite.binaries.push(BinaryLine::read(words[1], words[2], attributes)),
                }
            }
        }
        for (number, suite) in archive.suites.iter_mut().enumerate() {
            suite.imply_sources(|name| without.contains(&(number, name.to_owned())));
        }
        archive
    }

    pub(crate) fn empty(architectures: &[&str]) -> Self {
        let architectures = architectures.iter().map(|&arch| arch.to_owned()).collect();
        Self { architectures, suites: vec![Suite::default(), Suite::default()] }
    }

    pub(crate) fn suite_mut(&mut self, number: usize) -> &mut Suite {
        if self.suites.len() <= number {
            self.suites.resize_with(number + 1, Suite::default);
        }
        &mut self.suites[number]
    }

    /// The distribution that the indices make.
    pub(crate) fn try_load(&self) -> Result<Distribution, LoadError> {
        let texts: Vec<(String, Vec<String>)> = self
            .suites
            .iter()
            .map(|suite| {
                let sources = suite.sources.iter().map(SourceLine::stanza).collect();
                (sources, self.architectures.iter().map(|arch| suite.packages(arch)).collect())
            })
            .collect();
        let suites: Vec<SuiteText<'_>> = texts
            .iter()
            .zip(SUITES)
            .enumerate()
            .map(|(number, ((sources, packages), name))| SuiteText {
                label: name.to_owned(),
                short: (number > 1).then(|| name.to_owned()),
                sources: vec![IndexText { file: "Sources", text: sources }],
                packages: packages.iter().map(|text| vec![IndexText { file: "Packages", text }]).collect(),
                overlay: false,
            })
            .collect();
        load(&self.architectures, &suites, &[])
    }

    pub(crate) fn load(&self) -> Distribution {
        self.try_load().unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }
}

impl Suite {
    fn packages(&self, arch: &str) -> String {
        self.binaries.iter().filter(|line| line.is_on(arch)).map(|line| line.stanza(arch)).collect()
    }

    /// What an index holds: of several stanzas for one name that with the highest version, of equal ones the last.
    pub(crate) fn binaries_of(&self, arch: &str) -> impl Iterator<Item = &BinaryLine> {
        let mut by_name: BTreeMap<&str, &BinaryLine> = BTreeMap::new();
        for line in self.binaries.iter().filter(|line| line.is_on(arch)) {
            let known = by_name.entry(&line.name).or_insert(line);
            if version::compare(&line.version, &known.version).is_ge() {
                *known = line;
            }
        }
        by_name.into_values()
    }

    /// Adds the sources that binaries name and no line does, unless they are to be left out.
    pub(crate) fn imply_sources(&mut self, left_out: impl Fn(&str) -> bool) {
        let mut implied: BTreeMap<&str, &str> = BTreeMap::new();
        for BinaryLine { source: (name, version), .. } in &self.binaries {
            let highest = implied.entry(name).or_insert(version);
            if version::compare(version, highest).is_gt() {
                *highest = version;
            }
        }
        let known = |name: &str| self.sources.iter().any(|line| line.name == name);
        let implied = implied.into_iter().filter(|&(name, _)| !known(name) && !left_out(name));
        let implied: Vec<SourceLine> =
            implied.map(|(name, version)| SourceLine::read(name, version, std::iter::empty())).collect();
        self.sources.extend(implied);
    }
}

fn field(attribute: &str) -> (String, String) {
    let (name, value) = attribute.split_once(' ').unwrap_or((attribute, ""));
    assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "`{attribute}` is no attribute of this notation");
    (name.to_owned(), value.trim().to_owned())
}

impl SourceLine {
    fn read<'a>(name: &str, version: &str, attributes: impl Iterator<Item = &'a str>) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), fields: attributes.map(field).collect() }
    }

    fn stanza(&self) -> String {
        let head = [("Package", &self.name), ("Version", &self.version)];
        stanza(head.into_iter().chain(self.fields.iter().map(|(name, value)| (name.as_str(), value))))
    }
}

impl BinaryLine {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            source: (name.to_owned(), version.to_owned()),
            all: false,
            on: Vec::new(),
            essential: false,
            section: "misc".to_owned(),
            fields: Vec::new(),
        }
    }

    fn read<'a>(name: &str, version: &str, attributes: impl Iterator<Item = &'a str>) -> Self {
        let mut line = Self::new(name, version);
        for attribute in attributes {
            let mut words = attribute.split_whitespace();
            match words.next().unwrap_or_default() {
                "all" => line.all = true,
                "essential" => line.essential = true,
                "on" => line.on = words.map(str::to_owned).collect(),
                "section" => words.next().unwrap_or_default().clone_into(&mut line.section),
                word => match word.strip_prefix("src:") {
                    Some(name) => line.source = (name.to_owned(), words.next().unwrap_or(version).to_owned()),
                    None => line.fields.push(field(attribute)),
                },
            }
        }
        line
    }

    pub(crate) fn is_on(&self, arch: &str) -> bool {
        self.on.is_empty() || self.on.iter().any(|on| on == arch)
    }

    /// A field's value; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn stanza(&self, arch: &str) -> String {
        let source = format!("{} ({})", self.source.0, self.source.1);
        let yes = "yes".to_owned();
        let arch = if self.all { "all".to_owned() } else { arch.to_owned() };
        let mut head = vec![("Package", &self.name), ("Version", &self.version), ("Architecture", &arch)];
        head.extend([("Source", &source), ("Section", &self.section)]);
        if self.essential {
            head.push(("Essential", &yes));
        }
        stanza(head.into_iter().chain(self.fields.iter().map(|(name, value)| (name.as_str(), value))))
    }
}

fn stanza<'a>(fields: impl Iterator<Item = (&'a str, &'a String)>) -> String {
    fields.map(|(name, value)| format!("{name}: {value}\n")).chain(["\n".to_owned()]).collect()
}

/// The notation again, so that what a property found can be made an example.
impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\narchitectures {}", self.architectures.join(" "))?;
        for (suite, name) in self.suites.iter().zip(SUITES) {
            let mut absent: BTreeSet<&str> = suite.binaries.iter().map(|line| line.source.0.as_str()).collect();
            for source in &suite.sources {
                absent.remove(source.name.as_str());
                write!(f, "{name} {source:?}")?;
            }
            absent.into_iter().try_for_each(|absent| writeln!(f, "{name} -src:{absent}"))?;
            suite.binaries.iter().try_for_each(|line| write!(f, "{name} {line:?}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src:{} {}", self.name, self.version)?;
        let attributes: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
        write_attributes(f, &attributes)
    }
}

impl fmt::Debug for BinaryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, source, all, on, essential, section, fields } = self;
        write!(f, "{name} {version}")?;
        let mut attributes = Vec::new();
        if *source != (name.clone(), version.clone()) {
            attributes.push(format!("src:{} {}", source.0, source.1));
        }
        if *all {
            attributes.push("all".to_owned());
        }
        if !on.is_empty() {
            attributes.push(format!("on {}", on.join(" ")));
        }
        if *essential {
            attributes.push("essential".to_owned());
        }
        if section != "misc" {
            attributes.push(format!("section {section}"));
        }
        attributes.extend(fields.iter().map(|(name, value)| format!("{name} {value}")));
        write_attributes(f, &attributes)
    }
}

fn write_attributes(f: &mut fmt::Formatter<'_>, attributes: &[String]) -> fmt::Result {
    if attributes.is_empty() { writeln!(f) } else { writeln!(f, ": {}", attributes.join("; ")) }
}

#[test]
fn the_notation_makes_the_indices_that_it_says() {
    let archive = Archive::parse(
        "
        architectures amd64 arm64
        both   libc 1: essential
        target a 1: Depends b (>= 1) | c; Conflicts d; src:foo 1; all; section libs  # a comment
        primary a 1:2-3: on arm64
        target -src:foo
        primary src:a 5: Build-Depends x
        ",
    );
    let packages = archive.suites[0].packages("arm64");
    let libc = "Package: libc\nVersion: 1\nArchitecture: arm64\nSource: libc (1)\nSection: misc\nEssential: yes\n\n";
    let a = "Package: a\nVersion: 1\nArchitecture: all\nSource: foo (1)\nSection: libs\nDepends: b (>= 1) | c\nConflicts: d\n\n";
    assert_eq!(packages, [libc, a].concat());
    assert_eq!(
        archive.suites[0].sources.iter().map(SourceLine::stanza).collect::<String>(),
        "Package: libc\nVersion: 1\n\n"
    );
    assert_eq!(archive.suites[1].packages("amd64").matches("Package").count(), 1);
    assert!(archive.suites[1].packages("arm64").contains("Version: 1:2-3\n"));
    assert!(
        archive.suites[1].sources.iter().any(|line| line.stanza() == "Package: a\nVersion: 5\nBuild-Depends: x\n\n")
    );
    assert_eq!(Archive::parse(&format!("{archive:?}")), archive, "what is written reads back");
}
