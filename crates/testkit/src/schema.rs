//! Checks that hold for every crate with tables: both databases get the same schema, and both take every statement.

use std::collections::BTreeSet;

use tidegate_platform::store::{Migrations, Statement};

use crate::database::{Kind, TestDb};

const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || c.name || ' '
        || CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'REAL' THEN 'double precision' WHEN 'BLOB' THEN 'bytea'
            ELSE lower(c.type) END
        || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END
    FROM sqlite_schema m, pragma_table_xinfo(m.name) c
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'";
const POSTGRES_COLUMNS: &str = "SELECT t.relname || '.' || c.attname || ' '
        || CASE ty.typname WHEN 'int8' THEN 'bigint' WHEN 'jsonb' THEN 'text' WHEN 'float8' THEN 'double precision'
            ELSE ty.typname END
        || CASE WHEN c.attnotnull THEN ' not null' ELSE '' END
        || CASE WHEN ty.typname = 'text' AND l.collname <> 'C' THEN ' without COLLATE C' ELSE '' END
    FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid JOIN pg_type ty ON ty.oid = c.atttypid
    LEFT JOIN pg_collation l ON l.oid = c.attcollation
    WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'v') AND c.attnum > 0 AND NOT c.attisdropped";
const SQLITE_INDEXES: &str = "SELECT m.name || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END
        || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END || ' ('
        || (SELECT group_concat(COALESCE(c.name, 'expression'), ', ' ORDER BY c.seqno) FROM pragma_index_info(i.name) c)
        || ')'
    FROM sqlite_schema m, pragma_index_list(m.name) i
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND i.origin <> 'pk'";
const POSTGRES_INDEXES: &str = "SELECT t.relname || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
        || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END || ' ('
        || (SELECT string_agg(COALESCE(a.attname::text, 'expression'), ', ' ORDER BY c.place)
            FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS c (attnum, place)
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.attnum AND c.attnum > 0)
        || ')'
    FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid
    WHERE t.relnamespace = 'public'::regnamespace AND NOT i.indisprimary";

/// Asserts that the migrations give the same tables, columns and indexes on both databases. A name that begins as one of
/// the exceptions (`platform_feed`, `platform_outbox.xid`) may be on one side only.
///
/// # Panics
///
/// They differ, a text on PostgreSQL is not in the order of code points, or a list has a gap.
pub fn assert_same_schema(migrations: &[Migrations], exceptions: &[&str]) {
    for of_crate in migrations {
        let numbers: Vec<_> = of_crate.list.iter().map(|migration| migration.number).collect();
        let expected: Vec<_> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "the migrations of {} are numbered from 1 without a gap", of_crate.krate);
    }
    let excepted = |line: &String| exceptions.iter().any(|begin| line.starts_with(begin));
    let both: std::sync::Mutex<Vec<BTreeSet<String>>> = std::sync::Mutex::default();
    TestDb::both(migrations, async |t| {
        let (columns, indexes) = match t.kind {
            Kind::Sqlite => (SQLITE_COLUMNS, SQLITE_INDEXES),
            Kind::Postgres => (POSTGRES_COLUMNS, POSTGRES_INDEXES),
        };
        let mut lines: BTreeSet<_> = t.rows(columns).await.into_iter().flatten().collect();
        lines.extend(t.rows(indexes).await.into_iter().flatten());
        lines.retain(|line| !excepted(line));
        both.lock().expect("nobody panicked").push(lines);
    });
    if let [sqlite, postgres] = both.into_inner().expect("nobody panicked").as_slice() {
        let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join("\n  ");
        let (left, right) = (only(sqlite, postgres), only(postgres, sqlite));
        assert!(sqlite == postgres, "only on SQLite:\n  {left}\nonly on PostgreSQL:\n  {right}");
    }
}

/// A statement's name with the names of its columns.
type Prepared = (&'static str, Vec<String>);

/// Asserts that both databases take every statement, with as many parameters and with columns of the same names.
///
/// # Panics
///
/// One of them refuses a statement, or they differ.
pub fn assert_statements_fit(migrations: &[Migrations], lists: &[&[Statement]]) {
    let both: std::sync::Mutex<Vec<Vec<Prepared>>> = std::sync::Mutex::default();
    TestDb::both(migrations, async |t| {
        let mut prepared = Vec::new();
        for statement in lists.iter().copied().flatten() {
            let text = if t.db.is_postgres() { statement.postgres } else { statement.sqlite };
            if !text.is_empty() {
                let (_, columns) = t.prepare(text).await.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
                if !statement.sqlite.is_empty() && !statement.postgres.is_empty() {
                    prepared.push((statement.name, columns.into_iter().map(unnamed).collect()));
                }
            }
        }
        both.lock().expect("nobody panicked").push(prepared);
    });
    if let [sqlite, postgres] = both.into_inner().expect("nobody panicked").as_slice() {
        for (left, right) in sqlite.iter().zip(postgres) {
            assert_eq!(left, right, "the columns of a statement differ between the databases");
        }
    }
}

/// A column that is an expression has another name on each side.
fn unnamed(column: String) -> String {
    let is_name = column.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let made_up = ["coalesce", "exists", "count", "min", "max", "sum", "int8", "bool", "?column?", "1", "case"];
    if is_name && !made_up.contains(&column.as_str()) { column } else { "-".to_owned() }
}
