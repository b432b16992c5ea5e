//! The second interface of ResultsDB through HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tidegate_platform::store::{Result, in_tx};
use tidegate_testkit::TestDb;
use tokio::sync::Barrier;

use crate::gate::TABLES;
use crate::web::Web;

/// Scenario 19.
#[test]
fn a_result_comes_back_as_its_readers_know_it() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let body = json!({"outcome": "passed", "testcase": {"name": "dist.x", "ref_url": "https://x/t"},
            "groups": ["11111111-0000-0000-0000-000000000000"], "submit_time": "2026-11-21T07:04:12.847042",
            "data": {"a": 1, "b": ["x", "y"], "c": true}});
        let posted = web.result(body).await;
        let expected = json!({"id": 1, "groups": ["11111111-0000-0000-0000-000000000000"],
            "testcase": {"name": "dist.x", "ref_url": "https://x/t",
                "href": "http://h/resultsdb/api/v2.0/testcases/dist.x"},
            "submit_time": "2026-11-21T07:04:12.847042", "outcome": "PASSED", "note": null, "ref_url": null,
            "data": {"a": ["1"], "b": ["x", "y"], "c": ["True"]},
            "href": "http://h/resultsdb/api/v2.0/results/1"});
        assert_eq!(posted, expected);
        assert_eq!(web.get("/api/v2.0/results/1").await.json(), expected);
        let told = web.gate.told("resultsdb.result.new").await;
        assert_eq!(told[0]["href"], "http://public/resultsdb/api/v2.0/results/1");
        assert_eq!(t.rows("SELECT submitter FROM results_result").await, [["alice"]]);
    });
}

/// Scenario 21.
#[test]
fn pages_have_links_to_their_neighbours() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for number in 0..45 {
            web.result(json!({"outcome": "PASSED", "testcase": "t", "submit_time": number})).await;
        }
        let page = web.get("/api/v2.0/results?limit=20&page=1").await;
        let json = page.json();
        assert_eq!(page.ids().first(), Some(&25));
        assert_eq!(json["prev"], "http://h/resultsdb/api/v2.0/results?limit=20&page=0");
        let next = json["next"].as_str().unwrap().to_owned();
        assert!(next.starts_with("http://h/resultsdb/api/v2.0/results?limit=20&page=2&_cursor="), "{next}");
        let last = web.get(next.strip_prefix("http://h/resultsdb").unwrap()).await;
        assert_eq!((last.ids(), &last.json()["next"]), (vec![5, 4, 3, 2, 1], &Value::Null));
        let plain = web.get("/api/v2.0/results?limit=20&page=2").await;
        assert_eq!(plain.ids(), [5, 4, 3, 2, 1]);
        assert_eq!(web.get("/api/v2.0/results?limit=5000&page=-2").await.ids().len(), 45);
    });
}

/// Scenario 22, and what else the latest is asked for.
#[test]
fn the_latest_is_asked_for_by_item_and_variant() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for (outcome, scenario) in [("FAILED", json!("x")), ("PASSED", json!("x")), ("FAILED", json!([]))] {
            let data = json!({"item": "a", "type": "koji_build", "scenario": scenario});
            web.result(json!({"outcome": outcome, "testcase": "t", "data": data})).await;
        }
        web.result(json!({"outcome": "INFO", "testcase": "u"})).await;
        let latest = async |query: &str| web.get(&format!("/api/v2.0/results/latest{query}")).await.ids();
        assert_eq!(latest("?item=a&type=koji_build,brew-build&testcases=t").await, [3]);
        assert_eq!(latest("?item=a&_distinct_on=scenario,system_architecture&outcome=x&limit=x").await, [3, 2]);
        assert_eq!(latest("").await, [4, 3]);
        assert_eq!(latest("?testcases:like=*").await, [4, 3]);
        let alone = web.get("/api/v2.0/results/latest?_distinct_on=scenario").await;
        let sentence = "Please, provide at least one filter beside '_distinct_on'";
        assert_eq!(alone.message(), (400, sentence.to_owned()));
        assert_eq!(web.get("/api/v2.0/results/latest").await.json().as_object().unwrap().len(), 1);
    });
}

/// Scenario 23.
#[test]
fn names_of_test_cases_hold_slashes() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        web.result(json!({"outcome": "PASSED", "testcase": "a/b/c"})).await;
        web.result(json!({"outcome": "PASSED", "testcase": "a/b/results"})).await;
        assert_eq!(web.get("/api/v2.0/testcases/a/b/c").await.json()["name"], "a/b/c");
        assert_eq!(web.get("/api/v2.0/testcases/a%2Fb%2Fc").await.json()["name"], "a/b/c");
        assert_eq!(web.get("/api/v2.0/testcases/a/b/c/results").await.ids(), [1]);
        assert_eq!(web.get("/api/v2.0/testcases/a/b/results").await.json()["name"], "a/b/results");
        assert_eq!(web.get("/api/v2.0/testcases/a/b/results/results?outcome=PASSED").await.ids(), [2]);
        for absent in ["a/b", "x/results", "a%FF"] {
            let answer = web.get(&format!("/api/v2.0/testcases/{absent}")).await;
            assert_eq!(answer.message(), (404, "Testcase not found".to_owned()));
        }
        let listed = web.get("/api/v2.0/testcases?name:like=a/*&limit=1").await.json();
        assert_eq!((&listed["data"][0]["name"], &listed["prev"]), (&json!("a/b/c"), &Value::Null));
        assert_eq!(listed["next"], "http://h/resultsdb/api/v2.0/testcases?name:like=a/*&limit=1&page=1");
        let posted = web.post("/api/v2.0/testcases", r#"{"name": "a/b/c", "ref_url": "u"}"#).await;
        assert_eq!((posted.status, &posted.json()["ref_url"]), (StatusCode::CREATED, &json!("u")));
    });
}

#[test]
fn groups_are_made_found_and_changed() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let made = web.post("/api/v2.0/groups", r#"{"description": "run one"}"#).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let uuid = made.json()["uuid"].as_str().unwrap().to_owned();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "7"));
        web.result(json!({"outcome": "PASSED", "testcase": "t", "groups": [uuid]})).await;
        let again =
            web.post("/api/v2.0/groups", json!({"uuid": uuid, "ref_url": "r", "description": ""}).to_string()).await;
        let expected = json!({"uuid": uuid, "description": "run one", "ref_url": "r", "results_count": 1,
            "results": format!("http://h/resultsdb/api/v2.0/results?groups={uuid}"),
            "href": format!("http://h/resultsdb/api/v2.0/groups/{uuid}")});
        assert_eq!(again.json(), expected);
        assert_eq!(web.get(&format!("/api/v2.0/groups/{uuid}")).await.json(), expected);
        assert_eq!(web.get(&format!("/api/v2.0/groups/{uuid}/results")).await.ids(), [1]);
        let listed = web.get("/api/v2.0/groups?description:like=run*").await.json();
        assert_eq!(listed["data"], json!([expected]));
        assert_eq!(web.get("/api/v2.0/groups?uuid=absent").await.json()["data"], json!([]));
        assert_eq!(web.get("/api/v2.0/groups/absent").await.message(), (404, "Group not found".to_owned()));
        let results = web.get("/api/v2.0/groups/absent/results").await;
        assert_eq!(results.message(), (404, "Group not found: absent".to_owned()));
    });
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_stored() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let post = async |body: &str| web.post("/api/v2.0/results", body.to_owned()).await;
        assert_eq!(post("{").await.message(), (400, "Bad request".to_owned()));
        assert_eq!(post("[]").await.message(), (400, "Bad request".to_owned()));
        let colons =
            post(r#"{"outcome": "PASSED", "testcase": "t", "data": {"invalid:key": 1, "another:invalid:key": 2}}"#)
                .await;
        let sentence = "Colon not allowed in key name: ['invalid:key', 'another:invalid:key']";
        assert_eq!(colons.message(), (400, sentence.to_owned()));
        let wrong = post(r#"{"outcome": "GOOD", "testcase": "", "submit_time": "now"}"#).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert_eq!(wrong.mistakes().len(), 3);
        let nul = post(r#"{"outcome": "PASSED", "testcase": "t", "note": "a\u0000"}"#).await;
        assert_eq!(nul.mistakes(), [r#"["note"]: Value error, must not contain the character U+0000"#]);
        assert_eq!(
            post(&format!(r#"{{"note": "{}"}}"#, "x".repeat(5_000_000))).await.status,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        let plain = Request::post("/resultsdb/api/v2.0/results").header("authorization", web.bearer("writer"));
        let plain = web.send(plain.header("content-type", "text/plain").body(Body::from("{}")).unwrap()).await;
        assert_eq!(plain.message(), (415, "Unsupported Media Type".to_owned()));
        assert_eq!(
            t.rows("SELECT (SELECT COUNT(*) FROM results_result), (SELECT COUNT(*) FROM results_testcase)").await,
            [["0", "0"]]
        );
    });
}

#[test]
fn queries_that_are_wrong_are_refused() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let get = async |query: &str| web.get(&format!("/api/v2.0/results?{query}")).await;
        assert_eq!(get("since=now").await.mistakes(), [r#"["since"]: Value error, must be in ISO8601 format"#]);
        assert_eq!(get("limit=0").await.mistakes(), [r#"["limit"]: Input should be greater than or equal to 1"#]);
        assert_eq!(get("page=x").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(get("item:regex=x").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(get("item=%00").await.status, StatusCode::BAD_REQUEST);
        for id in ["abc", "99999999999999999999", "0", "-1", "7"] {
            let answer = web.get(&format!("/api/v2.0/results/{id}")).await;
            assert_eq!(answer.message(), (404, "Result not found".to_owned()));
        }
    });
}

#[test]
fn who_writes_has_a_token() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let body = || json!({"outcome": "PASSED", "testcase": "t"}).to_string();
        let unknown = web.post_as("nobody", "/api/v2.0/results", body()).await;
        assert_eq!(unknown.message(), (401, "401 Unauthorized: this login is not valid, or not any more".to_owned()));
        assert_eq!(unknown.headers["www-authenticate"], "Bearer");
        let reader = web.post_as("reader", "/api/v2.0/results", body()).await;
        assert_eq!(reader.message(), (403, "403 Forbidden: this needs the permission results:write".to_owned()));
        let anonymous = |body: String| {
            let request = Request::post("/resultsdb/api/v2.0/results").header("content-type", "application/json");
            request.body(Body::from(body)).unwrap()
        };
        assert_eq!(web.send(anonymous(body())).await.status, StatusCode::UNAUTHORIZED);
        let in_body = json!({"outcome": "PASSED", "testcase": "t", "_auth_token": web.token("writer")}).to_string();
        assert_eq!(web.send(anonymous(in_body)).await.status, StatusCode::CREATED);
        let open = Web::with(t, |gate| gate.open_writes = true).await;
        assert_eq!(open.send(anonymous(body())).await.status, StatusCode::CREATED);
        let rows = t.rows("SELECT submitter FROM results_result ORDER BY id").await;
        assert_eq!(rows, [["alice"], ["NULL"]]);
    });
}

/// Scenario 28.
#[test]
fn what_is_sent_again_is_stored_once() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let send = async |token: &str, outcome: &str| {
            let data = r#"{"z": 1, "item": "a-1-1", "b": [true, "x"]}"#;
            let body =
                format!(r#"{{"outcome": "{outcome}", "testcase": "t", "data": {data}, "_auth_token": "{token}"}}"#);
            let request = Request::post("/resultsdb/api/v2.0/results").header("content-type", "application/json");
            web.send(request.header("idempotency-key", "k").body(Body::from(body)).unwrap()).await
        };
        let first = send(web.token("writer"), "FAILED").await;
        assert_eq!((first.status, first.headers.get("idempotency-replayed")), (StatusCode::CREATED, None));
        assert!(first.text.contains(r#""data":{"z":["1"],"item":["a-1-1"],"b":["True","x"]}"#), "{}", first.text);
        let other_token = Web::over(t).await;
        for token in [web.token("writer"), other_token.token("writer")] {
            let again = send(token, "FAILED").await;
            assert_eq!(again.headers["idempotency-replayed"], "true");
            assert_eq!((again.status, &again.text), (StatusCode::CREATED, &first.text));
        }
        let other = send(web.token("writer"), "PASSED").await;
        assert_eq!(other.message(), (409, "this Idempotency-Key was used for another request".to_owned()));
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_result").await, [["1"]]);
        assert_eq!(web.gate.told("resultsdb.result.new").await.len(), 1);
    });
}

#[test]
fn what_is_changed_on_the_way_is_recorded() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let result = async |ref_url: &str, description: &str| {
            let testcase = json!({"name": "t", "ref_url": ref_url});
            let groups = json!([{"uuid": "g", "description": description}]);
            web.result(json!({"outcome": "PASSED", "testcase": testcase, "groups": groups})).await;
        };
        result("one", "first").await;
        result("one", "first").await;
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_write").await, [["0"]], "a result is a record of itself");
        result("two", "first").await;
        result("two", "second").await;
        let writes = "SELECT object, permission FROM platform_write ORDER BY id";
        assert_eq!(t.rows(writes).await, [["testcase:t", "results:write"], ["group:g", "results:write"]]);
        web.post("/api/v2.0/groups", r#"{"uuid": "g", "description": "third"}"#).await;
        assert_eq!(t.rows("SELECT COUNT(*) FROM platform_write").await, [["3"]]);
    });
}

#[test]
fn every_answer_is_json() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let landing = web.get("/api/v2.0").await;
        assert_eq!(
            (landing.status, landing.headers["content-type"].as_bytes()),
            (StatusCode::MULTIPLE_CHOICES, &b"application/json"[..])
        );
        assert_eq!(landing.json()["results"], "http://h/resultsdb/api/v2.0/results");
        assert_eq!(web.get("/api/v2.0/").await.status, StatusCode::MULTIPLE_CHOICES);
        assert_eq!(web.get("/api/v2.0/healthcheck").await.message(), (200, "Health check OK".to_owned()));
        assert_eq!(web.get("/api/v2.0/nothing").await.message(), (404, "Not found".to_owned()));
        let put = Request::put("/resultsdb/api/v2.0/results").body(Body::empty()).unwrap();
        assert_eq!(web.send(put).await.message(), (405, "Method Not Allowed".to_owned()));
        let wrapped = web.get("/api/v2.0/healthcheck?callback=f.g").await;
        assert_eq!(wrapped.text, r#"f.g({"message":"Health check OK"});"#);
        assert_eq!(wrapped.headers["content-type"], "application/javascript");
        assert_eq!(wrapped.headers["x-content-type-options"], "nosniff");
        assert_eq!(web.get("/api/v2.0/healthcheck?callback=f(").await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn a_list_that_takes_too_long_says_what_would_help() {
    TestDb::both(TABLES, async |t| {
        let web = Web::with(t, |gate| gate.query_timeout = std::time::Duration::from_millis(10)).await;
        // all connections are taken, so nothing is answered before its time is over
        let pool = t.options().pool.get() as usize;
        let readers = if t.db.is_postgres() { pool / 2 } else { pool };
        let barrier = &Barrier::new(readers + 1);
        let taken = (0..readers).map(|_| async move {
            let held: Result<()> =
                t.db.read(|_| {
                    in_tx(async move {
                        barrier.wait().await;
                        barrier.wait().await;
                        Ok(())
                    })
                })
                .await;
            held.unwrap();
        });
        let asked = async {
            barrier.wait().await;
            for path in ["/api/v2.0/results", "/api/v2.0/results/latest?colour=red"] {
                let (status, message) = web.get(path).await.message();
                assert_eq!((status, message.contains("add a filter")), (503, true), "{path}");
            }
            barrier.wait().await;
        };
        futures_util::future::join(futures_util::future::join_all(taken), asked).await;
    });
}
