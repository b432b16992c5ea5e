//! Relations between packages: `a (>= 1) | b:any [linux-any] <!nocheck>, c`.
//!
//! A field is a list of groups, parted by commas, all of which must hold. A group is a list of alternatives, parted by `|`, of
//! which one must. The two levels are two functions, [`groups`] and [`parse_group`], because an engine remembers groups by their
//! text and parses each text once; and because a group that does not parse must not take its neighbours with it.
//!
//! Format: Debian Policy chapter 7 and deb-control(5); restriction formulas: deb-src-control(5). Blanks may stand, or be missing,
//! wherever they do not change what is meant.

mod parse;
mod restriction;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

pub(crate) use parse::ends_open;
pub use parse::{built_using, groups, parse_group, provides};
pub use restriction::{architecture_matches, profiles_match};

/// How a candidate's version must stand to the bound of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `<<`
    StrictlyEarlier,
    /// `<=`, and `<`, which means the same.
    EarlierOrEqual,
    /// `=`
    Exactly,
    /// `>=`, and `>`, which means the same.
    LaterOrEqual,
    /// `>>`
    StrictlyLater,
}

impl Operator {
    /// Whether a candidate satisfies the relation, where `have` is how its version compares to the bound.
    pub fn admits(self, have: Ordering) -> bool {
        match self {
            Operator::StrictlyEarlier => have.is_lt(),
            Operator::EarlierOrEqual => have.is_le(),
            Operator::Exactly => have.is_eq(),
            Operator::LaterOrEqual => have.is_ge(),
            Operator::StrictlyLater => have.is_gt(),
        }
    }

    /// The operator as it should be written.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::StrictlyEarlier => "<<",
            Operator::EarlierOrEqual => "<=",
            Operator::Exactly => "=",
            Operator::LaterOrEqual => ">=",
            Operator::StrictlyLater => ">>",
        }
    }
}

/// What follows the colon after a name: from which architecture the package may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qualifier<'a> {
    /// No colon: of the same architecture, or `Multi-Arch: foreign`.
    None,
    /// `:any`: of any architecture, if the package is `Multi-Arch: allowed`.
    Any,
    /// `:native`: of the architecture that builds; for build dependencies only.
    Native,
    /// Of the architecture that is named.
    Arch(&'a str),
}

/// One alternative of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relation<'a> {
    /// The name of a package, real or virtual.
    pub name: &'a str,
    /// What follows the name's colon.
    pub qualifier: Qualifier<'a>,
    /// The operator and bound in parentheses. The bound is not checked to be a valid version.
    pub constraint: Option<(Operator, &'a str)>,
    /// The text between `[` and `]`, for [`architecture_matches`]; empty if there is none.
    pub architectures: &'a str,
    /// The restriction formulas from the first `<` to the last `>`, for [`profiles_match`]; empty if there are none.
    pub profiles: &'a str,
}

impl fmt::Display for Relation<'_> {
    /// Writes the relation so that [`parse_group`] reads the same again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.qualifier {
            Qualifier::None => {}
            Qualifier::Any => f.write_str(":any")?,
            Qualifier::Native => f.write_str(":native")?,
            Qualifier::Arch(architecture) => write!(f, ":{architecture}")?,
        }
        if let Some((operator, version)) = self.constraint {
            write!(f, " ({} {version})", operator.as_str())?;
        }
        if !self.architectures.is_empty() {
            write!(f, " [{}]", self.architectures)?;
        }
        if !self.profiles.is_empty() {
            write!(f, " {}", self.profiles)?;
        }
        Ok(())
    }
}

/// One entry of a `Provides` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Provide<'a> {
    /// The name that is provided.
    pub name: &'a str,
    /// The version under which it is provided; without one it satisfies no versioned relation.
    pub version: Option<&'a str>,
}

/// Why a group of alternatives, or an entry of `Provides`, does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset} of the relation `{text}`")]
pub struct RelationError {
    /// The group, cut after [`RelationError::TEXT_MAX`] bytes.
    pub text: String,
    /// Where in the group the parser stopped, in bytes.
    pub offset: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl RelationError {
    /// How much of a group an error quotes, in bytes.
    pub const TEXT_MAX: usize = 200;

    fn new(text: &str, offset: usize, expected: &'static str) -> Self {
        let mut end = text.len().min(Self::TEXT_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let more = if end < text.len() { "…" } else { "" };
        RelationError { text: format!("{}{more}", &text[..end]), offset, expected }
    }
}
