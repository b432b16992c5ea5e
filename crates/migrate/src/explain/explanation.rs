//! Why a valid candidate stayed, as data for programs. The sentences are in [`super::sentences`].

use std::fmt;

use serde::Serialize;

use crate::blockers::Code;
use crate::model::{Item, Verdict};

/// Why a valid candidate did not move, judged against the final target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Its uvname.
    pub item: String,
    /// Its version.
    pub version: String,
    /// What moving it would be called.
    #[serde(skip)]
    pub(super) move_text: String,
    /// What is in the way.
    pub why: Why,
}

/// What is in the way of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// Nothing any more: the target is another now than it was when the item was tried.
    TrialOrder,
    /// The move itself is impossible.
    Impossible {
        /// Why.
        text: String,
    },
    /// It leaves too much uninstallable.
    Breaks(Breakage),
}

/// What a move would break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breakage {
    /// Where.
    pub architecture: String,
    /// The binary that is explained: what must stay installable before all else, then the first by name.
    pub broken: Package,
    /// The source that it is built from.
    pub source: String,
    /// It stands for a constraint: no count outweighs it.
    pub constraint: bool,
    /// The move itself brings it in.
    pub brought_in: bool,
    /// Every name that would be newly uninstallable there.
    pub names: Vec<String>,
    /// Names that would be installable again.
    pub mended: Vec<String>,
    /// Constraints that cannot be met together, none of which can be left out; checked by solving it again.
    /// None if the search for it was given up.
    pub core: Option<Vec<Element>>,
    /// Items that would help, those first that mend it; at most three.
    pub remedies: Vec<Remedy>,
}

/// A binary package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// One constraint of a core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Element {
    /// The binary that is to be installed.
    Root {
        /// Which.
        package: Package,
    },
    /// A binary that everything is installed with.
    Essential {
        /// Which.
        package: Package,
    },
    /// A relation.
    Needs {
        /// Whose.
        package: Package,
        /// As written; several relations on one name are joined by commas.
        relation: String,
        /// What satisfies it in the target after the move.
        by: Vec<Package>,
        /// What satisfied it before.
        lost: Vec<Lost>,
        /// What satisfies it in a source suite.
        elsewhere: Vec<Elsewhere>,
    },
    /// Two binaries that exclude each other.
    Conflict {
        /// The one that says so.
        package: Package,
        /// The other.
        with: Package,
        /// As written.
        relation: String,
    },
}

/// A binary that the move takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Which.
    pub package: Package,
    /// The version that replaces it.
    pub replaced_by: Option<String>,
}

/// A binary that a source suite has and the target has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Which.
    pub package: Package,
    /// The item that would bring it; none if it is left over there and comes with none.
    pub item: Option<String>,
}

/// An item that would mend the break, or bring something that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Its uvname.
    pub item: String,
    /// Its version.
    pub version: String,
    /// What the item is called in a sentence.
    #[serde(skip)]
    pub(super) text: String,
    /// What it would bring of what the core misses.
    pub brings: Vec<Package>,
    /// Why it has not moved.
    pub standing: Standing,
    /// With it the broken binary would be installable.
    pub mends: bool,
    /// What it needs itself and was tried with, as `foo/2`.
    pub with: Vec<String>,
    /// All together would make nothing worse.
    pub enough: bool,
}

/// Why a remedy has not moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// It may, and did not either.
    Stayed,
    /// It may not.
    Invalid {
        /// Its verdict.
        verdict: Verdict,
        /// The item that holds it; itself, or one that it needs.
        cause: String,
        /// The code of what holds that.
        code: Code,
        /// The sentence of what holds that.
        text: String,
    },
}

impl Explanation {
    /// The code of the blocker that the explanation is.
    pub fn code(&self) -> Code {
        match &self.why {
            Why::TrialOrder => Code::TrialOrder,
            Why::Impossible { .. } => Code::Downgrade,
            Why::Breaks(_) => Code::Uninstallable,
        }
    }
}

/// How an item is called in the two sorts of sentences.
pub(super) struct Phrases {
    /// "moving foo 2".
    pub(super) moving: String,
    /// "foo's version 2", of something that would help.
    pub(super) helping: String,
}

impl Phrases {
    pub(super) fn of(distribution: &crate::distribution::Distribution, item: &Item) -> Self {
        use crate::model::Scope;
        let (name, version) = (distribution.name(item.name), distribution.text(item.version));
        match item.scope {
            Scope::Source => {
                Self { moving: format!("moving {name} {version}"), helping: format!("src:{name}'s version {version}") }
            }
            Scope::Arch(arch) => {
                let arch = distribution.arch_name(arch);
                Self {
                    moving: format!("moving {name}'s {arch} binaries"),
                    helping: format!("the new {arch} binaries of src:{name}"),
                }
            }
            Scope::Removal => {
                Self { moving: format!("removing {name} {version}"), helping: format!("the removal of src:{name}") }
            }
            Scope::Cruft(arch) => {
                let arch = distribution.arch_name(arch);
                Self {
                    moving: format!("removing {name} {version} on {arch}"),
                    helping: format!("the removal of {name} on {arch}"),
                }
            }
        }
    }
}
