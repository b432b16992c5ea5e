//! Why a subject stands still, as data.
//!
//! Every "no" explains itself: a stable code, one sentence, the evidence, since when, who can act, and when it will be
//! looked at again. API, command line and page show the same blocker. A blocker without anyone who can act, or without
//! an end to its waiting, cannot be made: [`Blocker::new`] asks for both.
//!
//! A blocker is made by the gate's decision code and never changed by those who pass it on. Whether it is new, and so
//! since when it holds, is known to the store alone; a decision leaves `since` empty.

mod parts;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::catalogue::BlockerCode;
use crate::clock::Timestamp;
use crate::subject::Subject;

pub use parts::{Action, Evidence, EvidenceKind, LookAgain, Sentence, WaitsForNothing, Who, WhoKind};

/// Whether a blocker stops its subject. Holds come first in every list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The subject stays where it is.
    Hold,
    /// For information only.
    Note,
}

impl Level {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Note => "note",
        }
    }
}

/// Why a subject stands still.
///
/// ```
/// # use tidegate_kernel::{Blocker, BlockerCode, Level, LookAgain, Subject, Who, WhoKind};
/// # #[derive(Clone, Copy)]
/// # struct Failed;
/// # impl BlockerCode for Failed {
/// #     const GATE: &'static str = "results";
/// #     fn all() -> &'static [Self] { &[Self] }
/// #     fn code(&self) -> &'static str { "test-failed" }
/// #     fn level(&self) -> Level { Level::Hold }
/// #     fn sentence(&self) -> &'static str { "A required test failed." }
/// #     fn who_kinds(&self) -> &'static [WhoKind] { &[WhoKind::Team] }
/// #     fn ends_with(&self) -> &'static str { "a newer result that passed, or a waiver" }
/// # }
/// let blocker = Blocker::new(
///     Failed,
///     "build:nethack-9-1.fc44".parse()?,
///     "dist.rpmdeplint failed on x86_64.",
///     Who::new(WhoKind::Team, "nethack-ci", "mend it and run the test again").with_mail("ci@example.org"),
///     LookAgain::on("resultsdb.result.new").or_on("waiverdb.waiver.new"),
/// )
/// .with_discriminator("dist.rpmdeplint x86_64");
/// assert_eq!(blocker.code(), "results.test-failed");
/// # Ok::<(), tidegate_kernel::subject::NotASubject>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    id: BlockerId,
    code: String,
    level: Level,
    subject: Subject,
    text: Sentence,
    #[serde(deserialize_with = "at_most_twenty")]
    evidence: Vec<Evidence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence_total: Option<usize>,
    since: Option<Timestamp>,
    #[serde(deserialize_with = "at_least_one")]
    who: Vec<Who>,
    look_again: LookAgain,
    actions: Vec<Action>,
    details: Map<String, Value>,
}

impl Blocker {
    /// So many pieces of evidence are kept; of more, only their number.
    pub const MAX_EVIDENCE: usize = 20;

    /// A blocker of that code. Who can act and when it is looked at again have no default: a gate that cannot say
    /// them does not know why it says no.
    pub fn new<C: BlockerCode>(
        code: C,
        subject: Subject,
        text: impl Into<Sentence>,
        who: Who,
        look_again: LookAgain,
    ) -> Self {
        let (level, code) = (code.level(), code.qualified());
        Self {
            id: BlockerId::of(&code, &subject, ""),
            code,
            level,
            subject,
            text: text.into(),
            evidence: Vec::new(),
            evidence_total: None,
            since: None,
            who: vec![who],
            look_again,
            actions: Vec::new(),
            details: Map::new(),
        }
    }

    /// Tells apart the blockers of one code that hold one subject: a test case, an architecture, a context.
    #[must_use]
    pub fn with_discriminator(mut self, discriminator: &str) -> Self {
        self.id = BlockerId::of(&self.code, &self.subject, discriminator);
        self
    }

    /// One more piece of evidence. From the 21st on they are only counted: bring the deciding ones first.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        if self.evidence.len() < Self::MAX_EVIDENCE {
            self.evidence.push(evidence);
        } else {
            self.evidence_total = Some(self.evidence_total() + 1);
        }
        self
    }

    /// One more who can act.
    #[must_use]
    pub fn with_who(mut self, who: Who) -> Self {
        self.who.push(who);
        self
    }

    /// One more thing that can be done about it.
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// One of the values that programs read; each code has its own.
    #[must_use]
    pub fn with_detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// Since when it holds; who keeps the history knows.
    #[must_use]
    pub fn with_since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// The same for the same code, subject and discriminator, whatever else changes.
    pub fn id(&self) -> BlockerId {
        self.id
    }

    /// The code with its prefix: `migrate.age`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether it stops the subject.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What stands still.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What holds it, in one plain sentence.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// What shows it; at most 20.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// How many pieces of evidence there were.
    pub fn evidence_total(&self) -> usize {
        self.evidence_total.unwrap_or(self.evidence.len())
    }

    /// Since when; `None` where no history is kept.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Who can act; never empty.
    pub fn who(&self) -> &[Who] {
        &self.who
    }

    /// What will have it looked at again.
    pub fn look_again(&self) -> &LookAgain {
        &self.look_again
    }

    /// What can be done about it.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Values for programs.
    pub fn details(&self) -> &Map<String, Value> {
        &self.details
    }

    /// The order of every list: holds before notes, then by code, then by subject.
    pub fn listing_order(&self, other: &Self) -> Ordering {
        (self.level.cmp(&other.level))
            .then_with(|| self.code.cmp(&other.code))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// A blocker's permalink: the first eight bytes of SHA-256 over its code, subject and discriminator, each ended by a
/// zero byte. Written as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BlockerId(u64);

/// A text that is no [`BlockerId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no blocker id: expected 16 hex digits in small letters")]
pub struct NotABlockerId(String);

impl BlockerId {
    fn of(code: &str, subject: &Subject, discriminator: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [code, &subject.to_string(), discriminator] {
            hash.update(part);
            hash.update([0]);
        }
        let digest = hash.finalize();
        Self(digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for BlockerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for BlockerId {
    type Err = NotABlockerId;

    fn from_str(text: &str) -> Result<Self, NotABlockerId> {
        let id = u64::from_str_radix(text, 16).ok().map(Self).filter(|id| id.to_string() == text);
        id.ok_or_else(|| NotABlockerId(text.to_owned()))
    }
}

impl From<BlockerId> for String {
    fn from(id: BlockerId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for BlockerId {
    type Error = NotABlockerId;

    fn try_from(text: String) -> Result<Self, NotABlockerId> {
        text.parse()
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Who>, D::Error> {
    let who = Vec::deserialize(deserializer)?;
    if who.is_empty() { Err(de::Error::invalid_length(0, &"at least one who can act")) } else { Ok(who) }
}

fn at_most_twenty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Evidence>, D::Error> {
    let evidence = Vec::deserialize(deserializer)?;
    if evidence.len() > Blocker::MAX_EVIDENCE {
        Err(de::Error::invalid_length(evidence.len(), &"at most 20 pieces of evidence"))
    } else {
        Ok(evidence)
    }
}
