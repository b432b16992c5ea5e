//! What is told to the outside: messages to whoever listens, and deeds for one receiver.
//!
//! Both are rows of one table, written in the transaction of the state that they follow from and never changed. They are
//! kept in the transaction until its end and written by one statement there, in the order of the calls; so publishing
//! needs no waiting, and a message's id is known at once.
//!
//! The [feed](Feed) is the log of all rows in the order in which they became visible. Nothing appears below a number that
//! was read, so a reader who remembers one number misses nothing.

mod feed;
pub mod rehearsal;
mod sequence;
mod store;

use serde::Serialize;
use serde_json::Value;
use tidegate_kernel::{Actor, Envelope, Message, MessageId, OrderKey, Timestamp};

use crate::store::{Result, Tx};

pub use feed::{Act, Entry, Feed, Post};
pub use sequence::{SEQUENCE, Sequence};
pub use store::STATEMENTS;
pub(crate) use store::newest;

/// A deed for one receiver: a mail, a comment, an edit, a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// The receiver's name: `mail`, `forge:github`.
    pub sink: String,
    /// Deeds with equal keys are done in the order of their commits.
    pub key: OrderKey,
    /// By what the deliverer sees that it was done already: a Message-ID, a hidden text, a request's id.
    pub mark: String,
    /// Who does it.
    pub actor: Actor,
    /// What the deliverer needs, as it understands it.
    pub payload: Value,
}

/// A row that is written at the end of its transaction. The JSON texts are texts here, so that no database touches what is
/// in them.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    id: MessageId,
    kind: &'static str,
    sink: Option<String>,
    mark: Option<String>,
    topic: Option<String>,
    key: OrderKey,
    at: i64,
    actor: String,
    version: u32,
    severity: &'static str,
    cause: Option<String>,
    subjects: String,
    body: String,
}

impl Row {
    fn message(envelope: Envelope) -> Self {
        let Envelope { id, topic, key, at, actor, version, severity, cause, subjects, body } = envelope;
        Self {
            id,
            kind: "message",
            sink: None,
            mark: None,
            topic: Some(topic.into()),
            key,
            at: at.as_microseconds(),
            actor: json(&actor),
            version,
            severity: severity.name(),
            cause,
            subjects: json(&subjects),
            body: json(&body),
        }
    }

    fn act(id: MessageId, at: Timestamp, deed: Deed) -> Self {
        let Deed { sink, key, mark, actor, payload } = deed;
        Self {
            id,
            kind: "act",
            sink: Some(sink),
            mark: Some(mark),
            topic: None,
            key,
            at: at.as_microseconds(),
            actor: json(&actor),
            version: 1,
            severity: "info",
            cause: None,
            subjects: "[]".to_owned(),
            body: json(&payload),
        }
    }
}

impl Row {
    /// About how many bytes it has as it is written.
    fn size(&self) -> usize {
        const REST: usize = 512;
        REST + self.body.len() + self.subjects.len() + self.key.as_str().len()
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys has a JSON form")
}

impl Tx {
    /// Announces: the message goes out when, and only when, this transaction is committed. Who publishes under a key
    /// holds the row lock that the key stands for.
    ///
    /// # Errors
    ///
    /// The message is outside of its limits, or the transaction is one that may get lost.
    pub fn publish(&mut self, message: Message) -> Result<MessageId> {
        self.assert_durable("a message")?;
        let id = self.surroundings().ids.message_id();
        self.outbox.push(Row::message(message.seal(id)?));
        self.announced.push(id);
        Ok(id)
    }

    /// Has a deed done after, and only after, this transaction is committed.
    ///
    /// # Errors
    ///
    /// The transaction is one that may get lost.
    pub fn act(&mut self, deed: Deed) -> Result<MessageId> {
        self.assert_durable("a deed")?;
        let id = self.surroundings().ids.message_id();
        self.outbox.push(Row::act(id, self.now(), deed));
        self.announced.push(id);
        Ok(id)
    }

    /// Writes what was published so far, instead of at the end.
    ///
    /// # Errors
    ///
    /// The database refuses.
    pub async fn write_out(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.outbox);
        store::append(self, &rows).await?;
        if !rows.is_empty() {
            self.signal.outbox = true;
            self.signal.feed |= !crate::store::Reads::is_postgres(self);
        }
        Ok(())
    }
}
