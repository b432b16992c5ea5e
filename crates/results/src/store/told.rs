//! What is known of items and what was told of them, as people ask for it.

use serde::Deserialize as _;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result};

use super::indexed;
use crate::announce::Variant;

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    STATES_OF_ITEM =
        "SELECT s.key_hash, s.testcase, s.item, s.key_parts, s.outcome, s.result_id, s.progress_outcome, s.seq,
            s.suppressed, s.late, s.changed_at
         FROM results_announcement_state s WHERE s.item = $1 AND s.key_hash > $2 AND ($3 = '' OR s.testcase = $3)
         ORDER BY s.key_hash LIMIT $4";
    STATES_OF_TESTCASE =
        "SELECT s.key_hash, s.testcase, s.item, s.key_parts, s.outcome, s.result_id, s.progress_outcome, s.seq,
            s.suppressed, s.late, s.changed_at
         FROM results_announcement_state s WHERE s.testcase = $1 AND s.key_hash > $2 ORDER BY s.key_hash LIMIT $3";
    STATES_OF_UPDATE =
        "SELECT s.key_hash, s.testcase, s.item, s.key_parts, s.outcome, s.result_id, s.progress_outcome, s.seq,
            s.suppressed, s.late, s.changed_at
         FROM results_update_build u JOIN results_announcement_state s ON s.item = u.nvr
         WHERE u.update_id = $1 AND u.nvr >= $2 AND (u.nvr, s.key_hash) > ($2, $3) AND ($4 = '' OR s.testcase = $4)
         ORDER BY u.nvr, s.key_hash LIMIT $5";

    TOLD_OF_ITEM =
        "SELECT a.key_hash, a.seq, a.result_id, a.prev_outcome, a.outcome, a.reason, a.via, a.message_id, a.created_at,
            s.testcase, s.item, s.key_parts
         FROM results_announcement_state s JOIN results_announcement a ON a.key_hash = s.key_hash
         WHERE s.item = $1 AND (a.key_hash, a.seq) > ($2, $3) AND ($4 = '' OR s.testcase = $4)
         ORDER BY a.key_hash, a.seq LIMIT $5";
    TOLD_OF_TESTCASE =
        "SELECT a.key_hash, a.seq, a.result_id, a.prev_outcome, a.outcome, a.reason, a.via, a.message_id, a.created_at,
            s.testcase, s.item, s.key_parts
         FROM results_announcement_state s JOIN results_announcement a ON a.key_hash = s.key_hash
         WHERE s.testcase = $1 AND s.key_hash >= $2 AND (a.key_hash, a.seq) > ($2, $3)
         ORDER BY a.key_hash, a.seq LIMIT $4";
    TOLD_OF_UPDATE =
        "SELECT a.key_hash, a.seq, a.result_id, a.prev_outcome, a.outcome, a.reason, a.via, a.message_id, a.created_at,
            s.testcase, s.item, s.key_parts
         FROM results_update_build u JOIN results_announcement_state s ON s.item = u.nvr
            JOIN results_announcement a ON a.key_hash = s.key_hash
         WHERE u.update_id = $1 AND u.nvr >= $2 AND (u.nvr, a.key_hash, a.seq) > ($2, $3, $4)
            AND ($5 = '' OR s.testcase = $5)
         ORDER BY u.nvr, a.key_hash, a.seq LIMIT $6";
}

/// Of what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A build, or whatever else was tested; of one test case, if it is named.
    Item {
        /// The item.
        item: String,
        /// The test case.
        testcase: Option<String>,
    },
    /// The builds of an update; of one test case, if it is named.
    Update {
        /// The update.
        update: String,
        /// The test case.
        testcase: Option<String>,
    },
    /// Everything that one test case tested.
    Testcase(String),
}

/// Behind which row a page begins: item, key and seq. The default is before the first.
pub type After = (String, String, i64);

/// What is known of one key.
#[derive(Debug, Clone, FromRow)]
pub struct StateRow {
    /// The identity, in text.
    pub key_hash: String,
    /// The name of the test case.
    pub testcase: String,
    /// The item as it is looked up.
    pub item: String,
    /// Type, item and variant.
    pub key_parts: Json<Value>,
    /// What was last told.
    pub outcome: Option<String>,
    /// The result that was last told.
    pub result_id: Option<i64>,
    /// What is on its way.
    pub progress_outcome: Option<String>,
    /// How many changes were told.
    pub seq: i64,
    /// Repetitions since then.
    pub suppressed: i64,
    /// Results that came after newer ones.
    pub late: i64,
    /// When something was last told, in microseconds since 1970.
    pub changed_at: Option<i64>,
}

impl StateRow {
    /// What tells it apart from others about the item.
    pub fn variant(&self) -> Variant {
        variant(&self.key_parts.0)
    }
}

/// The variant that is stored with a key.
pub(super) fn variant(parts: &Value) -> Variant {
    parts.get("variant").and_then(|variant| Variant::deserialize(variant).ok()).unwrap_or_default()
}

/// A change that was told.
#[derive(Debug, Clone, FromRow)]
pub struct AnnouncedRow {
    /// The identity, in text.
    pub key_hash: String,
    /// From 1 for each key.
    pub seq: i64,
    /// The result that was told.
    pub result_id: i64,
    /// What was told before.
    pub prev_outcome: Option<String>,
    /// What was told.
    pub outcome: String,
    /// `new` or `changed`
    pub reason: String,
    /// On the way from what.
    pub via: Option<Json<Value>>,
    /// The message; none where an import was silent.
    pub message_id: Option<String>,
    /// When, in microseconds since 1970.
    pub created_at: i64,
    /// The name of the test case.
    pub testcase: String,
    /// The item as it is looked up.
    pub item: String,
    /// Type, item and variant.
    pub key_parts: Json<Value>,
}

/// What is known of an item, by key, behind that one.
///
/// # Errors
///
/// The store is away.
pub async fn states_of_item(reader: &mut impl Reads, item: &str, after: &str, limit: i64) -> Result<Vec<StateRow>> {
    let about = About::Item { item: item.to_owned(), testcase: None };
    known(reader, &about, &(String::new(), after.to_owned(), 0), limit).await
}

/// What was told of an item, by key and seq, behind that one.
///
/// # Errors
///
/// The store is away.
pub async fn announcements(
    reader: &mut impl Reads,
    item: &str,
    after: (&str, i64),
    limit: i64,
) -> Result<Vec<AnnouncedRow>> {
    let about = About::Item { item: item.to_owned(), testcase: None };
    told(reader, &about, &(String::new(), after.0.to_owned(), after.1), limit).await
}

/// What is known, by key; of an update by build first.
///
/// # Errors
///
/// The store is away.
pub async fn known(reader: &mut impl Reads, about: &About, after: &After, limit: i64) -> Result<Vec<StateRow>> {
    let (item, key, _) = after;
    match about {
        About::Item { item, testcase } => {
            let query = reader.query(STATES_OF_ITEM).bind(&*indexed(item)).bind(key);
            query.bind(testcase.as_deref().unwrap_or_default()).bind(limit).fetch_all().await
        }
        About::Testcase(testcase) => {
            reader.query(STATES_OF_TESTCASE).bind(testcase).bind(key).bind(limit).fetch_all().await
        }
        About::Update { update, testcase } => {
            let query = reader.query(STATES_OF_UPDATE).bind(update).bind(item).bind(key);
            query.bind(testcase.as_deref().unwrap_or_default()).bind(limit).fetch_all().await
        }
    }
}

/// What was told, by key and seq; of an update by build first.
///
/// # Errors
///
/// The store is away.
pub async fn told(reader: &mut impl Reads, about: &About, after: &After, limit: i64) -> Result<Vec<AnnouncedRow>> {
    let (item, key, seq) = after;
    match about {
        About::Item { item, testcase } => {
            let query = reader.query(TOLD_OF_ITEM).bind(&*indexed(item)).bind(key).bind(*seq);
            query.bind(testcase.as_deref().unwrap_or_default()).bind(limit).fetch_all().await
        }
        About::Testcase(testcase) => {
            reader.query(TOLD_OF_TESTCASE).bind(testcase).bind(key).bind(*seq).bind(limit).fetch_all().await
        }
        About::Update { update, testcase } => {
            let query = reader.query(TOLD_OF_UPDATE).bind(update).bind(item).bind(key).bind(*seq);
            query.bind(testcase.as_deref().unwrap_or_default()).bind(limit).fetch_all().await
        }
    }
}
