//! Do its tests pass, and those of what depends on it, where they passed before?
//!
//! [`results`] is what is known of tests, [`request`] what is asked for. Which tests an item needs is said before anything is
//! fetched, so that fetching stays outside; judging then looks only at what is known.

pub mod request;
pub mod results;
