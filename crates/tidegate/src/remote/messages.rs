//! `messages`, `inbox`, `hook`: what goes out and what comes in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tidegate_migrate::cli::Exit;

use super::desk::{Change, Desk, Paging, Writing, body, part, query, text};
use super::people::secret_of;
use super::shown;
use crate::failure::Failure;

/// Messages and deeds that did not go through at once
#[derive(Debug, Subcommand)]
pub(crate) enum MessagesCommand {
    /// List them, newest first
    List {
        /// The receiver
        #[arg(long)]
        sink: Option<String>,
        /// waiting, `parked`, `set_aside` or dropped
        #[arg(long)]
        state: Option<String>,
        /// The topic
        #[arg(long)]
        topic: Option<String>,
        /// What they keep their order with
        #[arg(long)]
        key: Option<String>,
        /// What they are about, such as build:nethack-9-1.fc44
        #[arg(long)]
        subject: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one, and how it stands at each receiver
    Show {
        /// Its id
        id: String,
    },
    /// Send one again that was set aside, with its old id
    Retry {
        #[command(flatten)]
        row: Row,
        #[command(flatten)]
        writing: Writing,
    },
    /// Give one up that was set aside
    Drop {
        #[command(flatten)]
        row: Row,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        writing: Writing,
    },
    /// Send a range of the feed again to a receiver, with the old ids
    Resend {
        /// The receiver
        #[arg(long)]
        sink: String,
        /// The first number of the feed
        #[arg(long, value_name = "NUMBER")]
        from: u64,
        /// The last number of the feed
        #[arg(long, value_name = "NUMBER")]
        to: u64,
        /// Only messages of this topic
        #[arg(long)]
        topic: Option<String>,
        /// Say how many there are, and send none
        #[arg(long)]
        dry_run: bool,
    },
}

/// One row at one receiver
#[derive(Debug, Args)]
pub(crate) struct Row {
    /// The message's id
    id: String,
    /// The receiver that it was set aside for
    #[arg(long)]
    sink: String,
}

/// What came from outside and did not have its effect at once
#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// List it, newest first
    List {
        /// Who has the effect
        #[arg(long)]
        consumer: Option<String>,
        /// waiting, done or `set_aside`
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one
    Show {
        #[command(flatten)]
        arrival: Arrival,
    },
    /// Try an effect again that was set aside
    Retry {
        #[command(flatten)]
        arrival: Arrival,
        #[command(flatten)]
        writing: Writing,
    },
    /// Give an effect up that was set aside
    Drop {
        #[command(flatten)]
        arrival: Arrival,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        writing: Writing,
    },
}

/// One thing that came
#[derive(Debug, Args)]
pub(crate) struct Arrival {
    /// Its id
    id: String,
    /// Who has its effect
    #[arg(long)]
    consumer: String,
}

/// Web hooks that get messages
#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// List them
    List,
    /// Show one
    Show {
        /// The name
        name: String,
    },
    /// Add one. Without --secret-file a secret is made, and printed once
    Add {
        /// The name
        name: String,
        #[command(flatten)]
        about: HookAbout,
        /// The first number of the feed that it gets; the next one without it
        #[arg(long, value_name = "NUMBER")]
        from: Option<u64>,
        #[command(flatten)]
        writing: Writing,
    },
    /// Change one
    Set {
        /// The name
        name: String,
        #[command(flatten)]
        about: HookAbout,
        #[command(flatten)]
        writing: Writing,
    },
    /// Remove one with what it has not got
    Remove {
        /// The name
        name: String,
        #[command(flatten)]
        writing: Writing,
    },
}

/// Where a hook is and what it gets
#[derive(Debug, Args)]
pub(crate) struct HookAbout {
    /// Where messages are posted to
    #[arg(long)]
    url: Option<String>,
    /// A topic that it gets: a topic, whole words and .*, or *; may be repeated
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// A file with what messages are signed with
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

const MESSAGES: &str = "/api/v1/platform/messages";
const INBOX: &str = "/api/v1/platform/inbox";
const HOOKS: &str = "/api/v1/platform/hooks";

pub(super) fn messages(command: &MessagesCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let at = |id: &str, verb: &str| format!("{MESSAGES}/{}/{verb}", part(id));
    match command {
        MessagesCommand::List { sink, state, topic, key, subject, paging } => {
            let parameters = [("sink", sink), ("state", state), ("topic", topic), ("key", key), ("subject", subject)];
            let path = query(MESSAGES, parameters.map(|(name, value)| (name, value.as_deref())));
            let fields = ["no", "message_id", "title", "sink", "state", "attempts", "next_at", "error"];
            desk.page(&path, paging, &fields)
        }
        MessagesCommand::Show { id } => desk.show(&format!("{MESSAGES}/{}", part(id))),
        MessagesCommand::Retry { row: Row { id, sink }, writing } => {
            let body = json!({"sink": sink});
            desk.change(writing, Change::post(at(id, "retry"), Some(body), format!("{id} is sent again to {sink}")))
        }
        MessagesCommand::Drop { row: Row { id, sink }, reason, writing } => {
            let body = json!({"sink": sink, "reason": reason});
            let change = Change::post(at(id, "drop"), Some(body), format!("{id} will not be sent to {sink}"));
            desk.change(writing, change.losing(format!("{sink} will never get {id}")))
        }
        MessagesCommand::Resend { sink, from, to, topic, dry_run } => {
            let mut wish = json!({"sink": sink, "from": from, "to": to, "dry_run": dry_run});
            if let Some(topic) = topic {
                wish["topic"] = topic.as_str().into();
            }
            let would = if *dry_run { "would be" } else { "are" };
            let said = |answer: &Value| format!("{} rows {would} sent again to {sink}", shown::word(&answer["rows"]));
            let change = Change::post(format!("{MESSAGES}/resend"), Some(wish), "");
            desk.change_and(&Writing::default(), change, said)
        }
    }
}

pub(super) fn inbox(command: &InboxCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let at = |id: &str, verb: &str| format!("{INBOX}/{}/{verb}", part(id));
    match command {
        InboxCommand::List { consumer, state, paging } => {
            let path = query(INBOX, [("consumer", consumer.as_deref()), ("state", state.as_deref())]);
            let fields = ["received_at", "message_id", "topic", "consumer", "state", "attempts", "error"];
            desk.page(&path, paging, &fields)
        }
        InboxCommand::Show { arrival: Arrival { id, consumer } } => {
            desk.show(&query(&format!("{INBOX}/{}", part(id)), [("consumer", Some(consumer.as_str()))]))
        }
        InboxCommand::Retry { arrival: Arrival { id, consumer }, writing } => {
            let body = json!({"consumer": consumer});
            desk.change(writing, Change::post(at(id, "retry"), Some(body), format!("{consumer} tries {id} again")))
        }
        InboxCommand::Drop { arrival: Arrival { id, consumer }, reason, writing } => {
            let body = json!({"consumer": consumer, "reason": reason});
            let change = Change::post(at(id, "drop"), Some(body), format!("{id} will have no effect at {consumer}"));
            desk.change(writing, change.losing(format!("{id} will never have its effect at {consumer}")))
        }
    }
}

impl HookAbout {
    fn body(&self, key: &str, value: Option<Value>) -> Result<Value, Failure> {
        Ok(body([
            (key, value),
            ("url", text(self.url.as_deref())),
            ("topics", (!self.topics.is_empty()).then(|| self.topics.clone().into())),
            ("secret", secret_of(self.secret_file.as_deref())?),
        ]))
    }
}

pub(super) fn hook(command: &HookCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let at = |name: &str| format!("{HOOKS}/{}", part(name));
    match command {
        HookCommand::List => desk.list(HOOKS, &["name", "target", "topics", "origin", "created_at"]),
        HookCommand::Show { name } => desk.show(&at(name)),
        HookCommand::Add { name, about, from, writing } => {
            let mut new = about.body("name", text(Some(name)))?;
            if let Some(from) = from {
                new["from"] = (*from).into();
            }
            let said = |made: &Value| match made["secret"].as_str() {
                Some(secret) => secret.to_owned(),
                None => format!("the hook {name} is added"),
            };
            desk.change_and(writing, Change::post(HOOKS, Some(new), ""), said)
        }
        HookCommand::Set { name, about, writing } => {
            let version =
                if writing.dry_run { Value::Null } else { desk.client.get(&at(name))?.body["version"].clone() };
            let change = about.body("version", Some(version))?;
            desk.change(writing, Change::patch(at(name), change, format!("the hook {name} is changed")))
        }
        HookCommand::Remove { name, writing } => {
            let change = Change::delete(at(name), format!("the hook {name} is removed"));
            desk.change(writing, change.losing(format!("this removes the hook {name} with what it has not got")))
        }
    }
}
