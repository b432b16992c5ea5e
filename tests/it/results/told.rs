//! What a bus was told of results, beside what it should have been: a slow and obvious version of the announcer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidegate_testkit::Received;

use super::Desk;

/// What is said under each order key, in order, each line once.
pub(super) type Told = BTreeMap<String, Vec<String>>;

/// What has to be said of these results, which a service took in the order of their ids. All of them are about builds.
pub(super) fn expected<'a>(results: impl IntoIterator<Item = &'a Value>) -> Told {
    let mut told = Told::new();
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    for result in results {
        let testcase = result["testcase"]["name"].as_str().expect("it has a test case");
        let data = |key: &str| -> BTreeSet<String> {
            let values = result["data"][key].as_array().into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (own_type, own_item) = (data("type").pop_last().unwrap_or_default(), data("item"));
        let name = |kind: &str, item: &str| format!("results:{testcase}/{kind}/{item}");
        for item in &own_item {
            told.entry(name(&own_type, item)).or_default().push(format!("new {}", result["id"]));
        }
        let builds = data("builds");
        for build in if builds.is_empty() { &own_item } else { &builds } {
            let name = name("koji_build", build);
            let said = keys.entry(name.clone()).or_default().hear(result);
            told.entry(name).or_default().extend(said);
        }
    }
    told.retain(|_, lines| !lines.is_empty());
    told
}

/// What was last said of one build under one test case.
#[derive(Default)]
struct Key {
    outcome: Option<String>,
    is_running: bool,
    seq: u64,
}

impl Key {
    fn hear(&mut self, result: &Value) -> Option<String> {
        let (id, outcome) = (&result["id"], result["outcome"].as_str().expect("it has an outcome"));
        if outcome == "RUNNING" {
            return (!std::mem::replace(&mut self.is_running, true)).then(|| format!("progress {id} {outcome}"));
        }
        self.is_running = false;
        if self.outcome.as_deref() == Some(outcome) {
            return None;
        }
        self.seq += 1;
        let before = self.outcome.replace(outcome.to_owned()).unwrap_or_else(|| "nothing".to_owned());
        Some(format!("changed {id} {outcome} after {before}, seq {}", self.seq))
    }
}

/// What a queue heard: each message under one id, and the first time in this order.
pub(super) fn heard(messages: &[Received]) -> Told {
    let mut told = Told::new();
    let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
    for message in messages {
        let key = message.header("tidegate_key").expect("it says with what it keeps its order");
        let line = line(message);
        let id = ids.entry((key.clone(), line.clone())).or_insert_with(|| {
            told.entry(key.clone()).or_default().push(line.clone());
            message.id()
        });
        assert_eq!(*id, message.id(), "{key} was told under two ids: {line}");
    }
    let distinct: BTreeSet<_> = ids.values().collect();
    assert_eq!(distinct.len(), ids.len(), "an id belongs to one message");
    told
}

/// What a message of one of the streams says.
fn line(message: &Received) -> String {
    let body: Value = serde_json::from_str(&message.body).expect("messages are JSON");
    let (id, outcome) = (&body["id"], body["outcome"].as_str().unwrap_or_default());
    let announcement = &body["announcement"];
    match message.routing_key.rsplit('.').next() {
        Some("new") => format!("new {id}"),
        Some("progress") => format!("progress {id} {outcome}"),
        _ => {
            let before = announcement["prev_outcome"].as_str().unwrap_or("nothing");
            format!("changed {id} {outcome} after {before}, seq {}", announcement["seq"])
        }
    }
}

/// Every stored result in the order of ids.
pub(super) fn stored(desk: &Desk) -> BTreeMap<i64, Value> {
    let mut all = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = desk.get(&format!("/api/v1/results/records?limit=500{cursor}"));
        for result in page["items"].as_array().expect("it is a list") {
            let twice = all.insert(result["id"].as_i64().expect("it has an id"), result.clone());
            assert_eq!(twice, None, "a list has each result once");
        }
        let Some(next) = page["next"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}
