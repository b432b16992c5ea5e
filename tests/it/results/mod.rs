//! The results gate in the running service: what is posted is stored, listed and told.

mod bus;
mod clients;
mod command_line;
mod crowd;
mod killed;
mod measured;
mod rehearsal;
mod told;
mod two;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::serve::{House, Service, both};

const V2: &str = "/resultsdb/api/v2.0";

/// A service with an admin.
struct Desk {
    service: Service,
    token: String,
}

/// Messages as they come.
struct Events {
    lines: std::io::Lines<BufReader<TcpStream>>,
}

impl Desk {
    fn open(mut service: Service) -> Self {
        let token = service.set_up();
        Self { service, token }
    }

    fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.service.ask("POST", path, &headers, Some(body)).expect("the service answers")
    }

    /// Posts a result that is taken.
    fn result(&self, body: &Value) -> Value {
        let (status, stored) = self.post_with(&format!("{V2}/results"), &[], body);
        assert_eq!(status, 201, "{stored}");
        stored
    }

    fn get(&self, path: &str) -> Value {
        self.service.ask("GET", path, &[], None).expect("the service answers").1
    }

    /// Follows these topics, from the begin of the feed.
    fn follow(&self, topics: &str) -> Events {
        Events::of(&self.service.at, topics)
    }
}

impl Events {
    fn of(at: &str, topics: &str) -> Self {
        let mut stream = TcpStream::connect(at).expect("the service listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a limit");
        // a reader of the first version gets the stream as it is, without chunks
        let request = format!(
            "GET /api/v1/events?topic={topics}&after=0 HTTP/1.0\r\nhost: {at}\r\naccept: text/event-stream\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("the service reads");
        Self { lines: BufReader::new(stream).lines() }
    }
}

impl Iterator for Events {
    type Item = Value;

    /// The next message, with its envelope.
    fn next(&mut self) -> Option<Value> {
        loop {
            let line = self.lines.next()?.expect("a message comes in time");
            if let Some(data) = line.strip_prefix("data:") {
                return Some(serde_json::from_str(data).expect("messages are JSON"));
            }
        }
    }
}

/// How much of something is done: usually, and for who asked for larger samples.
fn sample(usual: usize, long: usize) -> usize {
    if std::env::var_os("TIDEGATE_LONG").is_some() { long } else { usual }
}

fn failed(item: &str) -> Value {
    json!({"outcome": "FAILED", "testcase": "dist.rpmdeplint", "data": {"item": item, "type": "koji_build"}})
}

/// Asks another process until it is so, with a pause after each no: of what is waited for here, nobody tells.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let is_so_by_now = |_| {
        let is_so = is_so();
        if !is_so {
            std::thread::park_timeout(Duration::from_millis(10));
        }
        is_so
    };
    assert!((0..6_000).any(is_so_by_now), "not in time: {what}");
}

#[test]
fn a_result_is_stored_listed_and_told() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let mut told = desk.follow("resultsdb.result.new,results.result.changed");
        let stored = desk.result(&failed("nethack-9-1.fc44"));
        assert_eq!(stored["href"], format!("http://{}{V2}/results/1", desk.service.at));
        assert_eq!(desk.get(&format!("{V2}/results?item=nethack-9-1.fc44"))["data"], json!([stored]));
        assert_eq!(desk.get(&format!("{V2}/results/latest?item=nethack-9-1.fc44"))["data"], json!([stored]));
        assert_eq!(desk.get("/api/v1/results/records")["items"], json!([stored]));

        let mut both_streams: Vec<_> = told.by_ref().take(2).collect();
        both_streams.sort_by_key(|message| message["topic"].as_str().map(str::len));
        assert_eq!(both_streams[0]["body"], stored, "the whole result, as it is listed");
        assert_eq!(both_streams[1]["body"]["announcement"]["reason"], "new");
        assert_eq!(both_streams[1]["subjects"], json!(["build:nethack-9-1.fc44"]));
        let listed = desk.get("/api/v1/events?topic=results.result.changed&after=0");
        assert_eq!(listed["items"][0]["message"]["id"], both_streams[1]["id"]);

        desk.result(&failed("nethack-9-1.fc44"));
        let again = told.next().expect("the stream goes on");
        assert_eq!(again["topic"], "resultsdb.result.new", "a repetition is no change");
        let state = desk.get("/api/v1/results/announcements/state?item=nethack-9-1.fc44");
        assert_eq!((&state["items"][0]["seq"], &state["items"][0]["suppressed"]), (&json!(1), &json!(1)));
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn a_result_of_many_builds_is_told_for_each_once() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let builds: Vec<_> = (0..500).map(|number| format!("p{number}-1-1.fc44")).collect();
        let data = json!({"item": "FEDORA-2026-1", "type": "bodhi_update", "builds": builds});
        let update = json!({"outcome": "PASSED", "testcase": "update.install", "data": data});
        desk.result(&update);
        desk.result(&update);
        desk.result(&failed("last-1-1.fc44"));
        let told = desk.follow("resultsdb.result.new,results.result.changed");
        // what is stored last is told last: its two messages end it
        let mut items = Vec::new();
        let mut full = 0;
        for message in told {
            match message["topic"].as_str() {
                Some("resultsdb.result.new") => full += 1,
                _ => items.push(message["body"]["announcement"]["subject"]["item"].as_str().unwrap().to_owned()),
            }
            if full == 3 && items.iter().any(|item| item == "last-1-1.fc44") {
                break;
            }
        }
        items.sort();
        let mut expected = [builds, vec!["last-1-1.fc44".to_owned()]].concat();
        expected.sort();
        assert_eq!(items, expected, "each build once, and the update itself never");
        let of_update = desk.get("/api/v1/results/announcements?item=FEDORA-2026-1");
        assert_eq!(of_update, json!({"items": [], "next": null}));
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn a_post_that_is_repeated_is_answered_as_the_first_time() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let post = |body: &Value| desk.post_with(&format!("{V2}/results"), &[("idempotency-key", "run-7")], body);
        let first = post(&failed("a-1-1"));
        assert_eq!((first.0, post(&failed("a-1-1"))), (201, first));
        let (status, refused) = post(&failed("b-1-1"));
        assert_eq!((status, &refused["message"]), (409, &json!("this Idempotency-Key was used for another request")));
        assert_eq!(desk.get(&format!("{V2}/results"))["data"].as_array().map(Vec::len), Some(1));
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn who_may_not_write_is_told_so_in_the_words_of_the_interface() {
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let body = failed("a-1-1");
        let (status, refused) = desk.service.post(&format!("{V2}/results"), &body);
        assert_eq!(status, 401);
        assert!(refused["message"].as_str().unwrap().starts_with("401 Unauthorized: "), "{refused}");
        let (_, made) = desk.post_with("/api/v1/platform/users", &[], &json!({"name": "bob"}));
        assert_eq!(made["name"], "bob");
        let (_, made) = desk.post_with("/api/v1/platform/tokens", &[], &json!({"user": "bob", "name": "ci"}));
        let of_bob = format!("Bearer {}", made["token"].as_str().unwrap());
        let post = |path: &str, headers: &[(&str, &str)]| desk.service.ask("POST", path, headers, Some(&body)).unwrap();
        let (status, refused) = post(&format!("{V2}/results"), &[("authorization", of_bob.as_str())]);
        let sentence = "403 Forbidden: this needs the permission results:write";
        assert_eq!((status, &refused["message"]), (403, &json!(sentence)));
        let (status, refused) = post("/api/v1/results/records", &[("authorization", of_bob.as_str())]);
        assert_eq!((status, &refused["code"]), (403, &json!("platform.forbidden")));
        let grant = json!({"role": "results.reporter", "user": "bob"});
        assert_eq!(desk.post_with("/api/v1/platform/grants", &[], &grant).0, 201);
        assert_eq!(post(&format!("{V2}/results"), &[("authorization", of_bob.as_str())]).0, 201);
        assert!(desk.service.stop().0.success());
    });
}

#[cfg(feature = "steps")]
impl Desk {
    /// Posts a result under a key; nothing where the service ends before it answers.
    fn post_once(&self) -> Option<(u16, Value)> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        self.service.ask("POST", &format!("{V2}/results"), &headers, Some(&failed("a-1-1")))
    }
}

/// The service, started again after it was killed at that step of its first post.
#[cfg(feature = "steps")]
fn after_a_kill_at(house: &House, step: &str) -> Desk {
    let Desk { service, token } = Desk::open(house.serve(&[]));
    assert!(service.stop().0.success());
    let desk = Desk { service: house.serve(&[("TIDEGATE_STEPS", &format!("kill:{step}#1"))]), token };
    assert_eq!(desk.post_once(), None, "it is killed before it answers");
    let (status, _) = desk.service.ended();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::SIGKILL as i32));
    Desk { service: house.serve(&[]), token: desk.token }
}

#[cfg(feature = "steps")]
#[test]
fn what_was_killed_before_its_commit_left_nothing() {
    both(|house| {
        let desk = after_a_kill_at(house, "results.post.commit.before");
        assert_eq!(desk.get(&format!("{V2}/results"))["data"], json!([]));
        assert_eq!(desk.get("/api/v1/results/announcements/state?item=a-1-1")["items"], json!([]));
        assert_eq!(desk.get("/api/v1/events?topic=*&after=0")["items"], json!([]));
        for _ in 0..2 {
            assert_eq!(desk.post_once().map(|(status, _)| status), Some(201), "its client sends it again");
        }
        assert_eq!(desk.get(&format!("{V2}/results"))["data"].as_array().map(Vec::len), Some(1));
        assert!(desk.service.stop().0.success());
    });
}

#[cfg(feature = "steps")]
#[test]
fn what_was_stored_before_a_kill_is_told_after_it() {
    both(|house| {
        let desk = after_a_kill_at(house, "results.post.commit.after");
        let told: Vec<_> = desk.follow("results.result.changed,resultsdb.result.new").take(2).collect();
        assert_eq!(told[0]["body"]["id"], told[1]["body"]["id"]);
        assert_eq!(desk.post_once().map(|(status, stored)| (status, stored["id"].clone())), Some((201, json!(1))));
        desk.result(&failed("b-1-1"));
        let next = desk.follow("resultsdb.result.new").nth(1).expect("the stream goes on");
        assert_eq!(next["body"]["id"], 2, "nothing was stored or told twice");
        assert!(desk.service.stop().0.success());
    });
}

#[test]
fn the_topics_are_described() {
    let house = House::sqlite();
    let desk = Desk::open(house.serve(&[]));
    let topics = desk.get("/api/v1/events/topics");
    assert!(topics["items"].as_array().unwrap().contains(&json!({"topic": "results.result.changed", "version": 1})));
    let one = desk.get("/api/v1/events/topics/results.result.changed");
    assert_eq!(one["example"]["announcement"]["reason"], "changed");
    assert_eq!(one["schema"]["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(desk.get("/api/v1/events/topics/x")["code"], "platform.not-found");
    assert!(desk.service.stop().0.success());
}

#[test]
fn a_gate_that_is_off_says_so() {
    let house = House::sqlite();
    let desk = Desk::open(house.serve(&[("TIDEGATE_RESULTS__ENABLED", "false")]));
    assert_eq!(desk.get("/api/v1/results/records")["code"], "platform.gate-off");
    let told = desk.get(&format!("{V2}/results"));
    assert!(told["message"].as_str().is_some_and(|text| text.contains("results.enabled = false")), "{told}");
    assert!(desk.service.stop().0.success());
}
