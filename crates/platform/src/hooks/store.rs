//! The statements over hooks.

use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use super::{HookChange, Hooked, NewHook};
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// Those of the configuration have a receiver only.
    LIST = "SELECT substr(s.name, 6) AS name, h.url, s.topics, h.version, h.created_at
        FROM platform_sink s LEFT JOIN platform_hook h ON h.name = substr(s.name, 6)
        WHERE substr(s.name, 1, 5) = 'hook:' AND substr(s.name, 6) > $1 ORDER BY s.name LIMIT $2";
    ONE = "SELECT substr(s.name, 6) AS name, h.url, s.topics, h.version, h.created_at
        FROM platform_sink s LEFT JOIN platform_hook h ON h.name = substr(s.name, 6) WHERE s.name = 'hook:' || $1";
    TARGET = "SELECT url, topics, secret FROM platform_hook WHERE name = $1";
    ADD = "INSERT INTO platform_hook (name, url, topics, secret, version, created_at) VALUES ($1, $2, $3, $4, 1, $5)
        ON CONFLICT (name) DO NOTHING";
    CHANGE = "UPDATE platform_hook SET url = COALESCE($3, url), topics = COALESCE($4, topics),
            secret = COALESCE($5, secret), version = version + 1
        WHERE name = $1 AND version = $2";
    REMOVE = "DELETE FROM platform_hook WHERE name = $1";
}

type Row = (String, Option<String>, Option<Json<Vec<String>>>, Option<i64>, Option<i64>);

pub(super) async fn list(reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<Hooked>> {
    let rows: Vec<Row> = reader.query(LIST).bind(after).bind(limit).fetch_all().await?;
    rows.into_iter().map(hooked).collect()
}

pub(super) async fn one(reader: &mut impl Reads, name: &str) -> Result<Option<Hooked>> {
    reader.query(ONE).bind(name).fetch_optional().await?.map(hooked).transpose()
}

/// Address, topics and secret.
pub(super) async fn target(reader: &mut impl Reads, name: &str) -> Result<Option<(String, Vec<String>, String)>> {
    let row: Option<(String, Json<Vec<String>>, String)> = reader.query(TARGET).bind(name).fetch_optional().await?;
    Ok(row.map(|(url, Json(topics), secret)| (url, topics, secret)))
}

pub(super) async fn add(tx: &mut Tx, new: &NewHook) -> Result<bool> {
    let now = tx.now().as_microseconds();
    let query = tx.query(ADD).bind(&new.name).bind(&new.url).bind(Json(&new.topics));
    Ok(query.bind(new.secret.expose()).bind(now).execute().await? > 0)
}

pub(super) async fn change(tx: &mut Tx, name: &str, version: i64, change: &HookChange) -> Result<bool> {
    let query = tx.query(CHANGE).bind(name).bind(version).bind(change.url.as_deref());
    let query = query.bind(change.topics.as_ref().map(Json));
    let secret = change.secret.as_ref().map(crate::secret::Secret::expose);
    Ok(query.bind(secret).execute().await? > 0)
}

pub(super) async fn remove(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.query(REMOVE).bind(name).execute().await? > 0)
}

fn hooked((name, url, topics, version, created_at): Row) -> Result<Hooked> {
    let instant = |at: i64| {
        Timestamp::from_microseconds(at).ok_or_else(|| StoreError::Damaged { what: "a time", found: at.to_string() })
    };
    let topics = topics.map(|Json(topics)| topics).unwrap_or_default();
    Ok(Hooked { name, url, topics, version, created_at: created_at.map(instant).transpose()? })
}
