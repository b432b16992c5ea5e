//! Where a change went, and what gates did with it.
//!
//! What happens once is stored, by [`Tx::link`] and [`Tx::step`]. What would only repeat a gate's own tables is computed
//! from them by its [`TrailSource`]. The [`Trail`] knows both.

mod find;
mod source;
mod store;
mod walk;

use tidegate_kernel::{Evidence, MessageId, Relation, StepOutcome, StoredRelation, Subject, Timestamp};

use crate::store::{Result, Tx};

pub use source::{Trail, TrailSource};
pub use store::STATEMENTS;
pub use walk::{MOST, Walk};

/// What a gate did with a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The gate.
    pub gate: String,
    /// Which step: a word of the gate's own.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: StepOutcome,
    /// In one sentence.
    pub text: String,
    /// Where it can be seen.
    pub url: Option<String>,
    /// The message that told of it.
    pub message_id: Option<MessageId>,
}

/// A step with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOf {
    /// Whose.
    pub subject: Subject,
    /// What a gate did with it.
    pub step: Step,
}

/// One became the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What was first.
    pub from: Subject,
    /// What it became.
    pub to: Subject,
    /// How.
    pub relation: Relation,
    /// The gate that saw it.
    pub gate: String,
    /// When.
    pub at: Timestamp,
    /// What shows it.
    pub evidence: Vec<Evidence>,
}

/// Where links are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// Those that begin at one of these.
    pub begin: Vec<Subject>,
    /// Those that end at one of these.
    pub end: Vec<Subject>,
}

/// Which way links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What the subject became.
    Forward,
    /// What became the subject.
    Backward,
    /// Both.
    Both,
}

impl Tx {
    /// Says that one subject became another, now, and whether that was not known. Saying it again changes nothing.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn link(
        &mut self,
        from: &Subject,
        relation: StoredRelation,
        to: &Subject,
        gate: &str,
        evidence: &[Evidence],
    ) -> Result<bool> {
        store::link(self, from, relation, to, gate, evidence).await
    }

    /// Says what a gate did with a subject.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn step(&mut self, subject: &Subject, step: &Step) -> Result<()> {
        store::step(self, subject, step).await
    }
}
