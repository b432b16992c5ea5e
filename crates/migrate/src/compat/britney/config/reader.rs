//! Typed access to the entries: one function for each kind of value, each of which reports what it can't use and goes on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lettre::message::Mailbox;

use super::entries::{COMMAND_LINE, Entries, Entry};
use super::{Location, Queue, Switch, key};
use crate::diagnostic::{Diagnostic, Place, did_you_mean, quote, split};

pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) entries: Entries,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The value of a key, if it is not empty.
    pub(super) fn get(&self, name: &str) -> Option<Entry> {
        debug_assert!(key(name).is_some(), "{name} is not in the table of keys");
        self.entries.of.get(name).filter(|entry| !entry.value.is_empty()).cloned()
    }

    /// The members of a family with their values that are not empty, by the rest of their names in lower case.
    pub(super) fn family(&self, prefix: &str) -> Vec<(String, Entry)> {
        debug_assert!(key(&format!("{prefix}X")).is_some(), "{prefix} is not in the table of keys");
        let members = self.entries.of.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        let members = members.filter(|(name, entry)| name.len() > prefix.len() && !entry.value.is_empty());
        members.map(|(name, entry)| (name[prefix.len()..].to_lowercase(), entry.clone())).collect()
    }

    pub(super) fn place(&self, entry: &Entry) -> Place<'_> {
        let file = if entry.in_file { self.file } else { COMMAND_LINE };
        Place { file, line: entry.line, column: entry.column }
    }

    pub(super) fn error(&mut self, entry: &Entry, code: &'static str, message: impl Into<String>) {
        let diagnostic = self.place(entry).error(code, message);
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn warn(&mut self, entry: &Entry, code: &'static str, message: impl Into<String>) {
        let diagnostic = self.place(entry).warning(code, message);
        self.diagnostics.push(diagnostic);
    }

    fn unusable(&mut self, name: &str, entry: &Entry, expected: &str) {
        self.error(entry, "unusable-value", format!("{name} is {}; expected {expected}", quote(&entry.value)));
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|entry| entry.value)
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|entry| PathBuf::from(entry.value))
    }

    /// The path, or an error that names the key.
    pub(super) fn required_path(&mut self, name: &str, what: &str) -> PathBuf {
        self.path(name).unwrap_or_else(|| {
            let place = Place { file: self.file, line: 1, column: 1 };
            let message = format!("{name} is missing; set it to the folder of {what}");
            self.diagnostics.push(place.error("missing-key", message));
            PathBuf::new()
        })
    }

    /// The words of a value, each once, in their order.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let Some(entry) = self.get(name) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let words = entry_words(&entry).map(|(_, word)| word);
        words.filter(|&word| seen.insert(word.to_owned())).map(str::to_owned).collect()
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let entry = self.get(name)?;
        let number = entry.value.parse().ok();
        if number.is_none() {
            self.unusable(name, &entry, expected);
        }
        number
    }

    pub(super) fn days(&mut self, name: &str) -> Option<u32> {
        self.number(name, "a whole number of days")
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let entry = self.get(name)?;
        match entry.value.to_ascii_lowercase().as_str() {
            "yes" | "1" | "true" | "on" => Some(true),
            "no" | "0" | "false" | "off" => Some(false),
            _ => {
                self.unusable(name, &entry, "yes or no (1 and 0 mean the same)");
                None
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str) -> Switch {
        let Some(entry) = self.get(name) else { return Switch::No };
        match entry.value.to_ascii_lowercase().as_str() {
            "yes" | "1" | "true" | "on" => Switch::Yes,
            "no" | "0" | "false" | "off" => Switch::No,
            "dry-run" => Switch::DryRun,
            _ => {
                self.unusable(name, &entry, "yes, dry-run or no");
                Switch::No
            }
        }
    }

    /// Whether the key has this word, the only one that it may have.
    pub(super) fn word(&mut self, name: &str, word: &str) -> bool {
        let Some(entry) = self.get(name) else { return false };
        let found = entry.value == word;
        if !found {
            self.unusable(name, &entry, &format!("{word}, or nothing"));
        }
        found
    }

    pub(super) fn location(&mut self, name: &str) -> Option<Location> {
        let entry = self.get(name)?;
        let location = file_url(&entry.value).map(Location::File).or_else(|| {
            let (scheme, rest) = entry.value.split_once("://")?;
            let usable = ["http", "https"].contains(&scheme) && !rest.is_empty() && !rest.contains(char::is_whitespace);
            usable.then(|| Location::Http(entry.value.trim_end_matches('/').to_owned()))
        });
        if location.is_none() {
            self.unusable(name, &entry, "http://…, https://… or file://PATH");
        }
        location
    }

    /// The beginning of URLs on the web, without a slash at its end.
    pub(super) fn web(&mut self, name: &str) -> Option<String> {
        let entry = self.get(name)?;
        let usable = |scheme: &str, rest: &str| {
            ["http", "https"].contains(&scheme) && !rest.is_empty() && !rest.contains(char::is_whitespace)
        };
        if entry.value.split_once("://").is_some_and(|(scheme, rest)| usable(scheme, rest)) {
            return Some(entry.value.trim_end_matches('/').to_owned());
        }
        self.unusable(name, &entry, "http://… or https://…");
        None
    }

    pub(super) fn queue(&mut self, name: &str) -> Option<Queue> {
        let entry = self.get(name)?;
        let queue = file_url(&entry.value).map(Queue::File).or_else(|| {
            let (scheme, rest) = entry.value.split_once("://")?;
            let usable = ["amqp", "amqps"].contains(&scheme) && !rest.is_empty() && !rest.contains(char::is_whitespace);
            usable.then(|| Queue::Amqp(entry.value.clone()))
        });
        if queue.is_none() {
            // The value may hold a password, so the message doesn't repeat it.
            self.error(
                &entry,
                "unusable-value",
                format!("{name} is no queue; expected amqp://user:password@host[:port][/vhost] or file://PATH"),
            );
        }
        queue
    }

    /// A host and its port; the host of an IPv6 address without brackets.
    pub(super) fn host(&mut self, name: &str) -> Option<(String, Option<u16>)> {
        let entry = self.get(name)?;
        let parsed = parse_host(&entry.value);
        if parsed.is_none() {
            self.unusable(name, &entry, "host, host:port or [IPv6 address]:port");
        }
        parsed
    }

    pub(super) fn mailbox(&mut self, name: &str) -> Option<Mailbox> {
        let entry = self.get(name)?;
        let mailbox = entry.value.parse().ok();
        if mailbox.is_none() {
            self.unusable(name, &entry, "an address, or Name <address>");
        }
        mailbox
    }

    /// A template in which only these words may stand between braces.
    pub(super) fn template(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let entry = self.get(name)?;
        let mut parts = entry.value.split('{');
        parts.next();
        for part in parts {
            let word = part.split_once('}').map(|(word, _)| word);
            if word.is_some_and(|word| words.contains(&word)) {
                continue;
            }
            let mistake = match word {
                Some(word) => format!("can't replace {}", quote(word)),
                None => "has an open brace without a closing one".to_owned(),
            };
            let meant = word.map_or_else(String::new, |word| did_you_mean(word, words.iter().copied()));
            let known: Vec<String> = words.iter().map(|word| format!("{{{word}}}")).collect();
            self.error(&entry, "unusable-value", format!("{name} {mistake}; it knows {}{meant}", known.join(" ")));
            return None;
        }
        Some(entry.value)
    }
}

/// The words of an entry, each with its column.
pub(super) fn entry_words(entry: &Entry) -> impl Iterator<Item = (u32, &str)> {
    split(&entry.value, entry.column, |c| c == ',' || c.is_whitespace())
}

fn file_url(value: &str) -> Option<PathBuf> {
    value.strip_prefix("file://").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn parse_host(value: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match value.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match value.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (value, None),
        },
    };
    let port = port.map(str::parse).transpose().ok()?;
    let usable = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
    usable.then(|| (host.to_owned(), port))
}
