//! Where a change went, and what gates did with it, as far as that is stored.

mod store;

use tidegate_kernel::{Evidence, MessageId, StepOutcome, StoredRelation, Subject, Timestamp};

use crate::store::{Reads, Result, Tx};

pub use store::STATEMENTS;

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

/// A step of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other subject.
    pub subject: Subject,
    /// How one became the other.
    pub relation: StoredRelation,
    /// The gate that saw it.
    pub gate: String,
    /// When.
    pub at: Timestamp,
    /// What shows it.
    pub evidence: Vec<Evidence>,
}

impl Tx {
    /// Says that one subject became another, now. Saying it again changes nothing.
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
    ) -> Result<()> {
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

/// What the subject became.
///
/// # Errors
///
/// The store is away.
pub async fn forward(reader: &mut impl Reads, from: &Subject, limit: i64) -> Result<Vec<Link>> {
    store::forward(reader, from, limit).await
}

/// What became the subject.
///
/// # Errors
///
/// The store is away.
pub async fn backward(reader: &mut impl Reads, to: &Subject, limit: i64) -> Result<Vec<Link>> {
    store::backward(reader, to, limit).await
}

/// What gates did with the subject, in order.
///
/// # Errors
///
/// The store is away.
pub async fn steps(reader: &mut impl Reads, subject: &Subject, limit: i64) -> Result<Vec<Step>> {
    store::steps(reader, subject, limit).await
}
