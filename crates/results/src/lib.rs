//! Has it passed its tests?
//!
//! The gate that takes what CI systems found out, keeps it, and says each change of it once: for every build, and never
//! for a repetition.
//!
//! The way of a result through the crate: [`compat`] reads a body and gives a [`model::NewResult`], or the errors in the
//! words that clients compare. [`accept`](mod@accept) says what follows from it: [`announce`] for which keys it is news
//! and what is told of each, [`latest`] for which combinations it is now the newest. [`events`] makes the messages, and
//! [`store`] writes all of it in one transaction. [`query`] reads what is asked,
//! and [`history`] says what a test case did over time.
//!
//! *Invariant:* what is decided is pure. Only `store`, `jobs`, `api` and `pages` touch the world.

pub mod accept;
pub mod announce;
pub mod api;
pub mod compat;
pub mod config;
mod digest;
pub mod events;
pub mod glob;
pub mod history;
pub mod import;
pub mod incoming;
pub mod jobs;
pub mod latest;
pub mod model;
#[cfg(test)]
mod oracle;
pub mod pages;
pub mod permission;
pub mod query;
pub mod rights;
pub mod store;
pub mod subject;
pub mod trail;
