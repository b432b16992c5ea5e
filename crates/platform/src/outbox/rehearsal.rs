//! What test suites ask of the outbox: a look at what was written, and an empty one.

use serde_json::Value;

use super::store;
use crate::store::{Reads, Result, Tx};

/// What was written by now; behind it lies what is written later.
///
/// # Errors
///
/// The store is away.
pub async fn written_by_now(reader: &mut impl Reads) -> Result<i64> {
    store::last(reader).await
}

/// The bodies of messages of that topic that were written behind that point, the oldest first, sent or not.
///
/// # Errors
///
/// The store is away.
pub async fn written(reader: &mut impl Reads, after: i64, topic: &str) -> Result<Vec<Value>> {
    const MOST: i64 = 100_000;
    store::written(reader, after, topic, MOST).await
}

/// Erases all messages and deeds of that gate, as if they had never been.
///
/// # Errors
///
/// The store is away.
pub async fn erase(tx: &mut Tx, gate: &str) -> Result<()> {
    // order keys begin with the gate and a colon, behind which comes the semicolon
    store::erase(tx, &format!("{gate}:"), &format!("{gate};")).await
}
