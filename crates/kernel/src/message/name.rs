//! The two names of a message: what happened, and what it keeps its order with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What happened: `<prefix>.<noun>.<what happened>`, such as `merge.staging.started`. Stable for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Topic(String);

/// A text that is no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no topic: expected at least three words of a-z, 0-9 and _ with dots between, at most 200 bytes")]
pub struct NotATopic(String);

/// Messages with equal keys reach each receiver in the order of their commits: `merge:acme/main`.
///
/// Who publishes under a key holds the row lock that the key stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OrderKey(String);

/// A text that is no order key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no order key: expected the gate's name, a colon, and what is ordered, without control characters")]
pub struct NotAKey(String);

impl Topic {
    const LONGEST: usize = 200;

    /// The topic of that text.
    ///
    /// # Errors
    ///
    /// It has fewer than three segments, another character, or is too long for every bus.
    pub fn new(text: impl Into<String>) -> Result<Self, NotATopic> {
        let text = text.into();
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_small);
        if text.len() <= Self::LONGEST && text.split('.').count() >= 3 && text.split('.').all(is_word) {
            Ok(Self(text))
        } else {
            Err(NotATopic(text))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern covers it: the topic itself, or a beginning of whole words and `.*`, or `*` alone.
    pub fn matches(&self, pattern: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some("") => true,
            Some(begin) => begin.ends_with('.') && self.0.starts_with(begin),
            None => self.0 == pattern,
        }
    }
}

impl OrderKey {
    /// Longer keys are written as their digest.
    pub const LONGEST: usize = 300;

    /// The key of a gate for what is ordered.
    ///
    /// # Errors
    ///
    /// The prefix is no gate's name, nothing is ordered, or there is a control character.
    pub fn new(prefix: &str, ordered: &str) -> Result<Self, NotAKey> {
        format!("{prefix}:{ordered}").parse()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OrderKey {
    /// Whose it is: the gate's name, or `platform`.
    pub fn prefix(&self) -> &str {
        self.0.split_once(':').map_or("", |(prefix, _)| prefix)
    }
}

impl FromStr for OrderKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (prefix, ordered) = text.split_once(':').unwrap_or_default();
        let is_prefix = !prefix.is_empty() && prefix.bytes().all(is_small);
        if !is_prefix || ordered.is_empty() || ordered.chars().any(char::is_control) {
            return Err(NotAKey(text.to_owned()));
        }
        if text.len() <= Self::LONGEST {
            return Ok(Self(text.to_owned()));
        }
        let mut digest = format!("{prefix}:");
        for byte in Sha256::digest(text) {
            digest.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
        }
        Ok(Self(digest))
    }
}

fn is_small(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Topic {
    type Err = NotATopic;

    fn from_str(text: &str) -> Result<Self, NotATopic> {
        Self::new(text)
    }
}

impl TryFrom<String> for Topic {
    type Error = NotATopic;

    fn try_from(text: String) -> Result<Self, NotATopic> {
        Self::new(text)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.0
    }
}

impl TryFrom<String> for OrderKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<OrderKey> for String {
    fn from(key: OrderKey) -> Self {
        key.0
    }
}
