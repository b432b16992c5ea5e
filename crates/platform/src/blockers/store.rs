//! The statements over blockers.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use tidegate_kernel::{Blocker, Timestamp};

use super::{Begun, Filter, Kept, Open, Place, Row};
use crate::digest::index_text;
use crate::statements;
use crate::store::{Query, Reads, Result, Statement, StoreError, Tx};

/// What every list is filtered by: gates, gates that are left out, codes, levels, who can act, words, and an instant.
macro_rules! filter {
    (sqlite) => {
        "
            AND ($1 = '[]' OR gate IN (SELECT value FROM json_each($1)))
            AND gate NOT IN (SELECT value FROM json_each($2))
            AND ($3 = '[]' OR code IN (SELECT value FROM json_each($3)))
            AND ($4 = '[]' OR level IN (SELECT value FROM json_each($4)))
            AND ($5 = '[]' OR EXISTS (SELECT 1 FROM json_each(blocker, '$.who') w
                WHERE w.value ->> 'name' IN (SELECT value FROM json_each($5))))
            AND ($6 = '' OR instr(lower(text), lower($6)) > 0) AND since < $7"
    };
    (postgres) => {
        "
            AND ($1::jsonb = '[]' OR gate IN (SELECT * FROM jsonb_array_elements_text($1)))
            AND gate NOT IN (SELECT * FROM jsonb_array_elements_text($2))
            AND ($3::jsonb = '[]' OR code IN (SELECT * FROM jsonb_array_elements_text($3)))
            AND ($4::jsonb = '[]' OR level IN (SELECT * FROM jsonb_array_elements_text($4)))
            AND ($5::jsonb = '[]' OR EXISTS (SELECT 1 FROM jsonb_array_elements(blocker -> 'who') AS w (value)
                WHERE w.value ->> 'name' IN (SELECT * FROM jsonb_array_elements_text($5))))
            AND ($6 = '' OR strpos(lower(text), lower($6)) > 0) AND since < $7"
    };
}

statements! {
    /// All of them.
    pub STATEMENTS;

    OPEN_OF = sqlite
        "SELECT id, since, place, blocker FROM platform_blocker
         WHERE subject IN (SELECT value FROM json_each($1)) AND gate = $2 AND until IS NULL",
        postgres
        "SELECT id, since, place, blocker FROM platform_blocker
         WHERE subject IN (SELECT * FROM jsonb_array_elements_text($1)) AND gate = $2 AND until IS NULL";
    BEGIN_OR_CHANGE = sqlite
        "INSERT INTO platform_blocker (id, gate, code, subject, level, text, place, blocker, since)
         SELECT value ->> 'id', value ->> 'gate', value ->> 'code', value ->> 'subject', value ->> 'level',
            value ->> 'text', value ->> 'place', value ->> 'blocker', value ->> 'since' FROM json_each($1) WHERE true
         ON CONFLICT (id, since) DO UPDATE SET level = excluded.level, text = excluded.text, place = excluded.place,
            blocker = excluded.blocker, until = NULL",
        postgres
        "INSERT INTO platform_blocker (id, gate, code, subject, level, text, place, blocker, since)
         SELECT value ->> 'id', value ->> 'gate', value ->> 'code', value ->> 'subject', value ->> 'level',
            value ->> 'text', (value ->> 'place')::bigint, (value ->> 'blocker')::jsonb, (value ->> 'since')::bigint
         FROM jsonb_array_elements($1) AS list (value)
         ON CONFLICT (id, since) DO UPDATE SET level = excluded.level, text = excluded.text, place = excluded.place,
            blocker = excluded.blocker, until = NULL";
    END = sqlite
        "UPDATE platform_blocker SET until = $2 WHERE id IN (SELECT value FROM json_each($1)) AND until IS NULL",
        postgres
        "UPDATE platform_blocker SET until = $2
         WHERE id IN (SELECT * FROM jsonb_array_elements_text($1)) AND until IS NULL";

    /// The oldest of each code, and how many there are; of very many, the first by gate and code are looked at.
    BY_CODE = "SELECT blocker, gate, since, until, place, total FROM (
            SELECT blocker, gate, since, until, place, level, code,
                ROW_NUMBER() OVER (PARTITION BY code ORDER BY since, id) AS age,
                COUNT(*) OVER (PARTITION BY code) AS total
            FROM (SELECT id, code, level, gate, since, until, place, blocker FROM platform_blocker
                WHERE until IS NULL ORDER BY gate, code, since, id LIMIT 10000) AS few) AS few
        WHERE age = 1 ORDER BY level, since, code";
    OF_SUBJECTS = sqlite
        "SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT value FROM json_each($1)) AND until IS NULL ORDER BY level, gate, place, id LIMIT $2",
        postgres
        "SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT * FROM jsonb_array_elements_text($1)) AND until IS NULL
         ORDER BY level, gate, place, id LIMIT $2";
    COUNT = "SELECT code, level, COUNT(*) FROM platform_blocker WHERE until IS NULL GROUP BY code, level
        ORDER BY code, level";
    ONE = "SELECT blocker, gate, since, until, place FROM platform_blocker WHERE id = $1 ORDER BY since DESC LIMIT 1";
    LIST = sqlite
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE until IS NULL AND (level, place, code, subject, id) > ($8, $9, $10, $11, $12)", filter!(sqlite), "
         ORDER BY level, place, code, subject, id LIMIT $13"),
        postgres
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE until IS NULL AND (level, place, code, subject, id) > ($8, $9, $10, $11, $12)", filter!(postgres), "
         ORDER BY level, place, code, subject, id LIMIT $13");
    LIST_OF = sqlite
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT value FROM json_each($14)) AND until IS NULL
            AND (level, place, code, subject, id) > ($8, $9, $10, $11, $12)", filter!(sqlite), "
         ORDER BY level, place, code, subject, id LIMIT $13"),
        postgres
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT * FROM jsonb_array_elements_text($14)) AND until IS NULL
            AND (level, place, code, subject, id) > ($8, $9, $10, $11, $12)", filter!(postgres), "
         ORDER BY level, place, code, subject, id LIMIT $13");
    HISTORY = sqlite
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE (since, id) < ($8, $9)", filter!(sqlite), "
         ORDER BY since DESC, id DESC LIMIT $10"),
        postgres
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE (since, id) < ($8, $9)", filter!(postgres), "
         ORDER BY since DESC, id DESC LIMIT $10");
    HISTORY_OF = sqlite
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT value FROM json_each($11)) AND (since, id) < ($8, $9)", filter!(sqlite), "
         ORDER BY since DESC, id DESC LIMIT $10"),
        postgres
        concat!("SELECT blocker, gate, since, until, place FROM platform_blocker
         WHERE subject IN (SELECT * FROM jsonb_array_elements_text($11)) AND (since, id) < ($8, $9)", filter!(postgres), "
         ORDER BY since DESC, id DESC LIMIT $10");
}

/// So many rows go into one statement.
const CHUNK: usize = 1_000;

type KeptRow = (Json<Blocker>, String, i64, Option<i64>, i64);

pub(super) async fn open_of(tx: &mut Tx, gate: &str, subjects: &BTreeSet<String>) -> Result<BTreeMap<String, Open>> {
    let rows: Vec<(String, i64, i64, Json<Blocker>)> =
        tx.query(OPEN_OF).bind(Json(subjects)).bind(gate).fetch_all().await?;
    let open = |(id, since, place, Json(blocker))| (id, Open { since, place, blocker });
    Ok(rows.into_iter().map(open).collect())
}

pub(super) async fn begin_or_change(tx: &mut Tx, rows: &[Row<'_>]) -> Result<()> {
    for chunk in rows.chunks(CHUNK) {
        tx.query(BEGIN_OR_CHANGE).bind(Json(chunk)).execute().await?;
    }
    Ok(())
}

pub(super) async fn end(tx: &mut Tx, ids: &[String]) -> Result<()> {
    let now = tx.now().as_microseconds();
    if ids.is_empty() { Ok(()) } else { tx.query(END).bind(Json(ids)).bind(now).execute().await.map(drop) }
}

pub(super) async fn of_subjects(reader: &mut impl Reads, subjects: &BTreeSet<String>, limit: i64) -> Result<Vec<Kept>> {
    kept(reader.query(OF_SUBJECTS).bind(Json(subjects)).bind(limit).fetch_all().await?)
}

pub(super) async fn count(reader: &mut impl Reads) -> Result<Vec<(String, String, i64)>> {
    reader.query(COUNT).fetch_all().await
}

pub(super) async fn one(reader: &mut impl Reads, id: &str) -> Result<Option<Kept>> {
    Ok(kept(reader.query(ONE).bind(id).fetch_all().await?)?.pop())
}

pub(super) async fn history(
    reader: &mut impl Reads,
    filter: &Filter,
    before: Option<&Begun>,
    limit: i64,
) -> Result<Vec<Kept>> {
    let (since, id) = before.map_or((i64::MAX, ""), |Begun(since, id)| (*since, id));
    let subjects = subjects(filter);
    let statement = if subjects.is_empty() { HISTORY } else { HISTORY_OF };
    let query = filtered(reader, statement, filter).bind(since).bind(id).bind(limit);
    let query = if subjects.is_empty() { query } else { query.bind(Json(subjects)) };
    kept(query.fetch_all().await?)
}

pub(super) async fn list(
    reader: &mut impl Reads,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Kept>> {
    let first = Place(String::new(), -1, String::new(), String::new(), String::new());
    let Place(level, place, code, subject, id) = after.unwrap_or(&first);
    let subjects = subjects(filter);
    let statement = if subjects.is_empty() { LIST } else { LIST_OF };
    let query = filtered(reader, statement, filter).bind(level).bind(*place).bind(code).bind(subject);
    let query = query.bind(id).bind(limit);
    let query = if subjects.is_empty() { query } else { query.bind(Json(subjects)) };
    kept(query.fetch_all().await?)
}

fn subjects(filter: &Filter) -> Vec<String> {
    filter.subject.iter().map(|subject| index_text(&subject.to_string())).collect()
}

/// The statement with what every list is filtered by.
fn filtered<'r>(reader: &'r mut impl Reads, statement: Statement, filter: &Filter) -> Query<'r> {
    let before = filter.since_before.map_or(i64::MAX, Timestamp::as_microseconds);
    let query = reader.query(statement).bind(Json(&filter.gate)).bind(Json(&filter.not_of)).bind(Json(&filter.code));
    query.bind(Json(&filter.level)).bind(Json(&filter.who)).bind(&filter.q).bind(before)
}

pub(super) async fn by_code(reader: &mut impl Reads) -> Result<Vec<(Kept, i64)>> {
    type Row = (Json<Blocker>, String, i64, Option<i64>, i64, i64);
    let rows: Vec<Row> = reader.query(BY_CODE).fetch_all().await?;
    let (rows, totals): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|(blocker, gate, since, until, place, total)| ((blocker, gate, since, until, place), total))
        .unzip();
    Ok(kept(rows)?.into_iter().zip(totals).collect())
}

fn kept(rows: Vec<KeptRow>) -> Result<Vec<Kept>> {
    let instant =
        |at: i64| Timestamp::from_microseconds(at).ok_or(StoreError::Damaged { what: "a time", found: at.to_string() });
    let kept = |(Json(blocker), gate, since, until, place): KeptRow| {
        let until = until.map(instant).transpose()?;
        Ok(Kept { blocker: blocker.with_since(instant(since)?), gate, until, place })
    };
    rows.into_iter().map(kept).collect()
}
