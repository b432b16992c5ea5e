//! What is announced, and the envelope that it travels in.
//!
//! A gate makes a [`Message`]; the store gives it an id in the transaction of the state that it announces, which makes
//! it an [`Envelope`]. From there on nobody changes it: every delivery and every repetition is the same. The limits are
//! checked at that one place, so what lies in the outbox can be sent.

mod name;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::fault::{Classified, ErrorClass};
use crate::ids::MessageId;
use crate::subject::Subject;

pub use name::{NotAKey, NotATopic, OrderKey, Topic};

/// How much it matters to whoever reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For those who look for a fault.
    Debug,
    /// The ordinary course of things.
    #[default]
    Info,
    /// Somebody may have to look.
    Warning,
    /// Somebody has to look.
    Error,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// An announcement that has no id yet.
///
/// ```
/// # use tidegate_kernel::{Actor, Message, OrderKey, Timestamp, Topic};
/// let message = Message::new(
///     Topic::new("merge.staging.started")?,
///     OrderKey::new("merge", "acme/main")?,
///     Timestamp::EPOCH,
///     Actor::job("merge.stage"),
/// )
/// .about("pr:acme/web#12".parse()?)
/// .with("batch", 4);
/// assert_eq!(message.key().as_str(), "merge:acme/main");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    topic: Topic,
    key: OrderKey,
    at: Timestamp,
    actor: Actor,
    version: u32,
    severity: Severity,
    cause: Option<String>,
    subjects: Vec<Subject>,
    body: Map<String, Value>,
}

/// A message with its id, as it lies in the outbox and as every receiver gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The same for every delivery.
    pub id: MessageId,
    /// What happened.
    pub topic: Topic,
    /// Messages with equal keys arrive in the order in which they were committed.
    pub key: OrderKey,
    /// When the state changed.
    pub at: Timestamp,
    /// Who changed it.
    pub actor: Actor,
    /// Of the body's schema.
    pub version: u32,
    /// How much it matters.
    pub severity: Severity,
    /// The id of what led here: a message, a delivery, a wake-up, a decision.
    pub cause: Option<String>,
    /// What it is about; at most 50.
    pub subjects: Vec<Subject>,
    /// What is said, at most 1 MiB of JSON.
    pub body: Map<String, Value>,
}

/// Why a message cannot be published. It is always a fault of the gate that made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The body is too big; what is bigger is linked instead.
    #[error("the body of {topic} has {bytes} bytes, more than 1 MiB: link what is bigger")]
    TooBig {
        /// What was to be announced.
        topic: Topic,
        /// The size of the body.
        bytes: usize,
    },
    /// It is about too much.
    #[error("{topic} is about {subjects} subjects, more than 50")]
    TooManySubjects {
        /// What was to be announced.
        topic: Topic,
        /// How many they were.
        subjects: usize,
    },
    /// A text has a character that not every database can store.
    #[error("{topic} has the character U+0000 in a text")]
    Nul {
        /// What was to be announced.
        topic: Topic,
    },
}

impl Classified for MessageError {
    fn class(&self) -> ErrorClass {
        ErrorClass::Fault
    }
}

impl Message {
    /// The largest body, in bytes of JSON.
    pub const MAX_BODY: usize = 1024 * 1024;
    /// So many subjects a message may be about.
    pub const MAX_SUBJECTS: usize = 50;

    /// An announcement of that topic, of severity `info` and with version 1 of its schema.
    pub fn new(topic: Topic, key: OrderKey, at: Timestamp, actor: Actor) -> Self {
        Self {
            topic,
            key,
            at,
            actor,
            version: 1,
            severity: Severity::Info,
            cause: None,
            subjects: Vec::new(),
            body: Map::new(),
        }
    }

    /// With that version of the body's schema.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// With that severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With the id of what led here.
    #[must_use]
    pub fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// One more subject.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subjects.push(subject);
        self
    }

    /// One more field of the body.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body.insert(field.to_owned(), value.into());
        self
    }

    /// With that body instead.
    #[must_use]
    pub fn with_body(mut self, body: Map<String, Value>) -> Self {
        self.body = body;
        self
    }

    /// What it announces.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// What it keeps its order with.
    pub fn key(&self) -> &OrderKey {
        &self.key
    }

    /// The message with its id, from now on unchanged.
    ///
    /// # Errors
    ///
    /// It is about more than 50 subjects, its body is above 1 MiB, or a text in it has the character U+0000.
    pub fn seal(self, id: MessageId) -> Result<Envelope, MessageError> {
        let Self { topic, key, at, actor, version, severity, cause, subjects, body } = self;
        if subjects.len() > Self::MAX_SUBJECTS {
            return Err(MessageError::TooManySubjects { topic, subjects: subjects.len() });
        }
        let mut bytes = Counter(0);
        serde_json::to_writer(&mut bytes, &body).expect("a map with text keys has a JSON form");
        if bytes.0 > Self::MAX_BODY {
            return Err(MessageError::TooBig { topic, bytes: bytes.0 });
        }
        let texts = [&actor.name].into_iter().chain(&cause);
        let mut subject_ids = subjects.iter().map(Subject::id);
        if texts.into_iter().any(|text| text.contains('\0'))
            || subject_ids.any(|id| id.contains('\0'))
            || body.iter().any(|(field, value)| field.contains('\0') || has_nul(value))
        {
            return Err(MessageError::Nul { topic });
        }
        Ok(Envelope { id, topic, key, at, actor, version, severity, cause, subjects, body })
    }
}

/// Whether a text in the value has the character U+0000, which PostgreSQL cannot store.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(field, value)| field.contains('\0') || has_nul(value)),
    }
}

/// A topic with the schema of its bodies and an example, as they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicFiles {
    /// `results.result.changed`
    pub topic: &'static str,
    /// Of the schema.
    pub version: u32,
    /// JSON Schema 2020-12.
    pub schema: &'static str,
    /// A body that fits.
    pub example: &'static str,
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
