//! Our own interface through HTTP: imports, and what is known and told of an item.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};
use tidegate_testkit::TestDb;
use tokio::sync::Barrier;

use crate::gate::TABLES;
use crate::web::{Answer, Web};

/// Ten thousand lines of which three are bad.
fn history() -> String {
    let line = |number: usize| match number {
        10 => "{".to_owned(),
        5_500 => r#"{"outcome": "GOOD", "testcase": "t"}"#.to_owned(),
        9_999 => r#"{"outcome": "PASSED", "testcase": "t", "id": 7}"#.to_owned(),
        _ => {
            let outcome = if number.is_multiple_of(2) { "PASSED" } else { "FAILED" };
            let data = json!({"item": format!("p{}-1-1", number % 50), "type": "koji_build"});
            json!({"id": number, "outcome": outcome, "testcase": "t", "submit_time": number, "data": data}).to_string()
        }
    };
    (1..=10_000).map(line).collect::<Vec<_>>().join("\n")
}

async fn import(web: &Web, query: &str, encoding: &str, body: Body) -> Answer {
    let request = Request::post(format!("/api/v1/results/import{query}")).header("authorization", web.bearer("writer"));
    web.send(request.header("content-encoding", encoding).body(body).expect("a request")).await
}

/// Scenario 49.
#[test]
fn an_import_that_was_cut_goes_on_where_it_was() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let text = history();
        let begin: String = text.split_inclusive('\n').take(6_000).collect();
        let cut = stream::iter([Ok(Bytes::from(begin)), Err(std::io::Error::other("cut"))]);
        let broken = import(&web, "?id=one", "", Body::from_stream(cut)).await;
        assert_eq!(broken.status, StatusCode::BAD_REQUEST);
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_result").await, [["4999"]]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let answer = import(&web, "?id=one", "gzip", Body::from(gzip.finish().unwrap())).await.json();
        let lines: Vec<_> = answer["rejected"].as_array().unwrap().iter().map(|line| line["line"].clone()).collect();
        assert_eq!(lines, [10, 5_500, 9_999]);
        assert_eq!(answer["rejected"][2]["error"], "the id 7 is taken");
        let counts = ["accepted", "repeated", "last_line"].map(|field| answer[field].as_i64().unwrap());
        assert_eq!(counts, [4_998, 4_999, 10_000]);
        assert_eq!(t.rows("SELECT COUNT(*), MAX(id) FROM results_result").await, [["9997", "10000"]]);
        let again =
            import(&web, "?id=one", "zstd", Body::from(zstd::encode_all(text.as_bytes(), 1).unwrap())).await.json();
        assert_eq!((&again["accepted"], &again["repeated"]), (&json!(0), &json!(9_997)));
        assert!(web.gate.told("resultsdb.result.new").await.is_empty());
        let next = web
            .result(json!({"outcome": "PASSED", "testcase": "t", "data": {"item": "p1-1-1", "type": "koji_build"}}))
            .await;
        assert_eq!(next["id"], 10_001);
        assert_eq!(web.gate.changes().await, ["p1-1-1 2: FAILED -> PASSED +100"]);
    });
}

/// Both know how far the import came before either goes on.
#[test]
fn of_two_imports_under_one_id_one_goes_on() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let lines = |outcome: &str, ids: std::ops::RangeInclusive<i64>| {
            let line = |id| json!({"id": id, "outcome": outcome, "testcase": "t", "data": {"item": "a"}}).to_string();
            ids.map(line).collect::<Vec<_>>().join("\n")
        };
        let first = lines("INFO", 1..=2);
        assert_eq!(import(&web, "?id=one", "", Body::from(first.clone())).await.status, StatusCode::OK);
        let both_began = Arc::new(Barrier::new(2));
        let go_on = async |outcome: &str| {
            let (both_began, text) = (Arc::clone(&both_began), format!("{first}\n{}", lines(outcome, 3..=500)));
            let text = async move {
                both_began.wait().await;
                Ok::<_, std::io::Error>(text)
            };
            let answer = import(&web, "?id=one", "", Body::from_stream(stream::once(text))).await;
            (outcome.to_owned(), answer)
        };
        let (left, right) = tokio::join!(go_on("PASSED"), go_on("FAILED"));
        let (winner, loser) = if left.1.status == StatusCode::OK { (left, right) } else { (right, left) };
        assert_eq!(winner.1.json()["accepted"], 498);
        let refused = loser.1.json();
        assert_eq!((&refused["status"], &refused["code"]), (&json!(409), &json!("results.import-overtaken")));
        let said = "another request imports under the id \"one\": what is stored stays; ask again to go on behind it";
        assert_eq!(refused["detail"], said);
        let stored = "SELECT outcome, COUNT(*) FROM results_result GROUP BY outcome ORDER BY COUNT(*)";
        assert_eq!(t.rows(stored).await, [["INFO", "2"], [&*winner.0, "498"]]);
        let done = json!({"id": "one", "last_line": 500, "accepted": 500, "rejected": []});
        assert_eq!(web.native("imports/one").await, done);
        let again = import(&web, "?id=one", "", Body::from(format!("{first}\n{}", lines(&loser.0, 3..=501)))).await;
        assert_eq!((&again.json()["accepted"], &again.json()["repeated"]), (&json!(1), &json!(500)));
    });
}

#[test]
fn an_import_tells_as_much_as_was_wished() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let line = |item: &str, outcome: &str| {
            json!({"outcome": outcome, "testcase": "t", "data": {"item": item}}).to_string() + "\n"
        };
        let lines = || Body::from(line("a", "PASSED") + &line("a", "FAILED") + &line("b", "PASSED"));
        import(&web, "?announce=changed", "", lines()).await;
        assert_eq!(web.gate.changes().await, ["a 1: nothing -> FAILED +1", "b 1: nothing -> PASSED +0"]);
        assert!(web.gate.told("resultsdb.result.new").await.is_empty());
        import(&web, "?announce=all", "", lines()).await;
        assert_eq!(web.gate.changes().await.len(), 4);
        assert_eq!(web.gate.told("resultsdb.result.new").await.len(), 3);
    });
}

#[test]
fn what_is_no_history_is_stopped() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let stopped = import(&web, "", "", Body::from("{\n".repeat(1_001))).await;
        assert_eq!(
            (stopped.status, &stopped.json()["code"]),
            (StatusCode::BAD_REQUEST, &json!("results.import-stopped"))
        );
        assert_eq!(import(&web, "", "", Body::from("{\n".repeat(1_000))).await.json()["last_line"], 1_000);
        for (query, encoding) in [("?announce=loudly", ""), ("?id=", ""), ("?x=1", ""), ("", "br"), ("", "gzip")] {
            let refused = import(&web, query, encoding, Body::from("plain")).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query} {encoding}");
            assert_eq!(refused.headers["content-type"], "application/problem+json");
        }
        let long = format!("{{\"note\": \"{}\"}}\n", "x".repeat(1_100_000));
        let answer = import(&web, "", "", Body::from(long)).await.json();
        assert_eq!(answer["rejected"][0]["error"], "a line may have at most 1048576 bytes");
        let reader = Request::post("/api/v1/results/import").header("authorization", web.bearer("reader"));
        assert_eq!(web.send(reader.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
        let nobody = Request::post("/api/v1/results/import").body(Body::empty()).unwrap();
        assert_eq!(web.send(nobody).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn what_was_told_of_an_item_can_be_looked_up() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for outcome in ["FAILED", "FAILED", "PASSED", "RUNNING"] {
            web.gate.result("a-1-1", outcome).await;
        }
        let states = web.native("announcements/state?item=a-1-1").await;
        let state = &states["items"][0];
        assert_eq!(
            (&state["outcome"], &state["progress_outcome"], &state["seq"]),
            (&json!("PASSED"), &json!("RUNNING"), &json!(2))
        );
        assert_eq!(state["subject"], json!({"type": "koji_build", "item": "a-1-1"}));
        assert_eq!(states["next"], Value::Null);
        let first = web.native("announcements?item=a-1-1&limit=1").await;
        assert_eq!(first["items"][0]["reason"], "new");
        let next = first["next"].as_str().unwrap();
        let second = web.native(&format!("announcements?item=a-1-1&limit=1&cursor={next}")).await;
        assert_eq!((&second["items"][0]["prev_outcome"], &second["items"][0]["seq"]), (&json!("FAILED"), &json!(2)));
        assert_eq!(web.native("announcements?item=b").await, json!({"items": [], "next": null}));
        for wrong in [
            "announcements",
            "announcements?item=a&limit=501",
            "announcements?item=a&x=1",
            "announcements?item=a&cursor=x",
        ] {
            assert_eq!(web.native(wrong).await["status"], 400, "{wrong}");
        }
    });
}

#[test]
fn the_builds_of_an_update_can_be_told() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let put = |who: &str, body: &str| {
            let request = Request::put("/api/v1/results/updates/FEDORA-2026-1/builds");
            let request = request.header("authorization", web.bearer(who)).header("content-type", "application/json");
            request.body(Body::from(body.to_owned())).expect("a request")
        };
        let told = web.send(put("writer", r#"{"builds": ["b-1-1", "a-1-1", "b-1-1"]}"#)).await;
        assert_eq!(told.json(), json!({"update": "FEDORA-2026-1", "builds": ["a-1-1", "b-1-1"]}));
        assert_eq!(web.send(put("reader", r#"{"builds": []}"#)).await.status, StatusCode::FORBIDDEN);
        for wrong in ["{", r#"{"builds": [1]}"#, r#"{"builds": [""]}"#, r#"{"other": []}"#] {
            assert_eq!(web.send(put("writer", wrong)).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let data = json!({"type": "bodhi_update", "item": "FEDORA-2026-1"});
        web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        assert_eq!(web.gate.changes().await.len(), 2);
    });
}

#[test]
fn records_are_listed_by_cursor_and_posted() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for number in 0..5 {
            let item = if number % 2 == 0 { "even" } else { "odd" };
            let body = json!({"outcome": "PASSED", "testcase": "t", "submit_time": number, "data": {"item": item}});
            let request = Request::post("/api/v1/results/records").header("authorization", web.bearer("writer"));
            let request =
                request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
            let posted = web.send(request).await;
            assert_eq!(posted.status, StatusCode::CREATED);
            assert_eq!(posted.headers["location"], format!("/api/v1/results/records/{}", number + 1));
        }
        let ids = |list: &Value| -> Vec<_> {
            list["items"].as_array().unwrap().iter().filter_map(|item| item["id"].as_i64()).collect()
        };
        let first = web.native("records?item=even&limit=2").await;
        assert_eq!(ids(&first), [5, 3]);
        let next = format!("records?item=even&limit=2&cursor={}", first["next"].as_str().unwrap());
        let second = web.native(&next).await;
        assert_eq!((ids(&second), &second["next"]), (vec![1], &Value::Null));
        assert_eq!(ids(&web.native("records?order=asc&limit=2").await), [1, 2]);
        assert_eq!(web.native("records/4").await["data"]["item"], json!(["odd"]));
        for (path, status) in [
            ("records/x", 404),
            ("records/9", 404),
            ("records?page=1", 400),
            ("records?limit=501", 400),
            ("records?cursor=x", 400),
            ("records?order=up", 400),
            ("records?since=x", 400),
        ] {
            assert_eq!(web.native(path).await["status"], status, "{path}");
        }
    });
}

#[test]
fn what_was_told_is_found_by_test_case_and_by_update() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let data = json!({"type": "bodhi_update", "item": "U-1", "builds": ["b-1-1", "a-1-1"]});
        web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        web.gate.result("c-1-1", "FAILED").await;
        let data = json!({"type": "koji_build", "item": "a-1-1"});
        web.result(json!({"outcome": "PASSED", "testcase": "u", "data": data})).await;
        let items = async |path: &str| {
            let mut items = Vec::new();
            let mut next = String::new();
            loop {
                let page = web.native(&format!("{path}&limit=1{next}")).await;
                let shown = page["items"].as_array().expect("a list").iter();
                items.extend(shown.map(|row| {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    text(&row["testcase"]) + " " + &text(&row["subject"]["item"])
                }));
                match page["next"].as_str() {
                    Some(cursor) => next = format!("&cursor={cursor}"),
                    None => return items,
                }
            }
        };
        for list in ["announcements", "announcements/state"] {
            let mut of_testcase = items(&format!("{list}?testcase=t")).await;
            of_testcase.sort();
            assert_eq!(of_testcase, ["t a-1-1", "t b-1-1", "t c-1-1"], "{list}");
            let mut of_update = items(&format!("{list}?update=U-1")).await;
            of_update.sort();
            assert_eq!(of_update, ["t a-1-1", "t b-1-1", "u a-1-1"], "{list}");
            assert_eq!(items(&format!("{list}?update=U-1&testcase=u")).await, ["u a-1-1"], "{list}");
            assert_eq!(items(&format!("{list}?item=a-1-1&testcase=t")).await, ["t a-1-1"], "{list}");
            assert_eq!(web.native(&format!("{list}?item=a&update=U")).await["status"], 400);
        }
    });
}

#[test]
fn a_subject_is_all_that_is_known_of_it() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let data = json!({"type": "bodhi_update", "item": "U-1", "builds": ["a-1-1"]});
        web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        for scenario in ["x", "y"] {
            let data = json!({"type": "brew-build", "item": "a-1-1", "scenario": scenario});
            web.result(json!({"outcome": "PASSED", "testcase": "u", "data": data})).await;
        }
        let build = web.native("subjects/koji_build/a-1-1").await;
        let ids: Vec<_> = build["results"].as_array().unwrap().iter().map(|result| result["id"].clone()).collect();
        assert_eq!((ids, &build["updates"]), (vec![json!(3), json!(2)], &json!(["U-1"])));
        assert_eq!((build["states"].as_array().map(Vec::len), &build["builds"]), (Some(3), &json!([])));
        assert_eq!(web.native("subjects/brew-build/a-1-1").await, build, "another word for the same");
        let update = web.native("subjects/bodhi_update/U-1").await;
        assert_eq!((&update["results"][0]["id"], &update["builds"]), (&json!(1), &json!(["a-1-1"])));
        let compose = json!({"type": "compose", "item": "C/Server/x86_64"});
        web.result(json!({"outcome": "PASSED", "testcase": "t", "data": compose})).await;
        assert_eq!(web.native("subjects/compose/C/Server/x86_64").await["results"][0]["id"], 4);
        assert_eq!(web.native("subjects/compose/a-1-1").await["code"], "results.not-found");
    });
}

#[test]
fn the_builds_of_an_update_are_learnt_from_what_names_them() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let long = "x".repeat(3_000);
        let data = json!({"type": "bodhi_update", "item": "U-1", "builds": ["b-1-1", "a-1-1", long]});
        web.result(json!({"outcome": "FAILED", "testcase": "t", "data": data})).await;
        let listed = web.native("updates/U-1/builds?limit=1").await;
        assert_eq!((&listed["items"][0]["nvr"], &listed["items"][0]["source"]), (&json!("a-1-1"), &json!("data")));
        let rest = web.native(&format!("updates/U-1/builds?cursor={}", listed["next"].as_str().unwrap())).await;
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["nvr"]), (1, &json!("b-1-1")));
        let later = json!({"type": "bodhi_update", "item": "U-1"});
        web.result(json!({"outcome": "PASSED", "testcase": "u", "data": later})).await;
        let changes = web.gate.changes().await;
        assert_eq!(changes[3..], ["a-1-1 1: nothing -> PASSED +0", "b-1-1 1: nothing -> PASSED +0"]);
        let builds = Request::put("/api/v1/results/updates/U-1/builds").header("authorization", web.bearer("writer"));
        let builds = builds.header("content-type", "application/json").body(Body::from(r#"{"builds": ["c-1-1"]}"#));
        assert_eq!(web.send(builds.unwrap()).await.json(), json!({"update": "U-1", "builds": ["c-1-1"]}));
        let now = web.native("updates/U-1/builds").await;
        assert_eq!((&now["items"][0]["nvr"], &now["items"][0]["source"]), (&json!("c-1-1"), &json!("api")));
        assert_eq!(t.rows("SELECT object FROM platform_write").await, [["update:U-1"]]);
    });
}

#[test]
fn what_results_name_is_listed() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for (testcase, group) in [("dist.b", "g1"), ("dist.a", "g2"), ("x/y", "g3")] {
            let groups = json!([{"uuid": group, "description": format!("run {group}")}]);
            web.result(json!({"outcome": "PASSED", "testcase": testcase, "groups": groups})).await;
        }
        let first = web.native("testcases?name=dist.*&limit=1").await;
        assert_eq!(first["items"][0]["name"], "dist.a");
        let next = web.native(&format!("testcases?name=dist.*&cursor={}", first["next"].as_str().unwrap())).await;
        assert_eq!((&next["items"][0]["name"], &next["next"]), (&json!("dist.b"), &Value::Null));
        assert_eq!(web.native("testcases?name=x/y,dist.b").await["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(web.native("testcases/x/y").await["name"], "x/y");
        assert_eq!(web.native("testcases/x").await["code"], "results.not-found");
        let first = web.native("groups?description=run*&limit=2").await;
        assert_eq!((&first["items"][0]["uuid"], &first["items"][1]["results_count"]), (&json!("g3"), &json!(1)));
        let next = web.native(&format!("groups?description=run*&cursor={}", first["next"].as_str().unwrap())).await;
        assert_eq!((&next["items"][0]["uuid"], &next["next"]), (&json!("g1"), &Value::Null));
        assert_eq!(web.native("groups?uuid=g2,absent").await["items"][0]["description"], "run g2");
        assert_eq!(web.native("groups/g2").await["results_count"], 1);
        assert_eq!(web.native("groups/absent").await["code"], "results.not-found");
    });
}

#[test]
fn the_latest_and_imports_are_shown() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let line = json!({"outcome": "PASSED", "testcase": "t", "id": 7, "data": {"item": "a"}}).to_string();
        import(&web, "?id=one", "", Body::from(line.clone() + "\n{\n")).await;
        import(&web, "?id=two", "", Body::from(line.replace('7', "9").replace("PASSED", "FAILED"))).await;
        let latest = web.native("latest?item=a&distinct_on=scenario").await;
        assert_eq!((&latest["items"][0]["id"], latest["items"].as_array().map(Vec::len)), (&json!(9), Some(1)));
        for wrong in ["latest?limit=3", "latest?_distinct_on=scenario", "latest?distinct_on=scenario"] {
            assert_eq!(web.native(wrong).await["status"], 400, "{wrong}");
        }
        let runs = web.native("imports?limit=1").await;
        let run = &runs["items"][0];
        assert_eq!((&run["id"], &run["last_line"], &run["accepted"]), (&json!("one"), &json!(2), &json!(1)));
        assert_eq!((&run["first_result"], &run["at"]), (&json!(7), &json!("2026-11-21T08:00:00.000000Z")));
        let rest = web.native(&format!("imports?cursor={}", runs["next"].as_str().unwrap())).await;
        assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!("two"), &Value::Null));
        let one = web.native("imports/one").await;
        assert_eq!((&one["rejected"][0]["line"], &one["last_line"]), (&json!(2), &json!(2)));
        assert_eq!(web.native("imports/none").await["last_line"], 0);
    });
}
