//! Forwards, once, all or nothing.

use tidegate_platform::store::{Db, Migration, Migrations, StoreError};
use tidegate_testkit::TestDb;

use super::HARBOUR;

const SHIPS: Migration = HARBOUR[0].list[0];

async fn tables(t: &TestDb) -> Vec<String> {
    let sql = if t.db.is_postgres() {
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'harbour%' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'harbour%' ORDER BY 1"
    };
    t.rows(sql).await.into_iter().flatten().collect()
}

async fn refused(db: &Db, list: &'static [Migration]) -> StoreError {
    db.migrate(&[Migrations { krate: "harbour", list }]).await.expect_err("it is refused")
}

#[test]
fn what_was_applied_is_not_applied_again() {
    TestDb::both(HARBOUR, async |t| {
        assert_eq!(t.db.migrate(HARBOUR).await.unwrap(), 0);
        assert_eq!(tables(t).await, ["harbour_ship"]);
    });
}

#[test]
fn a_migration_that_fails_leaves_nothing_and_names_its_line() {
    const BROKEN: Migration = Migration {
        number: 2,
        name: "piers",
        sqlite: "CREATE TABLE harbour_pier (id INTEGER PRIMARY KEY);\n\n-- oops\nCREATE TABLE harbour_ship (x);\n",
        postgres: "CREATE TABLE harbour_pier (id BIGINT PRIMARY KEY);\n\n-- oops\nCREATE TABLE harbour_ship (x int);\n",
    };
    TestDb::both(HARBOUR, async |t| {
        let database = if t.db.is_postgres() { "postgres" } else { "sqlite" };
        let failed = refused(&t.db, &[SHIPS, BROKEN]).await.to_string();
        let place = format!("harbour/migrations/{database}/0002_piers.sql:4: migration failed: ");
        assert!(failed.starts_with(&place), "{failed}");
        assert_eq!(tables(t).await, ["harbour_ship"]);
        assert_eq!(t.db.migrate(HARBOUR).await.unwrap(), 0, "the store is as it was");
    });
}

#[test]
fn a_store_that_is_newer_than_the_program_is_refused() {
    TestDb::both(HARBOUR, async |t| {
        let refused = refused(&t.db, &[]).await.to_string();
        assert_eq!(
            refused,
            "the store has migration harbour 1 (ships), and this program (0.1.0) knows none of harbour: it is older than the store"
        );
    });
}

#[test]
fn of_two_that_start_together_one_migrates() {
    const PIERS: Migration = Migration {
        number: 2,
        name: "piers",
        sqlite: "CREATE TABLE harbour_pier (id INTEGER PRIMARY KEY);",
        postgres: "CREATE TABLE harbour_pier (id BIGINT PRIMARY KEY);",
    };
    const BOTH: &[Migrations] = &[Migrations { krate: "harbour", list: &[SHIPS, PIERS] }];
    TestDb::both(HARBOUR, async |t| {
        let second = if t.db.is_postgres() { t.another(2).await } else { t.db.clone() };
        let (first, second) = tokio::join!(t.db.migrate(BOTH), second.migrate(BOTH));
        let mut applied = [first.unwrap(), second.unwrap()];
        applied.sort_unstable();
        assert_eq!(applied, [0, 1]);
    });
}
