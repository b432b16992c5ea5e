//! Questions through HTTP: which results are meant, and what is refused.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tidegate_testkit::TestDb;

use crate::gate::TABLES;
use crate::web::Web;

async fn ids(web: &Web, query: &str) -> Vec<i64> {
    let answer = web.get(&format!("/api/v2.0/results?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    answer.ids()
}

/// Scenario 20.
#[test]
fn values_are_or_ed_and_keys_are_and_ed() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for (item, kind) in
            [("x", "koji_build"), ("y", "koji_build"), ("z", "compose"), ("w", "koji_build"), ("z", "koji_build")]
        {
            web.result(json!({"outcome": "PASSED", "testcase": "t", "data": {"item": item, "type": kind}})).await;
        }
        assert_eq!(ids(&web, "item=x&item=y,z&type=koji_build").await, [5, 2, 1]);
        assert_eq!(ids(&web, "item=x&item=y,z&type=koji_build&_sort=asc:submit_time").await, [1, 2, 5]);
        let ours = web.native("records?item=x&item=y,z&type=koji_build&order=asc&limit=2").await;
        assert_eq!((&ours["items"][0]["id"], &ours["items"][1]["id"]), (&json!(1), &json!(2)));
        let rest =
            format!("records?item=x&item=y,z&type=koji_build&order=asc&cursor={}", ours["next"].as_str().unwrap());
        assert_eq!(web.native(&rest).await["items"][0]["id"], 5);
    });
}

/// Scenario 24.
#[test]
fn a_zone_is_converted_and_not_dropped() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for time in ["2026-01-01T09:59:00Z", "2026-01-01T10:30:00Z", "2026-01-01T12:30:00+02:00"] {
            web.result(json!({"outcome": "PASSED", "testcase": "t", "submit_time": time})).await;
        }
        assert_eq!(ids(&web, "since=2026-01-01T12:00:00%2B02:00").await, [3, 2]);
        assert_eq!(ids(&web, "since=2026-01-01T12:00:00+02:00").await, [3, 2], "a plus that came as a blank");
        assert_eq!(ids(&web, "since=2026-01-01T11:59:00%2B02:00,2026-01-01T10:00:00").await, [1]);
        let whole = web.get("/api/v2.0/results/2").await.json();
        assert_eq!(whole["submit_time"], "2026-01-01T10:30:00.000000", "six digits, always");
    });
}

/// Scenario 25.
#[test]
fn only_the_star_is_a_wildcard() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for name in ["a_b1", "axb1", "A_b1", r"50%\x"] {
            web.result(json!({"outcome": "PASSED", "testcase": name, "data": {"item": name}})).await;
        }
        assert_eq!(ids(&web, "testcases:like=a_b*").await, [1]);
        assert_eq!(ids(&web, "item:like=a_b*").await, [1]);
        assert_eq!(ids(&web, r"testcases:like=50%25\*").await, [4]);
        assert_eq!(ids(&web, "testcases:like=*b1").await, [3, 2, 1]);
    });
}

#[test]
fn the_latest_has_one_order_on_equal_times() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for (outcome, scenario) in [("FAILED", "x"), ("PASSED", "x"), ("INFO", "y")] {
            let data = json!({"item": "a", "type": "koji_build", "scenario": scenario});
            let result = json!({"outcome": outcome, "testcase": "t", "submit_time": 1_000, "data": data});
            web.result(result).await;
        }
        for query in ["item=a&_distinct_on=scenario", "item=a&type=koji_build&_distinct_on=scenario,colour"] {
            assert_eq!(web.get(&format!("/api/v2.0/results/latest?{query}")).await.ids(), [3, 2], "{query}");
        }
        assert_eq!(web.get("/api/v2.0/results/latest?item=a").await.ids(), [3]);
    });
}

#[test]
fn a_limit_has_limits() {
    TestDb::both(TABLES, async |t| {
        let web = Web::with(t, |gate| gate.max_limit = 3).await;
        for _ in 0..5 {
            web.tested("a", "PASSED").await;
        }
        assert_eq!(ids(&web, "limit=99999999999").await.len(), 3);
        for wrong in ["limit=-1", "limit=0", "limit=x", "limit="] {
            let refused = web.get(&format!("/api/v2.0/results?{wrong}")).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    });
}

#[test]
fn absent_values_are_left_out() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let data = json!({"item": "a", "x": null, "y": [null, "z"], "e": []});
        let stored = web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        assert_eq!(stored["data"], json!({"item": ["a"], "y": ["z"]}));
        assert_eq!(ids(&web, "x=None").await, [0; 0]);
    });
}

#[test]
fn a_long_value_is_stored_and_found() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let long = "x".repeat(8_000);
        let stored = web.result(json!({"outcome": "PASSED", "testcase": "t", "data": {"item": long}})).await;
        assert_eq!(stored["data"]["item"], json!([long]));
        assert_eq!(ids(&web, &format!("item={long}")).await, [1]);
        assert_eq!(ids(&web, &format!("item={}", &long[1..])).await, [0; 0]);
        let latest = web.get(&format!("/api/v2.0/results/latest?item={long}")).await;
        assert_eq!(latest.ids(), [1]);
    });
}

#[test]
fn what_is_too_much_is_refused_and_leaves_nothing() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let many = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        let post = async |testcase: &str, data: Value| {
            let body = json!({"outcome": "PASSED", "testcase": testcase, "data": data}).to_string();
            web.post("/api/v2.0/results", body).await
        };
        for (refused, field) in [
            (post(&"n".repeat(1_025), json!({})).await, "testcase"),
            (post("t", json!({"x": many(10_001)})).await, "data"),
            (post("t", json!({"item": many(101), "scenario": many(100)})).await, "data"),
        ] {
            assert_eq!(
                (refused.status, &refused.json()["validation_error"][0]["loc"][0]),
                (StatusCode::BAD_REQUEST, &json!(field))
            );
        }
        let tables = ["result", "testcase", "latest", "announcement_state"];
        for table in tables {
            assert_eq!(t.rows(&format!("SELECT COUNT(*) FROM results_{table}")).await, [["0"]], "{table}");
        }
        assert_eq!(post(&"n".repeat(1_024), json!({"x": many(10_000)})).await.status, StatusCode::CREATED);
    });
}

/// Every text of a body, one after the other, with a character that no database takes.
#[test]
fn a_character_that_cannot_be_stored_is_refused_wherever_it_is() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let nul = "a\u{0}b";
        let bodies = [
            json!({"outcome": "PASSED", "testcase": nul}),
            json!({"outcome": "PASSED", "testcase": {"name": "t", "ref_url": nul}}),
            json!({"outcome": "PASSED", "testcase": "t", "note": nul}),
            json!({"outcome": "PASSED", "testcase": "t", "ref_url": nul}),
            json!({"outcome": "PASSED", "testcase": "t", "groups": [nul]}),
            json!({"outcome": "PASSED", "testcase": "t", "groups": [{"description": nul}]}),
            json!({"outcome": "PASSED", "testcase": "t", "data": {"item": nul}}),
            json!({"outcome": "PASSED", "testcase": "t", "data": {nul: "x"}}),
        ];
        for body in bodies {
            let refused = web.post("/api/v2.0/results", body.to_string()).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
            let said = refused.mistakes().join("; ");
            assert!(said.contains("U+0000"), "{body}: {said}");
        }
        for (path, body) in [("groups", json!({"description": nul})), ("testcases", json!({"name": nul}))] {
            let refused = web.post(&format!("/api/v2.0/{path}"), body.to_string()).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        }
        let line = json!({"outcome": "PASSED", "testcase": nul}).to_string();
        let rejected = web.import("", line).await.json();
        assert!(rejected["rejected"][0]["error"].as_str().unwrap().contains("U+0000"), "{rejected}");
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_result").await, [["0"]]);
    });
}
