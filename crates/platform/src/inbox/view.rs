//! What came, for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::store;
use crate::store::{Reads, Result, StoreError};

/// Something that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Came {
    /// Who has its effect.
    pub consumer: String,
    /// Its id where it comes from.
    pub id: String,
    /// What it is.
    pub topic: String,
    /// When it came.
    pub received_at: Timestamp,
    /// `waiting`, `done` or `set_aside`.
    pub state: String,
    /// How often its effect failed.
    pub attempts: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// What it says; of a single one only, and as long as it has had no effect.
    pub payload: Option<Value>,
}

/// The place of something in the list of what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(pub(super) i64, pub(super) String, pub(super) String);

#[derive(FromRow)]
pub(super) struct CameRow {
    consumer: String,
    message_id: String,
    topic: String,
    received_at: i64,
    state: String,
    attempts: i64,
    error: Option<String>,
    payload: Option<Json<Value>>,
}

impl Came {
    /// Before which it stands in the list.
    pub fn place(&self) -> Place {
        Place(self.received_at.as_microseconds(), self.consumer.clone(), self.id.clone())
    }
}

/// What came before that place, the newest first, for one consumer or all and in one state or any. Without what it says.
///
/// # Errors
///
/// The store is away.
pub async fn list(
    reader: &mut impl Reads,
    consumer: &str,
    state: &str,
    before: Option<&Place>,
    limit: i64,
) -> Result<Vec<Came>> {
    store::list(reader, consumer, state, before, limit).await?.into_iter().map(came).collect()
}

/// What came for that consumer with that id.
///
/// # Errors
///
/// The store is away.
pub async fn one(reader: &mut impl Reads, consumer: &str, id: &str) -> Result<Option<Came>> {
    store::one(reader, consumer, id).await?.map(came).transpose()
}

fn came(row: CameRow) -> Result<Came> {
    let damaged = || StoreError::Damaged { what: "a time", found: row.received_at.to_string() };
    Ok(Came {
        received_at: Timestamp::from_microseconds(row.received_at).ok_or_else(damaged)?,
        consumer: row.consumer,
        id: row.message_id,
        topic: row.topic,
        state: row.state,
        attempts: row.attempts,
        error: row.error,
        payload: row.payload.map(|Json(payload)| payload),
    })
}
