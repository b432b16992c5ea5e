use super::*;
use crate::chance::SeededRng;
use crate::ids::{Ids, RandomIds};

fn message() -> Message {
    let topic = Topic::new("results.result.changed").unwrap();
    let key = OrderKey::new("results", "dist.rpmdeplint,koji_build,nethack-9-1.fc44").unwrap();
    Message::new(topic, key, "2026-11-21T08:04:12.847042Z".parse().unwrap(), Actor::user("ann"))
}

fn id() -> MessageId {
    RandomIds(SeededRng::new(1)).message_id()
}

#[test]
fn the_envelope_has_all_its_fields_in_json() {
    let envelope = message()
        .with_version(2)
        .with_severity(Severity::Warning)
        .because_of("delivery-7")
        .about("build:nethack-9-1.fc44".parse().unwrap())
        .with("outcome", "FAILED")
        .seal(id())
        .unwrap();
    let expected = serde_json::json!({
        "id": id().to_string(), "topic": "results.result.changed",
        "key": "results:dist.rpmdeplint,koji_build,nethack-9-1.fc44", "at": "2026-11-21T08:04:12.847042Z",
        "actor": {"kind": "user", "name": "ann"}, "version": 2, "severity": "warning", "cause": "delivery-7",
        "subjects": ["build:nethack-9-1.fc44"], "body": {"outcome": "FAILED"},
    });
    let json = serde_json::to_value(&envelope).unwrap();
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<Envelope>(json).unwrap(), envelope);
}

#[test]
fn a_cause_that_is_not_known_is_null_and_not_left_out() {
    let json = serde_json::to_value(message().seal(id()).unwrap()).unwrap();
    assert_eq!(json["cause"], Value::Null);
    assert_eq!(json["severity"], "info");
    assert_eq!(json["version"], 1);
}

#[test]
fn a_body_may_have_one_mebibyte_and_not_a_byte_more() {
    let body_of = |bytes: usize| message().with("x", "a".repeat(bytes - r#"{"x":""}"#.len()));
    assert!(body_of(Message::MAX_BODY).seal(id()).is_ok());
    let refused = body_of(Message::MAX_BODY + 1).seal(id()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the body of results.result.changed has 1048577 bytes, more than 1 MiB: link what is bigger"
    );
    assert_eq!(refused.class(), ErrorClass::Fault);
}

#[test]
fn fifty_subjects_are_the_most() {
    let about =
        |count: usize| (0..count).fold(message(), |message, n| message.about(Subject::source("x", &n.to_string())));
    assert!(about(50).seal(id()).is_ok());
    assert!(matches!(about(51).seal(id()), Err(MessageError::TooManySubjects { subjects: 51, .. })));
}

#[test]
fn a_zero_byte_is_refused_wherever_it_hides() {
    let hidden = [
        message().with("a", "x\0"),
        message().with("a", vec!["fine", "\0"]),
        message().with("a", serde_json::json!({"b": {"c\0": 1}})),
        message().with("a\0", 1),
        message().because_of("\0"),
        message().about(Subject::source("glibc", "\0")),
    ];
    for message in hidden {
        assert!(matches!(message.clone().seal(id()), Err(MessageError::Nul { .. })), "{message:?}");
    }
}

#[test]
fn a_topic_has_three_small_words() {
    for text in ["merge.staging.started", "resultsdb.result.new", "platform.message.set_aside", "a.b2.c.d"] {
        assert_eq!(Topic::new(text).unwrap().as_str(), text);
    }
    let long = format!("a.b.{}", "c".repeat(197));
    for text in ["", "merge", "merge.staging", "Merge.staging.started", "merge..started", "merge.x.y ", "a.b.c.", &long]
    {
        assert!(Topic::new(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_pattern_covers_whole_words() {
    let topic = Topic::new("merge.staging.started").unwrap();
    for pattern in ["merge.staging.started", "merge.*", "merge.staging.*", "*"] {
        assert!(topic.matches(pattern), "{pattern}");
    }
    for pattern in ["merge", "merge.sta*", "results.*", "merge.staging.started.*", ""] {
        assert!(!topic.matches(pattern), "{pattern}");
    }
}

#[test]
fn a_long_key_is_its_digest_behind_the_prefix() {
    let at_most = OrderKey::new("results", &"x".repeat(292)).unwrap();
    assert_eq!(at_most.as_str().len(), 300);
    let longer = OrderKey::new("results", &"x".repeat(293)).unwrap();
    assert_eq!(longer.as_str().len(), "results:".len() + 64);
    assert!(longer.as_str().starts_with("results:"));
    assert_ne!(longer, OrderKey::new("results", &"x".repeat(294)).unwrap());
    // what was read back from the store is not made shorter once more
    assert_eq!(longer.as_str().parse(), Ok(longer.clone()));
}

#[test]
fn a_key_without_gate_or_with_a_control_character_is_refused() {
    for text in ["", "acme/main", ":acme", "merge:", "Merge:x", "merge:a\0b", "merge:a\nb"] {
        assert!(text.parse::<OrderKey>().is_err(), "{text:?}");
    }
}
