//! Who changed what, and why. The record of a write is in its transaction, with the ids of what that announced.

mod store;

use serde_json::Value;
use tidegate_kernel::{Actor, MessageId, Timestamp};

use crate::store::{Reads, Result, Tx};

pub use store::STATEMENTS;

/// By which way a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// A request of a program.
    Api,
    /// A form of a page.
    Page,
    /// The command line.
    Cli,
    /// A push.
    Git,
    /// A comment at a forge.
    Comment,
    /// A web hook.
    Hook,
    /// A message of the bus.
    Bus,
    /// One of our own jobs.
    Job,
}

/// What is recorded of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteRecord {
    /// Who.
    pub actor: Actor,
    /// The name of the token that was used.
    pub token: Option<String>,
    /// By which way.
    pub via: Via,
    /// What allowed it: `results:waive`.
    pub permission: String,
    /// What was changed, by the name that people use.
    pub object: String,
    /// Why, as the person said.
    pub reason: Option<String>,
    /// What changed, without secrets.
    pub change: Value,
    /// The request.
    pub request_id: String,
}

/// A write as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its number; the newest has the highest.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What was recorded.
    pub record: WriteRecord,
    /// What it announced.
    pub message_ids: Vec<MessageId>,
}

impl Via {
    /// All ways.
    pub const ALL: [Self; 8] =
        [Self::Api, Self::Page, Self::Cli, Self::Git, Self::Comment, Self::Hook, Self::Bus, Self::Job];

    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Page => "page",
            Self::Cli => "cli",
            Self::Git => "git",
            Self::Comment => "comment",
            Self::Hook => "hook",
            Self::Bus => "bus",
            Self::Job => "job",
        }
    }
}

impl Tx {
    /// Records who makes this write and why. The record is written at the end of the transaction, with the ids of all that
    /// it announced.
    pub fn record(&mut self, record: WriteRecord) {
        self.records.push(record);
    }

    /// Writes the records.
    pub(crate) async fn flush_records(&mut self) -> Result<()> {
        let announced = self.announced.clone();
        for record in std::mem::take(&mut self.records) {
            store::record(self, &record, &announced).await?;
        }
        Ok(())
    }
}

/// The newest writes before that number, all or those of an object.
///
/// # Errors
///
/// The store is away.
pub async fn list(reader: &mut impl Reads, object: &str, before: i64, limit: i64) -> Result<Vec<Recorded>> {
    store::list(reader, object, before, limit).await
}
