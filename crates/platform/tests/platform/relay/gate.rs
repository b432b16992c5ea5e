use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tidegate_kernel::Envelope;
use tidegate_platform::relay::Relay;
use tidegate_platform::sinks::{Gate, Subscriber};
use tidegate_platform::store::{Result, Tx, in_tx};
use tidegate_platform::wake::{JobName, Jobs};
use tidegate_testkit::{Bench, TestDb};

use super::{PLATFORM, announce, deliveries};
use crate::wake::TestJob;

const PILOT: JobName = JobName::new("harbour.pilot");

/// Wakes a pilot for each ship, but not on the first call for `a/stuck`.
struct Pilot(Arc<AtomicUsize>);

impl Subscriber for Pilot {
    fn name(&self) -> &'static str {
        "harbour.pilot"
    }

    fn topics(&self) -> Vec<String> {
        vec!["harbour.ship.arrived".to_owned()]
    }

    async fn handle(&self, tx: &mut Tx, message: &Envelope) -> anyhow::Result<()> {
        let ship = message.body["ship"].as_str().unwrap_or_default();
        tx.wake(PILOT.key(ship));
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            anyhow::bail!("the pilot is asleep");
        }
        Ok(())
    }
}

#[test]
fn a_subscriber_has_each_effect_once_however_often_the_message_comes() {
    TestDb::both(PLATFORM, async |t| {
        let calls = Arc::new(AtomicUsize::new(0));
        let pilot = TestJob::quick(PILOT);
        let relay = Relay::new().with(Gate::new(t.db.clone(), Pilot(Arc::clone(&calls)))).enrol(&t.db).await.unwrap();
        let bench = Bench::new(t, Jobs::default().with(relay).with(pilot.clone()));
        for ship in ["a/1", "a/2", "b/1"] {
            announce(&t.db, ship).await;
        }
        bench.settle().await;
        assert!(pilot.runs() < 3, "the first failed, and left nothing of its effect");
        bench.advance(Duration::from_secs(60)).await;
        assert_eq!((pilot.runs(), calls.load(Ordering::SeqCst)), (3, 4));
        let again: Result<u64> =
            t.db.write("harbour.resend", |tx| in_tx(tx.resend("gate:harbour.pilot", 0, i64::MAX, None))).await;
        assert_eq!(again.unwrap(), 3);
        bench.settle().await;
        assert_eq!((pilot.runs(), calls.load(Ordering::SeqCst)), (3, 4));
        assert_eq!(deliveries(t).await, Vec::<String>::new());
        let causes = t.rows("SELECT DISTINCT woken_by FROM platform_run WHERE job = 'harbour.pilot'").await.concat();
        let mut ids = t.rows("SELECT message_id FROM platform_outbox").await.concat();
        ids.sort();
        let mut causes = causes;
        causes.sort();
        assert_eq!(causes, ids, "what led to a run can be traced");
    });
}

/// Whatever order the relay, the pilots and the numbering run in, each ship gets its pilot once.
#[test]
fn each_effect_is_had_once_in_any_order_of_runs() {
    let orders = [(tidegate_testkit::Kind::Sqlite, 0..20), (tidegate_testkit::Kind::Postgres, 0..2)];
    for (kind, seed) in orders.into_iter().flat_map(|(kind, seeds)| seeds.map(move |seed| (kind, seed))) {
        TestDb::on(kind, PLATFORM, async |t| {
            let pilot = TestJob::quick(PILOT);
            let calls = Arc::new(AtomicUsize::new(0));
            let relay =
                Relay::new().with(Gate::new(t.db.clone(), Pilot(Arc::clone(&calls)))).enrol(&t.db).await.unwrap();
            let bench = Bench::new(t, Jobs::default().with(relay).with(pilot.clone()));
            bench.shuffle(seed);
            for ship in ["a/1", "b/1", "a/2", "c/1"] {
                announce(&t.db, ship).await;
            }
            bench.advance(Duration::from_secs(60)).await;
            assert_eq!((pilot.runs(), calls.load(Ordering::SeqCst)), (4, 5), "seed {seed}");
            assert_eq!(deliveries(t).await, Vec::<String>::new(), "seed {seed}");
        });
    }
}
