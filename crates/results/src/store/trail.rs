//! What was tested and told, for the trail.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::types::Json;
use tidegate_kernel::{MessageId, Subject, SubjectKind, Timestamp};
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result};

use super::indexed;
use super::rows::{damaged, time};
use super::told::variant;
use crate::announce::Variant;
use crate::model::{Outcome, ResultId};
use crate::subject;

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    STEPS = sqlite
        "SELECT s.key_parts, s.testcase, a.outcome, a.prev_outcome, a.created_at, a.message_id, a.result_id
         FROM results_announcement_state s JOIN results_announcement a ON a.key_hash = s.key_hash
         WHERE s.item IN (SELECT value FROM json_each($1))
         ORDER BY a.created_at DESC, a.key_hash DESC, a.seq DESC LIMIT $2",
        postgres
        "SELECT s.key_parts, s.testcase, a.outcome, a.prev_outcome, a.created_at, a.message_id, a.result_id
         FROM results_announcement_state s JOIN results_announcement a ON a.key_hash = s.key_hash
         WHERE s.item = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))
         ORDER BY a.created_at DESC, a.key_hash DESC, a.seq DESC LIMIT $2";
    ITEMS = sqlite
        "SELECT DISTINCT key_parts -> 'type', key_parts ->> 'item' FROM results_announcement_state
         WHERE item IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT DISTINCT key_parts -> 'type', key_parts ->> 'item' FROM results_announcement_state
         WHERE item = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
    ITEMS_FROM = "SELECT DISTINCT key_parts -> 'type', key_parts ->> 'item' FROM
        (SELECT key_parts FROM results_announcement_state WHERE item >= $1 AND item < $2 ORDER BY item LIMIT $3) AS few";
    ITEMS_BEHIND = "SELECT DISTINCT key_parts -> 'type', key_parts ->> 'item' FROM
        (SELECT key_parts FROM results_announcement_state WHERE item > $1 ORDER BY item LIMIT $2) AS few";
    ITEMS_BEFORE = "SELECT DISTINCT key_parts -> 'type', key_parts ->> 'item' FROM
        (SELECT key_parts FROM results_announcement_state WHERE item < $1 ORDER BY item DESC LIMIT $2) AS few";
    UPDATES_FROM = "SELECT DISTINCT update_id FROM
        (SELECT update_id FROM results_update_build WHERE update_id >= $1 AND update_id < $2
         ORDER BY update_id LIMIT $3) AS few";
    /// Of these builds, and of these updates.
    IN_UPDATES = sqlite
        "SELECT * FROM (SELECT nvr, update_id, seen_at FROM results_update_build
            WHERE nvr IN (SELECT value FROM json_each($1)) ORDER BY nvr, update_id LIMIT $3) AS few
         UNION SELECT * FROM (SELECT nvr, update_id, seen_at FROM results_update_build
            WHERE update_id IN (SELECT value FROM json_each($2)) ORDER BY update_id, nvr LIMIT $3) AS few
         ORDER BY 1, 2",
        postgres
        "SELECT * FROM (SELECT nvr, update_id, seen_at FROM results_update_build
            WHERE nvr = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) ORDER BY nvr, update_id LIMIT $3) AS few
         UNION SELECT * FROM (SELECT nvr, update_id, seen_at FROM results_update_build
            WHERE update_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2))) ORDER BY update_id, nvr LIMIT $3) AS few
         ORDER BY 1, 2";
}

/// Sorts after every text that goes on.
const AFTER_ALL: char = '\u{10ffff}';

/// A change that was told of a subject.
pub(crate) struct Tested {
    /// Of what; `None` where the item is no subject.
    pub(crate) subject: Option<Subject>,
    /// The name of the test case.
    pub(crate) testcase: String,
    /// How it was tested.
    pub(crate) variant: Variant,
    /// What was told.
    pub(crate) outcome: Outcome,
    /// What was told before.
    pub(crate) prev_outcome: Option<Outcome>,
    /// When.
    pub(crate) at: Timestamp,
    /// The message; none where an import was silent.
    pub(crate) message_id: Option<MessageId>,
    /// The result that was told.
    pub(crate) result: ResultId,
}

type TestedRow = (Json<Value>, String, String, Option<String>, i64, Option<String>, i64);
type ItemRow = (Json<Option<String>>, String);

/// The newest changes that were told of these items, at most so many.
pub(crate) async fn tested(reader: &mut impl Reads, items: &BTreeSet<&str>, limit: i64) -> Result<Vec<Tested>> {
    let rows: Vec<TestedRow> = reader.query(STEPS).bind(Json(looked_up(items))).bind(limit).fetch_all().await?;
    let tested = |(Json(parts), testcase, outcome, prev_outcome, at, message_id, result): TestedRow| {
        let text = |key: &str| parts[key].as_str().unwrap_or_default();
        let message_id = message_id.map(|id| id.parse().map_err(|_| damaged("a message's id", &id))).transpose()?;
        Ok(Tested {
            subject: subject::of(text("type"), text("item")),
            variant: variant(&parts),
            testcase,
            outcome: Outcome::stored(outcome),
            prev_outcome: prev_outcome.map(Outcome::stored),
            at: time(at)?,
            message_id,
            result: ResultId(result),
        })
    };
    rows.into_iter().map(tested).collect()
}

/// Those of these items that something is known of.
pub(crate) async fn items(reader: &mut impl Reads, items: &BTreeSet<&str>) -> Result<Vec<Subject>> {
    Ok(subjects(reader.query(ITEMS).bind(Json(looked_up(items))).fetch_all().await?))
}

/// Items that begin so, of at most so many keys.
pub(crate) async fn items_from(reader: &mut impl Reads, prefix: &str, limit: i64) -> Result<Vec<Subject>> {
    let end = format!("{prefix}{AFTER_ALL}");
    Ok(subjects(reader.query(ITEMS_FROM).bind(prefix).bind(end).bind(limit).fetch_all().await?))
}

/// Items before and behind that one, of at most so many keys each.
pub(crate) async fn items_around(reader: &mut impl Reads, item: &str, limit: i64) -> Result<Vec<Subject>> {
    let mut around = subjects(reader.query(ITEMS_BEFORE).bind(item).bind(limit).fetch_all().await?);
    around.extend(subjects(reader.query(ITEMS_BEHIND).bind(item).bind(limit).fetch_all().await?));
    Ok(around)
}

/// Updates that begin so, of at most so many builds.
pub(crate) async fn updates_from(reader: &mut impl Reads, prefix: &str, limit: i64) -> Result<Vec<Subject>> {
    let end = format!("{prefix}{AFTER_ALL}");
    let rows: Vec<(String,)> = reader.query(UPDATES_FROM).bind(prefix).bind(end).bind(limit).fetch_all().await?;
    Ok(rows.into_iter().map(|(update,)| Subject::new(SubjectKind::Update, update)).collect())
}

/// Builds with their updates and since when that is known: of these builds, and of these updates, at most so many each.
pub(crate) async fn in_updates(
    reader: &mut impl Reads,
    builds: &[String],
    updates: &[String],
    limit: i64,
) -> Result<Vec<(String, String, Timestamp)>> {
    let query = reader.query(IN_UPDATES).bind(Json(builds)).bind(Json(updates)).bind(limit);
    let rows: Vec<(String, String, i64)> = query.fetch_all().await?;
    rows.into_iter().map(|(build, update, at)| Ok((build, update, time(at)?))).collect()
}

fn looked_up(items: &BTreeSet<&str>) -> Vec<String> {
    items.iter().map(|item| indexed(item).into_owned()).collect()
}

fn subjects(rows: Vec<ItemRow>) -> Vec<Subject> {
    let subject = |(Json(kind), item): ItemRow| subject::of(kind.as_deref().unwrap_or_default(), &item);
    rows.into_iter().filter_map(subject).collect()
}
