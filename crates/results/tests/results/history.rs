//! Random histories: what is stored says what looking at all of it says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tidegate_platform::store::{Result, in_tx};
use tidegate_results::accept::Telling;
use tidegate_results::latest::{Newest, combinations};
use tidegate_results::model::StoredResult;
use tidegate_results::query::{Limits, Page, Pattern, ResultFilter, Since, Sort, Start, Wanted};
use tidegate_results::store;
use tidegate_testkit::{Kind, TestDb};

use crate::gate::{Gate, TABLES};

fn body() -> impl Strategy<Value = Value> {
    let some = |values: &'static [&'static str], most| prop::collection::vec(prop::sample::select(values), 0..most);
    let outcome = prop::sample::select(vec!["PASSED", "FAILED", "RUNNING"]);
    let parts = (
        (outcome, prop::sample::select(vec!["t", "u/v", "T"]), prop::option::of(0..6_i64)),
        (some(&["a", "b", "c"], 3), some(&["koji_build", "bodhi_update"], 2), some(&["", "x"], 2)),
        (some(&["n-1-1", "m-1-1"], 3), some(&["g", "h"], 2)),
    );
    parts.prop_map(|((outcome, testcase, time), (item, kind, scenario), (builds, groups))| {
        let data = json!({"item": item, "type": kind, "scenario": scenario, "builds": builds, "colour": "red"});
        json!({"outcome": outcome, "testcase": testcase, "groups": groups, "data": data,
            "submit_time": time.map(|time| 1_700_000_000_000 + time)})
    })
}

fn filters() -> impl Strategy<Value = ResultFilter> {
    let wanted = |key: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::subsequence(values, 1..=values.len())).prop_map(move |values| {
            let values = values?.into_iter().map(Pattern::like).collect();
            Some(Wanted { key: key.to_owned(), values })
        })
    };
    let time = |millisecond: i64| {
        tidegate_kernel::Timestamp::from_microseconds((1_700_000_000_000 + millisecond) * 1_000).expect("a time")
    };
    let since = prop::option::of((0..6_i64, prop::option::of(0..6_i64)));
    let parts = (
        (wanted("item", &["a", "b", "c*"]), wanted("type", &["koji_build"]), wanted("colour", &["red", "b*"])),
        prop::sample::subsequence(vec!["t", "u*", "*"], 0..2),
        (prop::sample::subsequence(vec!["g", "absent"], 0..2), since),
    );
    parts.prop_map(move |((item, kind, colour), testcases, (groups, since))| ResultFilter {
        outcomes: Vec::new(),
        data: [item, kind, colour].into_iter().flatten().collect(),
        testcases: testcases.into_iter().map(Pattern::like).collect(),
        groups: groups.into_iter().map(str::to_owned).collect(),
        since: since.map(|(start, end)| Since { start: time(start), end: end.map(time) }),
    })
}

/// All results, the newest first.
fn sorted(mut results: Vec<StoredResult>) -> Vec<StoredResult> {
    results.sort_by_key(|result| std::cmp::Reverse(result.position()));
    results
}

async fn listed(gate: &Gate, filter: &ResultFilter, page: Page) -> Vec<StoredResult> {
    let limits = Limits::default();
    let page: Result<_> =
        gate.db.read(|reader| in_tx(async move { store::results(reader, filter, page, &limits).await })).await;
    page.expect("a page").results
}

async fn latest(gate: &Gate, filter: &ResultFilter, distinct_on: &[String]) -> Vec<StoredResult> {
    let limits = Limits::default();
    let found: Result<_> = gate
        .db
        .read(|reader| in_tx(async move { store::latest(reader, filter, distinct_on, &[], &limits).await }))
        .await;
    found.expect("an answer")
}

/// The table of the newest against a scan over all.
async fn assert_latest_table(t: &TestDb, results: &[StoredResult]) {
    let mut slow = BTreeMap::new();
    for result in results {
        for combination in combinations(&result.testcase.name, &result.data, []).expect("few") {
            let held = slow.entry(combination.hash().to_string()).or_insert((result.position(), result.id));
            *held = (result.position(), result.id).max(*held);
        }
    }
    let slow: Vec<_> = slow.into_iter().map(|(hash, (_, id))| vec![hash, id.to_string()]).collect();
    assert_eq!(t.rows("SELECT key_hash, result_id FROM results_latest ORDER BY key_hash").await, slow);
}

/// What was told of each key: no two neighbours are equal, no number is missing, and the last is the newest final one.
async fn assert_announcements(t: &TestDb, gate: &Gate, full: usize) {
    let rows =
        t.rows("SELECT key_hash, seq, prev_outcome, outcome FROM results_announcement ORDER BY key_hash, seq").await;
    let mut before: Option<&Vec<String>> = None;
    for row in &rows {
        let same_key = before.filter(|before| before[0] == row[0]);
        let (seq, outcome) =
            same_key.map_or((0, "NULL"), |before| (before[1].parse::<i64>().expect("a number"), &*before[3]));
        assert_eq!((row[1].parse(), &*row[2]), (Ok(seq + 1), outcome));
        assert_ne!(row[2], row[3]);
        before = Some(row);
    }
    let last = t
        .rows(
            "SELECT COUNT(*) FROM results_announcement_state s JOIN results_result r ON r.id = s.newest_final_id
             WHERE s.outcome <> r.outcome OR s.newest_final_time <> r.submit_time",
        )
        .await;
    assert_eq!(last, [["0"]]);
    assert_eq!(gate.told("results.result.changed").await.len(), rows.len());
    assert_eq!(gate.told("resultsdb.result.new").await.len(), full);
}

fn histories_on(kind: Kind, cases: u32) {
    let asked = (filters(), prop::sample::subsequence(vec!["scenario", "colour"], 0..=2), 1..4_usize, any::<bool>());
    let strategy = (prop::collection::vec(body(), 0..14), prop::collection::vec(asked, 6));
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 200, ..Config::default() });
    let run = runner.run(&strategy, |(bodies, asked)| {
        TestDb::on(kind, TABLES, async |t| {
            let gate = Gate::over(t);
            let mut results = Vec::new();
            for body in &bodies {
                results.push(gate.post(body.clone()).await);
            }
            let count = results.len();
            assert_latest_table(t, &results).await;
            assert_announcements(t, &gate, count).await;
            let all = sorted(results);
            for (filter, distinct_on, limit, up) in &asked {
                let mut meant: Vec<_> = all.iter().filter(|result| filter.matches(result)).cloned().collect();
                let mut newest_of = distinct_on.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
                newest_of.dedup();
                let mut newest = Newest::new(&newest_of);
                let slow: Vec<_> = meant.iter().filter(|result| newest.is_news(result)).cloned().collect();
                assert_eq!(latest(&gate, filter, &newest_of).await, slow, "{filter:?} {newest_of:?}");
                let sort = if *up { Sort::Ascending } else { Sort::Descending };
                if *up {
                    meant.reverse();
                }
                let page = Page { start: Start::Skip(1), limit: *limit, sort };
                let expected: Vec<_> = meant.iter().skip(1).take(*limit).cloned().collect();
                assert_eq!(listed(&gate, filter, page).await, expected, "{filter:?}");
            }
        });
        Ok(())
    });
    run.expect("each history holds");
}

#[test]
fn any_history_on_sqlite() {
    histories_on(Kind::Sqlite, 24);
}

#[test]
fn any_history_on_postgres() {
    histories_on(Kind::Postgres, 12);
}

#[test]
fn an_import_leaves_what_posts_leave() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let mut runner = TestRunner::deterministic();
        let bodies = prop::collection::vec(body(), 40).new_tree(&mut runner).unwrap().current();
        let arriving: Vec<_> = bodies.iter().map(|body| gate.arriving(body)).collect();
        let results = gate.take(Telling::Changes, &arriving).await.unwrap();
        assert_eq!(results.len(), 40);
        assert_latest_table(t, &results).await;
        assert_announcements(t, &gate, 0).await;
        let page = Page { start: Start::Skip(0), limit: 100, sort: Sort::Descending };
        assert_eq!(listed(&gate, &ResultFilter::default(), page).await, sorted(results));
    });
}
