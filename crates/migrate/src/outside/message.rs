//! What a request for a test says, in the two forms that machines read. Pure.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tidegate_kernel::hex;

use crate::policy::autopkgtest::request::TestRequest;

/// A request for a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) source: String,
    pub(super) content: Content,
}

/// The part of it that is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Content {
    pub(super) triggers: Vec<String>,
    #[serde(default)]
    pub(super) ppas: Vec<String>,
    pub(super) submit_time: String,
    pub(super) request_id: String,
}

impl Message {
    /// The message of a request that is made at this time. Its id follows from what it asks for, where and when.
    pub(super) fn new(request: &TestRequest, queue: &str, ppas: &[String], now: i64) -> Self {
        let time = jiff::Timestamp::from_second(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let content = Content {
            triggers: request.triggers.clone(),
            ppas: ppas.to_vec(),
            submit_time: time.strftime("%Y-%m-%d %H:%M:%S+0000").to_string(),
            request_id: String::new(),
        };
        let mut message = Self { source: request.source.clone(), content };
        let digest = Sha256::digest(format!("{queue}\n{}", message.body()).as_bytes());
        message.content.request_id = hex(&digest[..16]);
        message
    }

    /// Reads what [`Message::body`] makes.
    pub(super) fn parse(body: &str) -> Result<Self, String> {
        let (source, content) = body.split_once('\n').ok_or("a request has no line of its source")?;
        let content = serde_json::from_str(content).map_err(|error| format!("a request is damaged: {error}"))?;
        Ok(Self { source: source.to_owned(), content })
    }

    /// The form for a broker.
    pub(super) fn body(&self) -> String {
        let Content { triggers, ppas, submit_time, request_id } = &self.content;
        let mut keys = vec![("triggers", list(triggers))];
        keys.extend((!ppas.is_empty()).then(|| ("ppas", list(ppas))));
        keys.extend([("submit-time", quoted(submit_time)), ("request-id", quoted(request_id))]);
        format!("{}\n{}", self.source, object(&keys))
    }

    /// The form for a file: all triggers in one string.
    pub(super) fn line(&self, queue: &str) -> String {
        let Content { triggers, ppas, submit_time, .. } = &self.content;
        let mut keys = vec![("triggers", list(&[triggers.join(" ")]))];
        keys.extend((!ppas.is_empty()).then(|| ("ppas", list(ppas))));
        keys.push(("submit-time", quoted(submit_time)));
        format!("{queue}:{} {}", self.source, object(&keys))
    }
}

/// The queue that a request goes to.
pub(super) fn queue_of(request: &TestRequest, series: &str, ppas: &[String]) -> String {
    let kind = match (ppas.is_empty(), request.huge) {
        (false, _) => "ppa-",
        (true, true) => "huge-",
        (true, false) => "",
    };
    format!("debci-{kind}{series}-{}", request.arch)
}

/// JSON with a space behind commas and colons, as the machines that read the file know it.
fn object(keys: &[(&str, String)]) -> String {
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", keys.join(", "))
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(triggers: &[&str]) -> TestRequest {
        let triggers = triggers.iter().map(|&trigger| trigger.to_owned()).collect();
        TestRequest { source: "bar".to_owned(), arch: "amd64".to_owned(), triggers, huge: false }
    }

    #[test]
    fn the_two_forms_of_a_request() {
        let message = Message::new(&request(&["foo/2", "glibc/2.40"]), "debci-testing-amd64", &[], 1_795_248_000);
        let id = &message.content.request_id;
        assert_eq!(
            message.body(),
            format!(
                "bar\n{{\"triggers\": [\"foo/2\", \"glibc/2.40\"], \
                 \"submit-time\": \"2026-11-21 08:00:00+0000\", \"request-id\": \"{id}\"}}"
            )
        );
        assert_eq!(
            message.line("debci-testing-amd64"),
            "debci-testing-amd64:bar {\"triggers\": [\"foo/2 glibc/2.40\"], \"submit-time\": \"2026-11-21 08:00:00+0000\"}"
        );
    }

    #[test]
    fn what_is_asked_where_and_when_makes_the_id() {
        let id =
            |triggers: &[&str], queue: &str, now| Message::new(&request(triggers), queue, &[], now).content.request_id;
        let first = id(&["foo/2"], "debci-testing-amd64", 0);
        assert_eq!(first, id(&["foo/2"], "debci-testing-amd64", 0));
        assert_ne!(first, id(&["foo/3"], "debci-testing-amd64", 0));
        assert_ne!(first, id(&["foo/2"], "debci-testing-arm64", 0));
        assert_ne!(first, id(&["foo/2"], "debci-testing-amd64", 1));
    }

    #[test]
    fn queues_have_kinds() {
        let huge = TestRequest { huge: true, ..request(&["foo/2"]) };
        let ppas = ["me/mine".to_owned()];
        assert_eq!(queue_of(&request(&["foo/2"]), "noble", &[]), "debci-noble-amd64");
        assert_eq!(queue_of(&huge, "noble", &[]), "debci-huge-noble-amd64");
        assert_eq!(queue_of(&huge, "noble", &ppas), "debci-ppa-noble-amd64");
    }

    proptest! {
        #[test]
        fn a_body_is_read_again(triggers in prop::collection::vec(any::<String>(), 0..4), ppas in prop::collection::vec(any::<String>(), 0..2)) {
            let request = TestRequest { triggers, ..request(&[]) };
            let message = Message::new(&request, "q", &ppas, 0);
            prop_assert_eq!(Message::parse(&message.body()), Ok(message));
        }
    }
}
