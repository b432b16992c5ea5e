//! What comes twice has one effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tidegate_platform::inbox::{Consume, Consumer, Incoming};
use tidegate_platform::store::{Db, Reads as _, Result, Tx, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_testkit::{Bench, TestDb};

use crate::outbox::PLATFORM;

tidegate_platform::statements! {
    pub(crate) EFFECTS;

    EFFECT = "INSERT INTO platform_trail_step (subject, gate, step, at, outcome, text)
        VALUES ($1, 'harbour', 'unload', $2, 'info', '')";
}

async fn effect(tx: &mut Tx, ship: &str, at: i64) -> Result<()> {
    tx.query(EFFECT).bind(ship).bind(at).execute().await.map(drop)
}

/// Scenario 10.
#[test]
fn the_same_id_at_once_in_two_processes_has_one_effect() {
    TestDb::both(PLATFORM, async |t| {
        let second = if t.db.is_postgres() { t.another(2).await } else { t.db.clone() };
        let take = async |db: &Db, at: i64| {
            let taken: Result<bool> = db
                .write("harbour.take", |tx| {
                    in_tx(async move {
                        let is_first = tx.receive("harbour", "id", "ship.new").await?;
                        if is_first {
                            effect(tx, "a", at).await?;
                        }
                        Ok(is_first)
                    })
                })
                .await;
            taken.expect("it is committed")
        };
        let (one, other) = tokio::join!(take(&t.db, 1), take(&second, 2));
        assert!(one ^ other, "one of them was first");
        assert!(!take(&t.db, 3).await);
        assert_eq!(t.rows("SELECT subject FROM platform_trail_step").await, [["a"]]);
    });
}

/// Unloads ships; the ship `stuck` only when there is a crane.
struct Unload(Arc<AtomicUsize>);

impl Consumer for Unload {
    fn name(&self) -> &'static str {
        "harbour"
    }

    async fn handle(&self, tx: &mut Tx, incoming: &Incoming) -> anyhow::Result<()> {
        let ship = incoming.payload["ship"].as_str().unwrap_or_default();
        effect(tx, ship, 0).await?;
        if ship == "stuck" && self.0.load(Ordering::SeqCst) == 0 {
            anyhow::bail!("no crane");
        }
        Ok(())
    }
}

async fn come(db: &Db, id: &str, ship: &str) -> bool {
    let payload = &json!({"ship": ship});
    let came: Result<bool> =
        db.write("harbour.hook", |tx| in_tx(tx.receive_later("harbour", id, "ship.new", payload))).await;
    came.expect("it is committed")
}

#[test]
fn what_was_stored_first_has_its_effect_once_and_a_failure_stops_nobody_else() {
    TestDb::both(PLATFORM, async |t| {
        let cranes = Arc::new(AtomicUsize::new(0));
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(Unload(Arc::clone(&cranes)))));
        assert!(come(&t.db, "1", "stuck").await);
        assert!(!come(&t.db, "1", "stuck").await);
        assert!(come(&t.db, "2", "a").await);
        bench.settle().await;
        let unloaded = async || t.rows("SELECT subject FROM platform_trail_step ORDER BY subject").await.concat();
        assert_eq!(unloaded().await, ["a"]);
        bench.advance(Duration::from_secs(3600)).await;
        let stuck = t.rows("SELECT message_id, attempts, error FROM platform_inbox WHERE state = 'set_aside'").await;
        assert_eq!(stuck, [["1", "10", "no crane"]]);
        cranes.store(1, Ordering::SeqCst);
        let retried: Result<bool> = t.db.write("harbour.retry", |tx| in_tx(tx.retry_incoming("harbour", "1"))).await;
        assert!(retried.unwrap());
        bench.advance(Duration::from_secs(3600)).await;
        assert_eq!(unloaded().await, ["a", "stuck"]);
        assert_eq!(t.rows("SELECT DISTINCT state, payload FROM platform_inbox").await, [["done", "NULL"]]);
    });
}
