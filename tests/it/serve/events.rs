//! `events`: what happens, followed over lost connections.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_testkit::{Answer, Web};

use super::{both, program, run};

fn event(no: u64, outcome: &str) -> String {
    let message = json!({"at": "2026-11-21T08:04:12.847042Z", "topic": "results.result.changed",
        "subjects": ["build:a-1-1"], "body": {"outcome": outcome}});
    format!("id: {no}\nevent: results.result.changed\ndata: {message}\n\n")
}

#[test]
fn a_follower_goes_on_where_it_stopped_and_begins_anew_on_reset() {
    let web = Web::start(|request| {
        let text = match request.before {
            0 => ": alive\n\n".to_owned() + &event(5, "FAILED") + &event(6, "PASSED"),
            1 => "event: reset\ndata: {}\n\n".to_owned(),
            2 => event(90, "FAILED"),
            _ => return Answer::status(401),
        };
        Answer::ok(text).with("content-type", "text/event-stream")
    });
    let folder = TempDir::new().unwrap();
    let words = ["--server", &web.url(""), "--json", "events", "follow", "--topic", "results.*", "--after", "4"];
    let (exit, answer, said) = run(program(folder.path(), &words));
    let told: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> =
        told.iter().map(|line| (line["no"].as_u64(), line["message"]["body"]["outcome"].clone())).collect();
    assert_eq!(told, [(Some(5), json!("FAILED")), (Some(6), json!("PASSED")), (Some(90), json!("FAILED"))]);
    // what is refused ends it
    assert_eq!((exit, said.contains("tidegate login")), (1, true), "{said}");
    for part in ["the connection is lost", "ended the stream", "the connection is there again", "this begins anew"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let requests = web.requests();
    let last: Vec<_> =
        requests.iter().map(|request| request.headers.get("last-event-id").map(String::as_str)).collect();
    assert_eq!(last, [Some("4"), Some("6"), None, Some("90")]);
    assert!(requests.iter().all(|request| request.query.get("topic").is_some_and(|topic| topic == "results.*")));
}

#[test]
fn a_message_that_is_too_long_or_no_json_is_a_fault() {
    for text in ["id: 1\ndata: {\n\n".to_owned(), "data: ".to_owned() + &"x".repeat(9 * 1024 * 1024)] {
        let web = Web::start(move |_| Answer::ok(text.clone()).with("content-type", "text/event-stream"));
        let folder = TempDir::new().unwrap();
        let (exit, answer, said) = run(program(folder.path(), &["--server", &web.url(""), "events", "follow"]));
        assert_eq!((exit, answer.as_str()), (4, ""), "{said}");
    }
}

#[test]
fn what_the_service_tells_is_said_line_by_line() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let url = format!("http://{}", service.at);
        let ask = |words: &[&str]| {
            let mut command = house.command(words);
            command.env("TIDEGATE_SERVER", &url).env("TIDEGATE_TOKEN", &token);
            command
        };
        let (exit, topics, said) = run(ask(&["events", "topics"]));
        assert_eq!((exit, topics.contains("results.result.changed ")), (0, true), "{topics}{said}");
        let (exit, shape, _) = run(ask(&["--json", "events", "topics", "results.result.changed"]));
        let shape: Value = serde_json::from_str(&shape).unwrap();
        assert_eq!((exit, &shape["example"]["testcase"]["name"]), (0, &json!("dist.rpmdeplint")));
        let (exit, _, said) = run(ask(&["events", "topics", "results.resut"]));
        assert_eq!((exit, said.contains("\"results.resut\"")), (1, true), "{said}");

        assert_eq!(run(ask(&["jobs", "pause", "platform.retention", "--reason", "spring tide"])).0, 0);
        let mut command = ask(&["events", "follow", "--topic", "platform.pause.changed", "--after", "0"]);
        let mut follower = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(follower.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        assert!(lines.next().is_some_and(|line| line.contains("  platform.pause.changed  ")), "what was before");
        assert_eq!(run(ask(&["jobs", "resume", "--all"])).1, "platform.retention goes on\n");
        assert!(lines.next().is_some_and(|line| line.contains("  platform.pause.changed  ")), "what comes");
        follower.kill().expect("it runs");
        follower.wait().expect("it ends");
        assert!(service.stop().0.success());
    });
}

#[test]
fn a_server_that_was_never_reached_is_named_at_once() {
    let folder = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let (exit, answer, said) = run(program(folder.path(), &["--server", &url, "events", "follow"]));
    assert_eq!((exit, answer.as_str(), said.contains(&url)), (3, "", true), "{said}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_follower_in_silence() {
    let folder = TempDir::new().unwrap();
    let web = Web::start(|_| {
        let text: String = (1..5_000).map(|no| event(no, "FAILED")).collect();
        Answer::ok(text).with("content-type", "text/event-stream")
    });
    let mut command = program(folder.path(), &["--server", &web.url(""), "events", "follow"]);
    let mut follower = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut lines = BufReader::new(follower.stdout.take().expect("it is piped")).lines();
    assert!(lines.next().is_some_and(|line| line.is_ok()));
    drop(lines);
    let output = follower.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
