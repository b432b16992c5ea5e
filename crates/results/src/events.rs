//! What the gate announces, as messages with their topics.
//!
//! Two streams for two sorts of readers. `resultsdb.result.new` carries every stored result, in the shape that its
//! readers have always met. `results.result.changed` says each change once; `results.result.progress` that a test is on
//! its way. `taskotron.result.new` is for consumers that know nothing newer.
//!
//! A message holds the whole result. One whose data would not fit holds the keys that tell what it is about, and says
//! with `truncated` that the rest is found at `href`.

use serde_json::{Map, Value, json};
use tidegate_kernel::{Actor, Message, OrderKey, Timestamp, Topic, TopicFiles};

use crate::announce::taskotron::OldNews;
use crate::announce::{Announcement, Key, Reason, Via};
use crate::compat::render::Links;
use crate::digest::Parts;
use crate::model::{ExtraData, StoredResult};
use crate::subject;

macro_rules! topic {
    ($topic:literal) => {
        TopicFiles {
            topic: $topic,
            version: 1,
            schema: include_str!(concat!("events/", $topic, ".v1.schema.json")),
            example: include_str!(concat!("events/", $topic, ".v1.example.json")),
        }
    };
}

/// Every topic of the gate.
pub const TOPICS: [TopicFiles; 4] = [
    topic!("resultsdb.result.new"),
    topic!("results.result.changed"),
    topic!("results.result.progress"),
    topic!("taskotron.result.new"),
];

/// So much of a result a message holds, in bytes of JSON.
const LARGEST_RESULT: usize = 900 * 1024;
/// So much all messages of one result hold of it together; each has at least [`SMALLEST_SHARE`].
const SHARED: usize = 32 * 1024 * 1024;
const SMALLEST_SHARE: usize = 16 * 1024;
/// Keys that tell what a result is about, and how much of their values is kept where it has to be cut.
const TELLING: [&str; 6] = ["item", "type", "arch", "scenario", "system_architecture", "system_variant"];
const TELLING_VALUES: usize = 10;
const TELLING_CHARACTERS: usize = 200;

/// Makes the messages of one result.
#[derive(Debug, Clone)]
pub struct Announcer<'a> {
    result: &'a StoredResult,
    body: Map<String, Value>,
    at: Timestamp,
    actor: Actor,
    share: Map<String, Value>,
}

impl<'a> Announcer<'a> {
    /// For the result that this actor sent, stored at that time, with `announcements` changes to be told.
    pub fn new(result: &'a StoredResult, links: &Links, at: Timestamp, actor: Actor, announcements: usize) -> Self {
        let json = serde_json::to_value(links.result(result)).expect("plain data with text keys has a JSON form");
        let Value::Object(whole) = json else { unreachable!("a result is an object") };
        let size = size(&whole);
        let share = (SHARED / announcements.max(1)).clamp(SMALLEST_SHARE, LARGEST_RESULT);
        let share = if size > share { cut(&whole) } else { whole.clone() };
        let body = if size > LARGEST_RESULT { cut(&whole) } else { whole };
        Self { result, body, at, actor, share }
    }

    /// That it was stored.
    pub fn stored(&self) -> Message {
        let items = self.result.data.values("item");
        let key = own_key(&self.result.testcase.name, &self.result.data);
        let message = self.message("resultsdb.result.new", key).with_body(self.body.clone());
        items.iter().take(Message::MAX_SUBJECTS).fold(message, |message, item| about(message, self.own_type(), item))
    }

    /// That it changed what is known of a key, or is on the way to it.
    pub fn changed(&self, key: &Key, announcement: &Announcement, via: Option<&Via>) -> Message {
        let topic = match announcement.reason {
            Reason::New | Reason::Changed => "results.result.changed",
            Reason::Progress => "results.result.progress",
        };
        let kind = key.kind_text();
        let kind = kind.as_deref().unwrap_or_default();
        let mut body = self.share.clone();
        body.insert("announcement".to_owned(), said(key, announcement, via));
        let message = self.message(topic, order_key(&key.testcase, kind, &key.item)).with_body(body);
        about(message, kind, &key.item)
    }

    /// What the old stream says of it.
    pub fn old_news(&self, news: &OldNews) -> Message {
        let StoredResult { id, testcase, outcome, submit_time, ref_url, data, .. } = self.result;
        let last = |key: &str| data.values(key).last().map(String::as_str);
        let (item, kind) = (last("item").unwrap_or_default(), last("type").unwrap_or_default());
        let time = submit_time.to_jiff().strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        let message = self.message("taskotron.result.new", order_key(&testcase.name, kind, item));
        message.with("task", json!({"item": last("item"), "type": last("type"), "name": testcase.name})).with(
            "result",
            json!({
                "id": id.0,
                "submit_time": time,
                "prev_outcome": news.prev_outcome.as_ref().map(crate::model::Outcome::as_str),
                "outcome": outcome.as_str(),
                "log_url": ref_url,
            }),
        )
    }

    fn own_type(&self) -> &str {
        own_type(&self.result.data)
    }

    fn message(&self, topic: &str, key: OrderKey) -> Message {
        let topic = Topic::new(topic).expect("the topics above are well formed");
        Message::new(topic, key, self.at, self.actor.clone())
    }
}

fn said(key: &Key, announcement: &Announcement, via: Option<&Via>) -> Value {
    let Announcement { reason, seq, prev_outcome, suppressed, .. } = announcement;
    json!({
        "key": key.hash(),
        "seq": seq,
        "reason": reason.name(),
        "prev_outcome": prev_outcome.as_ref().map(crate::model::Outcome::as_str),
        "suppressed": suppressed,
        "subject": {"type": key.kind_text(), "item": key.item},
        "via": via.map(|via| json!({"type": via.kind, "item": via.item})),
        "variant": key.variant,
    })
}

/// What the message that a result was stored keeps its order with: the result's own items, whatever builds it is about.
pub(crate) fn own_key(testcase: &str, data: &ExtraData) -> OrderKey {
    order_key(testcase, own_type(data), &data.values("item").join(","))
}

fn own_type(data: &ExtraData) -> &str {
    data.values("type").first().map_or("", String::as_str)
}

/// Messages about one item of one test case keep their order. What a key cannot hold is named by its digest.
fn order_key(testcase: &str, kind: &str, item: &str) -> OrderKey {
    let digest = || Parts::default().text(testcase).text(kind).text(item).hash().to_string();
    OrderKey::new("results", &format!("{testcase}/{kind}/{item}"))
        .or_else(|_| OrderKey::new("results", &digest()))
        .expect("a digest is a key")
}

/// With the subject of the trail that the item is, if it can be one.
fn about(message: Message, kind: &str, item: &str) -> Message {
    match subject::of(kind, item) {
        Some(subject) => message.about(subject),
        None => message,
    }
}

fn size(body: &Map<String, Value>) -> usize {
    serde_json::to_string(body).map_or(usize::MAX, |text| text.len())
}

/// The result without what is too long to be told everywhere.
fn cut(whole: &Map<String, Value>) -> Map<String, Value> {
    let mut body = whole.clone();
    let mut data = Map::new();
    for key in TELLING {
        if let Some(values) = whole["data"][key].as_array() {
            let texts = values.iter().filter_map(Value::as_str).take(TELLING_VALUES);
            let texts = texts.map(|text| text.chars().take(TELLING_CHARACTERS).collect::<String>());
            data.insert(key.to_owned(), texts.collect());
        }
    }
    body.insert("data".to_owned(), data.into());
    body.insert("note".to_owned(), Value::Null);
    body.insert("truncated".to_owned(), true.into());
    for long in ["ref_url", "groups"] {
        if body[long].to_string().len() > SMALLEST_SHARE / 4 {
            body.insert(long.to_owned(), if long == "groups" { json!([]) } else { Value::Null });
        }
    }
    if body["testcase"].to_string().len() > SMALLEST_SHARE / 2 {
        body["testcase"]["ref_url"] = Value::Null;
    }
    body
}

#[cfg(test)]
#[path = "events/tests.rs"]
mod tests;
