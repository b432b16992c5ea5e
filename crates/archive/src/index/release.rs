//! `Release`: what a suite says of itself.

use super::{IndexError, IndexProblem, Stanzas};
use crate::deb822::Field;

/// What a `Release` file says of its suite. Fields that are absent are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release<'a> {
    /// `Suite`
    pub suite: &'a str,
    /// `Codename`
    pub codename: &'a str,
    /// `Architectures`, in the order of the file.
    pub architectures: Vec<&'a str>,
    /// `Components`, in the order of the file.
    pub components: Vec<&'a str>,
}

/// Reads a `Release` file: its first stanza.
///
/// # Errors
///
/// [`IndexError`] if the text is damaged or holds no stanza. The armour of an inline-signed file counts as damage.
pub fn release(text: &str) -> Result<Release<'_>, IndexError> {
    let mut stanzas = Stanzas::new(text);
    let Some(read) = stanzas.next() else {
        return Err(IndexError { offset: 0, package: None, problem: IndexProblem::NoStanza });
    };
    read?;
    let mut release = Release { suite: "", codename: "", architectures: Vec::new(), components: Vec::new() };
    for field in &stanzas.fields {
        if field.is("Suite") {
            release.suite = field.value;
        } else if field.is("Codename") {
            release.codename = field.value;
        } else if field.is("Architectures") {
            release.architectures = words(field);
        } else if field.is("Components") {
            release.components = words(field);
        }
    }
    Ok(release)
}

fn words<'a>(field: &Field<'a>) -> Vec<&'a str> {
    field.lines().flat_map(str::split_ascii_whitespace).collect()
}
