//! `Sources`: the source packages.

use super::{IndexError, Stanzas, is_yes, require};
use crate::deb822::Field;

/// A stanza of a `Sources` index. Fields that are absent are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// Where the stanza begins.
    pub offset: usize,
    /// `Package`
    pub name: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Section`
    pub section: &'a str,
    /// `Maintainer`
    pub maintainer: &'a str,
    /// `Binary`: names, parted by commas, perhaps folded.
    pub binary: &'a str,
    /// `Architecture`: names and wildcards, parted by blanks.
    pub architecture: &'a str,
    /// `Build-Depends`
    pub build_depends: &'a str,
    /// `Build-Depends-Arch`
    pub build_depends_arch: &'a str,
    /// `Build-Depends-Indep`
    pub build_depends_indep: &'a str,
    /// `Testsuite`
    pub testsuite: &'a str,
    /// `Testsuite-Triggers`
    pub testsuite_triggers: &'a str,
    /// Whether `Extra-Source-Only` is `yes`: kept for a binary's `Built-Using` only.
    pub extra_source_only: bool,
}

/// The stanzas of a `Sources` index, in the order of the text. See [`Sources`] for its errors.
pub fn sources(text: &str) -> Sources<'_> {
    Sources(Stanzas::new(text))
}

/// Iterates over a `Sources` index.
///
/// An item is an error if the text is damaged (then it is the last one), if the stanza has no `Package` or `Version`, or if the
/// text ends within a relation.
#[derive(Debug, Clone)]
pub struct Sources<'a>(Stanzas<'a>);

impl<'a> Iterator for Sources<'a> {
    type Item = Result<Source<'a>, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.0.next()?;
        Some(read.and_then(|offset| source(offset, &self.0.fields)))
    }
}

fn source<'a>(offset: usize, fields: &[Field<'a>]) -> Result<Source<'a>, IndexError> {
    let mut source = Source {
        offset,
        name: "",
        version: "",
        section: "",
        maintainer: "",
        binary: "",
        architecture: "",
        build_depends: "",
        build_depends_arch: "",
        build_depends_indep: "",
        testsuite: "",
        testsuite_triggers: "",
        extra_source_only: false,
    };
    for field in fields {
        let slot = match field.name.len() {
            6 if field.is("Binary") => &mut source.binary,
            7 if field.is("Package") => &mut source.name,
            7 if field.is("Version") => &mut source.version,
            7 if field.is("Section") => &mut source.section,
            9 if field.is("Testsuite") => &mut source.testsuite,
            10 if field.is("Maintainer") => &mut source.maintainer,
            12 if field.is("Architecture") => &mut source.architecture,
            13 if field.is("Build-Depends") => &mut source.build_depends,
            17 if field.is("Extra-Source-Only") => {
                source.extra_source_only = is_yes(field);
                continue;
            }
            18 if field.is("Build-Depends-Arch") => &mut source.build_depends_arch,
            18 if field.is("Testsuite-Triggers") => &mut source.testsuite_triggers,
            19 if field.is("Build-Depends-Indep") => &mut source.build_depends_indep,
            _ => continue,
        };
        *slot = field.value;
    }
    require(offset, source.name, "Package", source.name)?;
    require(offset, source.version, "Version", source.name)?;
    Ok(source)
}
