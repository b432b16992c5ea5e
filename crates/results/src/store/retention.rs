//! How long results are kept.
//!
//! A result that is still the newest of anything stays, whatever its age: what a gate decides by is never deleted.

use std::time::Duration;

use tidegate_platform::retention::Rule;
use tidegate_platform::statements;

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    NEWEST_RESULT = "SELECT MAX(received_at) FROM results_result";
    DELETE_KEYS = "DELETE FROM results_result_key WHERE (key, value, submit_time, result_id) IN (
            SELECT k.key, k.value, k.submit_time, k.result_id
            FROM results_result r JOIN results_result_key k ON k.result_id = r.id
            WHERE r.received_at < $1 AND NOT EXISTS (SELECT 1 FROM results_latest l WHERE l.result_id = r.id)
            ORDER BY r.received_at, r.id LIMIT $2)";
    DELETE_LINKS = "DELETE FROM results_result_group WHERE (group_id, submit_time, result_id) IN (
            SELECT g.group_id, g.submit_time, g.result_id
            FROM results_result r JOIN results_result_group g ON g.result_id = r.id
            WHERE r.received_at < $1 AND NOT EXISTS (SELECT 1 FROM results_latest l WHERE l.result_id = r.id)
            ORDER BY r.received_at, r.id LIMIT $2)";
    DELETE_RESULTS = "DELETE FROM results_result WHERE id IN (
            SELECT r.id FROM results_result r
            WHERE r.received_at < $1 AND NOT EXISTS (SELECT 1 FROM results_latest l WHERE l.result_id = r.id)
            ORDER BY r.received_at, r.id LIMIT $2)";
    NEWEST_ANNOUNCEMENT = "SELECT MAX(created_at) FROM results_announcement";
    /// The last of each key stays.
    DELETE_ANNOUNCEMENTS = "DELETE FROM results_announcement WHERE (key_hash, seq) IN (
            SELECT a.key_hash, a.seq
            FROM results_announcement a JOIN results_announcement_state s ON s.key_hash = a.key_hash
            WHERE a.created_at < $1 AND a.seq < s.seq ORDER BY a.created_at, a.key_hash, a.seq LIMIT $2)";
    NEWEST_IMPORT = "SELECT MAX(at) FROM results_import";
    DELETE_IMPORTS = "DELETE FROM results_import WHERE (id, first_line) IN (
            SELECT id, first_line FROM results_import WHERE at < $1 ORDER BY at, id, first_line LIMIT $2)";
}

/// The rules of the gate's tables; `None` keeps results for ever.
pub fn retention(keep: Option<Duration>) -> Vec<Rule> {
    let rule = |table, newest, delete| Rule { table, keep, newest, delete };
    vec![
        rule("results_result_key", NEWEST_RESULT, DELETE_KEYS),
        rule("results_result_group", NEWEST_RESULT, DELETE_LINKS),
        rule("results_result", NEWEST_RESULT, DELETE_RESULTS),
        rule("results_announcement", NEWEST_ANNOUNCEMENT, DELETE_ANNOUNCEMENTS),
        rule("results_import", NEWEST_IMPORT, DELETE_IMPORTS),
    ]
}
