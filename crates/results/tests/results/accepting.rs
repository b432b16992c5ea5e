//! The scenarios of announcements, through HTTP.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tidegate_platform::inbox::{Consume, Consumer as _};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::Jobs;
use tidegate_results::jobs::UpdateBuilds;
use tidegate_testkit::{Bench, Kind, TestDb};

use crate::gate::TABLES;
use crate::web::Web;

/// Scenarios 1 and 2.
#[test]
fn a_first_result_is_told_and_its_repetitions_are_not() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let first = web.tested("a-1-1.fc44", "FAILED").await;
        assert_eq!((&first["id"], &first["groups"]), (&json!(1), &json!([])));
        assert_eq!(web.gate.changes().await, ["a-1-1.fc44 1: nothing -> FAILED +0"]);
        let said = &web.gate.told("results.result.changed").await[0]["announcement"];
        assert_eq!((&said["reason"], &said["prev_outcome"], &said["seq"]), (&json!("new"), &Value::Null, &json!(1)));
        for _ in 0..9 {
            web.tested("a-1-1.fc44", "FAILED").await;
        }
        web.tested("a-1-1.fc44", "PASSED").await;
        let changes = web.gate.changes().await;
        assert_eq!(changes, ["a-1-1.fc44 1: nothing -> FAILED +0", "a-1-1.fc44 2: FAILED -> PASSED +9"]);
        let full = web.gate.told("resultsdb.result.new").await;
        assert_eq!(full.len(), 11);
        assert_eq!(full[0]["href"], "http://public/resultsdb/api/v2.0/results/1");
        let rows = t.rows("SELECT seq, prev_outcome, outcome, reason FROM results_announcement ORDER BY seq").await;
        assert_eq!(rows, [["1", "NULL", "FAILED", "new"], ["2", "FAILED", "PASSED", "changed"]]);
    });
}

/// Scenario 3.
#[test]
fn a_scenario_makes_another_key() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for data in [json!({"item": "a"}), json!({"item": "a", "scenario": "uefi"}), json!({"item": "a"})] {
            web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        }
        assert_eq!(web.gate.changes().await, ["a 1: nothing -> FAILED +0", "a 1: nothing -> FAILED +0"]);
    });
}

/// Scenario 4.
#[test]
fn a_late_result_is_stored_and_not_told() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        web.tested("a", "FAILED").await;
        let late = json!({"outcome": "PASSED", "testcase": "t", "submit_time": "2026-11-21T07:00:00.0Z",
            "data": {"item": "a", "type": "koji_build"}});
        assert_eq!(web.result(late).await["id"], 2);
        assert_eq!(web.get("/api/v2.0/results?item=a").await.ids(), [1, 2]);
        assert_eq!(web.gate.changes().await.len(), 1);
        let states = web.native("announcements/state?item=a").await;
        assert_eq!((&states["items"][0]["late"], &states["items"][0]["outcome"]), (&json!(1), &json!("FAILED")));
        assert_eq!(states["items"].as_array().map(Vec::len), Some(1));
    });
}

/// Scenario 5.
#[test]
fn running_in_between_is_progress() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for outcome in ["PASSED", "RUNNING", "PASSED"] {
            web.tested("a", outcome).await;
        }
        assert_eq!(web.gate.changes().await.len(), 1);
        let progress = web.gate.told("results.result.progress").await;
        assert_eq!(progress.len(), 1);
        assert_eq!(progress[0]["announcement"]["reason"], "progress");
    });
}

/// Scenario 6.
#[test]
fn a_megaupdate_is_told_for_each_build() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let builds: Vec<_> = (0..500).map(|number| format!("p{number}-1-1.fc44")).collect();
        let update = json!({"outcome": "PASSED", "testcase": "t",
            "data": {"type": "bodhi_update", "item": "FEDORA-2026-1", "builds": builds}});
        web.result(update.clone()).await;
        web.result(update).await;
        let changes = web.gate.told("results.result.changed").await;
        let items: BTreeSet<_> =
            changes.iter().map(|body| body["announcement"]["subject"]["item"].as_str().unwrap()).collect();
        assert_eq!((changes.len(), items.len()), (500, 500));
        assert!(!items.contains("FEDORA-2026-1"));
        assert_eq!(web.gate.told("resultsdb.result.new").await.len(), 2);
    });
}

/// Scenario 7.
#[test]
fn the_builds_that_the_bus_told_of_an_update_are_told() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(UpdateBuilds)));
        for (id, builds) in [("1", json!([{"nvr": "old-1-1"}])), ("2", json!([{"nvr": "a-1-1"}, {"nvr": "b-1-1"}]))] {
            let (topic, body) =
                ("bodhi.update.request.testing", &json!({"update": {"alias": "U-1", "builds": builds}}));
            let stored: Result<bool> = t
                .db
                .write("bus", |tx| in_tx(async move { tx.receive_later(UpdateBuilds.name(), id, topic, body).await }))
                .await;
            stored.unwrap();
            bench.settle().await;
        }
        let data = json!({"type": "bodhi_update", "item": "U-1"});
        web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        assert_eq!(web.gate.changes().await, ["a-1-1 1: nothing -> FAILED +0", "b-1-1 1: nothing -> FAILED +0"]);
        let via = &web.gate.told("results.result.changed").await[0]["announcement"]["via"];
        assert_eq!(via, &json!({"type": "bodhi_update", "item": "U-1"}));
    });
}

/// Scenario 8.
#[test]
fn of_two_items_the_changed_one_is_told() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        web.tested("x", "FAILED").await;
        let data = json!({"type": "koji_build", "item": ["x", "y"]});
        web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        assert_eq!(web.gate.changes().await, ["x 1: nothing -> FAILED +0", "y 1: nothing -> FAILED +0"]);
    });
}

/// Scenario 9, within one process; `tests/it` has it with two.
#[test]
fn many_equal_results_at_once_make_one_change() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let posts = (0..64).map(|_| web.tested("a", "FAILED"));
        let stored = futures_util::future::join_all(posts).await;
        let ids: BTreeSet<_> = stored.iter().map(|result| result["id"].as_i64()).collect();
        assert_eq!(ids.len(), 64);
        assert_eq!(web.gate.told("resultsdb.result.new").await.len(), 64);
        assert_eq!(web.gate.changes().await, ["a 1: nothing -> FAILED +0"]);
    });
}

/// Scenario 10.
#[test]
fn the_order_of_values_makes_no_other_key() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for arch in [["x86_64", "aarch64"], ["aarch64", "x86_64"]] {
            web.result(json!({"outcome": "FAILED", "testcase": "t", "data": {"item": "a", "arch": arch}})).await;
        }
        assert_eq!(web.gate.changes().await.len(), 1);
    });
}

/// Scenario 11: on PostgreSQL, as SQLite has one writer.
#[test]
fn opposite_orders_of_builds_do_not_wait_in_a_circle() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::over(t).await;
        let mut builds: Vec<_> = (0..200).map(|number| format!("p{number}-1-1")).collect();
        for _ in 0..100 {
            let body = |builds: &[String]| json!({"outcome": "FAILED", "testcase": "t", "data": {"builds": builds}});
            let one = body(&builds);
            builds.reverse();
            futures_util::future::join_all([one, body(&builds)].map(|body| web.result(body))).await;
        }
        assert_eq!(web.gate.told("resultsdb.result.new").await.len(), 200);
        assert_eq!(web.gate.told("results.result.changed").await.len(), 200);
        let deadlocks = t.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await;
        assert_eq!(deadlocks, [["0"]], "nobody had to begin anew");
    });
}

/// Scenario 12.
#[test]
fn the_old_stream_says_changes_of_what_it_knows() {
    TestDb::both(TABLES, async |t| {
        let web = Web::with(t, |gate| gate.rules.old_stream = true).await;
        for (outcome, scenario) in [("FAILED", json!("a")), ("FAILED", json!("b")), ("PASSED", json!([]))] {
            let data = json!({"item": "x", "type": "koji_build", "scenario": scenario});
            web.result(json!({"outcome": outcome, "testcase": "t", "data": data})).await;
        }
        let said: Vec<_> = web.gate.told("taskotron.result.new").await;
        let before: Vec<_> = said.iter().map(|body| body["result"]["prev_outcome"].clone()).collect();
        assert_eq!(before, [Value::Null, json!("FAILED")]);
    });
}

/// Scenario 50.
#[test]
fn an_import_can_be_silent_and_what_follows_counts_from_it() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let line = |id: i64, outcome: &str| {
            let data = json!({"item": "a", "type": "koji_build"});
            json!({"id": id, "outcome": outcome, "testcase": "t", "submit_time": id * 1_000, "data": data}).to_string()
        };
        let import = async |query: &str, lines: &[String]| web.import(query, lines.join("\n")).await.json();
        import("?announce=none", &[line(7, "PASSED"), line(40, "FAILED")]).await;
        assert!(web.gate.told("resultsdb.result.new").await.is_empty());
        assert_eq!(web.tested("a", "FAILED").await["id"], 41);
        assert!(web.gate.changes().await.is_empty());
        web.tested("a", "PASSED").await;
        assert_eq!(web.gate.changes().await, ["a 2: FAILED -> PASSED +1"]);
        let again = import("", &[line(100, "PASSED"), line(40, "PASSED")]).await;
        assert_eq!((&again["accepted"], &again["rejected"][0]["line"]), (&json!(1), &json!(2)));
        let rows = t.rows("SELECT COUNT(*), COUNT(message_id) FROM results_announcement").await;
        assert_eq!(rows, [["2", "1"]]);
    });
}

#[test]
fn too_many_builds_are_refused_and_leave_nothing() {
    TestDb::both(TABLES, async |t| {
        let web = Web::with(t, |gate| gate.rules.fan_out.max_builds = 2).await;
        let body = json!({"outcome": "PASSED", "testcase": "new", "data": {"builds": ["a", "b", "c"]}});
        let refused = web.post("/api/v2.0/results", body.to_string()).await;
        let sentence = r#"["data"]: Value error, a result may name at most 2 builds, and this one names 3"#;
        assert_eq!((refused.status, refused.mistakes()), (StatusCode::BAD_REQUEST, vec![sentence.to_owned()]));
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_testcase").await, [["0"]]);
    });
}
