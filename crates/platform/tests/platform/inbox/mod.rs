//! What comes twice has one effect.

mod aside;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tidegate_platform::inbox::{CONSUME, Consume, Consumer, Incoming};
use tidegate_platform::store::{Db, Reads as _, Result, Tx, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
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

/// Unloads ships; the first time it stands still in the middle, as a process that dies there.
struct Dying {
    has_died: Arc<AtomicUsize>,
    says: Arc<tokio::sync::Notify>,
}

impl Consumer for Dying {
    fn name(&self) -> &'static str {
        "harbour"
    }

    async fn handle(&self, tx: &mut Tx, incoming: &Incoming) -> anyhow::Result<()> {
        effect(tx, incoming.payload["ship"].as_str().unwrap_or_default(), 0).await?;
        if self.has_died.fetch_add(1, Ordering::SeqCst) == 0 {
            self.says.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// Scenario 11: what came is stored and answered, and whoever should have its effect dies.
#[test]
fn what_was_answered_before_a_death_has_its_effect_after_it_once() {
    TestDb::both(PLATFORM, async |t| {
        let (has_died, says) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
        let jobs = || {
            let dying = Dying { has_died: Arc::clone(&has_died), says: Arc::clone(&says) };
            Jobs::default().with(Consume::default().with(dying))
        };
        assert!(come(&t.db, "1", "a").await);
        let (job, lease) = (CONSUME.as_str(), Duration::from_millis(500));
        let first = Engine::new(t.db.clone(), jobs(), lease);
        tokio::select! {
            _ = first.run(job, "harbour", false) => panic!("it never ends"),
            () = says.notified() => {}
        }
        drop(first);
        let second = Engine::new(t.db.clone(), jobs(), lease);
        let taken = async { while second.take_over().await.expect("the store answers").is_empty() {} };
        tokio::time::timeout(Duration::from_secs(30), taken).await.expect("the lease ends");
        assert!(!come(&t.db, "1", "a").await, "the sender sends it again");
        second.run(job, "harbour", false).await.expect("the store answers").expect("it is due");
        assert_eq!(second.run(job, "harbour", false).await.expect("the store answers"), None);
        assert_eq!(t.rows("SELECT subject FROM platform_trail_step").await, [["a"]]);
        assert_eq!(t.rows("SELECT state FROM platform_inbox").await, [["done"]]);
    });
}

/// What the bus says is acknowledged when it is stored, has its effect once, and goes to the dead letters if it says
/// nothing.
#[test]
fn the_bus_is_heard_once_and_what_cannot_be_read_is_put_away() {
    use tidegate_platform::secret::Secret;
    use tidegate_platform::sinks::{Listen, ListenOptions};
    TestDb::on(tidegate_testkit::Kind::Postgres, PLATFORM, async |t| {
        let Some(broker) = tidegate_testkit::Broker::start().await else { return };
        let options = ListenOptions {
            url: Secret::new(broker.url()),
            exchange: "amq.topic".to_owned(),
            queue: "harbour".to_owned(),
            bindings: vec!["#".to_owned()],
            declare: true,
            prefetch: 25,
            consumers: vec![("harbour", vec!["ship.new".to_owned()])],
        };
        let listen = Listen::start(t.db.clone(), options.clone());
        let until = async |sql: &str, rows: usize| {
            let seen = async {
                while t.rows(sql).await.len() < rows {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), seen).await.expect("it is stored");
        };
        // until the queue is there nobody keeps what is said
        while t.rows("SELECT 1 FROM platform_inbox").await.is_empty() {
            broker.publish("amq.topic", "org.example.ship.new", Some("1"), br#"{"ship": "a"}"#).await;
        }
        for (key, id, body) in [
            ("org.example.ship.new", Some("2"), "what?"),
            ("org.example.ship.new", Some("3"), r#"{"ship": "\u0000"}"#),
            ("org.example.flagship.new", Some("4"), r#"{"ship": "not for us"}"#),
            ("org.example.ship.new", None, r#"{"ship": "b"}"#),
            ("org.example.ship.new", None, r#"{"ship": "b"}"#),
        ] {
            broker.publish("amq.topic", key, id, body.as_bytes()).await;
        }
        until("SELECT 1 FROM platform_inbox", 2).await;
        drop(listen);
        let consume = Consume::default().with(Unload(Arc::default()));
        Bench::new(t, Jobs::default().with(consume)).settle().await;
        assert_eq!(t.rows("SELECT subject FROM platform_trail_step ORDER BY subject").await.concat(), ["a", "b"]);
        let mut dead = Vec::new();
        let both = async {
            while dead.len() < 2 {
                dead.extend(broker.take("harbour.dead").await.iter().map(tidegate_testkit::Received::id));
            }
        };
        tokio::time::timeout(Duration::from_secs(60), both).await.expect("they are put away");
        assert_eq!(dead, ["2", "3"]);
    });
}
