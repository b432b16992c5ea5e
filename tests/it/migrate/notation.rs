//! A notation for small archives: one line a package, in the order in which the indices have them.
//!
//! ```text
//! source foo 2                           a source without binaries so far
//! + libfoo2; section=libs                a binary of the source above, of its version
//! + foo-data; arch=all                   `Architecture: all`
//! + foo 2+b1; on=arm64                   built again on one architecture
//! + libfoo1 1; from=1                    left over from version 1 of that source
//! bar 1; Depends: libfoo2 (>= 2)         a source and its only binary, of the same name and version
//! binary ghost 3; from=spirit 3          a binary alone: its source is not in the suite, or stands elsewhere
//! ```
//!
//! Behind semicolons stand our own words (`section`, `arch`, `on`, `from`) and fields as the index has them. In the line of
//! a source and its only binary, fields about building go to the source and all others to the binary.

use std::fmt::Write as _;

/// A field's name and value.
type Field = (String, String);

/// The packages of one suite, in the order of the indices.
#[derive(Debug, Clone, Default)]
pub(super) struct Suite {
    pub(super) sources: Vec<Source>,
    pub(super) binaries: Vec<Binary>,
}

/// A stanza of `Sources`.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) section: String,
    fields: Vec<Field>,
}

/// A stanza of `Packages`.
#[derive(Debug, Clone)]
pub(super) struct Binary {
    pub(super) name: String,
    pub(super) version: String,
    /// Name and version of its source.
    from: (String, String),
    pub(super) arch_all: bool,
    /// The architectures whose indices have it; none means all.
    pub(super) on: Option<Vec<String>>,
    section: String,
    fields: Vec<Field>,
}

/// What stands behind the semicolons of a line.
#[derive(Debug, Default)]
struct Attributes {
    section: Option<String>,
    arch_all: bool,
    on: Option<Vec<String>>,
    from: Option<Vec<String>>,
    fields: Vec<Field>,
}

impl Suite {
    /// Reads the notation.
    ///
    /// # Panics
    /// If a line is none of the notation's.
    pub(super) fn parse(story: &str) -> Self {
        let mut suite = Self::default();
        for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
            suite.line(line);
        }
        suite
    }

    fn line(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let words: Vec<&str> = parts.next().unwrap_or_default().split_whitespace().collect();
        let attributes = Attributes::parse(parts, line);
        match *words.as_slice() {
            ["source", name, version] => self.source(name, version, &attributes, |_| true),
            ["binary", name, version] => self.binary(name, version, &attributes, |_| true),
            ["+", name] => {
                let version =
                    self.sources.last().unwrap_or_else(|| panic!("no source before `{line}`")).version.clone();
                self.binary(name, &version, &attributes, |_| true);
            }
            ["+", name, version] => self.binary(name, version, &attributes, |_| true),
            [name, version] => {
                self.source(name, version, &attributes, is_about_building);
                self.binary(name, version, &attributes, |field| !is_about_building(field));
            }
            _ => panic!("`{line}` is no line of the notation"),
        }
    }

    fn source(&mut self, name: &str, version: &str, attributes: &Attributes, takes: impl Fn(&str) -> bool) {
        self.sources.push(Source {
            name: name.to_owned(),
            version: version.to_owned(),
            section: attributes.section(),
            fields: attributes.fields.iter().filter(|(name, _)| takes(name)).cloned().collect(),
        });
    }

    fn binary(&mut self, name: &str, version: &str, attributes: &Attributes, takes: impl Fn(&str) -> bool) {
        let above = || {
            let source = self.sources.last().unwrap_or_else(|| panic!("no source before {name}"));
            (source.name.clone(), source.version.clone())
        };
        let from = match attributes.from.as_deref() {
            None => above(),
            Some([version]) => (above().0, version.clone()),
            Some([name, version]) => (name.clone(), version.clone()),
            Some(words) => panic!("from={words:?} is neither a version nor a source with its version"),
        };
        self.binaries.push(Binary {
            name: name.to_owned(),
            version: version.to_owned(),
            from,
            arch_all: attributes.arch_all,
            on: attributes.on.clone(),
            section: attributes.section(),
            fields: attributes.fields.iter().filter(|(name, _)| takes(name)).cloned().collect(),
        });
    }

    /// The text of `Sources`.
    pub(super) fn sources_index(&self) -> String {
        let mut text = String::new();
        for Source { name, version, section, fields } in &self.sources {
            let _ = writeln!(text, "Package: {name}\nVersion: {version}\nSection: {section}");
            if !fields.iter().any(|(name, _)| name == "Maintainer") {
                text.push_str("Maintainer: Ann Example <ann@example.org>\n");
            }
            write_fields(&mut text, fields);
        }
        text
    }

    /// The text of `Packages` of one architecture.
    pub(super) fn packages_index(&self, arch: &str) -> String {
        let mut text = String::new();
        let is_here = |binary: &&Binary| binary.on.as_ref().is_none_or(|on| on.iter().any(|name| name == arch));
        for binary in self.binaries.iter().filter(is_here) {
            let Binary { name, version, from, arch_all, section, fields, .. } = binary;
            let _ = writeln!(text, "Package: {name}\nVersion: {version}\nSection: {section}");
            if from.1 != *version {
                let _ = writeln!(text, "Source: {} ({})", from.0, from.1);
            } else if from.0 != *name {
                let _ = writeln!(text, "Source: {}", from.0);
            }
            let _ = writeln!(text, "Architecture: {}", if *arch_all { "all" } else { arch });
            write_fields(&mut text, fields);
        }
        text
    }
}

impl Attributes {
    fn parse<'a>(parts: impl Iterator<Item = &'a str>, line: &str) -> Self {
        let mut attributes = Self::default();
        let words = |value: &str| -> Vec<String> {
            value.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        for part in parts {
            let field = part.split_once(": ").filter(|(name, _)| !name.contains(['=', ' ']));
            if let Some((name, value)) = field {
                attributes.fields.push((name.to_owned(), value.to_owned()));
                continue;
            }
            match part.split_once('=') {
                Some(("section", value)) => attributes.section = Some(value.to_owned()),
                Some(("arch", "all")) => attributes.arch_all = true,
                Some(("on", value)) => attributes.on = Some(words(value)),
                Some(("from", value)) => attributes.from = Some(words(value)),
                _ => panic!("`{part}` in `{line}` is neither a word of the notation nor a field"),
            }
        }
        attributes
    }

    fn section(&self) -> String {
        self.section.clone().unwrap_or_else(|| "misc".to_owned())
    }
}

fn is_about_building(field: &str) -> bool {
    field.starts_with("Build-")
        || field.starts_with("Testsuite")
        || field == "Extra-Source-Only"
        || field == "Maintainer"
}

fn write_fields(text: &mut String, fields: &[Field]) {
    for (name, value) in fields {
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
}

#[test]
fn lines_become_stanzas() {
    let suite = Suite::parse(
        "source foo 2; section=libs
         + libfoo2; section=libs; Depends: libc6 (>= 2), bar | baz
         + foo-data 2; arch=all
         + libfoo1 1; from=1; on=arm64
         bar 1; Build-Depends: foo; Provides: baz (= 1)
         binary ghost 3+b1; from=spirit 3",
    );
    let maintainer = "Maintainer: Ann Example <ann@example.org>\n";
    assert_eq!(
        suite.sources_index(),
        format!(
            "Package: foo\nVersion: 2\nSection: libs\n{maintainer}\n\
             Package: bar\nVersion: 1\nSection: misc\n{maintainer}Build-Depends: foo\n\n"
        )
    );
    let libfoo2 = "Package: libfoo2\nVersion: 2\nSection: libs\nSource: foo\nArchitecture: ARCH\n\
                   Depends: libc6 (>= 2), bar | baz\n\n";
    let data = "Package: foo-data\nVersion: 2\nSection: misc\nSource: foo\nArchitecture: all\n\n";
    let libfoo1 = "Package: libfoo1\nVersion: 1\nSection: misc\nSource: foo\nArchitecture: ARCH\n\n";
    let others = "Package: bar\nVersion: 1\nSection: misc\nArchitecture: ARCH\nProvides: baz (= 1)\n\n\
                  Package: ghost\nVersion: 3+b1\nSection: misc\nSource: spirit (3)\nArchitecture: ARCH\n\n";
    assert_eq!(suite.packages_index("amd64"), format!("{libfoo2}{data}{others}").replace("ARCH", "amd64"));
    assert_eq!(suite.packages_index("arm64"), format!("{libfoo2}{data}{libfoo1}{others}").replace("ARCH", "arm64"));
}
