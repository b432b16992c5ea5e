//! Mistakes of a configuration, all at once, and what was read.

use std::fmt;

use super::tree::Origin;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Where it stands.
    pub at: Origin,
    /// What is wrong, and what was expected.
    pub text: String,
}

/// Every mistake of a configuration, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Issue>);

/// A key that is known, and what it was set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The whole key: `http.max_body`, `hook.<name>.url`, `hook.ci.url`.
    pub key: String,
    /// What it means.
    pub doc: &'static str,
    /// Its default as TOML; `None` where there is none.
    pub default: Option<&'static str>,
    /// Its value as TOML, secrets as `***`; `None` where it is not set.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
    /// In what sort of table it stands.
    pub standing: Standing,
}

/// In what sort of table a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One that is always there.
    Fixed,
    /// One that stands for those which the operator may name; for the reference.
    Example,
    /// One that the operator named.
    Named,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Origin::Default => f.write_str(&self.text),
            at => write!(f, "{at}: {}", self.text),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, issue) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            issue.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl ConfigErrors {
    /// One mistake that stands nowhere in particular.
    pub fn one(text: impl Into<String>) -> Self {
        Self(vec![Issue { at: Origin::Default, text: text.into() }])
    }

    /// In the order in which a reader meets them.
    pub(super) fn sorted(mut issues: Vec<Issue>) -> Self {
        let place = |issue: &Issue| match &issue.at {
            Origin::File { line, column, .. } => (0, *line, *column),
            Origin::Environment(_) => (1, 0, 0),
            Origin::Default => (2, 0, 0),
        };
        issues.sort_by_key(place);
        Self(issues)
    }
}
