//! Gives committed rows of the outbox their numbers in the feed. On PostgreSQL only: on SQLite the order of the numbers is
//! that of the commits already.
//!
//! *Invariant:* one at a time appends, which the caller sees to by a lease that its transaction checks. So what becomes
//! visible has higher numbers than all that was visible before.

use super::store;
use crate::store::{Reads as _, Result, Tx};

/// So many rows are numbered by one transaction.
const BATCH: i64 = 5_000;

/// Numbers what became visible, and says whether there may be more.
///
/// # Errors
///
/// The store is away.
pub async fn append(tx: &mut Tx) -> Result<bool> {
    if !tx.is_postgres() {
        return Ok(false);
    }
    let appended = store::sequence(tx, BATCH).await?;
    tx.signal.feed |= appended > 0;
    Ok(appended == BATCH)
}

/// Whether something may lack its number.
///
/// # Errors
///
/// The store is away.
pub(crate) async fn is_behind(reader: &mut impl crate::store::Reads) -> Result<bool> {
    if reader.is_postgres() { store::unnumbered(reader).await } else { Ok(false) }
}
