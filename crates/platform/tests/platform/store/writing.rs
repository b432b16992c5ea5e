//! All or nothing, once, and repeated where another writer came between.

use std::sync::atomic::{AtomicU32, Ordering};

use tidegate_kernel::ErrorClass;
use tidegate_platform::store::{Db, Durability, Isolation, Result, StoreError, in_tx};
use tidegate_testkit::{Kind, TestDb};

use super::{HARBOUR, STATEMENTS, load, moor, ships, tons};

async fn all_ships(db: &Db) -> Vec<(String, i64)> {
    db.read(|reader| in_tx(ships(reader))).await.expect("it can be read")
}

#[test]
fn what_is_committed_is_read_in_the_order_of_code_points() {
    TestDb::both(HARBOUR, async |t| {
        for (name, size) in [("b", 2), ("Z", 1), ("ä", 4), ("a", 3)] {
            t.db.write("harbour.moor", |tx| in_tx(moor(tx, name, size))).await.unwrap();
        }
        let names: Vec<_> = all_ships(&t.db).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Z", "a", "b", "ä"], "{:?}", t.kind);
    });
}

#[test]
fn a_closure_that_fails_leaves_nothing() {
    TestDb::both(HARBOUR, async |t| {
        let done = t.db.write("harbour.moor", |tx| {
            in_tx(async move {
                moor(tx, "a", 1).await?;
                moor(tx, "a", 2).await
            })
        });
        assert!(matches!(done.await, Err(StoreError::Database(_))));
        assert_eq!(all_ships(&t.db).await, []);
        assert_eq!(t.db.write("harbour.moor", |tx| in_tx(moor(tx, "a", 3))).await.unwrap(), 1);
    });
}

#[test]
fn a_closure_that_is_dropped_half_way_leaves_nothing() {
    TestDb::both(HARBOUR, async |t| {
        let begun = tokio::sync::Notify::new();
        let begun = &begun;
        let half = t.db.write("harbour.moor", |tx| {
            in_tx(async move {
                moor(tx, "a", 1).await?;
                begun.notify_one();
                std::future::pending::<Result<()>>().await
            })
        });
        tokio::select! {
            _ = half => panic!("it never ends by itself"),
            () = begun.notified() => {}
        }
        assert_eq!(all_ships(&t.db).await, []);
        t.db.write("harbour.moor", |tx| in_tx(moor(tx, "a", 3))).await.unwrap();
        assert_eq!(all_ships(&t.db).await, [("a".to_owned(), 3)]);
    });
}

#[test]
fn a_reader_cannot_write() {
    TestDb::both(HARBOUR, async |t| {
        use tidegate_platform::store::Reads as _;
        let moor = *STATEMENTS.iter().find(|statement| statement.name == "MOOR").unwrap();
        let refused: Result<u64> =
            t.db.read(|reader| in_tx(async move { reader.query(moor).bind("a").bind(1_i64).execute().await })).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("read-only") || refused.contains("readonly"), "{refused}");
        assert_eq!(all_ships(&t.db).await, []);
    });
}

#[test]
fn writers_side_by_side_lose_no_update() {
    TestDb::both(HARBOUR, async |t| {
        t.db.write("harbour.moor", |tx| in_tx(moor(tx, "a", 0))).await.unwrap();
        let writers = (0..8).map(|_| {
            let db = t.db.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    db.write("harbour.load", |tx| in_tx(load(tx, "a", 1))).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(all_ships(&t.db).await, [("a".to_owned(), 80)]);
    });
}

/// Two that each read the sum and add to it would both read the old sum, if nobody came between them.
#[test]
fn what_cannot_be_serialized_is_repeated() {
    TestDb::both(HARBOUR, async |t| {
        let begun = AtomicU32::new(0);
        let (begun, both) = (&begun, &tokio::sync::Barrier::new(2));
        let (serializable, is_postgres) = (Isolation::Serializable, t.db.is_postgres());
        let add = |name: &'static str| {
            t.db.write_with("harbour.add", Durability::Durable, serializable, move |tx| {
                in_tx(async move {
                    let sum = tons(tx).await?;
                    if begun.fetch_add(1, Ordering::SeqCst) < 2 && is_postgres {
                        both.wait().await;
                    }
                    moor(tx, name, sum + 1).await
                })
            })
        };
        let (a, b) = tokio::join!(add("a"), add("b"));
        assert_eq!((a.unwrap(), b.unwrap()), (1, 1));
        let mut sizes: Vec<_> = all_ships(&t.db).await.into_iter().map(|(_, size)| size).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 2], "one read what the other wrote");
        assert_eq!(begun.load(Ordering::SeqCst), if is_postgres { 3 } else { 2 });
    });
}

#[test]
fn after_five_attempts_the_error_comes_out() {
    const CONFLICT: &str = "CREATE FUNCTION harbour_conflict() RETURNS bigint LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END$$";
    TestDb::on(Kind::Postgres, HARBOUR, async |t| {
        use tidegate_platform::store::{Reads as _, Statement};
        t.rows(CONFLICT).await;
        let text = "SELECT harbour_conflict()";
        let conflict = Statement { name: "CONFLICT", sqlite: text, postgres: text };
        let attempts = &AtomicU32::new(0);
        let failed = t.db.write("harbour.conflict", |tx| {
            in_tx(async move {
                attempts.fetch_add(1, Ordering::SeqCst);
                tx.query(conflict).execute().await
            })
        });
        assert!(failed.await.unwrap_err().to_string().contains("again"));
        assert_eq!(attempts.load(Ordering::SeqCst), 5);
    });
}

/// What may go well later is no fault of ours: the caller is told to come again.
#[test]
fn a_database_that_can_do_nothing_now_is_away() {
    const RAISE: &str = "CREATE FUNCTION harbour_raise(code text) RETURNS bigint LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = code; END$$";
    TestDb::on(Kind::Postgres, HARBOUR, async |t| {
        use tidegate_kernel::Classified as _;
        use tidegate_platform::store::{Reads as _, Statement};
        t.rows(RAISE).await;
        let text = "SELECT harbour_raise($1)";
        let raise = Statement { name: "RAISE", sqlite: text, postgres: text };
        let class = async |code: &'static str| {
            let failed: Result<u64> =
                t.db.write("harbour.raise", |tx| in_tx(async move { tx.query(raise).bind(code).execute().await }))
                    .await;
            failed.expect_err("it raises").class()
        };
        // disk full, too many connections, the server stops, a lock or an answer that took too long, a standby
        for code in ["53100", "53300", "57P01", "57P03", "55P03", "57014", "25006", "40P01"] {
            assert_eq!(class(code).await, ErrorClass::Unavailable, "{code}");
        }
        for code in ["23505", "22003", "42601"] {
            assert_eq!(class(code).await, ErrorClass::Fault, "{code}");
        }
    });
}

#[test]
fn a_mistake_is_not_repeated() {
    TestDb::both(HARBOUR, async |t| {
        let attempts = &AtomicU32::new(0);
        let failed = t.db.write("harbour.moor", |tx| {
            in_tx(async move {
                attempts.fetch_add(1, Ordering::SeqCst);
                moor(tx, "a", 1).await?;
                moor(tx, "a", 1).await
            })
        });
        failed.await.unwrap_err();
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
    });
}
