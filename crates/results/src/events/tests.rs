use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::announce::{FanOut, State, fan_out, step};
use crate::model::{ExtraData, Outcome, ResultId, TestCase};
use crate::oracle::history::{at, final_result, incomplete};

fn stored(data: ExtraData) -> StoredResult {
    StoredResult {
        id: ResultId(111),
        testcase: TestCase { name: "dist.rpmdeplint".to_owned(), ref_url: Some("https://x/t".to_owned()) },
        outcome: Outcome::stored("FAILED"),
        submit_time: "2026-11-21T08:04:12.847042Z".parse().unwrap(),
        groups: vec!["11111111-0000-0000-0000-000000000000".to_owned()],
        note: None,
        ref_url: Some("https://x/log".to_owned()),
        data,
    }
}

fn data(pairs: &[(&str, &str)]) -> ExtraData {
    pairs.iter().copied().collect()
}

fn fits(message: &Message) -> Value {
    let files = TOPICS.iter().find(|files| files.topic == message.topic().as_str()).unwrap();
    let schema = serde_json::from_str(files.schema).unwrap();
    let envelope = message.clone().seal("00000000-0000-4000-8000-000000000001".parse().unwrap()).unwrap();
    let body = Value::Object(envelope.body.clone());
    jsonschema::draft202012::validate(&schema, &body).unwrap_or_else(|error| panic!("{error}: {body}"));
    body
}

/// All that is told of a result whose keys were FAILED before.
fn told(result: &StoredResult) -> Vec<Message> {
    let spread = fan_out(&FanOut::default(), &result.testcase.name, &result.data, &[]).unwrap();
    let announcer =
        Announcer::new(result, &Links::at("http://h/api/v2.0"), at(9), Actor::user("ci"), spread.keys.len());
    let (before, _) = step(&State::default(), &final_result(1, "PASSED"), at(1));
    let (_, said) = step(&before, &final_result(2, "FAILED"), at(2));
    let changes =
        spread.keys.iter().map(|key| announcer.changed(key, said.announcement().unwrap(), spread.via.as_ref()));
    [announcer.stored()].into_iter().chain(changes).collect()
}

#[test]
fn each_topic_has_a_schema_and_an_example_that_fits() {
    let mut files = BTreeSet::new();
    for topic in TOPICS {
        let schema: Value = serde_json::from_str(topic.schema).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{}", topic.topic);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{}", topic.topic);
        let example = serde_json::from_str(topic.example).unwrap();
        jsonschema::draft202012::validate(&schema, &example).unwrap_or_else(|error| panic!("{}: {error}", topic.topic));
        assert!(!jsonschema::draft202012::is_valid(&schema, &json!({})), "{}", topic.topic);
        for kind in ["schema", "example"] {
            files.insert(format!("{}.v{}.{kind}.json", topic.topic, topic.version));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events");
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name != "tests.rs").collect::<BTreeSet<_>>(), files);
}

#[test]
fn a_stored_result_is_told_as_it_is_shown() {
    let result = stored(data(&[("type", "koji_build"), ("item", "a-1-1.fc44"), ("arch", "x86_64")]));
    let [full, changed] = &told(&result)[..] else { panic!("one of each") };
    let shown = serde_json::to_value(Links::at("http://h/api/v2.0").result(&result)).unwrap();
    assert_eq!(fits(full), shown);
    assert_eq!(full.key().as_str(), "results:dist.rpmdeplint/koji_build/a-1-1.fc44");
    let body = fits(changed);
    assert_eq!(changed.topic().as_str(), "results.result.changed");
    assert_eq!(body["announcement"]["prev_outcome"], "PASSED");
    assert_eq!(body["announcement"]["subject"], json!({"type": "koji_build", "item": "a-1-1.fc44"}));
    assert_eq!(body["announcement"]["variant"]["arch"], json!(["x86_64"]));
    assert_eq!(body["announcement"]["via"], Value::Null);
    let mut rest = body;
    rest.as_object_mut().unwrap().remove("announcement");
    assert_eq!(rest, shown);
}

#[test]
fn a_build_is_told_with_its_update() {
    let result = stored(data(&[("type", "bodhi_update"), ("item", "U-1"), ("builds", "a-1-1"), ("builds", "b-1-1")]));
    let messages = told(&result);
    assert_eq!(messages.len(), 3);
    let bodies: Vec<_> = messages[1..].iter().map(fits).collect();
    assert_eq!(bodies[1]["announcement"]["subject"], json!({"type": "koji_build", "item": "b-1-1"}));
    assert_eq!(bodies[1]["announcement"]["via"], json!({"type": "bodhi_update", "item": "U-1"}));
    assert_ne!(messages[1].key(), messages[2].key());
}

#[test]
fn progress_has_its_own_topic() {
    let result = stored(data(&[("item", "x")]));
    let announcer = Announcer::new(&result, &Links::at("http://h"), at(9), Actor::user("ci"), 1);
    let (_, said) = step(&State::default(), &incomplete(1, "RUNNING"), at(1));
    let spread = fan_out(&FanOut::default(), "t", &result.data, &[]).unwrap();
    let message = announcer.changed(&spread.keys[0], said.announcement().unwrap(), None);
    assert_eq!(message.topic().as_str(), "results.result.progress");
    let body = fits(&message);
    assert_eq!((&body["announcement"]["seq"], &body["announcement"]["subject"]["type"]), (&json!(0), &Value::Null));
}

#[test]
fn the_old_stream_has_its_old_shape() {
    let result = stored(data(&[("item", "a"), ("item", "b"), ("type", "koji_build")]));
    let announcer = Announcer::new(&result, &Links::at("http://h"), at(9), Actor::user("ci"), 1);
    let body = fits(&announcer.old_news(&OldNews { prev_outcome: None }));
    assert_eq!(
        body,
        json!({
            "task": {"item": "b", "type": "koji_build", "name": "dist.rpmdeplint"},
            "result": {"id": 111, "submit_time": "2026-11-21 08:04:12 UTC", "prev_outcome": null, "outcome": "FAILED",
                "log_url": "https://x/log"},
        })
    );
}

#[test]
fn a_megaupdate_is_told_within_bounds() {
    let builds: Vec<_> = (0..9_000).map(|number| format!("package-with-a-long-name-{number}-1.fc44")).collect();
    let mut pairs = vec![("type", "bodhi_update"), ("item", "U-1")];
    pairs.extend(builds.iter().map(|build| ("builds", build.as_str())));
    let messages = told(&stored(data(&pairs)));
    assert_eq!(messages.len(), 9_001);
    assert_eq!(fits(&messages[0])["data"]["builds"].as_array().unwrap().len(), 9_000);
    let body = fits(&messages[9_000]);
    assert_eq!((&body["truncated"], &body["data"]["item"]), (&json!(true), &json!(["U-1"])));
    assert!(body.to_string().len() < SMALLEST_SHARE);
}

#[test]
fn what_does_not_fit_is_found_at_its_address() {
    let long = "x".repeat(2_000_000);
    let mut result = stored(data(&[("item", &long), ("item", "y")]));
    result.note = Some(long);
    for message in told(&result).iter().take(1) {
        let body = fits(message);
        assert_eq!((&body["truncated"], &body["href"]), (&json!(true), &json!("http://h/api/v2.0/results/111")));
        assert_eq!(body["data"]["item"][0].as_str().unwrap().len(), TELLING_CHARACTERS);
    }
}

#[test]
fn odd_items_have_keys_and_no_subjects() {
    assert_eq!(order_key("t", "k", "a\nb"), order_key("t", "k", "a\nb"));
    assert!(order_key("t", "k", "a\nb").as_str().starts_with("results:sha256:"));
    assert_eq!(subject::of("koji_build", "a\nb"), None);
}
