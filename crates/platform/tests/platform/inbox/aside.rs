//! What came and cannot have its effect is shown, to whoever can do something about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_kernel::Subject;
use tidegate_platform::blockers::{Kept, of_subject};
use tidegate_platform::inbox::Consume;
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_testkit::{Bench, Kind, TestDb};
use tokio::sync::Notify;

use super::{Unload, come};
use crate::outbox::PLATFORM;

const AN_HOUR: Duration = Duration::from_secs(3_600);

/// The open blockers, as they are shown.
async fn shown(t: &TestDb) -> Vec<Value> {
    let subject: &Subject = &"item:tidegate-inbox/harbour".parse().expect("it is a subject");
    let open: Result<Vec<Kept>> = t.db.read(|reader| in_tx(of_subject(reader, subject))).await;
    let json = |kept: &Kept| serde_json::to_value(&kept.blocker).expect("a blocker has a JSON form");
    open.expect("the store answers").iter().map(json).collect()
}

async fn try_again(t: &TestDb, id: &str) {
    let tried: Result<bool> = t.db.write("harbour.retry", |tx| in_tx(tx.retry_incoming("harbour", id))).await;
    assert!(tried.expect("it is committed"));
}

async fn give_up(t: &TestDb, id: &str) {
    let dropped: Result<bool> = t.db.write("harbour.drop", |tx| in_tx(tx.drop_incoming("harbour", id))).await;
    assert!(dropped.expect("it is committed"));
}

#[test]
fn what_is_set_aside_is_a_blocker_until_it_is_tried_again_or_given_up() {
    TestDb::both(PLATFORM, async |t| {
        let cranes = Arc::new(AtomicUsize::new(0));
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(Unload(Arc::clone(&cranes)))));
        for (id, ship) in [("1", "stuck"), ("2", "a"), ("3", "stuck")] {
            come(&t.db, id, ship).await;
        }
        bench.settle().await;
        assert_eq!(shown(t).await, Vec::<Value>::new(), "one failure is none");
        bench.advance(AN_HOUR).await;
        let both = shown(t).await;
        assert_eq!(both.len(), 1, "{both:?}");
        assert_eq!(both[0]["code"], "platform.message-set-aside");
        assert_eq!(both[0]["text"], "2 messages were tried in vain by harbour and set aside.");
        assert_eq!(both[0]["who"][0]["name"], "platform.operator");
        assert_eq!(both[0]["look_again"]["on"], json!(["platform.consume"]));
        assert_eq!(both[0]["details"], json!({"consumer": "harbour", "count": 2}));
        let evidence = |blocker: &Value| -> Vec<String> {
            let line = |item: &Value| format!("{} {}", item["id"].as_str().unwrap(), item["text"].as_str().unwrap());
            blocker["evidence"].as_array().unwrap().iter().map(line).collect()
        };
        assert_eq!(evidence(&both[0]), ["1 ship.new: no crane", "3 ship.new: no crane"]);

        give_up(t, "1").await;
        let one = shown(t).await;
        assert_eq!((&one[0]["id"], &one[0]["since"]), (&both[0]["id"], &both[0]["since"]), "it is the same one");
        assert_eq!(one[0]["text"], "1 message was tried in vain by harbour and set aside.");
        assert_eq!(evidence(&one[0]), ["3 ship.new: no crane"]);

        try_again(t, "3").await;
        bench.advance(AN_HOUR).await;
        let again = shown(t).await;
        assert_eq!(again.len(), 1, "it is as before");
        assert_ne!(again[0]["since"], both[0]["since"], "but begins anew");
        cranes.store(1, Ordering::SeqCst);
        try_again(t, "3").await;
        bench.settle().await;
        assert_eq!(shown(t).await, Vec::<Value>::new());
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_blocker WHERE until IS NULL").await, [["0"]]);
    });
}

/// Each of two transactions that run side by side would count the row that the other gives up.
#[test]
fn two_that_are_given_up_at_once_leave_no_blocker() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(Unload(Arc::default()))));
        for id in ["1", "2"] {
            come(&t.db, id, "stuck").await;
        }
        bench.advance(AN_HOUR).await;
        assert_eq!(shown(t).await.len(), 1);
        let (has_begun, may_end, is_done) = (&Notify::new(), &Notify::new(), &AtomicBool::new(false));
        let first = async {
            let dropped: Result<()> =
                t.db.write("harbour.drop", |tx| {
                    in_tx(async move {
                        tx.drop_incoming("harbour", "1").await?;
                        has_begun.notify_one();
                        may_end.notified().await;
                        Ok(())
                    })
                })
                .await;
            dropped.expect("it is committed");
        };
        let second = async {
            has_begun.notified().await;
            give_up(t, "2").await;
            is_done.store(true, Ordering::SeqCst);
        };
        let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let watch = async {
            while t.rows(waits).await.is_empty() && !is_done.load(Ordering::SeqCst) {}
            may_end.notify_one();
        };
        tokio::join!(first, second, watch);
        assert_eq!(shown(t).await, Vec::<Value>::new());
    });
}
