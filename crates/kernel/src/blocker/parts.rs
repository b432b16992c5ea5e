//! What a blocker is made of. The types with a rule of their own ([`Sentence`], [`LookAgain`]) keep it by their
//! constructors; the others are plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// One plain sentence on one line, of at most 200 characters; what is longer ends in an ellipsis.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Sentence(String);

impl Sentence {
    /// In characters, the ellipsis included.
    pub const MAX_CHARS: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        let mut line = String::with_capacity(text.len());
        for word in text.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if line.chars().nth(Self::MAX_CHARS).is_some() {
            let end = line.char_indices().nth(Self::MAX_CHARS - 1).map_or(line.len(), |(at, _)| at);
            line.truncate(end);
            line.truncate(line.trim_end().len());
            line.push('…');
        }
        Self(line)
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Sentence> for String {
    fn from(sentence: Sentence) -> Self {
        sentence.0
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What shows that a blocker is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What sort of thing it is.
    pub kind: EvidenceKind,
    /// Its name where it lives: a bug's number, a file's name.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Where it can be read.
    pub url: Option<String>,
    /// When it came to be.
    pub at: Option<Timestamp>,
}

impl Evidence {
    /// Evidence without address and time.
    pub fn new(kind: EvidenceKind, id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, id: id.into(), text: text.into(), url: None, at: None }
    }

    /// Where it can be read.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// When it came to be.
    #[must_use]
    pub fn with_at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }
}

/// The sorts of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A test's result
    Result,
    /// A waiver
    Waiver,
    /// A status that another system set
    Status,
    /// A page elsewhere, such as a bug
    Url,
    /// A commit
    Commit,
    /// A file, with its line where it has one
    File,
    /// A run of a job or of a gate
    Run,
    /// An announcement
    Message,
    /// A package
    Package,
    /// A count or a measure
    Number,
}

/// Someone who can act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// What `name` names.
    pub kind: WhoKind,
    /// The name of the user, team, role or source package; `nobody` for nobody.
    pub name: String,
    /// Where they are reached.
    pub mail: Option<String>,
    /// What they can do, after "can": `mend it and upload again`. Of nobody: what will end it.
    pub can: String,
}

impl Who {
    /// Someone whose address is not known.
    pub fn new(kind: WhoKind, name: impl Into<String>, can: impl Into<String>) -> Self {
        Self { kind, name: name.into(), mail: None, can: can.into() }
    }

    /// Nobody has to act: this ends it.
    pub fn nobody(what_ends_it: impl Into<String>) -> Self {
        Self::new(WhoKind::Nobody, WhoKind::Nobody.name(), what_ends_it)
    }

    /// Where they are reached.
    #[must_use]
    pub fn with_mail(mut self, mail: impl Into<String>) -> Self {
        self.mail = Some(mail.into());
        self
    }
}

/// The sorts of those who can act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    /// One person
    User,
    /// A team
    Team,
    /// Whoever has a role
    Role,
    /// Those who keep a source package
    Source,
    /// Time or a machine
    Nobody,
}

impl WhoKind {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Team => "team",
            Self::Role => "role",
            Self::Source => "source",
            Self::Nobody => "nobody",
        }
    }
}

/// What will have a blocker looked at again: an instant, topics and job names, or both; never neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LookAgainAsWritten")]
pub struct LookAgain {
    at: Option<Timestamp>,
    on: Vec<String>,
}

/// A `look_again` with neither an instant nor a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("look_again has neither a time in `at` nor a name in `on`")]
pub struct WaitsForNothing;

#[derive(Deserialize)]
struct LookAgainAsWritten {
    at: Option<Timestamp>,
    on: Vec<String>,
}

impl LookAgain {
    /// At that instant.
    pub fn at(instant: Timestamp) -> Self {
        Self { at: Some(instant), on: Vec::new() }
    }

    /// When a message of that topic arrives, or when that job runs.
    pub fn on(topic_or_job: impl Into<String>) -> Self {
        Self { at: None, on: vec![topic_or_job.into()] }
    }

    /// Or at that instant.
    #[must_use]
    pub fn or_at(mut self, instant: Timestamp) -> Self {
        self.at = Some(instant);
        self
    }

    /// Or on that topic or job.
    #[must_use]
    pub fn or_on(mut self, topic_or_job: impl Into<String>) -> Self {
        self.on.push(topic_or_job.into());
        self
    }

    /// The instant, if one is known.
    pub fn instant(&self) -> Option<Timestamp> {
        self.at
    }

    /// The topics and jobs.
    pub fn topics_and_jobs(&self) -> &[String] {
        &self.on
    }
}

impl TryFrom<LookAgainAsWritten> for LookAgain {
    type Error = WaitsForNothing;

    fn try_from(LookAgainAsWritten { at, on }: LookAgainAsWritten) -> Result<Self, WaitsForNothing> {
        if at.is_none() && on.is_empty() { Err(WaitsForNothing) } else { Ok(Self { at, on }) }
    }
}

/// Something that can be done about a blocker, on a page, by a command, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What the button says.
    pub title: String,
    /// The page that does it.
    pub url: Option<String>,
    /// The command that does it.
    pub command: Option<String>,
}

impl Action {
    /// By a command.
    pub fn command(title: impl Into<String>, command: impl Into<String>) -> Self {
        Self { title: title.into(), url: None, command: Some(command.into()) }
    }

    /// On a page.
    pub fn page(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self { title: title.into(), url: Some(url.into()), command: None }
    }

    /// By this command too.
    #[must_use]
    pub fn or_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}
