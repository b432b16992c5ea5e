//! The scenarios of announcements.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_platform::store::{Result, in_tx};
use tidegate_results::accept::Telling;
use tidegate_results::store::{self, AcceptError};
use tidegate_testkit::{Kind, TestDb};

use crate::gate::{Gate, TABLES};

#[test]
fn a_first_result_is_told_and_its_repetitions_are_not() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let first = gate.result("a-1-1.fc44", "FAILED").await;
        assert_eq!((first.id.0, first.groups.len()), (1, 0));
        assert_eq!(gate.changes().await, ["a-1-1.fc44 1: nothing -> FAILED +0"]);
        for _ in 0..9 {
            gate.result("a-1-1.fc44", "FAILED").await;
        }
        gate.result("a-1-1.fc44", "PASSED").await;
        let changes = gate.changes().await;
        assert_eq!(changes, ["a-1-1.fc44 1: nothing -> FAILED +0", "a-1-1.fc44 2: FAILED -> PASSED +9"]);
        let full = gate.told("resultsdb.result.new").await;
        assert_eq!(full.len(), 11);
        assert_eq!(full[0]["href"], "http://h/resultsdb/api/v2.0/results/1");
        let rows = t.rows("SELECT seq, prev_outcome, outcome, reason FROM results_announcement ORDER BY seq").await;
        assert_eq!(rows, [["1", "NULL", "FAILED", "new"], ["2", "FAILED", "PASSED", "changed"]]);
    });
}

#[test]
fn a_scenario_makes_another_key() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for data in [json!({"item": "a"}), json!({"item": "a", "scenario": "uefi"}), json!({"item": "a"})] {
            gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        }
        assert_eq!(gate.changes().await, ["a 1: nothing -> FAILED +0", "a 1: nothing -> FAILED +0"]);
    });
}

#[test]
fn a_late_result_is_stored_and_not_told() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        gate.result("a", "FAILED").await;
        let late = json!({"outcome": "PASSED", "testcase": "t", "submit_time": "2026-11-21T07:00:00.0Z",
            "data": {"item": "a", "type": "koji_build"}});
        let late = gate.post(late).await;
        assert_eq!(late.id.0, 2);
        assert_eq!(gate.changes().await.len(), 1);
        let states = gate.known("a").await;
        assert_eq!((states.len(), states[0].late, states[0].outcome.as_deref()), (1, 1, Some("FAILED")));
    });
}

#[test]
fn running_in_between_is_progress() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for outcome in ["PASSED", "RUNNING", "PASSED"] {
            gate.result("a", outcome).await;
        }
        assert_eq!(gate.changes().await.len(), 1);
        let progress = gate.told("results.result.progress").await;
        assert_eq!(progress.len(), 1);
        assert_eq!(progress[0]["announcement"]["reason"], "progress");
    });
}

#[test]
fn a_megaupdate_is_told_for_each_build() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let builds: Vec<_> = (0..500).map(|number| format!("p{number}-1-1.fc44")).collect();
        let update = json!({"outcome": "PASSED", "testcase": "t",
            "data": {"type": "bodhi_update", "item": "FEDORA-2026-1", "builds": builds}});
        gate.post(update.clone()).await;
        gate.post(update).await;
        let changes = gate.told("results.result.changed").await;
        let items: BTreeSet<_> =
            changes.iter().map(|body| body["announcement"]["subject"]["item"].as_str().unwrap()).collect();
        assert_eq!((changes.len(), items.len()), (500, 500));
        assert!(!items.contains("FEDORA-2026-1"));
        assert_eq!(gate.told("resultsdb.result.new").await.len(), 2);
    });
}

#[test]
fn the_builds_of_a_known_update_are_told() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for builds in [vec!["old-1-1"], vec!["a-1-1", "b-1-1"]] {
            let builds: BTreeSet<_> = builds.into_iter().map(str::to_owned).collect();
            let builds = &builds;
            let set: Result<()> =
                t.db.write("test", |tx| in_tx(async move { store::set_builds(tx, "U-1", builds, "bus").await })).await;
            set.unwrap();
        }
        let data = json!({"type": "bodhi_update", "item": "U-1"});
        gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        assert_eq!(gate.changes().await, ["a-1-1 1: nothing -> FAILED +0", "b-1-1 1: nothing -> FAILED +0"]);
        let via = &gate.told("results.result.changed").await[0]["announcement"]["via"];
        assert_eq!(via, &json!({"type": "bodhi_update", "item": "U-1"}));
    });
}

#[test]
fn of_two_items_the_changed_one_is_told() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        gate.result("x", "FAILED").await;
        let data = json!({"type": "koji_build", "item": ["x", "y"]});
        gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        assert_eq!(gate.changes().await, ["x 1: nothing -> FAILED +0", "y 1: nothing -> FAILED +0"]);
    });
}

#[test]
fn the_order_of_values_makes_no_other_key() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for arch in [["x86_64", "aarch64"], ["aarch64", "x86_64"]] {
            gate.post(json!({"outcome": "FAILED", "testcase": "t", "data": {"item": "a", "arch": arch}})).await;
        }
        assert_eq!(gate.changes().await.len(), 1);
    });
}

#[test]
fn many_equal_results_at_once_make_one_change() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let gate = Gate::over(t);
        let other = Gate { db: t.another(7).await, ..Gate::over(t) };
        let posts =
            (0..64).map(|number| if number % 2 == 0 { &gate } else { &other }).map(|gate| gate.result("a", "FAILED"));
        let stored = futures_util::future::join_all(posts).await;
        let ids: BTreeSet<_> = stored.iter().map(|result| result.id).collect();
        assert_eq!(ids.len(), 64);
        assert_eq!(gate.told("resultsdb.result.new").await.len(), 64);
        assert_eq!(gate.changes().await, ["a 1: nothing -> FAILED +0"]);
        other.db.close().await;
    });
}

#[test]
fn opposite_orders_of_builds_do_not_wait_in_a_circle() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let gate = Gate::over(t);
        let mut builds: Vec<_> = (0..200).map(|number| format!("p{number}-1-1")).collect();
        for outcome in ["PASSED", "FAILED", "PASSED", "FAILED", "PASSED"] {
            let body = |builds: &[String]| json!({"outcome": outcome, "testcase": "t", "data": {"builds": builds}});
            let one = body(&builds);
            builds.reverse();
            let posts = [one, body(&builds)].map(|body| gate.post(body));
            futures_util::future::join_all(posts).await;
        }
        assert_eq!(gate.told("resultsdb.result.new").await.len(), 10);
        assert_eq!(gate.told("results.result.changed").await.len(), 1_000);
    });
}

#[test]
fn the_old_stream_says_changes_of_what_it_knows() {
    TestDb::both(TABLES, async |t| {
        let mut gate = Gate::over(t);
        gate.rules.old_stream = true;
        for (outcome, scenario) in [("FAILED", json!("a")), ("FAILED", json!("b")), ("PASSED", json!([]))] {
            let data = json!({"item": "x", "type": "koji_build", "scenario": scenario});
            gate.post(json!({"outcome": outcome, "testcase": "t", "data": data})).await;
        }
        let said: Vec<_> = gate.told("taskotron.result.new").await;
        let before: Vec<_> = said.iter().map(|body| body["result"]["prev_outcome"].clone()).collect();
        assert_eq!(before, [Value::Null, json!("FAILED")]);
    });
}

#[test]
fn an_import_can_be_silent_and_what_follows_counts_from_it() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let line = |id: i64, outcome: &str| {
            let body = json!({"id": id, "outcome": outcome, "testcase": "t", "submit_time": id * 1_000,
                "data": {"item": "a", "type": "koji_build"}});
            gate.arriving(&body)
        };
        gate.take(Telling::Nothing, &[line(7, "PASSED"), line(40, "FAILED")]).await.unwrap();
        assert!(gate.told("resultsdb.result.new").await.is_empty());
        assert_eq!(gate.result("a", "FAILED").await.id.0, 41);
        assert!(gate.changes().await.is_empty());
        gate.result("a", "PASSED").await;
        assert_eq!(gate.changes().await, ["a 2: FAILED -> PASSED +1"]);
        let taken = gate.take(Telling::Nothing, &[line(100, "PASSED"), line(40, "PASSED")]).await.unwrap_err();
        assert!(matches!(taken, AcceptError::IdTaken(40)));
        let rows = t.rows("SELECT COUNT(*), COUNT(message_id) FROM results_announcement").await;
        assert_eq!(rows, [["2", "1"]]);
    });
}

#[test]
fn too_many_builds_are_refused_and_leave_nothing() {
    TestDb::both(TABLES, async |t| {
        let mut gate = Gate::over(t);
        gate.rules.fan_out.max_builds = 2;
        let body = json!({"outcome": "PASSED", "testcase": "new", "data": {"builds": ["a", "b", "c"]}});
        let refused = gate.take(Telling::All, &[gate.arriving(&body)]).await.unwrap_err();
        assert_eq!(refused.to_string(), "a result may name at most 2 builds, and this one names 3");
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_testcase").await, [["0"]]);
    });
}
