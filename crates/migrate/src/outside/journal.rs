//! The journal of requests: which tests were asked for, and whether the queue has said that it has them.
//!
//! A request is written down before it is published and confirmed after. Whatever happens in between, the next run finds it here
//! and publishes the same request again, under the same id. A line is a JSON object; a later line about an id adds to an
//! earlier one, so that confirming thousands is appending thousands of short lines. The text is pure; writing it is
//! apart.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tidegate_platform::step;

use super::message::Message;
use crate::files::{self, FileError};
use crate::policy::autopkgtest::request::PendingTests;

/// The name of the file.
pub const JOURNAL: &str = ".tidegate-requests";

/// A request that was made and has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What stays the same however often it is published.
    pub id: String,
    /// The queue's name.
    pub queue: String,
    /// The message: the tested source, a line break, and JSON.
    pub body: String,
    /// Whether the queue has confirmed it.
    pub queued: bool,
    /// The first trigger.
    pub trigger: String,
    /// The tested source.
    pub source: String,
    /// The architecture.
    pub arch: String,
}

impl Entry {
    /// When it was made, in seconds since 1970.
    pub fn asked_at(&self) -> Option<i64> {
        let message = Message::parse(&self.body).ok()?;
        let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", message.content.submit_time.get(..19)?).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Confirmation {
    id: String,
    queued: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Entry(Entry),
    Confirmation(Confirmation),
}

/// The requests, in the order in which they were made: that is the order in which they are published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    entries: Vec<Entry>,
    /// Where the request of an id stands.
    places: BTreeMap<String, usize>,
}

impl Journal {
    /// Reads a journal. A last line that breaks off was never followed by anything that counts on it.
    ///
    /// # Errors
    /// Which line is damaged, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut journal = Self::default();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let (content, is_whole) = (line.trim(), line.ends_with('\n'));
            match serde_json::from_str(content) {
                Ok(Line::Entry(entry)) => journal.insert(entry),
                Ok(Line::Confirmation(line)) => {
                    if let Some(&place) = journal.places.get(&line.id) {
                        journal.entries[place].queued = line.queued;
                    }
                }
                Err(_) if content.is_empty() || !is_whole => {}
                Err(error) => return Err(format!("line {}: {error}", number + 1)),
            }
        }
        Ok(journal)
    }

    /// The text of the journal.
    ///
    /// # Errors
    /// None that can happen: every field is text.
    pub fn render(&self) -> serde_json::Result<String> {
        let lines: serde_json::Result<Vec<String>> = self.entries.iter().map(serde_json::to_string).collect();
        Ok(lines?.into_iter().map(|line| line + "\n").collect())
    }

    /// Notes a request; one of the same id is noted once.
    pub fn insert(&mut self, entry: Entry) {
        if let Some(&place) = self.places.get(&entry.id) {
            self.entries[place] = entry;
        } else {
            self.places.insert(entry.id.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }

    /// Forgets requests that have been answered.
    pub fn keep(&mut self, pending: &PendingTests) {
        self.entries.retain(|entry| pending.contains(&entry.trigger, &entry.source, &entry.arch));
        self.places = self.entries.iter().enumerate().map(|(place, entry)| (entry.id.clone(), place)).collect();
    }

    /// All requests, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The requests of which no queue has said that it has them.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.queued)
    }
}

/// A journal on disk, to which confirmations are added.
#[derive(Debug)]
pub(super) struct Book {
    path: PathBuf,
}

impl Book {
    /// Writes the journal down as a whole.
    pub(super) fn open(path: &Path, journal: &Journal) -> Result<Self, FileError> {
        let text = journal.render().map_err(|error| write_error(path, io::Error::other(error)))?;
        files::save(path, &text, "requests.journal")?;
        Ok(Self { path: path.to_owned() })
    }

    /// Adds that these requests have reached their queues.
    pub(super) fn confirm(&self, ids: &[&str]) -> Result<(), FileError> {
        if ids.is_empty() {
            return Ok(());
        }
        let add = || {
            let mut text = String::new();
            for id in ids {
                text += &serde_json::to_string(&Confirmation { id: (*id).to_owned(), queued: true })?;
                text.push('\n');
            }
            step::reach("requests.confirm.before")?;
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            step::reach("requests.confirm.after")
        };
        add().map_err(|error| write_error(&self.path, error))
    }
}

fn write_error(path: &Path, error: io::Error) -> FileError {
    FileError::Write { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            queue: "debci-testing-amd64".to_owned(),
            body: "bar\n{}".to_owned(),
            queued: false,
            trigger: "foo/2".to_owned(),
            source: "bar".to_owned(),
            arch: "amd64".to_owned(),
        }
    }

    #[test]
    fn a_later_line_confirms_an_earlier_one() {
        let mut journal = Journal::default();
        journal.insert(entry("a"));
        journal.insert(entry("b"));
        let text = journal.render().unwrap() + "{\"id\":\"a\",\"queued\":true}\n";
        let read = Journal::parse(&text).unwrap();
        assert_eq!(read.unconfirmed().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(read.entries().count(), 2);
        assert_eq!(Journal::parse(&journal.render().unwrap()), Ok(journal));
    }

    /// Ids are of no order; what is asked for first is published first, also by a later run.
    #[test]
    fn requests_stay_in_the_order_in_which_they_were_made() {
        let ids = |journal: &Journal| journal.unconfirmed().map(|entry| entry.id.clone()).collect::<Vec<_>>();
        let mut journal = Journal::default();
        for id in ["c", "a", "b", "a"] {
            journal.insert(entry(id));
        }
        assert_eq!(ids(&journal), ["c", "a", "b"]);
        let mut read = Journal::parse(&journal.render().unwrap()).unwrap();
        assert_eq!(ids(&read), ["c", "a", "b"]);
        read.entries[1].arch = "arm64".to_owned();
        let mut pending = PendingTests::default();
        pending.insert("foo/2", "bar", "amd64");
        read.keep(&pending);
        read.insert(entry("b"));
        assert_eq!(ids(&read), ["c", "b"]);
    }

    #[test]
    fn only_the_last_line_may_break_off() {
        assert_eq!(Journal::parse("{\"id\":\"a\",\"que"), Ok(Journal::default()));
        assert!(Journal::parse("{\"id\":\"a\",\"que\n").unwrap_err().starts_with("line 1: "));
    }

    #[test]
    fn what_has_an_answer_is_forgotten() {
        let mut journal = Journal::default();
        journal.insert(entry("a"));
        let mut pending = PendingTests::default();
        pending.insert("foo/2", "bar", "amd64");
        journal.keep(&pending);
        assert_eq!(journal.entries().count(), 1);
        journal.keep(&PendingTests::default());
        assert_eq!(journal.entries().count(), 0);
    }
}
