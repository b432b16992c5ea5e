//! The feed: all rows of the outbox in the order in which they became visible.

use serde_json::Value;
use tidegate_kernel::{Actor, Envelope, MessageId, OrderKey, Severity, Timestamp};

use super::store::{self, Stored};
use crate::store::{Reads, Result, StoreError};

/// So many numbers are looked at in one go.
const WINDOW: i64 = 500;

/// Reads the feed. Numbers grow without an end, with gaps.
pub struct Feed;

/// A row of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number in the feed.
    pub no: i64,
    /// What it is.
    pub post: Post,
}

/// What a row of the feed is.
#[derive(Debug, Clone, PartialEq)]
pub enum Post {
    /// An announcement.
    Message(Box<Envelope>),
    /// A deed for one receiver.
    Act(Act),
}

/// A deed as it lies in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// The same for every try.
    pub id: MessageId,
    /// Whose it is.
    pub sink: String,
    /// Deeds with equal keys are done in order.
    pub key: OrderKey,
    /// By what the deliverer sees that it was done already.
    pub mark: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Who does it.
    pub actor: Actor,
    /// What the deliverer needs.
    pub payload: Value,
}

impl Entry {
    /// Its id.
    pub fn id(&self) -> MessageId {
        match &self.post {
            Post::Message(envelope) => envelope.id,
            Post::Act(act) => act.id,
        }
    }

    /// What it keeps its order with.
    pub fn key(&self) -> &OrderKey {
        match &self.post {
            Post::Message(envelope) => &envelope.key,
            Post::Act(act) => &act.key,
        }
    }

    /// When it was written.
    pub fn at(&self) -> Timestamp {
        match &self.post {
            Post::Message(envelope) => envelope.at,
            Post::Act(act) => act.at,
        }
    }

    /// The topic of a message, the receiver of a deed.
    pub fn title(&self) -> &str {
        match &self.post {
            Post::Message(envelope) => envelope.topic.as_str(),
            Post::Act(act) => &act.sink,
        }
    }
}

impl Feed {
    /// The newest number; 0 before the first.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn head(reader: &mut impl Reads) -> Result<i64> {
        store::head(reader).await
    }

    /// The oldest number that there is; nothing in an empty feed.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn oldest(reader: &mut impl Reads) -> Result<Option<i64>> {
        store::oldest(reader).await
    }

    /// How many messages there are after that number, counted up to so many.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn messages_after(reader: &mut impl Reads, after: i64, most: i64) -> Result<i64> {
        store::messages_after(reader, after, most).await
    }

    /// Up to which number the rows after that one, messages or the deeds of a receiver, have together at most so many
    /// bytes in their bodies. It is always far enough for one of them.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn within(
        reader: &mut impl Reads,
        sink: Option<&str>,
        after: i64,
        through: i64,
        (rows, bytes): (i64, i64),
    ) -> Result<i64> {
        let mut sum = 0_i64;
        let mut last = None;
        for (no, size) in store::sizes(reader, sink, after, through, rows).await? {
            sum = sum.saturating_add(size);
            if sum > bytes && last.is_some() {
                return Ok(last.unwrap_or(through));
            }
            last = Some(no);
        }
        Ok(through)
    }

    /// At most so many messages after that number and up to the other, in order. Deeds are left out.
    ///
    /// # Errors
    ///
    /// The store is away, or a row in it is damaged.
    pub async fn messages(reader: &mut impl Reads, after: i64, through: i64, limit: i64) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut from = after;
        loop {
            // a window of numbers costs what lies in it, whatever the planner thinks of all that lies behind
            let end = through.min(from.saturating_add(limit.max(WINDOW)));
            let left = limit.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
            for stored in store::messages(reader, from, end, left).await? {
                found.push(Entry::try_from(stored)?);
            }
            let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= limit);
            if is_full || end >= through {
                return Ok(found);
            }
            match store::following(reader, end).await? {
                Some(following) => from = following - 1,
                None => return Ok(found),
            }
        }
    }

    /// At most so many deeds of that receiver after that number and up to the other, in order.
    ///
    /// # Errors
    ///
    /// As for [`Self::messages`].
    pub async fn acts(reader: &mut impl Reads, sink: &str, after: i64, through: i64, limit: i64) -> Result<Vec<Entry>> {
        store::acts(reader, sink, after, through, limit).await?.into_iter().map(Entry::try_from).collect()
    }

    /// The row with that number.
    ///
    /// # Errors
    ///
    /// As for [`Self::messages`].
    pub async fn entry(reader: &mut impl Reads, no: i64) -> Result<Option<Entry>> {
        store::one(reader, no).await?.map(Entry::try_from).transpose()
    }

    /// The number of the row with that id.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn number(reader: &mut impl Reads, id: MessageId) -> Result<Option<i64>> {
        store::number(reader, &id.to_string()).await
    }
}

impl TryFrom<Stored> for Entry {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self> {
        let Stored {
            no,
            message_id,
            kind,
            sink,
            mark,
            topic,
            key,
            at,
            actor,
            version,
            severity,
            cause,
            subjects,
            body,
        } = stored;
        let id = message_id.parse().map_err(|_| damaged("a message's id", &message_id))?;
        let order_key = key.parse().map_err(|_| damaged("an order key", &key))?;
        let at = Timestamp::from_microseconds(at).ok_or_else(|| damaged("a time", &at.to_string()))?;
        let post = match (kind.as_str(), topic, sink, mark, body.0) {
            ("message", Some(topic), None, _, Value::Object(body)) => Post::Message(Box::new(Envelope {
                id,
                topic: topic.parse().map_err(|_| damaged("a topic", &topic))?,
                key: order_key,
                at,
                actor: actor.0,
                version: u32::try_from(version).map_err(|_| damaged("a version", &version.to_string()))?,
                severity: severity_of(&severity)?,
                cause,
                subjects: subjects.0,
                body,
            })),
            ("act", None, Some(sink), Some(mark), payload) => {
                Post::Act(Act { id, sink, key: order_key, mark, at, actor: actor.0, payload })
            }
            _ => return Err(damaged("a row of the outbox", &message_id)),
        };
        Ok(Self { no, post })
    }
}

fn severity_of(text: &str) -> Result<Severity> {
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    found.ok_or_else(|| damaged("a severity", text))
}

fn damaged(what: &'static str, found: &str) -> StoreError {
    StoreError::Damaged { what, found: found.to_owned() }
}
