//! The statements over blockers.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use tidegate_kernel::{Blocker, Timestamp};

use super::{Filter, Kept, Open, Place, Row};
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

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

    OF_SUBJECT = "SELECT blocker, gate, since, until FROM platform_blocker WHERE subject = $1 AND until IS NULL
        ORDER BY level, gate, place, id";
    ONE = "SELECT blocker, gate, since, until FROM platform_blocker WHERE id = $1 ORDER BY since DESC LIMIT 1";
    HISTORY = "SELECT blocker, gate, since, until FROM platform_blocker WHERE subject = $1
        ORDER BY since DESC, id LIMIT $2";
    /// The oldest of each code, and how many there are; of very many, the first by gate and code are looked at.
    BY_CODE = "SELECT blocker, gate, since, until, total FROM (
            SELECT blocker, gate, since, until, level, code,
                ROW_NUMBER() OVER (PARTITION BY code ORDER BY since, id) AS place,
                COUNT(*) OVER (PARTITION BY code) AS total
            FROM (SELECT id, code, level, gate, since, until, blocker FROM platform_blocker
                WHERE until IS NULL ORDER BY gate, code, since, id LIMIT 10000) AS few) AS few
        WHERE place = 1 ORDER BY level, since, code";
    LIST = sqlite
        "SELECT blocker, gate, since, until FROM platform_blocker
         WHERE until IS NULL AND (since, id) < ($1, $2) AND since < $3 AND (gate = $4 OR $4 = '')
            AND (code = $5 OR $5 = '') AND (level = $6 OR $6 = '')
            AND ($7 = '' OR instr(lower(text), lower($7)) > 0)
            AND ($8 = '' OR EXISTS (SELECT 1 FROM json_each(blocker, '$.who') w WHERE w.value ->> 'name' = $8))
         ORDER BY since DESC, id DESC LIMIT $9",
        postgres
        "SELECT blocker, gate, since, until FROM platform_blocker
         WHERE until IS NULL AND (since, id) < ($1, $2) AND since < $3 AND (gate = $4 OR $4 = '')
            AND (code = $5 OR $5 = '') AND (level = $6 OR $6 = '')
            AND ($7 = '' OR strpos(lower(text), lower($7)) > 0)
            AND ($8 = '' OR blocker -> 'who' @> jsonb_build_array(jsonb_build_object('name', $8::text)))
         ORDER BY since DESC, id DESC LIMIT $9";
}

/// So many rows go into one statement.
const CHUNK: usize = 1_000;

type KeptRow = (Json<Blocker>, String, i64, Option<i64>);

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

pub(super) async fn of_subject(reader: &mut impl Reads, subject: &str) -> Result<Vec<Kept>> {
    kept(reader.query(OF_SUBJECT).bind(subject).fetch_all().await?)
}

pub(super) async fn one(reader: &mut impl Reads, id: &str) -> Result<Option<Kept>> {
    Ok(kept(reader.query(ONE).bind(id).fetch_all().await?)?.pop())
}

pub(super) async fn history(reader: &mut impl Reads, subject: &str, limit: i64) -> Result<Vec<Kept>> {
    kept(reader.query(HISTORY).bind(subject).bind(limit).fetch_all().await?)
}

pub(super) async fn list(
    reader: &mut impl Reads,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Kept>> {
    let (since, id) =
        after.map_or((i64::MAX, String::new()), |place| (place.since.as_microseconds(), place.id.to_string()));
    let before = filter.since_before.map_or(i64::MAX, Timestamp::as_microseconds);
    let query = reader.query(LIST).bind(since).bind(id).bind(before).bind(&filter.gate).bind(&filter.code);
    kept(query.bind(&filter.level).bind(&filter.q).bind(&filter.who).bind(limit).fetch_all().await?)
}

pub(super) async fn by_code(reader: &mut impl Reads) -> Result<Vec<(Kept, i64)>> {
    type Row = (Json<Blocker>, String, i64, Option<i64>, i64);
    let rows: Vec<Row> = reader.query(BY_CODE).fetch_all().await?;
    let (rows, totals): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|(blocker, gate, since, until, total)| ((blocker, gate, since, until), total)).unzip();
    Ok(kept(rows)?.into_iter().zip(totals).collect())
}

fn kept(rows: Vec<KeptRow>) -> Result<Vec<Kept>> {
    let instant =
        |at: i64| Timestamp::from_microseconds(at).ok_or(StoreError::Damaged { what: "a time", found: at.to_string() });
    let kept = |(Json(blocker), gate, since, until): KeptRow| {
        let until = until.map(instant).transpose()?;
        Ok(Kept { blocker: blocker.with_since(instant(since)?), gate, until })
    };
    rows.into_iter().map(kept).collect()
}
