//! Brings the schema of a store to where this program is, forwards only.
//!
//! Each crate that owns tables has its own list, embedded into the program. All that is missing is applied in one
//! transaction under one lock, so a start that fails leaves the store as it was, and of two processes that start together
//! the second finds everything done. A store that has more than this program knows is not touched.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tidegate_kernel::Timestamp;

use super::error::{Result, StoreError};

/// The migrations of one crate.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The crate's name without `tidegate-`.
    pub krate: &'static str,
    /// In ascending order, numbers from 1 without a gap.
    pub list: &'static [Migration],
}

/// One step forwards, in the words of both databases.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number within its crate.
    pub number: i64,
    /// What it does, as in its file's name.
    pub name: &'static str,
    /// `migrations/sqlite/NNNN_name.sql`
    pub sqlite: &'static str,
    /// `migrations/postgres/NNNN_name.sql`
    pub postgres: &'static str,
}

/// Embeds the migrations of a crate: `migrations!("platform"; 1 "outbox" = "0001_outbox.sql")`.
#[macro_export]
macro_rules! migrations {
    ($krate:literal; $($number:literal $name:literal = $file:literal),* $(,)?) => {
        $crate::store::Migrations {
            krate: $krate,
            list: &[$($crate::store::Migration {
                number: $number,
                name: $name,
                sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/", $file)),
                postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres/", $file)),
            }),*],
        }
    };
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(7235428171)";
const TABLE_SQLITE: &str = "CREATE TABLE IF NOT EXISTS platform_migration (
    crate TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL,
    PRIMARY KEY (crate, number)) STRICT, WITHOUT ROWID";
const TABLE_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS platform_migration (
    crate TEXT COLLATE \"C\" NOT NULL, number BIGINT NOT NULL, name TEXT COLLATE \"C\" NOT NULL,
    sha256 TEXT COLLATE \"C\" NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (crate, number))";
const APPLIED: &str = "SELECT crate, number, name, sha256 FROM platform_migration";
const RECORD: &str =
    "INSERT INTO platform_migration (crate, number, name, sha256, applied_at) VALUES ($1, $2, $3, $4, $5)";

/// Applies to a SQLite store what it lacks, and says how many that were.
pub(crate) async fn migrate_sqlite(
    connection: &mut SqliteConnection,
    crates: &[Migrations],
    now: Timestamp,
) -> Result<usize> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(TABLE_SQLITE).execute(&mut *tx).await?;
    let applied: Vec<Applied> = sqlx::query_as(APPLIED).fetch_all(&mut *tx).await?;
    let missing = missing(crates, applied, |migration| migration.sqlite)?;
    for (krate, migration) in &missing {
        for (line, statement) in split(migration.sqlite) {
            let failed = |error| failure("sqlite", krate, migration, line, error);
            sqlx::raw_sql(statement).execute(&mut *tx).await.map_err(failed)?;
        }
        let sha256 = digest(migration.sqlite);
        let record = sqlx::query(RECORD).bind(krate).bind(migration.number).bind(migration.name);
        record.bind(sha256).bind(now.as_microseconds()).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(missing.len())
}

/// Applies to a PostgreSQL store what it lacks, and says how many that were.
pub(crate) async fn migrate_postgres(
    connection: &mut PgConnection,
    crates: &[Migrations],
    now: Timestamp,
) -> Result<usize> {
    let mut tx = connection.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '60s'").execute(&mut *tx).await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
    sqlx::query(LOCK).execute(&mut *tx).await?;
    sqlx::query(TABLE_POSTGRES).execute(&mut *tx).await?;
    let applied: Vec<Applied> = sqlx::query_as(APPLIED).fetch_all(&mut *tx).await?;
    let missing = missing(crates, applied, |migration| migration.postgres)?;
    for (krate, migration) in &missing {
        for (line, statement) in split(migration.postgres) {
            let failed = |error| failure("postgres", krate, migration, line, error);
            sqlx::raw_sql(statement).execute(&mut *tx).await.map_err(failed)?;
        }
        let sha256 = digest(migration.postgres);
        let record = sqlx::query(RECORD).bind(krate).bind(migration.number).bind(migration.name);
        record.bind(sha256).bind(now.as_microseconds()).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(missing.len())
}

/// How many a SQLite store lacks.
pub(crate) async fn lacking_sqlite(connection: &mut SqliteConnection, crates: &[Migrations]) -> Result<usize> {
    const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'platform_migration')";
    let (is_there,): (bool,) = sqlx::query_as(IS_THERE).fetch_one(&mut *connection).await?;
    let applied = if is_there { sqlx::query_as(APPLIED).fetch_all(connection).await? } else { vec![] };
    Ok(missing(crates, applied, |migration| migration.sqlite)?.len())
}

/// How many a PostgreSQL store lacks.
pub(crate) async fn lacking_postgres(connection: &mut PgConnection, crates: &[Migrations]) -> Result<usize> {
    const IS_THERE: &str = "SELECT to_regclass('platform_migration') IS NOT NULL";
    let (is_there,): (bool,) = sqlx::query_as(IS_THERE).fetch_one(&mut *connection).await?;
    let applied = if is_there { sqlx::query_as(APPLIED).fetch_all(connection).await? } else { vec![] };
    Ok(missing(crates, applied, |migration| migration.postgres)?.len())
}

type Applied = (String, i64, String, String);

/// What the store lacks, in order; an error if it has what we do not know.
fn missing(
    crates: &[Migrations],
    applied: Vec<Applied>,
    text: impl Fn(&Migration) -> &'static str,
) -> Result<Vec<(&'static str, &Migration)>> {
    let mut applied: BTreeMap<_, _> =
        applied.into_iter().map(|(krate, number, name, sha256)| ((krate, number), (name, sha256))).collect();
    let mut missing = Vec::new();
    for crate_of in crates {
        for migration in crate_of.list {
            match applied.remove(&(crate_of.krate.to_owned(), migration.number)) {
                None => missing.push((crate_of.krate, migration)),
                Some((_, sha256)) if sha256 == digest(text(migration)) => {}
                Some((name, _)) => {
                    let problem =
                        "with another text than this program's: it was changed after it was applied".to_owned();
                    let (krate, number) = (crate_of.krate.to_owned(), migration.number);
                    return Err(StoreError::ForeignSchema { krate, number, name, problem });
                }
            }
        }
    }
    match applied.into_iter().next() {
        None => Ok(missing),
        Some(((krate, number), (name, _))) => {
            let list = crates.iter().find(|known| known.krate == krate).map_or(&[][..], |known| known.list);
            let known = list.last().map_or("none".to_owned(), |last| format!("up to {}", last.number));
            let problem = format!(
                "and this program ({}) knows {known} of {krate}: it is older than the store",
                env!("CARGO_PKG_VERSION")
            );
            Err(StoreError::ForeignSchema { krate, number, name, problem })
        }
    }
}

fn failure(database: &str, krate: &str, migration: &Migration, line: usize, error: sqlx::Error) -> StoreError {
    let file = format!("{krate}/migrations/{database}/{:04}_{}.sql", migration.number, migration.name);
    StoreError::Migration { file, line, error }
}

/// The statements of a file with the lines on which they begin. A statement ends with a semicolon at a line's end.
fn split(text: &'static str) -> Vec<(usize, &'static str)> {
    let mut statements = Vec::new();
    let (mut begin, mut at, mut first) = (0, 0, None);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let code = line.split_once("--").map_or(line, |(code, _)| code).trim();
        at += line.len();
        if first.is_none() {
            if code.is_empty() {
                begin = at;
                continue;
            }
            first = Some(index + 1);
        }
        if code.ends_with(';') {
            statements.extend(first.take().map(|line| (line, text[begin..at].trim())));
            begin = at;
        }
    }
    statements.extend(first.map(|line| (line, text[begin..].trim())));
    statements
}

fn digest(text: &str) -> String {
    tidegate_kernel::hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_at_semicolons_that_end_a_line() {
        let text =
            "-- a comment;\n\nCREATE TABLE a (x); -- kept 3d;\n\n  CREATE TABLE b (\n  y -- no end;\n);\nSELECT 1";
        assert_eq!(
            split(text),
            [(3, "CREATE TABLE a (x); -- kept 3d;"), (5, "CREATE TABLE b (\n  y -- no end;\n);"), (8, "SELECT 1"),]
        );
    }

    const LIST: &[Migrations] = &[Migrations {
        krate: "harbour",
        list: &[
            Migration { number: 1, name: "tides", sqlite: "a", postgres: "a" },
            Migration { number: 2, name: "ships", sqlite: "b", postgres: "b" },
        ],
    }];

    fn applied(number: i64, text: &str) -> Applied {
        ("harbour".to_owned(), number, "x".to_owned(), digest(text))
    }

    fn lacks(applied: Vec<Applied>) -> Result<Vec<i64>> {
        let missing = missing(LIST, applied, |migration| migration.sqlite)?;
        Ok(missing.iter().map(|(_, migration)| migration.number).collect())
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        assert_eq!(lacks(vec![]).unwrap(), [1, 2]);
        assert_eq!(lacks(vec![applied(1, "a")]).unwrap(), [2]);
        assert_eq!(lacks(vec![applied(1, "a"), applied(2, "b")]).unwrap(), Vec::<i64>::new());
    }

    #[test]
    fn a_store_that_is_newer_or_was_changed_is_refused() {
        let newer = lacks(vec![applied(1, "a"), applied(3, "c")]).unwrap_err().to_string();
        assert_eq!(
            newer,
            concat!(
                "the store has migration harbour 3 (x), and this program (",
                env!("CARGO_PKG_VERSION"),
                ") knows up to 2 of harbour: it is older than the store"
            )
        );
        let changed = lacks(vec![applied(1, "A")]).unwrap_err().to_string();
        assert!(changed.contains("changed after it was applied"), "{changed}");
    }
}
