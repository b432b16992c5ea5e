//! How long results are kept, and what comes over the bus.

use std::time::Duration;

use serde_json::json;
use tidegate_platform::inbox::{Consume, Consumer as _};
use tidegate_platform::retention::{Retention, catalogue};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_results::jobs::UpdateBuilds;
use tidegate_results::store::{MIGRATIONS, retention};
use tidegate_testkit::{Bench, TestDb};

use crate::checked_in;
use crate::gate::{Gate, TABLES};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn old_results_go_unless_they_are_the_newest_of_something() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let deleting = Retention::at(Duration::ZERO).with("results", retention(Some(10 * DAY)));
        let bench = Bench::new(t, Jobs::default().with(deleting.enrol(&t.db).await.unwrap()));
        for outcome in ["FAILED", "PASSED", "FAILED"] {
            let data = json!({"item": "a"});
            gate.post(json!({"outcome": outcome, "testcase": "t", "groups": ["g"], "data": data})).await;
        }
        for day in 0..12 {
            bench.advance(DAY).await;
            gate.result("b", if day % 2 == 0 { "PASSED" } else { "FAILED" }).await;
        }
        let ids = t.rows("SELECT id FROM results_result WHERE received_at < (SELECT MAX(received_at) FROM results_result) ORDER BY id LIMIT 2").await;
        assert_eq!(ids[0], ["3"], "the newest of a stays");
        assert_ne!(ids[1], ["4"], "the first of b is old and not the newest");
        for table in ["results_result_key", "results_result_group"] {
            let orphans =
                format!("SELECT COUNT(*) FROM {table} WHERE result_id NOT IN (SELECT id FROM results_result)");
            assert_eq!(t.rows(&orphans).await, [["0"]]);
        }
        let told = "SELECT a.seq FROM results_announcement a
            JOIN results_announcement_state s ON s.key_hash = a.key_hash WHERE s.item = 'a'";
        assert_eq!(t.rows(told).await, [["3"]], "what was last told of each key stays");
        gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": {"item": "a"}})).await;
        assert_eq!(gate.changes().await.len(), 3 + 12, "a repetition is still one");
    });
}

#[test]
fn the_builds_of_an_update_come_over_the_bus_once() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(UpdateBuilds)));
        let body = &json!({"update": {"alias": "U-1", "builds": [{"nvr": "a-1-1"}, {"nvr": "b-1-1"}]}});
        for (id, payload) in [("1", body), ("1", body), ("2", &json!({"no": "update"}))] {
            let topic = "bodhi.update.request.testing";
            let stored: Result<bool> =
                t.db.write("bus", |tx| {
                    in_tx(async move { tx.receive_later(UpdateBuilds.name(), id, topic, payload).await })
                })
                .await;
            stored.unwrap();
        }
        bench.settle().await;
        let data = json!({"type": "bodhi_update", "item": "U-1"});
        gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        assert_eq!(gate.changes().await, ["a-1-1 1: nothing -> FAILED +0", "b-1-1 1: nothing -> FAILED +0"]);
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_inbox WHERE state = 'done'").await, [["2"]]);
    });
}

#[test]
fn the_checked_in_list_is_what_the_migrations_say() {
    let expected = catalogue(&MIGRATIONS).expect("every table says how long its rows are kept");
    checked_in("retention.toml", &expected);
}
