//! Web hooks that people add while the service runs. Those of the configuration are none of these: they have only their
//! receiver in the store.
//!
//! *Invariant:* a hook and its receiver in the feed come and go in one transaction.

mod store;

use tidegate_kernel::{Timestamp, Topic};

use crate::secret::Secret;
use crate::sinks::{Hook, HookOptions};
use crate::store::{Reads, Result, Tx};

pub use store::STATEMENTS;

/// Where the name of a hook's receiver begins.
pub(crate) const PREFIX: &str = "hook:";

/// A web hook, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooked {
    /// Its name.
    pub name: String,
    /// Its address; nothing for one of the configuration.
    pub url: Option<String>,
    /// Which topics it takes.
    pub topics: Vec<String>,
    /// Grows with each change; nothing for one of the configuration.
    pub version: Option<i64>,
    /// When it was added; nothing for one of the configuration.
    pub created_at: Option<Timestamp>,
}

/// A web hook to be added.
#[derive(Debug, Clone)]
pub struct NewHook {
    /// Its name, which stays.
    pub name: String,
    /// Where messages are posted to.
    pub url: String,
    /// Which topics it takes.
    pub topics: Vec<String>,
    /// What messages are signed with.
    pub secret: Secret,
    /// The first number of the feed that it gets; the next one where nobody says.
    pub from: Option<i64>,
}

/// What is to be changed of a web hook.
#[derive(Debug, Clone, Default)]
pub struct HookChange {
    /// Where messages are posted to.
    pub url: Option<String>,
    /// Which topics it takes.
    pub topics: Option<Vec<String>>,
    /// What messages are signed with.
    pub secret: Option<Secret>,
}

/// Whether that can be asked of a receiver: a topic, a beginning of whole words and `.*`, or `*`.
pub fn is_pattern(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    match text.strip_suffix('*') {
        Some("") => true,
        Some(begin) => begin.strip_suffix('.').is_some_and(|words| words.split('.').all(is_word)),
        None => Topic::new(text).is_ok(),
    }
}

/// A page of all hooks, by name and after that one.
///
/// # Errors
///
/// The store is away.
pub async fn list(reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<Hooked>> {
    store::list(reader, after, limit).await
}

/// The hook of that name.
///
/// # Errors
///
/// The store is away.
pub async fn one(reader: &mut impl Reads, name: &str) -> Result<Option<Hooked>> {
    store::one(reader, name).await
}

/// The sink of the hook that was added under that name.
pub(crate) async fn sink(reader: &mut impl Reads, name: &str, client: &reqwest::Client) -> Result<Option<Hook>> {
    let Some((url, topics, secret)) = store::target(reader, name).await? else { return Ok(None) };
    let (url, secret) = (Secret::new(url), Secret::new(secret));
    let options = HookOptions { name: name.to_owned(), url, topics, secret, from: None };
    Ok(Some(Hook::new(client.clone(), options)))
}

impl Tx {
    /// Adds a hook. Says whether its name was free.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn add_hook(&mut self, new: &NewHook) -> Result<bool> {
        if store::one(self, &new.name).await?.is_some() || !store::add(self, new).await? {
            return Ok(false);
        }
        let sink = format!("{PREFIX}{}", new.name);
        self.enrol_messages(&sink, &new.topics, new.from).await?;
        Ok(true)
    }

    /// Changes a hook that people added and that has that version. Says whether there was one.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn change_hook(&mut self, name: &str, version: i64, change: &HookChange) -> Result<bool> {
        if !store::change(self, name, version, change).await? {
            return Ok(false);
        }
        if let Some(topics) = &change.topics {
            self.set_topics(&format!("{PREFIX}{name}"), topics).await?;
        }
        Ok(true)
    }

    /// Removes a hook that people added, with what it has not got. Says whether there was one.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn remove_hook(&mut self, name: &str) -> Result<bool> {
        if !store::remove(self, name).await? {
            return Ok(false);
        }
        self.forget_sink(&format!("{PREFIX}{name}")).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_topic_whole_words_or_everything() {
        for pattern in ["*", "merge.*", "merge.staging.*", "merge.staging.started"] {
            assert!(is_pattern(pattern), "{pattern}");
        }
        for pattern in ["", "merge", "merge*", "merge.st*", ".*", "*.started", "Merge.*", "merge..*", "a b.*"] {
            assert!(!is_pattern(pattern), "{pattern}");
        }
    }
}
