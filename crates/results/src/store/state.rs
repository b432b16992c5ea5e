//! What is known of the keys for which changes are told, and what was told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::{MessageId, Timestamp};
use tidegate_platform::statements;
use tidegate_platform::store::{Reads as _, Result, Tx};

use super::indexed;
use super::rows::{damaged, time};
use crate::announce::{Announced, Announcement, Key, KeyHash, Reason, State, Via};
use crate::model::{Outcome, Position, ResultId};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    /// Makes the rows that are missing and locks them all, in the order of the list. Before them come locks on what the
    /// results' own messages keep their order with, for which there need not be a row; SQLite has one writer.
    LOCK = sqlite
        "INSERT INTO results_announcement_state (key_hash, testcase, type, item, key_parts)
         SELECT value ->> 'key_hash', value ->> 'testcase', value ->> 'type', value ->> 'item', value -> 'parts'
         FROM json_each($1) WHERE $2 IS NOT NULL
         ON CONFLICT (key_hash) DO UPDATE SET late = results_announcement_state.late
         RETURNING key_hash, outcome, result_id, newest_final_time, newest_final_id, newest_any_time, newest_any_id,
            progress_outcome, seq, suppressed, late, changed_at",
        postgres
        "WITH own AS MATERIALIZED (
            SELECT COUNT(pg_advisory_xact_lock(number)) FROM (
                SELECT value::bigint AS number FROM jsonb_array_elements_text($2) AS few (value) ORDER BY 1) AS numbers
         )
         INSERT INTO results_announcement_state (key_hash, testcase, type, item, key_parts)
         SELECT value ->> 'key_hash', value ->> 'testcase', value ->> 'type', value ->> 'item', value -> 'parts'
         FROM own, jsonb_array_elements($1) WITH ORDINALITY AS rows (value, place) ORDER BY place
         ON CONFLICT (key_hash) DO UPDATE SET late = results_announcement_state.late
         RETURNING key_hash, outcome, result_id, newest_final_time, newest_final_id, newest_any_time, newest_any_id,
            progress_outcome, seq, suppressed, late, changed_at";
    STATES = sqlite
        "UPDATE results_announcement_state SET
            outcome = v.value ->> 'outcome', result_id = v.value ->> 'result_id',
            newest_final_time = v.value ->> 'newest_final_time', newest_final_id = v.value ->> 'newest_final_id',
            newest_any_time = v.value ->> 'newest_any_time', newest_any_id = v.value ->> 'newest_any_id',
            progress_outcome = v.value ->> 'progress_outcome', seq = v.value ->> 'seq',
            suppressed = v.value ->> 'suppressed', late = v.value ->> 'late', changed_at = v.value ->> 'changed_at'
         FROM json_each($1) v WHERE key_hash = v.value ->> 'key_hash'";
    ANNOUNCEMENTS = sqlite
        "INSERT INTO results_announcement
            (key_hash, seq, result_id, prev_outcome, outcome, reason, via, message_id, created_at)
         SELECT value ->> 'key_hash', value ->> 'seq', value ->> 'result_id', value ->> 'prev_outcome',
            value ->> 'outcome', value ->> 'reason', value -> 'via', value ->> 'message_id', $2
         FROM json_each($1)";
    /// The two above in one.
    SAVE = postgres
        "WITH told AS (
            INSERT INTO results_announcement
                (key_hash, seq, result_id, prev_outcome, outcome, reason, via, message_id, created_at)
            SELECT value ->> 'key_hash', (value ->> 'seq')::bigint, (value ->> 'result_id')::bigint,
                value ->> 'prev_outcome', value ->> 'outcome', value ->> 'reason', NULLIF(value -> 'via', 'null'),
                value ->> 'message_id', $3
            FROM jsonb_array_elements($2)
         )
         UPDATE results_announcement_state SET
            outcome = v.value ->> 'outcome', result_id = (v.value ->> 'result_id')::bigint,
            newest_final_time = (v.value ->> 'newest_final_time')::bigint,
            newest_final_id = (v.value ->> 'newest_final_id')::bigint,
            newest_any_time = (v.value ->> 'newest_any_time')::bigint,
            newest_any_id = (v.value ->> 'newest_any_id')::bigint,
            progress_outcome = v.value ->> 'progress_outcome', seq = (v.value ->> 'seq')::bigint,
            suppressed = (v.value ->> 'suppressed')::bigint, late = (v.value ->> 'late')::bigint,
            changed_at = (v.value ->> 'changed_at')::bigint
         FROM jsonb_array_elements($1) v WHERE key_hash = v.value ->> 'key_hash'";
}

#[derive(Serialize)]
struct LockRow<'a> {
    key_hash: KeyHash,
    testcase: &'a str,
    r#type: Option<String>,
    item: std::borrow::Cow<'a, str>,
    parts: Value,
}

#[derive(FromRow)]
struct Held {
    key_hash: String,
    outcome: Option<String>,
    result_id: Option<i64>,
    newest_final_time: Option<i64>,
    newest_final_id: Option<i64>,
    newest_any_time: Option<i64>,
    newest_any_id: Option<i64>,
    progress_outcome: Option<String>,
    seq: i64,
    suppressed: i64,
    late: i64,
    changed_at: Option<i64>,
}

#[derive(Serialize)]
struct Written<'a> {
    key_hash: KeyHash,
    outcome: Option<&'a Outcome>,
    result_id: Option<ResultId>,
    newest_final_time: Option<i64>,
    newest_final_id: Option<ResultId>,
    newest_any_time: Option<i64>,
    newest_any_id: Option<ResultId>,
    progress_outcome: Option<&'a Outcome>,
    seq: u64,
    suppressed: u64,
    late: u64,
    changed_at: Option<i64>,
}

/// A change that was told, as it is stored.
#[derive(Serialize)]
pub(super) struct AnnouncementRow<'a> {
    key_hash: KeyHash,
    seq: u64,
    result_id: ResultId,
    prev_outcome: Option<&'a Outcome>,
    outcome: &'a Outcome,
    reason: &'static str,
    via: Option<Value>,
    message_id: Option<MessageId>,
}

/// The states of all these keys, locked in the order of their hashes, made where they are missing. `own` are the numbers of
/// what else is locked, and before them.
pub(super) async fn lock<'a>(
    tx: &mut Tx,
    own: &BTreeSet<i64>,
    keys: impl IntoIterator<Item = &'a (KeyHash, Key)>,
) -> Result<BTreeMap<KeyHash, State>> {
    let keys: BTreeMap<_, _> = keys.into_iter().map(|(hash, key)| (*hash, key)).collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let row = |(hash, key): (&KeyHash, &&'a Key)| LockRow {
        key_hash: *hash,
        testcase: &key.testcase,
        r#type: key.kind_text(),
        item: indexed(&key.item),
        parts: parts(key),
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    let held: Vec<Held> = tx.query(LOCK).bind(Json(&rows)).bind(Json(own)).fetch_all().await?;
    held.into_iter().map(Held::into_state).collect()
}

fn parts(key: &Key) -> Value {
    json!({
        "type": key.kind_text(),
        "item": key.item,
        "variant": key.variant,
    })
}

impl Held {
    fn into_state(self) -> Result<(KeyHash, State)> {
        let hash = KeyHash::try_from(self.key_hash).map_err(|error| damaged("a key", &error.to_string()))?;
        let count = |number: i64| u64::try_from(number).map_err(|_| damaged("a count", &number.to_string()));
        let position = |time_of: Option<i64>, id: Option<i64>| match (time_of, id) {
            (Some(at), Some(id)) => Ok(Some(Position { submit_time: time(at)?, id: ResultId(id) })),
            _ => Ok::<_, tidegate_platform::store::StoreError>(None),
        };
        let seq = count(self.seq)?;
        let newest_final = position(self.newest_final_time, self.newest_final_id)?;
        let announced = match (self.outcome, self.result_id, newest_final) {
            (Some(outcome), Some(id), Some(newest_final)) => {
                Some(Announced { outcome: Outcome::stored(outcome), result_id: ResultId(id), newest_final, seq })
            }
            _ => None,
        };
        let state = State {
            announced,
            newest_any: position(self.newest_any_time, self.newest_any_id)?,
            progress: self.progress_outcome.map(Outcome::stored),
            suppressed: count(self.suppressed)?,
            late: count(self.late)?,
            changed_at: self.changed_at.map(time).transpose()?,
        };
        Ok((hash, state))
    }
}

/// The row of a change; progress has none.
pub(super) fn announced<'a>(
    key: &Key,
    announcement: &'a Announcement,
    via: Option<&Via>,
    message_id: Option<MessageId>,
) -> Option<AnnouncementRow<'a>> {
    let Announcement { reason, seq, prev_outcome, outcome, result_id, .. } = announcement;
    (*reason != Reason::Progress).then(|| AnnouncementRow {
        key_hash: key.hash(),
        seq: *seq,
        result_id: *result_id,
        prev_outcome: prev_outcome.as_ref(),
        outcome,
        reason: reason.name(),
        via: via.map(|via| json!({"type": via.kind, "item": via.item})),
        message_id,
    })
}

/// Writes the states, and what was told.
pub(super) async fn save(
    tx: &mut Tx,
    states: &BTreeMap<KeyHash, (Key, State)>,
    announced: &[AnnouncementRow<'_>],
) -> Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let now = tx.now().as_microseconds();
    let written: Vec<_> = states.iter().map(|(hash, (_, state))| written(*hash, state)).collect();
    if tx.is_postgres() {
        tx.query(SAVE).bind(Json(&written)).bind(Json(announced)).bind(now).execute().await?;
        return Ok(());
    }
    tx.query(STATES).bind(Json(&written)).execute().await?;
    if !announced.is_empty() {
        tx.query(ANNOUNCEMENTS).bind(Json(announced)).bind(now).execute().await?;
    }
    Ok(())
}

fn written(key_hash: KeyHash, state: &State) -> Written<'_> {
    let announced = state.announced.as_ref();
    let newest_final = state.newest_final();
    Written {
        key_hash,
        outcome: announced.map(|announced| &announced.outcome),
        result_id: announced.map(|announced| announced.result_id),
        newest_final_time: newest_final.map(|at| at.submit_time.as_microseconds()),
        newest_final_id: newest_final.map(|at| at.id),
        newest_any_time: state.newest_any.map(|at| at.submit_time.as_microseconds()),
        newest_any_id: state.newest_any.map(|at| at.id),
        progress_outcome: state.progress.as_ref(),
        seq: state.seq(),
        suppressed: state.suppressed,
        late: state.late,
        changed_at: state.changed_at.map(Timestamp::as_microseconds),
    }
}
