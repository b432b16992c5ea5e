//! How many statements and rows something costs, whatever its size.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tidegate_testkit::{Cost, Kind, TestDb};

use crate::gate::TABLES;
use crate::web::Web;

/// The statements of a request, beside BEGIN and COMMIT.
async fn statements<T>(work: impl Future<Output = T>) -> usize {
    Cost::of(work).await.0.statements
}

fn update(builds: usize, outcome: &str) -> serde_json::Value {
    let builds: Vec<_> = (0..builds).map(|number| format!("package-{number}-1.0-1.fc44")).collect();
    let data = json!({"type": "bodhi_update", "item": "U-1", "builds": builds});
    json!({"outcome": outcome, "testcase": "t", "data": data})
}

/// Without a token, as who sends it is looked up beside the transaction, once in a while.
#[test]
fn a_post_is_at_most_six_statements_whatever_it_is_told_to() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::with(t, |gate| gate.open_writes = true).await;
        let post = async |body: serde_json::Value| {
            let request = Request::post("/resultsdb/api/v2.0/results").header("content-type", "application/json");
            let answer = web.send(request.body(Body::from(body.to_string())).expect("a request")).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        };
        post(update(1, "PASSED")).await;
        let mut counts = Vec::new();
        for (builds, outcome) in [(1, "FAILED"), (1, "FAILED"), (20, "PASSED"), (1_000, "FAILED")] {
            counts.push(statements(post(update(builds, outcome))).await);
        }
        assert!(counts.iter().all(|count| (1..=6).contains(count)), "{counts:?}");
    });
}

#[test]
fn ten_thousand_builds_are_told_as_one() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let builds: Vec<_> = (0..10_000).map(|number| format!("package-{number}-1.0-1.fc44")).collect();
        let set = Request::put("/api/v1/results/updates/U-1/builds").header("authorization", web.bearer("writer"));
        let set =
            set.header("content-type", "application/json").body(Body::from(json!({"builds": builds}).to_string()));
        assert_eq!(web.send(set.unwrap()).await.status, StatusCode::OK);
        let data = json!({"type": "bodhi_update", "item": "U-1"});
        web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        let told = "SELECT COUNT(*), COUNT(DISTINCT key) FROM platform_outbox WHERE topic = 'results.result.changed'";
        assert_eq!(t.rows(told).await, [["10000", "10000"]]);
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_announcement WHERE seq = 1").await, [["10000"]]);
    });
}

#[test]
fn a_page_costs_the_same_whatever_is_on_it() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::over(t).await;
        let groups: Vec<_> = (0..5).map(|number| format!("g{number}")).collect();
        for number in 0..40 {
            let testcase = format!("t{}", number % 7);
            let data = json!({"item": format!("a-{}", number % 3), "type": "koji_build"});
            web.result(json!({"outcome": "PASSED", "testcase": testcase, "groups": groups, "data": data})).await;
        }
        for query in ["results?limit=", "results?item=a-1&limit=", "results/latest?item=a-1&x=", "groups?limit="] {
            let of = async |limit: usize| statements(web.get(&format!("/api/v2.0/{query}{limit}"))).await;
            let (few, many) = (of(1).await, of(40).await);
            assert!(few == many && many <= 4, "{query}: {few} and {many}");
        }
    });
}

#[test]
fn a_page_far_behind_reads_only_what_is_on_it() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::over(t).await;
        let series = "FROM generate_series(0, 1999) AS number";
        t.rows(&format!("INSERT INTO results_testcase (name) SELECT format('t%s', 1000 + number) {series}")).await;
        t.rows(&format!("INSERT INTO results_group (uuid, description) SELECT format('g%s', number), 'd' {series}"))
            .await;
        // with the first name on each page: test cases by name, groups the newest first
        for (list, field, pages) in [
            ("testcases?", "name", [("0", Some("t1000")), ("99", Some("t2980")), ("100", None)]),
            ("groups?", "uuid", [("0", Some("g1999")), ("99", Some("g19")), ("100", None)]),
        ] {
            for (page, first) in pages.into_iter().chain([("461168601842738790", None), ("18446744073709551615", None)])
            {
                let (cost, answer) = Cost::of(web.get(&format!("/api/v2.0/{list}page={page}"))).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
                assert_eq!(answer.json()["data"][0][field].as_str(), first, "{list}page={page}");
                assert!(cost.statements <= 2 && cost.rows <= 21, "{list}page={page}: {cost:?}");
            }
        }
        // with a filter of a form no more than one that fits nothing, which has to look at as much
        for (far, nothing) in [
            ("testcases?name:like=t*&page=461168601842738790", "testcases?name:like=t*x"),
            ("groups?description:like=d*&page=461168601842738790", "groups?description:like=x*"),
        ] {
            let of = async |list: &str| Cost::of(web.get(&format!("/api/v2.0/{list}"))).await.0;
            assert_eq!(of(far).await, of(nothing).await);
        }
    });
}
