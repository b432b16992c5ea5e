//! Lists, and single things.

use serde_json::json;
use tidegate_platform::store::{Result, in_tx};
use tidegate_results::compat::resultsdb_v2 as v2;
use tidegate_results::model::{NewGroup, NewTestCase, Outcomes, Patch};
use tidegate_results::query::{Limits, Start};
use tidegate_results::store;
use tidegate_testkit::TestDb;

use crate::gate::{Gate, TABLES};

/// The ids of the results on that page.
async fn listed(gate: &Gate, query: &str) -> Vec<i64> {
    let asked = v2::results(query, &Outcomes::default(), 1_000).expect("a test asks what is right");
    let (limits, asked) = (Limits::default(), &asked);
    let page: Result<_> = gate
        .db
        .read(|reader| in_tx(async move { store::results(reader, &asked.filter, asked.page, &limits).await }))
        .await;
    page.expect("a page").results.iter().map(|result| result.id.0).collect()
}

#[test]
fn values_are_or_ed_and_keys_are_and_ed() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for (item, kind) in
            [("x", "koji_build"), ("y", "koji_build"), ("z", "compose"), ("w", "koji_build"), ("z", "koji_build")]
        {
            gate.post(json!({"outcome": "PASSED", "testcase": "t", "data": {"item": item, "type": kind}})).await;
        }
        assert_eq!(listed(&gate, "item=x&item=y,z&type=koji_build").await, [5, 2, 1]);
        assert_eq!(listed(&gate, "item=x&item=y,z&type=koji_build&_sort=asc:submit_time").await, [1, 2, 5]);
        assert_eq!(listed(&gate, "type=compose").await, [3]);
        assert_eq!(listed(&gate, "item:like=*").await, [5, 4, 3, 2, 1]);
        assert_eq!(listed(&gate, "colour=red").await, [0; 0]);
        assert_eq!(listed(&gate, "outcome=failed").await, [0; 0]);
    });
}

#[test]
fn only_the_star_is_a_wildcard_and_letters_have_a_size() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for name in ["a_b1", "axb1", "A_b1", "a_b/c", "a_", "é"] {
            gate.post(json!({"outcome": "PASSED", "testcase": name, "data": {"item": name}})).await;
        }
        assert_eq!(listed(&gate, "testcases:like=a_b*").await, [4, 1]);
        assert_eq!(listed(&gate, "item:like=a_b*").await, [4, 1]);
        assert_eq!(listed(&gate, "testcases=a_b1&testcases:like=%C3%A9*").await, [6, 1]);
        let names = v2::testcases("name:like=a*", 10).unwrap().names;
        let names = &names;
        let found: Result<_> = t.db.read(|reader| in_tx(store::testcases(reader, names, 1, 10))).await;
        let found: Vec<_> = found.unwrap().into_iter().map(|testcase| testcase.name).collect();
        assert_eq!(found, ["a_b/c", "a_b1", "axb1"]);
    });
}

#[test]
fn a_span_of_time_has_both_its_ends() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for minute in [59, 60, 90, 120, 121] {
            let time = format!("2026-01-01T{:02}:{:02}:00.000000", 9 + minute / 60, minute % 60);
            gate.post(json!({"outcome": "PASSED", "testcase": "t", "submit_time": time})).await;
        }
        assert_eq!(listed(&gate, "since=2026-01-01T12:00:00%2B02:00").await, [5, 4, 3, 2]);
        let span = "since=2026-01-01T10:00:00,2026-01-01T11:00:00";
        assert_eq!(listed(&gate, span).await, [4, 3, 2]);
        assert_eq!(listed(&gate, &format!("{span}&testcases=t&_sort=asc:submit_time&limit=2&page=1")).await, [4]);
    });
}

#[test]
fn pages_and_cursors_lead_through_the_same_list() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        for number in 0..45 {
            let outcome = if number % 3 == 0 { "FAILED" } else { "PASSED" };
            let body = json!({"outcome": outcome, "testcase": "t", "submit_time": 1_000 + number / 4});
            gate.post(body).await;
        }
        let all: Vec<_> = (1..=45).rev().collect();
        for (query, expected) in
            [("", all.clone()), ("outcome=PASSED", all.into_iter().filter(|id| id % 3 != 1).collect())]
        {
            let mut by_page = Vec::new();
            for page in 0..10 {
                by_page.extend(listed(&gate, &format!("{query}&limit=7&page={page}")).await);
            }
            assert_eq!(by_page, expected);
            let mut asked = v2::results(&format!("{query}&limit=7"), &Outcomes::default(), 1_000).unwrap();
            let mut by_cursor = Vec::new();
            loop {
                let (limits, asking) = (Limits::default(), &asked);
                let page: Result<_> =
                    t.db.read(|reader| {
                        in_tx(async move { store::results(reader, &asking.filter, asking.page, &limits).await })
                    })
                    .await;
                let page = page.unwrap();
                by_cursor.extend(page.results.iter().map(|result| result.id.0));
                let Some(next) = page.next else { break };
                asked.page.start = Start::After(next);
            }
            assert_eq!(by_cursor, expected);
        }
    });
}

#[test]
fn groups_are_made_on_the_way_and_changed() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let groups = json!(["g1", {"uuid": "g2", "description": "second"}, {}]);
        let result = gate.post(json!({"outcome": "PASSED", "testcase": "t", "groups": groups})).await;
        assert_eq!((result.groups.len(), result.groups[0].len()), (3, 36));
        gate.post(json!({"outcome": "PASSED", "testcase": "t", "groups": ["g2"]})).await;
        assert_eq!(listed(&gate, "groups=g2").await, [2, 1]);
        assert_eq!(listed(&gate, "groups=g1,absent").await, [1]);
        let change =
            NewGroup { uuid: Some("g2".to_owned()), description: Patch::Clear, ref_url: Patch::Set("r".to_owned()) };
        let change = &change;
        let uuid: Result<_> = t.db.write("test", |tx| in_tx(async move { store::save_group(tx, change).await })).await;
        assert_eq!(uuid.unwrap(), "g2");
        let group: Result<_> = t.db.read(|reader| in_tx(store::group(reader, "g2"))).await;
        let group = group.unwrap().unwrap();
        assert_eq!((group.description, group.ref_url.as_deref(), group.results_count), (None, Some("r"), 2));
        let page: Result<_> = t.db.read(|reader| in_tx(store::groups(reader, &[], &[], 0, 2))).await;
        let page: Vec<_> = page.unwrap().into_iter().map(|group| group.uuid).collect();
        assert_eq!(page.len(), 2);
    });
}

#[test]
fn a_test_case_keeps_its_address_until_another_is_given() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let testcase = json!({"name": "a/b", "ref_url": "https://x"});
        gate.post(json!({"outcome": "PASSED", "testcase": testcase})).await;
        let again = gate.post(json!({"outcome": "PASSED", "testcase": "a/b"})).await;
        assert_eq!(again.testcase.ref_url.as_deref(), Some("https://x"));
        let change = NewTestCase { name: "a/b".to_owned(), ref_url: Patch::Set("https://y".to_owned()) };
        let change = &change;
        let saved: Result<_> =
            t.db.write("test", |tx| in_tx(async move { store::save_testcase(tx, change).await })).await;
        assert_eq!(saved.unwrap().ref_url.as_deref(), Some("https://y"));
        let found: Result<_> = t.db.read(|reader| in_tx(store::testcase(reader, "a/b"))).await;
        assert_eq!(found.unwrap().unwrap().ref_url.as_deref(), Some("https://y"));
        let found: Result<_> = t.db.read(|reader| in_tx(store::testcase(reader, "a"))).await;
        assert_eq!(found.unwrap(), None);
    });
}

#[test]
fn long_values_are_found() {
    TestDb::both(TABLES, async |t| {
        let gate = Gate::over(t);
        let long = "é".repeat(4_000);
        let data = format!(r#"{{"item": ["{long}", "short"], "b": 1, "a": 2}}"#);
        let stored = gate.post_text(&format!(r#"{{"outcome": "PASSED", "testcase": "t", "data": {data}}}"#)).await;
        assert_eq!(listed(&gate, &format!("item={long}")).await, [1]);
        assert_eq!(listed(&gate, "item=short").await, [1]);
        let found: Result<_> = t.db.read(|reader| in_tx(store::result(reader, stored.id))).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found, stored);
        assert_eq!(found.data.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["item", "b", "a"]);
        assert_eq!(gate.known(&long).await.len(), 1);
    });
}
