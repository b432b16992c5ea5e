//! Commits that last, and one process a file.

use tidegate_kernel::{Classified as _, ErrorClass};
use tidegate_platform::statements;
use tidegate_platform::store::{Db, Durability, Isolation, Place, Reads as _, Result, StoreError, in_tx};
use tidegate_testkit::{Kind, TestDb};

use super::{HARBOUR, moor};

statements! {
    pub(crate) SETTINGS;

    /// How hard the connection tries to keep a commit.
    SYNCHRONOUS = sqlite "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous",
        postgres "SELECT current_setting('synchronous_commit')";
    FOREIGN_KEYS = sqlite "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys", postgres "SELECT '1'::text";
}

async fn synchronous(db: &Db, durability: Durability) -> String {
    let asked = db.write_with("harbour.ask", durability, Isolation::ReadCommitted, |tx| {
        in_tx(async move { tx.query(SYNCHRONOUS).fetch_one::<(String,)>().await })
    });
    asked.await.expect("the setting can be read").0
}

#[test]
fn only_what_can_be_rebuilt_is_committed_without_the_disk() {
    TestDb::both(HARBOUR, async |t| {
        let (full, less) = if t.db.is_postgres() { ("on", "off") } else { ("2", "1") };
        assert_eq!(synchronous(&t.db, Durability::Durable).await, full);
        assert_eq!(synchronous(&t.db, Durability::Rebuildable).await, less);
        assert_eq!(synchronous(&t.db, Durability::Durable).await, full, "the one before changed nothing for good");
    });
}

#[test]
fn references_are_checked() {
    TestDb::both(HARBOUR, async |t| {
        let asked: Result<(String,)> =
            t.db.write("harbour.ask", |tx| in_tx(async move { tx.query(FOREIGN_KEYS).fetch_one().await })).await;
        assert_eq!(asked.unwrap().0, "1");
    });
}

#[test]
fn a_server_that_would_lose_commits_is_refused() {
    TestDb::on(Kind::Postgres, HARBOUR, async |t| {
        let Place::Postgres(url) = &t.options().place else { panic!("it is PostgreSQL") };
        let mut options = t.options().clone();
        options.place = Place::Postgres(format!("{url}&options=-c%20synchronous_commit%3Doff"));
        let refused = Db::open(&options, t.db.surroundings().clone()).await.err().unwrap();
        assert_eq!(
            refused.to_string(),
            "the store would lose commits with the power: synchronous_commit is off, expected on"
        );
        assert_eq!(refused.class(), ErrorClass::Mistake);
        let mut options = t.options().clone();
        options.waive_fsync = false;
        let refused = Db::open(&options, t.db.surroundings().clone()).await.err().unwrap();
        assert_eq!(refused.to_string(), "the store would lose commits with the power: fsync is off, expected on");
    });
}

#[test]
fn a_file_has_one_process_and_the_second_is_told_which() {
    TestDb::on(Kind::Sqlite, HARBOUR, async |t| {
        let again = || Db::open(t.options(), t.db.surroundings().clone());
        let refused = again().await.err().unwrap();
        let holder = format!("is in use by process {} since 2026-11-21T08:00:00.000000Z", std::process::id());
        assert!(refused.to_string().contains(&holder), "{refused}");
        assert_eq!(refused.class().exit_code(), 3);
        t.db.write("harbour.moor", |tx| in_tx(moor(tx, "a", 1))).await.unwrap();
    });
}

#[test]
fn a_place_that_cannot_be_a_store_is_named() {
    TestDb::on(Kind::Sqlite, HARBOUR, async |t| {
        let Place::Sqlite(path) = &t.options().place else { panic!("it is SQLite") };
        let mut options = t.options().clone();
        let folder = path.with_file_name("folder.sqlite");
        std::fs::create_dir(&folder).unwrap();
        options.place = Place::Sqlite(folder);
        let refused = Db::open(&options, t.db.surroundings().clone()).await.err().unwrap();
        assert!(matches!(refused, StoreError::Path { .. }), "{refused}");
        assert!(refused.to_string().contains("folder.sqlite cannot be used"), "{refused}");

        let damaged = path.with_file_name("damaged.sqlite");
        std::fs::write(&damaged, "this is no database, however long one looks at it. ".repeat(100)).unwrap();
        options.place = Place::Sqlite(damaged.clone());
        let refused = Db::open(&options, t.db.surroundings().clone()).await.err().unwrap();
        assert!(refused.to_string().contains("not a database"), "{refused}");
        assert_eq!(refused.class(), ErrorClass::Fault);
        assert!(std::fs::read_to_string(damaged).unwrap().starts_with("this is no database"));
    });
}
