//! An envelope as properties and headers, so that fedora-messaging's consumer reads every topic.

use std::collections::BTreeSet;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use tidegate_kernel::{ActorKind, Envelope, Severity, Subject, SubjectKind};

/// The longest routing key, in bytes: its length is one byte on the wire.
const LONGEST_KEY: usize = 255;
/// So many headers name packages and users.
const MOST_NAMES: usize = 50;
/// Messages that outlive a restart of the broker.
const PERSISTENT: u8 = 2;

/// Under what it is published, or why it cannot be.
pub(super) fn routing_key(prefix: &str, message: &Envelope) -> Result<ShortString, String> {
    let key = if prefix.is_empty() { message.topic.to_string() } else { format!("{prefix}.{}", message.topic) };
    if key.len() > LONGEST_KEY {
        return Err(format!("the routing key has {} bytes, more than {LONGEST_KEY}", key.len()));
    }
    Ok(ShortString::from(key))
}

/// All that is not the body.
pub(super) fn properties(message: &Envelope) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_delivery_mode(PERSISTENT)
        .with_priority(0)
        .with_message_id(message.id.to_string().into())
        .with_headers(headers(message))
}

fn headers(message: &Envelope) -> FieldTable {
    let mut headers = FieldTable::default();
    let mut insert = |name: &str, value| {
        headers.insert(name.into(), value);
    };
    insert("fedora_messaging_schema", text("base.message"));
    insert("fedora_messaging_severity", AMQPValue::LongInt(severity(message.severity)));
    insert("priority", AMQPValue::LongInt(0));
    insert("sent-at", text(&message.at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()));
    insert("tidegate_version", AMQPValue::LongInt(i32::try_from(message.version).unwrap_or(i32::MAX)));
    insert("tidegate_key", text(message.key.as_str()));
    insert("tidegate_actor", text(&message.actor.to_string()));
    insert("tidegate_at", text(&message.at.to_string()));
    if let Some(cause) = &message.cause {
        insert("tidegate_cause", text(cause));
    }
    for name in names(message) {
        insert(&name, AMQPValue::Boolean(true));
    }
    headers
}

/// The headers by which people follow packages and each other.
fn names(message: &Envelope) -> BTreeSet<String> {
    let packages = message.subjects.iter().filter_map(package);
    let user = (message.actor.kind == ActorKind::User).then(|| format!("fedora_messaging_user_{}", message.actor.name));
    let packages = packages.map(|name| format!("fedora_messaging_rpm_{name}"));
    // the length of a name is one byte on the wire
    user.into_iter().chain(packages).filter(|name| name.len() <= LONGEST_KEY).take(MOST_NAMES).collect()
}

/// The package's name, of what has one.
fn package(subject: &Subject) -> Option<&str> {
    let id = subject.id();
    let of_nvr = |nvr: &'_ str| nvr.rsplitn(3, '-').nth(2).map(str::len);
    match subject.kind() {
        SubjectKind::Build => of_nvr(id).map(|end| &id[..end]),
        SubjectKind::Source => id.split('/').next(),
        SubjectKind::Package => match id.split_once('/')? {
            ("rpm", nevra) => of_nvr(nevra).map(|end| &nevra[..end]),
            ("deb", rest) => rest.split('/').next(),
            _ => None,
        },
        SubjectKind::Pr
        | SubjectKind::Commit
        | SubjectKind::Update
        | SubjectKind::Compose
        | SubjectKind::Event
        | SubjectKind::Artifact
        | SubjectKind::Item => None,
    }
    .filter(|name| !name.is_empty())
}

/// As fedora-messaging counts.
fn severity(severity: Severity) -> i32 {
    match severity {
        Severity::Debug => 10,
        Severity::Info => 20,
        Severity::Warning => 30,
        Severity::Error => 40,
    }
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

#[cfg(test)]
mod tests {
    use tidegate_kernel::{Actor, Message, Timestamp, Topic};

    use super::*;

    fn envelope(subjects: &[&str]) -> Envelope {
        let at: Timestamp = "2026-11-21T07:56:39.123456Z".parse().unwrap();
        let topic = Topic::new("resultsdb.result.new").unwrap();
        let message = Message::new(topic, "results:a".parse().unwrap(), at, Actor::user("ann"));
        let about = |message: Message, subject: &&str| message.about(subject.parse().unwrap());
        let message = subjects.iter().fold(message.with_severity(Severity::Warning), about);
        message.seal("00000000-0000-4000-8000-000000000001".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_headers_are_those_of_the_format() {
        let properties = properties(&envelope(&["build:nethack-9-1.fc44", "source:glibc/2.41-3"]));
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), "00000000-0000-4000-8000-000000000001");
        let headers = properties.headers().as_ref().unwrap().inner();
        let value = |name: &str| headers.get(name).unwrap_or_else(|| panic!("{name} is there"));
        assert_eq!(value("sent-at"), &text("2026-11-21T07:56:39+00:00"));
        assert_eq!(value("fedora_messaging_schema"), &text("base.message"));
        assert_eq!(value("fedora_messaging_severity"), &AMQPValue::LongInt(30));
        for name in ["rpm_nethack", "rpm_glibc", "user_ann"] {
            assert_eq!(value(&format!("fedora_messaging_{name}")), &AMQPValue::Boolean(true));
        }
        assert_eq!(value("tidegate_at"), &text("2026-11-21T07:56:39.123456Z"));
        assert!(!headers.contains_key("tidegate_cause"));
    }

    #[test]
    fn packages_are_named_as_people_follow_them() {
        let named = |subject: &str| package(&subject.parse().unwrap()).map(str::to_owned);
        assert_eq!(named("build:python-a-b-1.0-2.fc44").as_deref(), Some("python-a-b"));
        assert_eq!(named("package:rpm/bash-0:5.2-1.fc43.x86_64").as_deref(), Some("bash"));
        assert_eq!(named("package:deb/bash/5.2/amd64").as_deref(), Some("bash"));
        assert_eq!(named("build:what"), None);
        assert_eq!(named("compose:Fedora-43-20260101.n.0"), None);
    }

    #[test]
    fn a_routing_key_has_255_bytes_at_most() {
        let envelope = envelope(&[]);
        assert_eq!(routing_key("tidegate", &envelope).unwrap().as_str(), "tidegate.resultsdb.result.new");
        assert_eq!(routing_key("", &envelope).unwrap().as_str(), "resultsdb.result.new");
        let refused = routing_key(&"x".repeat(250), &envelope).unwrap_err();
        assert_eq!(refused, "the routing key has 271 bytes, more than 255");
    }
}
