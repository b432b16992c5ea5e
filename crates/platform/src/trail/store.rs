//! The statements over links and steps.

use serde::de::DeserializeOwned;
use sqlx::types::Json;
use tidegate_kernel::{Evidence, StoredRelation, Subject, Timestamp};

use super::{Link, Step};
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
    FORWARD = "SELECT to_subject, relation, gate, at, evidence FROM platform_trail_link
        WHERE from_subject = $1 ORDER BY to_subject, relation LIMIT $2";
    BACKWARD = "SELECT from_subject, relation, gate, at, evidence FROM platform_trail_link
        WHERE to_subject = $1 ORDER BY from_subject, relation LIMIT $2";
    STEPS = "SELECT gate, step, at, outcome, text, url, message_id FROM platform_trail_step
        WHERE subject = $1 ORDER BY at, gate, step LIMIT $2";
}

type LinkRow = (String, String, String, i64, Json<Vec<Evidence>>);
type StepRow = (String, String, i64, String, String, Option<String>, Option<String>);

pub(super) async fn link(
    tx: &mut Tx,
    from: &Subject,
    relation: StoredRelation,
    to: &Subject,
    gate: &str,
    evidence: &[Evidence],
) -> Result<()> {
    let now = tx.now().as_microseconds();
    let query = tx.query(LINK).bind(from.to_string()).bind(to.to_string()).bind(relation.name()).bind(gate);
    query.bind(now).bind(Json(evidence)).execute().await.map(drop)
}

pub(super) async fn step(tx: &mut Tx, subject: &Subject, step: &Step) -> Result<()> {
    let query = tx.query(STEP).bind(index_text(&subject.to_string())).bind(&step.gate).bind(&step.step);
    let query = query.bind(step.at.as_microseconds()).bind(step.outcome.name()).bind(&step.text);
    let message_id = step.message_id.map(|id| id.to_string());
    query.bind(step.url.as_deref()).bind(message_id).execute().await.map(drop)
}

pub(super) async fn forward(reader: &mut impl Reads, from: &Subject, limit: i64) -> Result<Vec<Link>> {
    links(reader.query(FORWARD).bind(from.to_string()).bind(limit).fetch_all().await?)
}

pub(super) async fn backward(reader: &mut impl Reads, to: &Subject, limit: i64) -> Result<Vec<Link>> {
    links(reader.query(BACKWARD).bind(to.to_string()).bind(limit).fetch_all().await?)
}

pub(super) async fn steps(reader: &mut impl Reads, subject: &Subject, limit: i64) -> Result<Vec<Step>> {
    let rows: Vec<StepRow> = reader.query(STEPS).bind(index_text(&subject.to_string())).bind(limit).fetch_all().await?;
    let step = |(gate, step, at, outcome, text, url, message_id): StepRow| {
        let message_id = message_id.map(|id| id.parse().map_err(|_| damaged("a message's id", &id))).transpose()?;
        Ok(Step { gate, step, at: instant(at)?, outcome: word("an outcome", &outcome)?, text, url, message_id })
    };
    rows.into_iter().map(step).collect()
}

fn links(rows: Vec<LinkRow>) -> Result<Vec<Link>> {
    let link = |(subject, relation, gate, at, Json(evidence)): LinkRow| {
        let subject = subject.parse().map_err(|_| damaged("a subject", &subject))?;
        Ok(Link { subject, relation: word("a relation", &relation)?, gate, at: instant(at)?, evidence })
    };
    rows.into_iter().map(link).collect()
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
