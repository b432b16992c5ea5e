//! Where a change went, and what gates did with it.

use serde::{Deserialize, Serialize};

/// How one subject became another, where that happens once and is stored. Links point the way the change flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredRelation {
    /// From a pull request to the commit that it became.
    LandedAs,
    /// From a pull request to that of another branch.
    PortedTo,
    /// From a commit to the build or source package made of it.
    BuiltAs,
    /// From a compose to the event at which it was tested.
    TestedAs,
}

/// How one subject became another. What a gate computes from what it keeps anyway is not stored, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// As [`StoredRelation::LandedAs`].
    LandedAs,
    /// As [`StoredRelation::PortedTo`].
    PortedTo,
    /// As [`StoredRelation::BuiltAs`].
    BuiltAs,
    /// As [`StoredRelation::TestedAs`].
    TestedAs,
    /// From a build or source package to the packages that came of it.
    Made,
    /// From a build to the update that brings it.
    InUpdate,
    /// From a build or package to the composes that have it.
    InCompose,
    /// From a package or artifact to the artifact that it went into.
    InputOf,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// The gate let the subject through.
    Passed,
    /// The gate said no.
    Failed,
    /// The gate has not decided.
    Waiting,
    /// The gate had nothing to say.
    Skipped,
    /// For information only.
    Info,
}

impl StoredRelation {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        Relation::from(self).name()
    }
}

impl Relation {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::LandedAs => "landed_as",
            Self::PortedTo => "ported_to",
            Self::BuiltAs => "built_as",
            Self::TestedAs => "tested_as",
            Self::Made => "made",
            Self::InUpdate => "in_update",
            Self::InCompose => "in_compose",
            Self::InputOf => "input_of",
        }
    }
}

impl From<StoredRelation> for Relation {
    fn from(stored: StoredRelation) -> Self {
        match stored {
            StoredRelation::LandedAs => Self::LandedAs,
            StoredRelation::PortedTo => Self::PortedTo,
            StoredRelation::BuiltAs => Self::BuiltAs,
            StoredRelation::TestedAs => Self::TestedAs,
        }
    }
}

impl StepOutcome {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
            Self::Skipped => "skipped",
            Self::Info => "info",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json() {
        let json = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for relation in
            [StoredRelation::LandedAs, StoredRelation::PortedTo, StoredRelation::BuiltAs, StoredRelation::TestedAs]
        {
            assert_eq!(json(serde_json::to_value(relation).unwrap()), relation.name());
            assert_eq!(json(serde_json::to_value(Relation::from(relation)).unwrap()), relation.name());
        }
        for relation in [Relation::Made, Relation::InUpdate, Relation::InCompose, Relation::InputOf] {
            assert_eq!(json(serde_json::to_value(relation).unwrap()), relation.name());
        }
        for outcome in
            [StepOutcome::Passed, StepOutcome::Failed, StepOutcome::Waiting, StepOutcome::Skipped, StepOutcome::Info]
        {
            assert_eq!(json(serde_json::to_value(outcome).unwrap()), outcome.name());
        }
    }
}
