//! Requests for tests, and which of them are still open.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

/// A test that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct TestRequest {
    /// The tested source.
    pub source: String,
    /// The architecture.
    pub arch: String,
    /// Why: the item first (`source/version`, or `migration-reference/0`), then whatever else must come from the source suite.
    pub triggers: Vec<String>,
    /// Whether it goes to the queue for items with very many tests.
    pub huge: bool,
}

/// Requests without an answer: architectures by first trigger and tested source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingTests {
    /// The requests.
    pub by_trigger: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl PendingTests {
    /// Whether this test was asked for and has no answer.
    pub fn contains(&self, trigger: &str, source: &str, arch: &str) -> bool {
        let sources = self.by_trigger.get(trigger);
        sources.and_then(|sources| sources.get(source)).is_some_and(|archs| archs.contains(arch))
    }

    /// Notes a request; whether it is new.
    pub fn insert(&mut self, trigger: &str, source: &str, arch: &str) -> bool {
        let sources = self.by_trigger.entry(trigger.to_owned()).or_default();
        sources.entry(source.to_owned()).or_default().insert(arch.to_owned())
    }

    /// Ends a request; whether there was one. Nothing empty stays behind.
    pub fn remove(&mut self, trigger: &str, source: &str, arch: &str) -> bool {
        let Some(sources) = self.by_trigger.get_mut(trigger) else { return false };
        let Some(archs) = sources.get_mut(source) else { return false };
        let ended = archs.remove(arch);
        if archs.is_empty() {
            sources.remove(source);
        }
        if sources.is_empty() {
            self.by_trigger.remove(trigger);
        }
        ended
    }

    /// The pairs of source and architecture of all requests.
    pub fn pairs(&self) -> BTreeSet<(String, String)> {
        let sources = self.by_trigger.values().flatten();
        sources.flat_map(|(source, archs)| archs.iter().map(move |arch| (source.clone(), arch.clone()))).collect()
    }
}
