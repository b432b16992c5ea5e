//! Letters: what a policy wants to be told to people. They lie on the excuse; whoever carries them out decides nothing.

/// One mail that is to be sent, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub kind: LetterKind,
    /// The source.
    pub source: String,
    /// Its version.
    pub version: String,
    /// How long the version has been waiting, in whole days.
    pub age: u32,
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// The version is stuck.
    Reminder {
        /// The age at which the reminder was due, in days.
        due: u32,
    },
    /// Tests of a stable update regressed.
    Regression,
}
