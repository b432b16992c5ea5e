//! The statements over the record of writes.

use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::{Actor, MessageId, Timestamp};

use super::{Recorded, Via, WriteRecord};
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    RECORD = "INSERT INTO platform_write
            (at, actor, token, via, permission, object, reason, change, request_id, message_ids)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "SELECT id, at, actor, token, via, permission, object, reason, change, request_id, message_ids
        FROM platform_write WHERE id < $1 AND (object = $2 OR $2 = '') ORDER BY id DESC LIMIT $3";
}

#[derive(FromRow)]
struct Row {
    id: i64,
    at: i64,
    actor: Json<Actor>,
    token: Option<String>,
    via: String,
    permission: String,
    object: String,
    reason: Option<String>,
    change: Json<Value>,
    request_id: String,
    message_ids: Json<Vec<MessageId>>,
}

pub(super) async fn record(tx: &mut Tx, record: &WriteRecord, announced: &[MessageId]) -> Result<()> {
    let now = tx.now().as_microseconds();
    let query = tx.query(RECORD).bind(now).bind(Json(&record.actor)).bind(record.token.as_deref());
    let query = query.bind(record.via.name()).bind(&record.permission).bind(&record.object);
    let query = query.bind(record.reason.as_deref()).bind(Json(&record.change)).bind(&record.request_id);
    query.bind(Json(announced)).execute().await.map(drop)
}

pub(super) async fn list(reader: &mut impl Reads, object: &str, before: i64, limit: i64) -> Result<Vec<Recorded>> {
    let rows: Vec<Row> = reader.query(LIST).bind(before).bind(object).bind(limit).fetch_all().await?;
    rows.into_iter().map(recorded).collect()
}

fn recorded(row: Row) -> Result<Recorded> {
    let damaged = |what, found: &dyn ToString| StoreError::Damaged { what, found: found.to_string() };
    let at = Timestamp::from_microseconds(row.at).ok_or_else(|| damaged("a time", &row.at))?;
    let via = Via::ALL.into_iter().find(|via| via.name() == row.via).ok_or_else(|| damaged("a way", &row.via))?;
    let record = WriteRecord {
        actor: row.actor.0,
        token: row.token,
        via,
        permission: row.permission,
        object: row.object,
        reason: row.reason,
        change: row.change.0,
        request_id: row.request_id,
    };
    Ok(Recorded { id: row.id, at, record, message_ids: row.message_ids.0 })
}
