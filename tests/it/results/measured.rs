//! The benchmark's command, on a service of ours.

use std::process::Command;

use serde_json::Value;

use super::{Desk, V2};
use crate::serve::{House, both, run};

#[test]
fn a_service_is_filled_and_measured_beside_another() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let url = format!("http://{}{V2}", desk.service.at);
        let words = ["--json", "bench", &url, "--against", &url, "--fill", "--builds", "30", "--loads", "latest,one"];
        let short = ["--connections", "2", "--rounds", "1", "--seconds", "1", "--pause", "0"];
        let command = house.command(&[&words[..], &short[..]].concat());
        let (exit, printed, said) = run(showing(command, &desk.token));
        assert_eq!(exit, 3, "the token is not shown to the other service, which may be anybody's: {said}");
        assert_eq!(printed, "");

        let words = ["--json", "bench", &url, "--fill", "--builds", "30"];
        let command = house.command(&[&words[..], &short[..]].concat());
        let (exit, printed, said) = run(showing(command, &desk.token));
        assert_eq!(exit, 0, "{said}");
        let rows: Vec<Value> = serde_json::from_str(&printed).expect("it is JSON");
        let loads: Vec<_> = rows.iter().map(|row| row["load"].as_str().unwrap_or("ceiling")).collect();
        assert_eq!(loads, ["ceiling", "latest", "newest", "testcase", "item", "one", "post"]);
        for row in &rows {
            assert!(row["rate"].as_f64() > Some(0.0) && row["p99"].as_f64() >= row["p50"].as_f64(), "{row}");
            assert_eq!(row["errors"], 0, "{row}");
        }
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn errors_are_no_speed() {
    let house = House::sqlite();
    let desk = Desk::open(house.serve(&[]));
    let url = format!("http://{}{V2}", desk.service.at);
    let words = ["bench", &url, "--loads", "one", "--builds", "1", "--rounds", "1", "--seconds", "1", "--pause", "0"];
    let (exit, _, said) = run(showing(house.command(&words), &desk.token));
    assert_eq!((exit, said.contains("it has no results: fill it first")), (3, true), "{said}");
    desk.result(&super::failed("a-1-1"));
    // without a token nothing is taken
    let words = [
        "--json",
        "bench",
        &url,
        "--loads",
        "post",
        "--rounds",
        "1",
        "--seconds",
        "1",
        "--connections",
        "1",
        "--pause",
        "0",
    ];
    let (exit, printed, said) = run(house.command(&words));
    let rows: Vec<Value> = serde_json::from_str(&printed).expect("it is JSON");
    assert_eq!((exit, &rows[1]["errors"]), (1, &100.into()), "{said}");
    assert!(said.contains("401 Unauthorized"), "{said}");
    assert!(desk.service.stop().0.success());
}

#[test]
fn other_machines_are_left_alone() {
    let house = House::sqlite();
    for url in ["http://192.0.2.1/api/v2.0", "http://example.org/api/v2.0", "http://localhost.example.org/"] {
        let (exit, _, said) = run(house.command(&["bench", url]));
        assert_eq!((exit, said.contains("--allow-remote")), (2, true), "{said}");
    }
    let (exit, _, said) = run(house.command(&["bench", "https://127.0.0.1/"]));
    assert_eq!((exit, said.contains("it is no plain http")), (2, true), "{said}");
}

fn showing(mut command: Command, token: &str) -> Command {
    command.env("TIDEGATE_TOKEN", token);
    command
}
