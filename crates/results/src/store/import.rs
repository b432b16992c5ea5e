//! How far imports came.

use serde_json::Value;
use sqlx::types::Json;
use tidegate_kernel::Actor;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result, Tx};

use crate::model::ResultId;

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    RECORD =
        "INSERT INTO results_import
            (id, first_line, last_line, accepted, first_result, last_result, rejected, at, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PROGRESS =
        "SELECT COALESCE(MAX(last_line), 0), CAST(COALESCE(SUM(accepted), 0) AS BIGINT) FROM results_import WHERE id = $1";
    REJECTED = "SELECT rejected FROM results_import WHERE id = $1 ORDER BY first_line";
}

/// A chunk of an import that is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// From 1.
    pub first_line: i64,
    /// The last that it has.
    pub last_line: i64,
    /// The results, in their order.
    pub results: Vec<ResultId>,
    /// Lines that were refused, each `{line, error}`.
    pub rejected: Vec<Value>,
}

/// How far an import came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Lines up to this one are done.
    pub last_line: i64,
    /// So many results of them are stored.
    pub accepted: i64,
    /// Lines that were refused, each `{line, error}`.
    pub rejected: Vec<Value>,
}

/// Writes down a chunk, in the transaction of its results.
///
/// # Errors
///
/// Another one stored these lines meanwhile, or the store refuses or is away.
pub async fn record_chunk(tx: &mut Tx, import: &str, chunk: &Chunk, actor: &Actor) -> Result<()> {
    let now = tx.now().as_microseconds();
    let accepted = i64::try_from(chunk.results.len()).unwrap_or(i64::MAX);
    let (first, last) = (chunk.results.iter().min(), chunk.results.iter().max());
    let record = tx.query(RECORD).bind(import).bind(chunk.first_line).bind(chunk.last_line).bind(accepted);
    let record = record.bind(first.map(|id| id.0)).bind(last.map(|id| id.0));
    record.bind(Json(&chunk.rejected)).bind(now).bind(Json(actor)).execute().await?;
    Ok(())
}

/// How far that import came.
///
/// # Errors
///
/// The store is away.
pub async fn import_progress(reader: &mut impl Reads, import: &str) -> Result<Progress> {
    let (last_line, accepted) = reader.query(PROGRESS).bind(import).fetch_one().await?;
    let rejected: Vec<(Json<Vec<Value>>,)> = reader.query(REJECTED).bind(import).fetch_all().await?;
    let rejected = rejected.into_iter().flat_map(|(Json(rejected),)| rejected).collect();
    Ok(Progress { last_line, accepted, rejected })
}
