//! What test suites ask of the gate's tables: that they are empty.

use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result, Tx};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    ALLOW = "INSERT INTO results_rehearsal (id, made_at) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
    IS_ALLOWED = "SELECT COUNT(*) FROM results_rehearsal WHERE id = 1";

    EMPTY = postgres
        "TRUNCATE results_testcase, results_group, results_result, results_result_group, results_result_key,
            results_latest, results_announcement_state, results_announcement, results_update_build, results_old_news,
            results_import RESTART IDENTITY";
    EMPTY_IMPORTS = sqlite "DELETE FROM results_import";
    EMPTY_OLD_NEWS = sqlite "DELETE FROM results_old_news";
    EMPTY_BUILDS = sqlite "DELETE FROM results_update_build";
    EMPTY_ANNOUNCEMENTS = sqlite "DELETE FROM results_announcement";
    EMPTY_STATES = sqlite "DELETE FROM results_announcement_state";
    EMPTY_LATEST = sqlite "DELETE FROM results_latest";
    EMPTY_KEYS = sqlite "DELETE FROM results_result_key";
    EMPTY_LINKS = sqlite "DELETE FROM results_result_group";
    EMPTY_RESULTS = sqlite "DELETE FROM results_result";
    EMPTY_GROUPS = sqlite "DELETE FROM results_group";
    EMPTY_TESTCASES = sqlite "DELETE FROM results_testcase";
    FIRST_IDS = sqlite
        "DELETE FROM sqlite_sequence WHERE name IN ('results_testcase', 'results_group', 'results_result')";
}

/// Says of tables that are new that they may be emptied.
///
/// # Errors
///
/// The store is away.
pub async fn allow_emptying(tx: &mut Tx) -> Result<()> {
    let now = tx.now().as_microseconds();
    tx.query(ALLOW).bind(now).execute().await.map(drop)
}

/// Whether the tables were made to be emptied.
///
/// # Errors
///
/// The store is away.
pub async fn may_be_emptied(reader: &mut impl Reads) -> Result<bool> {
    Ok(reader.query(IS_ALLOWED).fetch_one::<(i64,)>().await?.0 == 1)
}

/// Empties every table of the gate. Ids begin with 1 again.
///
/// # Errors
///
/// The store is away.
pub async fn empty(tx: &mut Tx) -> Result<()> {
    if tx.is_postgres() {
        return tx.query(EMPTY).execute().await.map(drop);
    }
    // what refers to others goes first
    for statement in [
        EMPTY_IMPORTS,
        EMPTY_OLD_NEWS,
        EMPTY_BUILDS,
        EMPTY_ANNOUNCEMENTS,
        EMPTY_STATES,
        EMPTY_LATEST,
        EMPTY_KEYS,
        EMPTY_LINKS,
        EMPTY_RESULTS,
        EMPTY_GROUPS,
        EMPTY_TESTCASES,
        FIRST_IDS,
    ] {
        tx.query(statement).execute().await?;
    }
    Ok(())
}
