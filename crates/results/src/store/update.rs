//! The builds of updates.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    BUILDS = sqlite
        "SELECT update_id, nvr FROM results_update_build WHERE update_id IN (SELECT value FROM json_each($1))
         ORDER BY update_id, nvr",
        postgres
        "SELECT update_id, nvr FROM results_update_build
         WHERE update_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) ORDER BY update_id, nvr";
    FORGET = sqlite
        "DELETE FROM results_update_build WHERE update_id = $1 AND nvr NOT IN (SELECT value FROM json_each($2))",
        postgres
        "DELETE FROM results_update_build WHERE update_id = $1 AND nvr <> ALL (ARRAY(SELECT jsonb_array_elements_text($2)))";
    REMEMBER = sqlite
        "INSERT INTO results_update_build (update_id, nvr, seen_at, source)
         SELECT $1, value, $3, $4 FROM json_each($2) WHERE true ON CONFLICT DO NOTHING",
        postgres
        "INSERT INTO results_update_build (update_id, nvr, seen_at, source)
         SELECT $1, value, $3, $4 FROM jsonb_array_elements_text($2) ORDER BY value ON CONFLICT DO NOTHING";
    /// What results say of the builds of updates; on PostgreSQL written with all else that follows from them.
    LEARN = sqlite
        "INSERT INTO results_update_build (update_id, nvr, seen_at, source)
         SELECT value ->> 0, value ->> 1, $2, 'data' FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";

    LISTED = "SELECT nvr, seen_at, source FROM results_update_build WHERE update_id = $1 AND nvr > $2
        ORDER BY nvr LIMIT $3";
    UPDATES = "SELECT update_id FROM results_update_build WHERE nvr = $1 AND update_id > $2 ORDER BY update_id LIMIT $3";
}

/// A build of an update.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct BuildRow {
    /// Its name, version and release.
    pub nvr: String,
    /// When that was told, in microseconds since 1970.
    pub seen_at: i64,
    /// Who told: `data`, `api` or `bus`.
    pub source: String,
}

/// The builds of these updates, as far as they are known.
pub(super) async fn builds_of(tx: &mut Tx, updates: &BTreeSet<&str>) -> Result<BTreeMap<String, Vec<String>>> {
    let mut builds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if updates.is_empty() {
        return Ok(builds);
    }
    for (update, nvr) in tx.query(BUILDS).bind(Json(updates)).fetch_all::<(String, String)>().await? {
        builds.entry(update).or_default().push(nvr);
    }
    Ok(builds)
}

/// The builds of an update are these and no others. `source` says who told: `data`, `api` or `bus`.
///
/// # Errors
///
/// The store refuses or is away.
pub async fn set_builds(tx: &mut Tx, update: &str, builds: &BTreeSet<String>, source: &str) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(FORGET).bind(update).bind(Json(builds)).execute().await?;
    tx.query(REMEMBER).bind(update).bind(Json(builds)).bind(now).bind(source).execute().await?;
    Ok(())
}

/// Remembers builds of updates that results named.
pub(super) async fn learn(tx: &mut Tx, builds: &BTreeSet<(&str, &str)>) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(LEARN).bind(Json(builds)).bind(now).execute().await.map(drop)
}

/// The builds of an update, by name, behind that one.
///
/// # Errors
///
/// The store is away.
pub async fn update_builds(reader: &mut impl Reads, update: &str, after: &str, limit: i64) -> Result<Vec<BuildRow>> {
    reader.query(LISTED).bind(update).bind(after).bind(limit).fetch_all().await
}

/// The updates that have that build, by name, behind that one.
///
/// # Errors
///
/// The store is away.
pub async fn updates_with(reader: &mut impl Reads, nvr: &str, after: &str, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = reader.query(UPDATES).bind(nvr).bind(after).bind(limit).fetch_all().await?;
    Ok(rows.into_iter().map(|(update,)| update).collect())
}
