//! `tidegate results …`, asked of a running service.

use std::fs;

use serde_json::{Value, json};

use super::{Desk, V2, failed};
use crate::serve::{House, both, run};

/// The command, asked of that service by its admin.
fn asked(house: &House, desk: &Desk, words: &[&str]) -> (i32, String, String) {
    let mut command = house.command(&[&["results"], words].concat());
    command.env("TIDEGATE_SERVER", format!("http://{}", desk.service.at)).env("TIDEGATE_TOKEN", &desk.token);
    run(command)
}

/// The lines of an answer in JSON.
fn lines(house: &House, desk: &Desk, words: &[&str]) -> Vec<Value> {
    let mut command = house.command(&[&["--json", "results"], words].concat());
    command.env("TIDEGATE_SERVER", format!("http://{}", desk.service.at)).env("TIDEGATE_TOKEN", &desk.token);
    let (exit, answer, said) = run(command);
    assert_eq!(exit, 0, "{words:?}: {said}");
    answer.lines().map(|line| serde_json::from_str(line).expect("an answer in JSON")).collect()
}

#[test]
fn results_are_posted_and_found() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let build = ["--item", "a-1-1", "--type", "koji_build"];
        let post = |rest: &[&str]| asked(house, &desk, &[&["post", "--testcase", "t"], &build[..], rest].concat());
        let (exit, shown, _) = post(&["--outcome", "FAILED", "--data", "arch=x86_64", "--dry-run"]);
        assert_eq!(exit, 0);
        let body: Value = serde_json::from_str(&shown).expect("a body");
        assert_eq!(body["data"], json!({"item": ["a-1-1"], "type": ["koji_build"], "arch": ["x86_64"]}));
        for _ in 0..2 {
            let sent = post(&["--outcome", "FAILED", "--note", "n", "--group", "g", "--idempotency-key", "k"]);
            assert_eq!((sent.0, sent.1.as_str()), (0, "result 1 is stored\n"), "{}", sent.2);
        }
        let file = house.folder.path().join("one.json");
        fs::write(&file, failed("b-1-1").to_string()).expect("a file can be written");
        assert_eq!(asked(house, &desk, &["post", file.to_str().expect("a path")]).1, "result 2 is stored\n");
        let (exit, _, said) = post(&["--outcome", "GOOD"]);
        assert_eq!((exit, said.contains("must be one of")), (2, true), "{said}");

        let ids = |words: &[&str]| lines(house, &desk, words).iter().map(|line| line["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&["list"]), [2, 1]);
        assert_eq!(ids(&["list", "--limit", "1"]), [2]);
        assert_eq!(ids(&["list", "--item", "a*", "--outcome", "FAILED", "--group", "g"]), [1]);
        assert_eq!(ids(&["latest", "--item", "b-1-1", "--distinct-on", "scenario"]), [2]);
        assert_eq!(ids(&["history", "t", "--item", "a-1-1"]), [1]);
        let (exit, table, _) = asked(house, &desk, &["list", "--item", "a-1-1"]);
        assert_eq!((exit, table.contains("FAILED"), table.contains("koji_build")), (0, true, true), "{table}");
        let (exit, one, _) = asked(house, &desk, &["show", "1"]);
        assert_eq!(
            (exit, one.contains("data.item    a-1-1"), one.contains("note         n")),
            (0, true, true),
            "{one}"
        );
        assert_eq!(asked(house, &desk, &["show", "99"]).0, 1, "there is none");

        assert_eq!(lines(house, &desk, &["state", "a-1-1"])[0]["outcome"], "FAILED");
        assert_eq!(asked(house, &desk, &["build-list", "U-1", "a-1-1", "b-1-1"]).1, "U-1 has 2 builds\n");
        assert_eq!(lines(house, &desk, &["announcements", "--update", "U-1"]).len(), 2);
        assert_eq!(asked(house, &desk, &["announcements"]).0, 2, "of what");
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn a_history_comes_from_a_file_and_goes_on() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let file = house.folder.path().join("history.ndjson");
        let line = |number: usize| json!({"id": number * 10, "outcome": "PASSED", "testcase": "t"}).to_string();
        let good: Vec<_> = (1..=3).map(line).collect();
        fs::write(&file, good.join("\n")).expect("a file can be written");
        let path = file.to_str().expect("a path");
        let (exit, shown, _) = asked(house, &desk, &["import", path, "--dry-run"]);
        assert_eq!((exit, shown.contains("0 lines are done")), (0, true), "{shown}");
        let sentence = |accepted: usize, repeated: usize, rejected: usize| {
            format!("{accepted} results are stored, {repeated} were there, {rejected} lines are rejected\n")
        };
        assert_eq!(asked(house, &desk, &["import", path]).1, sentence(3, 0, 0));
        assert_eq!(asked(house, &desk, &["import", path]).1, sentence(0, 3, 0), "the same file is the same import");
        fs::write(&file, good.join("\n") + "\n{\n").expect("a file can be written");
        let (exit, shown, said) = asked(house, &desk, &["import", path, "--id", "two"]);
        assert_eq!((exit, shown), (1, sentence(0, 0, 4)), "ids are taken, and one line is none");
        assert!(said.contains("line 4: Bad request"), "{said}");
        assert_eq!(asked(house, &desk, &["import", "gone"]).0, 2);
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn a_history_comes_from_a_running_resultsdb() {
    let old = House::sqlite();
    let theirs = Desk::open(old.serve(&[]));
    for number in 0..7 {
        let groups = json!([{"uuid": format!("g{}", number % 2), "description": "nightly"}]);
        // of one instant there are more than a page has
        let time = if number < 4 { 1_000 } else { 1_000 + number };
        let body = json!({"outcome": "PASSED", "testcase": {"name": "a/b", "ref_url": "https://x/t"}, "groups": groups,
            "submit_time": time, "data": {"z": number, "item": "i"}});
        theirs.result(&body);
    }
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let from = format!("http://{}/resultsdb", theirs.service.at);
        let import = |rest: &[&str]| asked(house, &desk, &[&["import", "--from", &from, "--page", "3"], rest].concat());
        let (exit, shown, _) = import(&["--dry-run"]);
        assert_eq!((exit, shown.contains("from 1970-01-01T00:00:00")), (0, true), "{shown}");
        let (exit, shown, said) = import(&[]);
        assert_eq!((exit, shown.starts_with("7 results are stored, ")), (0, true), "{shown}{said}");
        let of = |desk: &Desk| {
            let listed = desk.get(&format!("{V2}/results?limit=100"));
            let mut results = listed["data"].as_array().expect("a list").clone();
            for result in &mut results {
                result["href"] = Value::Null;
                result["testcase"]["href"] = Value::Null;
            }
            results
        };
        assert_eq!(of(&desk), of(&theirs), "with ids, times, groups and data");
        assert_eq!(desk.get(&format!("{V2}/groups/g0"))["description"], "nightly");
        let (exit, shown, _) = import(&[]);
        assert_eq!((exit, shown.starts_with("0 results are stored, ")), (0, true), "{shown}");
        assert_eq!(desk.get("/api/v1/events?topic=*&after=0")["items"], json!([]), "nothing was told");
        assert!(desk.service.stop().0.success());
    });
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let away = format!("http://{}", free.local_addr().expect("it has an address"));
    drop(free);
    let (exit, _, said) = {
        let mut command = old.command(&["results", "import", "--from", &away]);
        command.env("TIDEGATE_SERVER", format!("http://{}", theirs.service.at)).env("TIDEGATE_TOKEN", &theirs.token);
        run(command)
    };
    assert_eq!((exit, said.contains(&away)), (3, true), "{said}");
    assert!(theirs.service.stop().0.success());
}
