//! What a change is at one place of the pipeline, written `kind:id`.
//!
//! One change is a pull request, then a commit, then a source package, then a few binary packages; the gates speak of
//! it by these names, and the trail joins them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a change is at one place of the pipeline: `source:glibc/2.41-3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Subject {
    kind: SubjectKind,
    id: String,
}

/// The kinds of subject, in the order in which a change passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// `owner/repo#number`
    Pr,
    /// `owner/repo@` and 40 hex digits
    Commit,
    /// NVR of an RPM build: `nethack-9-1.fc44`
    Build,
    /// Debian source package and version: `glibc/2.41-3`
    Source,
    /// `rpm/` and a NEVRA, or `deb/name/version/arch`
    Package,
    /// Alias of an update: `FEDORA-2026-1`
    Update,
    /// Compose id: `Fedora-43-20260101.n.0`
    Compose,
    /// Distribution and version, blanks as `_`: `Fedora/43_RC_1.2`
    Event,
    /// `artifact/arch@` and the content's digest
    Artifact,
    /// Whatever else a result may be about
    Item,
}

/// A text that names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no subject: expected kind:id without control characters, with a kind of {kinds}", kinds = kinds())]
pub struct NotASubject(String);

impl SubjectKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Pr,
        Self::Commit,
        Self::Build,
        Self::Source,
        Self::Package,
        Self::Update,
        Self::Compose,
        Self::Event,
        Self::Artifact,
        Self::Item,
    ];

    /// The word before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pr => "pr",
            Self::Commit => "commit",
            Self::Build => "build",
            Self::Source => "source",
            Self::Package => "package",
            Self::Update => "update",
            Self::Compose => "compose",
            Self::Event => "event",
            Self::Artifact => "artifact",
            Self::Item => "item",
        }
    }
}

impl Subject {
    /// The subject of that kind and id.
    pub fn new(kind: SubjectKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// Debian's source package in that version.
    pub fn source(name: &str, version: &str) -> Self {
        Self::new(SubjectKind::Source, format!("{name}/{version}"))
    }

    /// Debian's binary package in that version on that architecture.
    pub fn deb(name: &str, version: &str, arch: &str) -> Self {
        Self::new(SubjectKind::Package, format!("deb/{name}/{version}/{arch}"))
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The text after the colon.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let refused = || NotASubject(text.to_owned());
        let (word, id) = text.split_once(':').ok_or_else(refused)?;
        let kind = SubjectKind::ALL.into_iter().find(|kind| kind.name() == word).ok_or_else(refused)?;
        if id.is_empty() || id.chars().any(char::is_control) { Err(refused()) } else { Ok(Self::new(kind, id)) }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl TryFrom<String> for Subject {
    type Error = NotASubject;

    fn try_from(text: String) -> Result<Self, NotASubject> {
        text.parse()
    }
}

fn kinds() -> String {
    SubjectKind::ALL.map(SubjectKind::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went() {
        for text in ["pr:acme/web#12", "source:glibc/2:2.41-3", "package:deb/libc6/2.41-3/amd64", "item:a:b:1:2"] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert_eq!(Subject::source("glibc", "2.41-3").to_string(), "source:glibc/2.41-3");
        assert_eq!(Subject::deb("libc6", "2.41-3", "amd64").to_string(), "package:deb/libc6/2.41-3/amd64");
    }

    #[test]
    fn what_names_no_subject_is_refused_with_the_kinds() {
        for text in ["", "glibc", "source:", "sources:glibc/2.41-3", ":x", "source:glibc/2\0", "pr:a\nb"] {
            let refused = text.parse::<Subject>().unwrap_err().to_string();
            assert!(refused.contains("a kind of pr, commit, build, source,"), "{refused}");
        }
    }

    #[test]
    fn json_is_the_text() {
        let subject = Subject::source("glibc", "2.41-3");
        let json = serde_json::to_string(&subject).unwrap();
        assert_eq!(json, "\"source:glibc/2.41-3\"");
        assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), subject);
        assert!(serde_json::from_str::<Subject>("\"glibc\"").is_err());
    }
}
