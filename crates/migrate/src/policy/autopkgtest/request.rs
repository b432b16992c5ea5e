//! Requests for tests, and which of them are still open.

use std::collections::{BTreeMap, BTreeSet};

/// A test that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
