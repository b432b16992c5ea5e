//! Hints: what release managers ask for, one line at a time.
//!
//! The model only: a hint as data, the set of all hints with the look-ups that policies and trials need, and the rights to
//! give them. Reading files is the business of `compat::britney::hints`; whether a hint was used, or still means anything, is
//! known to the run and kept there.

mod item;
mod kind;
mod set;

use std::collections::BTreeSet;
use std::fmt;

pub use item::{ItemError, ItemNames, ItemRef, SOURCE};
pub use kind::{HintKind, HintRights, UnknownHint};
pub use set::HintSet;

/// What `block-all` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freeze {
    /// `source`: every source.
    Source,
    /// `new-source`: sources that the target doesn't have.
    NewSource,
}

impl Freeze {
    /// The word of the hint.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::NewSource => "new-source",
        }
    }
}

/// One hint, well-formed and permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What it asks for. Never [`HintKind::Approve`] nor [`HintKind::Remark`].
    pub kind: HintKind,
    /// Who asks: the hint file's name, or `command-line`.
    pub user: String,
    /// What it speaks of: one item; several if the kind is a group; none for `block-all`. Versions are present where the
    /// kind needs them.
    pub items: Vec<ItemRef>,
    /// The days of `age-days`; otherwise none.
    pub days: Option<u32>,
    /// The bugs of `ignore-rc-bugs`; otherwise empty.
    pub bugs: BTreeSet<String>,
    /// What `block-all` holds; otherwise none.
    pub freeze: Option<Freeze>,
    /// The file that it stands in, as the user named it.
    pub file: String,
    /// Its 1-based line there.
    pub line: u32,
    /// The whole line without surrounding space and comment. Several hints share one if they came from one line.
    pub text: String,
}

impl Hint {
    /// The item of a hint that speaks of one package; none for groups and `block-all`.
    pub fn item(&self) -> Option<&ItemRef> {
        match self.items.as_slice() {
            [item] if !self.kind.is_group() => Some(item),
            _ => None,
        }
    }
}

impl fmt::Display for Hint {
    /// The hint as if it stood alone on its line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(freeze) = self.freeze {
            write!(f, " {}", freeze.as_str())?;
        }
        if let Some(days) = self.days {
            write!(f, " {days}")?;
        }
        for (number, bug) in self.bugs.iter().enumerate() {
            write!(f, "{}{bug}", if number == 0 { ' ' } else { ',' })?;
        }
        self.items.iter().try_for_each(|item| write!(f, " {item}"))
    }
}
