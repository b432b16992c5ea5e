//! Imports, chunk by chunk, and how far they came.

use serde_json::{Value, json};
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result as StoreResult, StoreError, Tx};
use tidegate_platform::writes::{Via, WriteRecord};

use super::AcceptError;
use super::accept::{Accepting, accept, taken};
use crate::import::{Batch, Rejected};
use crate::model::StoredResult;

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    /// Of two who do it at once, the second waits here for the first.
    CLAIM =
        "INSERT INTO results_import (id, first_line, last_line, accepted, rejected, at, actor)
         VALUES ($1, $2, $3, 0, '[]', $4, $5) ON CONFLICT (id, first_line) DO NOTHING";
    RECORD =
        "UPDATE results_import SET accepted = $3, first_result = $4, last_result = $5, rejected = $6
         WHERE id = $1 AND first_line = $2";
    PROGRESS =
        "SELECT COALESCE(MAX(last_line), 0), CAST(COALESCE(SUM(accepted), 0) AS BIGINT) FROM results_import WHERE id = $1";
    IMPORTS =
        "SELECT id, MAX(last_line) AS last_line, CAST(SUM(accepted) AS BIGINT) AS accepted,
            MIN(first_result) AS first_result, MAX(last_result) AS last_result, MIN(at) AS began_at, MAX(at) AS at
         FROM results_import WHERE id > $1 GROUP BY id ORDER BY id LIMIT $2";
    REJECTED = "SELECT rejected FROM results_import WHERE id = $1 ORDER BY first_line";
}

/// An import, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ImportRow {
    /// Its name.
    pub id: String,
    /// Lines up to this one are done.
    pub last_line: i64,
    /// So many results of them are stored.
    pub accepted: i64,
    /// The smallest id among these.
    pub first_result: Option<i64>,
    /// The greatest.
    pub last_result: Option<i64>,
    /// When its first lines were stored, in microseconds since 1970.
    pub began_at: i64,
    /// When its last ones were.
    pub at: i64,
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

/// Why a chunk is not stored. Nothing of it is then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Another request stored these lines meanwhile.
    #[error("another request imports under this id")]
    Overtaken,
    /// Its results are not taken.
    #[error(transparent)]
    NotAccepted(#[from] AcceptError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::NotAccepted(error.into())
    }
}

/// Stores a chunk with all that follows from it, and that its lines are done. What is refused is told in the batch.
///
/// # Errors
///
/// Another one stored these lines meanwhile, or the store refuses or is away. Nothing of the chunk is stored then.
pub async fn import_batch(
    tx: &mut Tx,
    import: &str,
    accepting: &Accepting<'_>,
    batch: &Batch,
) -> Result<(Vec<StoredResult>, Vec<Rejected>), ImportError> {
    // every chunk begins where one ends that is stored: so whoever has its first line has its lines
    let now = tx.now().as_microseconds();
    let claim = tx.query(CLAIM).bind(import).bind(batch.first_line).bind(batch.last_line);
    let claim = claim.bind(now).bind(Json(&accepting.actor));
    if claim.execute().await? == 0 {
        return Err(ImportError::Overtaken);
    }
    let given: Vec<_> = batch.arriving.iter().filter_map(|(_, arriving)| arriving.id).collect();
    let taken = taken(tx, &given).await?;
    let mut batch = batch.clone();
    batch.reject_taken(&taken);
    let Batch { first_line, last_line, arriving, rejected, .. } = batch;
    let stored = if arriving.is_empty() {
        Vec::new()
    } else {
        accept(tx, accepting, arriving.into_iter().map(|(_, arriving)| arriving).collect()).await?
    };
    let accepted = i64::try_from(stored.len()).unwrap_or(i64::MAX);
    let ids = stored.iter().map(|result| result.id.0);
    let shown: Vec<_> = rejected.iter().map(Rejected::to_json).collect();
    let record = tx.query(RECORD).bind(import).bind(first_line).bind(accepted);
    record.bind(ids.clone().min()).bind(ids.max()).bind(Json(shown)).execute().await?;
    tx.record(WriteRecord {
        actor: accepting.actor.clone(),
        token: None,
        via: Via::Api,
        permission: "results:import".to_owned(),
        object: format!("import:{import}"),
        reason: None,
        change: json!({"first_line": first_line, "last_line": last_line, "accepted": accepted,
            "rejected": rejected.len()}),
        request_id: import.to_owned(),
    });
    Ok((stored, rejected))
}

/// How far that import came.
///
/// # Errors
///
/// The store is away.
pub async fn import_progress(reader: &mut impl Reads, import: &str) -> StoreResult<Progress> {
    let (last_line, accepted) = reader.query(PROGRESS).bind(import).fetch_one().await?;
    let rejected: Vec<(Json<Vec<Value>>,)> = reader.query(REJECTED).bind(import).fetch_all().await?;
    let rejected = rejected.into_iter().flat_map(|(Json(rejected),)| rejected).collect();
    Ok(Progress { last_line, accepted, rejected })
}

/// Imports by name, behind that one.
///
/// # Errors
///
/// The store is away.
pub async fn imports(reader: &mut impl Reads, after: &str, limit: i64) -> StoreResult<Vec<ImportRow>> {
    reader.query(IMPORTS).bind(after).bind(limit).fetch_all().await
}
