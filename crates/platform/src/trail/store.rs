//! The statements over links and steps.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use sqlx::types::Json;
use tidegate_kernel::{Evidence, StoredRelation, Subject, Timestamp};

use super::{Ends, Link, Step, StepOf};
use crate::digest::index_text;
use crate::statements;
use crate::store::{Reads, Result, StoreError, Tx};

statements! {
    /// All of them.
    pub STATEMENTS;

    LINK = "INSERT INTO platform_trail_link (from_subject, to_subject, relation, gate, at, evidence)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (from_subject, to_subject, relation) DO NOTHING";
    STEP = "INSERT INTO platform_trail_step (subject, gate, step, at, outcome, text, url, message_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (subject, gate, step, at) DO UPDATE SET
            outcome = excluded.outcome, text = excluded.text, url = excluded.url, message_id = excluded.message_id";
    /// The links that begin at one of the first, or end at one of the second.
    LINKS = sqlite
        "SELECT * FROM (SELECT from_subject, to_subject, relation, gate, at, evidence FROM platform_trail_link
            WHERE from_subject IN (SELECT value FROM json_each($1))
            ORDER BY from_subject, to_subject, relation LIMIT $3) AS few
         UNION SELECT * FROM (SELECT from_subject, to_subject, relation, gate, at, evidence FROM platform_trail_link
            WHERE to_subject IN (SELECT value FROM json_each($2))
            ORDER BY to_subject, from_subject, relation LIMIT $3) AS few
         ORDER BY 1, 2, 3",
        postgres
        "SELECT * FROM (SELECT from_subject, to_subject, relation, gate, at, evidence FROM platform_trail_link
            WHERE from_subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
            ORDER BY from_subject, to_subject, relation LIMIT $3) AS few
         UNION SELECT * FROM (SELECT from_subject, to_subject, relation, gate, at, evidence FROM platform_trail_link
            WHERE to_subject = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
            ORDER BY to_subject, from_subject, relation LIMIT $3) AS few
         ORDER BY 1, 2, 3";
    STEPS = sqlite
        "SELECT subject, gate, step, at, outcome, text, url, message_id FROM platform_trail_step
         WHERE subject IN (SELECT value FROM json_each($1)) ORDER BY at DESC, gate DESC, step DESC, subject DESC LIMIT $2",
        postgres
        "SELECT subject, gate, step, at, outcome, text, url, message_id FROM platform_trail_step
         WHERE subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
         ORDER BY at DESC, gate DESC, step DESC, subject DESC LIMIT $2";

    KNOWN = sqlite
        "SELECT subject FROM platform_trail_step WHERE subject IN (SELECT value FROM json_each($1))
         UNION SELECT from_subject AS subject FROM platform_trail_link
         WHERE from_subject IN (SELECT value FROM json_each($1))
         UNION SELECT to_subject AS subject FROM platform_trail_link
         WHERE to_subject IN (SELECT value FROM json_each($1))
         UNION SELECT subject FROM platform_blocker WHERE subject IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT subject FROM platform_trail_step WHERE subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
         UNION SELECT from_subject AS subject FROM platform_trail_link
         WHERE from_subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
         UNION SELECT to_subject AS subject FROM platform_trail_link
         WHERE to_subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
         UNION SELECT subject FROM platform_blocker WHERE subject = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
    /// The next in the order of their names.
    AFTER = "SELECT subject FROM (SELECT DISTINCT subject FROM platform_trail_step WHERE subject > $1
            ORDER BY subject LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT from_subject AS subject FROM platform_trail_link
            WHERE from_subject > $1 ORDER BY from_subject LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT to_subject AS subject FROM platform_trail_link
            WHERE to_subject > $1 ORDER BY to_subject LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT subject FROM platform_blocker WHERE subject > $1
            ORDER BY subject LIMIT 5) AS near";
    BEFORE = "SELECT subject FROM (SELECT DISTINCT subject FROM platform_trail_step WHERE subject < $1
            ORDER BY subject DESC LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT from_subject AS subject FROM platform_trail_link
            WHERE from_subject < $1 ORDER BY from_subject DESC LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT to_subject AS subject FROM platform_trail_link
            WHERE to_subject < $1 ORDER BY to_subject DESC LIMIT 5) AS near
         UNION SELECT subject FROM (SELECT DISTINCT subject FROM platform_blocker WHERE subject < $1
            ORDER BY subject DESC LIMIT 5) AS near";
    BEGINNING = sqlite
        "SELECT subject FROM (
         SELECT subject FROM (SELECT DISTINCT t.subject AS subject FROM json_each($1) p
            JOIN platform_trail_step t ON t.subject >= p.value AND t.subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.from_subject AS subject FROM json_each($1) p
            JOIN platform_trail_link t ON t.from_subject >= p.value AND t.from_subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.to_subject AS subject FROM json_each($1) p
            JOIN platform_trail_link t ON t.to_subject >= p.value AND t.to_subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.subject AS subject FROM json_each($1) p
            JOIN platform_blocker t ON t.subject >= p.value AND t.subject < p.value || $2 LIMIT $3) AS near
         ) AS found ORDER BY subject LIMIT $3",
        postgres
        "SELECT subject FROM (
         SELECT subject FROM (SELECT DISTINCT t.subject AS subject FROM jsonb_array_elements_text($1) AS p (value)
            JOIN platform_trail_step t ON t.subject >= p.value AND t.subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.from_subject AS subject
            FROM jsonb_array_elements_text($1) AS p (value)
            JOIN platform_trail_link t ON t.from_subject >= p.value AND t.from_subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.to_subject AS subject
            FROM jsonb_array_elements_text($1) AS p (value)
            JOIN platform_trail_link t ON t.to_subject >= p.value AND t.to_subject < p.value || $2 LIMIT $3) AS near
         UNION SELECT subject FROM (SELECT DISTINCT t.subject AS subject FROM jsonb_array_elements_text($1) AS p (value)
            JOIN platform_blocker t ON t.subject >= p.value AND t.subject < p.value || $2 LIMIT $3) AS near
         ) AS found ORDER BY subject LIMIT $3";
    COMMITS = sqlite
        "SELECT from_subject AS subject FROM platform_trail_link WHERE substr(from_subject, 1, 7) = 'commit:'
            AND substr(from_subject, instr(from_subject, '@') + 1) >= $1
            AND substr(from_subject, instr(from_subject, '@') + 1) < $2
         UNION SELECT to_subject AS subject FROM platform_trail_link WHERE substr(to_subject, 1, 7) = 'commit:'
            AND substr(to_subject, instr(to_subject, '@') + 1) >= $1
            AND substr(to_subject, instr(to_subject, '@') + 1) < $2 LIMIT 20",
        postgres
        "SELECT from_subject AS subject FROM platform_trail_link WHERE substr(from_subject, 1, 7) = 'commit:'
            AND substr(from_subject, strpos(from_subject, '@') + 1) >= $1
            AND substr(from_subject, strpos(from_subject, '@') + 1) < $2
         UNION SELECT to_subject AS subject FROM platform_trail_link WHERE substr(to_subject, 1, 7) = 'commit:'
            AND substr(to_subject, strpos(to_subject, '@') + 1) >= $1
            AND substr(to_subject, strpos(to_subject, '@') + 1) < $2 LIMIT 20";
}

/// Sorts after every text that goes on.
const AFTER_ALL: &str = "\u{10ffff}";

type LinkRow = (String, String, String, String, i64, Json<Vec<Evidence>>);
type StepRow = (String, String, String, i64, String, String, Option<String>, Option<String>);

pub(super) async fn link(
    tx: &mut Tx,
    from: &Subject,
    relation: StoredRelation,
    to: &Subject,
    gate: &str,
    evidence: &[Evidence],
) -> Result<bool> {
    let now = tx.now().as_microseconds();
    let query = tx.query(LINK).bind(from.to_string()).bind(to.to_string()).bind(relation.name()).bind(gate);
    Ok(query.bind(now).bind(Json(evidence)).execute().await? > 0)
}

pub(super) async fn step(tx: &mut Tx, subject: &Subject, step: &Step) -> Result<()> {
    let query = tx.query(STEP).bind(index_text(&subject.to_string())).bind(&step.gate).bind(&step.step);
    let query = query.bind(step.at.as_microseconds()).bind(step.outcome.name()).bind(&step.text);
    let message_id = step.message_id.map(|id| id.to_string());
    query.bind(step.url.as_deref()).bind(message_id).execute().await.map(drop)
}

/// The newest steps of these subjects, the newest first.
pub(super) async fn steps_of(reader: &mut impl Reads, subjects: &[Subject], limit: i64) -> Result<Vec<StepOf>> {
    let by_key: BTreeMap<String, &Subject> =
        subjects.iter().map(|subject| (index_text(&subject.to_string()), subject)).collect();
    let keys: Vec<_> = by_key.keys().collect();
    let rows: Vec<StepRow> = reader.query(STEPS).bind(Json(keys)).bind(limit).fetch_all().await?;
    let step = |(key, gate, step, at, outcome, text, url, message_id): StepRow| {
        let subject = by_key.get(&key).map(|subject| (*subject).clone()).ok_or_else(|| damaged("a subject", &key))?;
        let message_id = message_id.map(|id| id.parse().map_err(|_| damaged("a message's id", &id))).transpose()?;
        let (at, outcome) = (instant(at)?, word("an outcome", &outcome)?);
        Ok(StepOf { subject, step: Step { gate, step, at, outcome, text, url, message_id } })
    };
    rows.into_iter().map(step).collect()
}

/// The links that begin or end there, at most so many of each.
pub(super) async fn links(reader: &mut impl Reads, ends: &Ends, limit: i64) -> Result<Vec<Link>> {
    let query = reader.query(LINKS).bind(Json(&ends.begin)).bind(Json(&ends.end));
    let rows: Vec<LinkRow> = query.bind(limit).fetch_all().await?;
    let link = |(from, to, relation, gate, at, Json(evidence)): LinkRow| {
        let subject = |text: String| text.parse::<Subject>().map_err(|_| damaged("a subject", &text));
        let (from, to, relation) =
            (subject(from)?, subject(to)?, word::<StoredRelation>("a relation", &relation)?.into());
        Ok(Link { from, to, relation, gate, at: instant(at)?, evidence })
    };
    rows.into_iter().map(link).collect()
}

/// Those of these texts that are a subject's.
pub(super) async fn known(reader: &mut impl Reads, keys: &[String]) -> Result<Vec<String>> {
    Ok(firsts(reader.query(KNOWN).bind(Json(keys)).fetch_all().await?))
}

/// The next subjects in the order of their texts.
pub(super) async fn after(reader: &mut impl Reads, key: &str) -> Result<Vec<String>> {
    Ok(firsts(reader.query(AFTER).bind(key).fetch_all().await?))
}

/// The subjects before, in the order of their texts.
pub(super) async fn before(reader: &mut impl Reads, key: &str) -> Result<Vec<String>> {
    Ok(firsts(reader.query(BEFORE).bind(key).fetch_all().await?))
}

/// Subjects whose texts begin with one of these.
pub(super) async fn beginning(reader: &mut impl Reads, prefixes: &[String], limit: i64) -> Result<Vec<String>> {
    let query = reader.query(BEGINNING).bind(Json(prefixes)).bind(AFTER_ALL).bind(limit);
    Ok(firsts(query.fetch_all().await?))
}

/// Commits that begin with these digits.
pub(super) async fn commits(reader: &mut impl Reads, digits: &str) -> Result<Vec<String>> {
    let end = format!("{digits}{AFTER_ALL}");
    Ok(firsts(reader.query(COMMITS).bind(digits).bind(end).fetch_all().await?))
}

fn firsts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(text,)| text).collect()
}

fn word<T: DeserializeOwned>(what: &'static str, word: &str) -> Result<T> {
    serde_json::from_value(word.into()).map_err(|_| damaged(what, word))
}

fn instant(at: i64) -> Result<Timestamp> {
    Timestamp::from_microseconds(at).ok_or_else(|| damaged("a time", &at.to_string()))
}

fn damaged(what: &'static str, found: &str) -> StoreError {
    StoreError::Damaged { what, found: found.to_owned() }
}
