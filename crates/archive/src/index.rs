//! The indices of an archive: `Packages`, `Sources` and `Release`, stanza by stanza.
//!
//! The iterators refuse what makes a stanza unusable (no name, no version, damage to the text) and judge nothing else: relations
//! are handed on as text, versions are not checked, and of two stanzas for one package both are returned.
//!
//! Format: Debian Policy chapters 5.3 to 5.6 and the repository format (wiki.debian.org/DebianRepository/Format).

mod packages;
mod release;
mod sources;
#[cfg(test)]
mod tests;

pub use packages::{MultiArch, Package, Packages, packages};
pub use release::{Release, release};
pub use sources::{Source, Sources, sources};

use crate::deb822::{Field, ScanError, ScanProblem, Scanner, trim};
use crate::relation;

/// Why an index cannot be used, with the place and the stanza.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}{}", stanza(.package.as_deref()))]
pub struct IndexError {
    /// The byte, line or field at fault, or the beginning of a stanza that lacks something.
    pub offset: usize,
    /// The stanza's `Package`, if it was read before the error.
    pub package: Option<String>,
    /// What is wrong.
    pub problem: IndexProblem,
}

fn stanza(package: Option<&str>) -> String {
    package.map_or_else(String::new, |name| format!(", in the stanza of `{name}`"))
}

/// What was found in an index instead of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexProblem {
    /// The text is damaged.
    #[error(transparent)]
    Scan(ScanProblem),
    /// A field without which the stanza is of no use is absent or empty.
    #[error("expected the field `{0}`, found none in the stanza")]
    Missing(&'static str),
    /// `Source` is neither a name nor a name with a version.
    #[error("expected `Source: name` or `Source: name (version)`, found `{0}`")]
    Source(String),
    /// The text ends within a relation.
    #[error("expected the rest of the field `{0}`, found the end of the text: it is truncated")]
    Truncated(String),
    /// There is no stanza in a file that must have one.
    #[error("expected a stanza, found none")]
    NoStanza,
}

fn require(offset: usize, value: &str, field: &'static str, package: &str) -> Result<(), IndexError> {
    if !value.is_empty() {
        return Ok(());
    }
    Err(IndexError {
        offset,
        package: (!package.is_empty()).then(|| package.into()),
        problem: IndexProblem::Missing(field),
    })
}

fn is_yes(field: &Field<'_>) -> bool {
    field.value.eq_ignore_ascii_case("yes")
}

/// The stanzas of an index, one after the other, with what an index adds to the scanner's checks.
#[derive(Debug, Clone)]
struct Stanzas<'a> {
    scanner: Scanner<'a>,
    fields: Vec<Field<'a>>,
    /// Whether the text's last line holds something and has no end.
    open_ended: bool,
}

impl<'a> Stanzas<'a> {
    fn new(text: &'a str) -> Self {
        let last_line = text.rsplit('\n').next().unwrap_or_default();
        Stanzas {
            scanner: Scanner::new(text),
            fields: Vec::new(),
            open_ended: !trim(last_line).is_empty() && !last_line.starts_with('#'),
        }
    }

    /// Reads the next stanza into `fields`; returns where it begins.
    fn next(&mut self) -> Option<Result<usize, IndexError>> {
        let read = match self.scanner.next_stanza(&mut self.fields) {
            Ok(None) => return None,
            Ok(Some(offset)) => match self.truncated() {
                None => Ok(offset),
                Some(field) => Err((field.offset, IndexProblem::Truncated(field.name.into()))),
            },
            Err(ScanError { offset, problem }) => Err((offset, IndexProblem::Scan(problem))),
        };
        Some(read.map_err(|(offset, problem)| {
            let name = self.fields.iter().find(|field| field.is("Package"));
            IndexError { offset, package: name.map(|field| field.value.into()), problem }
        }))
    }

    /// The last field of the text, if the text ends within one of its relations.
    ///
    /// A text may end without a newline, and usually nothing tells a whole last line from half of one. An open bracket does.
    fn truncated(&self) -> Option<&Field<'a>> {
        if !self.open_ended || !self.scanner.is_at_end() {
            return None;
        }
        let last = self.fields.last()?;
        (is_relation(last) && relation::ends_open(last.value)).then_some(last)
    }
}

/// Whether the field holds relations between packages.
fn is_relation(field: &Field<'_>) -> bool {
    const NAMES: [&str; 15] = [
        "Depends",
        "Pre-Depends",
        "Recommends",
        "Suggests",
        "Enhances",
        "Conflicts",
        "Breaks",
        "Replaces",
        "Provides",
        "Built-Using",
        "Build-Depends",
        "Build-Depends-Arch",
        "Build-Depends-Indep",
        "Build-Conflicts",
        "Testsuite-Triggers",
    ];
    NAMES.iter().any(|name| field.is(name))
}
