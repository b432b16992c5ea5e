//! `blockers`, `trail`, `why`, `writes`: where something stands, and who did what to it.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use tidegate_migrate::cli::{Console, Exit};

use super::desk::{Desk, Paging, part, query};
use super::shown::{self, columns, word};
use crate::failure::{Failure, of_output};

/// What stands still, and why
#[derive(Debug, Subcommand)]
pub(crate) enum BlockersCommand {
    /// List what holds now: holds first
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one, open or as it last was
    Show {
        /// Its id
        id: String,
    },
    /// List what held, newest first
    History {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Which blockers
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Of this gate
    #[arg(long)]
    gate: Option<String>,
    /// Of this code, such as platform.job-paused
    #[arg(long)]
    code: Option<String>,
    /// Of this subject, such as build:nethack-9-1.fc44
    #[arg(long)]
    subject: Option<String>,
    /// hold or note
    #[arg(long)]
    level: Option<String>,
    /// That someone of this name can act on
    #[arg(long)]
    who: Option<String>,
    /// That have held since before then: a time, or -24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since_before: Option<String>,
    /// With this in its sentence
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
}

/// Whose trail, and how much of it
#[derive(Debug, Args)]
pub(crate) struct TrailArgs {
    /// A subject such as build:nethack-9-1.fc44, or what people call it
    subject: String,
    /// What it became, what became it, or both
    #[arg(long, default_value = "both")]
    direction: Direction,
    /// Only nodes of this kind, such as compose; may be repeated
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Of a compose, backward: without what the one before carries
    #[arg(long)]
    new: bool,
    /// So many links away
    #[arg(long, value_name = "LINKS")]
    depth: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    Forward,
    Backward,
    Both,
}

/// Of what, and how many
#[derive(Debug, Args)]
pub(crate) struct WritesArgs {
    /// What was changed, such as user:ann
    #[arg(long)]
    object: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

const BLOCKERS: &str = "/api/v1/blockers";
/// So many links away `why` looks for what something waits for.
const HOPS: &str = "3";

pub(super) fn blockers(command: &BlockersCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    match command {
        BlockersCommand::List { which, paging } => {
            desk.page(&which.of(BLOCKERS), paging, &["level", "code", "subject", "since", "text", "id"])
        }
        BlockersCommand::Show { id } => desk.show(&format!("{BLOCKERS}/{}", part(id))),
        BlockersCommand::History { which, paging } => {
            let fields = ["level", "code", "subject", "since", "until", "text", "id"];
            desk.page(&which.of(&format!("{BLOCKERS}/history")), paging, &fields)
        }
    }
}

impl Which {
    fn of(&self, path: &str) -> String {
        let Self { gate, code, subject, level, who, since_before, q } = self;
        let given = [
            ("gate", gate),
            ("code", code),
            ("subject", subject),
            ("level", level),
            ("who", who),
            ("since_before", since_before),
            ("q", q),
        ];
        query(path, given.map(|(name, value)| (name, value.as_deref())))
    }
}

pub(super) fn trail(args: &TrailArgs, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let direction = match args.direction {
        Direction::Forward => "forward",
        Direction::Backward => "backward",
        Direction::Both => "both",
    };
    let (kinds, depth) = (args.kinds.join(","), args.depth.map(|depth| depth.to_string()));
    let parameters = [
        ("direction", Some(direction)),
        ("kind", (!kinds.is_empty()).then_some(kinds.as_str())),
        ("new", args.new.then_some("true")),
        ("depth", depth.as_deref()),
    ];
    let trail = desk.client.get(&query(&of(&args.subject), parameters))?.body;
    if desk.console.voice.json {
        return shown::object(desk.console, &trail);
    }
    let mut text = vec![headline(&trail)];
    section(&mut text, "blockers", &trail["blockers"], &["level", "code", "subject", "since", "text"]);
    section(&mut text, "steps", &trail["steps"], &["at", "gate", "step", "outcome", "subject", "text"]);
    section(&mut text, "links", &trail["links"], &["from", "relation", "to", "at"]);
    section(&mut text, "nodes", &trail["nodes"], &["subject", "distance", "title"]);
    say(desk.console, &text)?;
    remarks(&trail, desk.console)
}

/// What holds a subject and what it waits for: its own blockers first, holds before notes.
pub(super) fn why(subject: &str, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let trail = desk.client.get(&query(&of(subject), [("depth", Some(HOPS))]))?.body;
    let mut blockers = trail["blockers"].as_array().cloned().unwrap_or_default();
    blockers.sort_by_key(|blocker| (blocker["subject"] != trail["subject"], blocker["level"] != "hold"));
    if desk.console.voice.json {
        return shown::list(desk.console, &blockers, &[]);
    }
    let mut text = vec![headline(&trail)];
    for blocker in &blockers {
        let [level, subject, code, since] = ["level", "subject", "code", "since"].map(|key| word(&blocker[key]));
        text.push(format!("{level}  {}", word(&blocker["text"])));
        text.push(format!("      {subject}, {code}, since {since}"));
        for who in blocker["who"].as_array().into_iter().flatten() {
            text.push(format!("      {} can {}", word(&who["name"]), word(&who["can"])));
        }
        for action in blocker["actions"].as_array().into_iter().flatten() {
            text.extend(action["command"].as_str().map(|command| format!("      {}", word(&command.into()))));
        }
    }
    if blockers.is_empty() {
        text.push("nothing holds it".to_owned());
    }
    say(desk.console, &text)?;
    remarks(&trail, desk.console)
}

pub(super) fn writes(args: &WritesArgs, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let path = query("/api/v1/platform/writes", [("object", args.object.as_deref())]);
    let (mut items, is_all) = desk.client.first(&path, args.paging.limit)?;
    if !desk.console.voice.json {
        for item in &mut items {
            let actor = &item["actor"];
            item["actor"] = format!("{}:{}", word(&actor["kind"]), word(&actor["name"])).into();
        }
    }
    desk.shown(&items, is_all, &["at", "actor", "via", "permission", "object", "reason", "change"])
}

fn of(subject: &str) -> String {
    format!("/api/v1/trail/{}", part(subject))
}

fn headline(trail: &Value) -> String {
    let gate =
        trail["stands_at"].as_str().map_or_else(|| "at no gate".to_owned(), |gate| format!("at the gate {gate}"));
    format!("{} stands {gate}", word(&trail["subject"]))
}

fn section(text: &mut Vec<String>, name: &str, items: &Value, fields: &[&str]) {
    let Some(items) = items.as_array().filter(|items| !items.is_empty()) else { return };
    text.push(String::new());
    text.push(format!("{name}:"));
    text.extend(columns(items, fields).iter().map(|line| format!("  {line}")));
}

/// What an answer does not have, so that nobody takes it for all.
fn remarks(trail: &Value, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let missing = trail["missing_gates"].as_array().filter(|gates| !gates.is_empty());
    let missing = missing.map(|gates| format!("not asked, as they are off: {}", word(&Value::from(gates.clone()))));
    let cut = (trail["truncated"] == true).then(|| "there is more than was followed".to_owned());
    let said = missing.into_iter().chain(cut).try_for_each(|line| console.say(&line));
    said.map(|()| Exit::Yes).map_err(|error| of_output(&error))
}

fn say(console: &mut Console<'_>, text: &[String]) -> Result<(), Failure> {
    text.iter().try_for_each(|line| console.answer(line)).map_err(|error| of_output(&error))
}
