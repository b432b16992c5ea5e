//! Do its tests pass, and those of what depends on it, where they passed before?
//!
//! [`results`] is what is known of tests, [`request`] what is asked for. Which tests an item needs is said before anything is
//! fetched ([`wanted`]), so that fetching stays outside; judging then looks only at what is known.

pub mod request;
pub mod results;

use std::collections::BTreeSet;

use crate::excuses::Context;

/// The pairs of source and architecture whose results have to be looked at before excuses are made: those of every request
/// without an answer, and those of every test that an item needs and that is not known to pass.
pub fn wanted(context: Context<'_>) -> BTreeSet<(String, String)> {
    context.facts.pending_tests.pairs()
}
