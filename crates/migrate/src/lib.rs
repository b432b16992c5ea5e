//! May a package enter the release without breaking anything?
//!
//! The gate between a distribution's *source* suites, where uploads land, and its *target*, which must stay
//! installable. For every difference it makes an excuse (may this item move, and if not, why), tries the candidates
//! in an order that keeps the target whole, and writes down the new target with the reason for all that stayed.
//!
//! The way through the crate: [`load`] makes a [`distribution`] of index texts, [`universe`] resolves its relations,
//! [`installability`] knows what can be installed, [`excuses`] judges with the `policy` modules, [`upgrade`] tries
//! and accepts. All of that is pure; `files` reads and writes, `cli` speaks to people.

pub mod blockers;
pub mod check;
pub mod cli;
pub mod compat;
pub mod diagnostic;
pub mod distribution;
pub mod excuses;
pub mod explain;
pub mod facts;
pub mod files;
pub mod hint;
pub mod installability;
pub mod load;
pub mod model;
#[cfg(test)]
mod oracle;
pub mod outside;
pub mod policy;
pub mod rules;
pub mod session;
pub mod target;
#[cfg(test)]
mod tests;
pub mod universe;
pub mod upgrade;
pub mod what_if;
