//! `Packages`: the binaries of one architecture.

use super::{IndexError, IndexProblem, Stanzas, is_yes, require};
use crate::deb822::{Field, is_blank, trim};

/// What a package's `Multi-Arch` field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MultiArch {
    /// Absent, `no`, or a value that is not known: satisfies relations of its own architecture only.
    No,
    /// `same`: can be installed for several architectures at once.
    Same,
    /// `foreign`: satisfies relations of other architectures.
    Foreign,
    /// `allowed`: satisfies relations with `:any`.
    Allowed,
}

/// A stanza of a `Packages` index. Fields that are absent are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// Where the stanza begins.
    pub offset: usize,
    /// `Package`
    pub name: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Architecture`
    pub architecture: &'a str,
    /// `Section`
    pub section: &'a str,
    /// The source's name from `Source: name (version)`; the package's own if there is no such field.
    pub source: &'a str,
    /// The source's version from `Source: name (version)`; the package's own if that gives none.
    pub source_version: &'a str,
    /// `Multi-Arch`
    pub multi_arch: MultiArch,
    /// Whether `Essential` is `yes`.
    pub essential: bool,
    /// `Pre-Depends`
    pub pre_depends: &'a str,
    /// `Depends`
    pub depends: &'a str,
    /// `Conflicts`
    pub conflicts: &'a str,
    /// `Breaks`
    pub breaks: &'a str,
    /// `Provides`
    pub provides: &'a str,
    /// `Built-Using`
    pub built_using: &'a str,
    /// `Maintainer`
    pub maintainer: &'a str,
}

/// The stanzas of a `Packages` index, in the order of the text. See [`Packages`] for its errors.
pub fn packages(text: &str) -> Packages<'_> {
    Packages(Stanzas::new(text))
}

/// Iterates over a `Packages` index.
///
/// An item is an error if the text is damaged (then it is the last one), if the stanza has no `Package`, `Version` or
/// `Architecture`, if its `Source` is malformed, or if the text ends within a relation.
#[derive(Debug, Clone)]
pub struct Packages<'a>(Stanzas<'a>);

impl<'a> Iterator for Packages<'a> {
    type Item = Result<Package<'a>, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.0.next()?;
        Some(read.and_then(|offset| package(offset, &self.0.fields)))
    }
}

fn package<'a>(offset: usize, fields: &[Field<'a>]) -> Result<Package<'a>, IndexError> {
    let mut package = Package {
        offset,
        name: "",
        version: "",
        architecture: "",
        section: "",
        source: "",
        source_version: "",
        multi_arch: MultiArch::No,
        essential: false,
        pre_depends: "",
        depends: "",
        conflicts: "",
        breaks: "",
        provides: "",
        built_using: "",
        maintainer: "",
    };
    let mut source = None;
    for field in fields {
        // By length first: a name is compared with one or two others only.
        let slot = match field.name.len() {
            6 if field.is("Source") => {
                source = Some(field);
                continue;
            }
            6 if field.is("Breaks") => &mut package.breaks,
            7 if field.is("Package") => &mut package.name,
            7 if field.is("Version") => &mut package.version,
            7 if field.is("Depends") => &mut package.depends,
            7 if field.is("Section") => &mut package.section,
            8 if field.is("Provides") => &mut package.provides,
            9 if field.is("Conflicts") => &mut package.conflicts,
            9 if field.is("Essential") => {
                package.essential = is_yes(field);
                continue;
            }
            10 if field.is("Multi-Arch") => {
                package.multi_arch = multi_arch(field.value);
                continue;
            }
            10 if field.is("Maintainer") => &mut package.maintainer,
            11 if field.is("Pre-Depends") => &mut package.pre_depends,
            11 if field.is("Built-Using") => &mut package.built_using,
            12 if field.is("Architecture") => &mut package.architecture,
            _ => continue,
        };
        *slot = field.value;
    }
    require(offset, package.name, "Package", package.name)?;
    require(offset, package.version, "Version", package.name)?;
    require(offset, package.architecture, "Architecture", package.name)?;
    (package.source, package.source_version) = (package.name, package.version);
    if let Some(field) = source.filter(|field| !field.value.is_empty()) {
        let (name, version) = source_field(field.value).ok_or_else(|| IndexError {
            offset: field.offset,
            package: Some(package.name.into()),
            problem: IndexProblem::Source(field.value.into()),
        })?;
        package.source = name;
        package.source_version = version.unwrap_or(package.version);
    }
    Ok(package)
}

fn multi_arch(value: &str) -> MultiArch {
    let known = [("same", MultiArch::Same), ("foreign", MultiArch::Foreign), ("allowed", MultiArch::Allowed)];
    known
        .into_iter()
        .find(|(name, _)| value.eq_ignore_ascii_case(name))
        .map_or(MultiArch::No, |(_, multi_arch)| multi_arch)
}

/// Splits `name` or `name (version)`.
fn source_field(value: &str) -> Option<(&str, Option<&str>)> {
    let is_other = |byte: u8| is_blank(byte) || matches!(byte, b'(' | b')');
    let is_word = |text: &str| !text.is_empty() && !text.bytes().any(is_other);
    let (name, version) = match value.split_once('(') {
        Some((name, rest)) => (trim(name), Some(trim(rest.strip_suffix(')')?))),
        None => (value, None),
    };
    (is_word(name) && version.is_none_or(is_word)).then_some((name, version))
}
