//! Proofs of the engine by slow and obvious versions of it, for tests only.
//!
//! [`notation`] writes small archives down, [`brute_force`] says what can be installed in them, [`slow_migration`] what moves,
//! both from the words of the specification and from no code of the engine. The other modules let the engine and these
//! answer the same questions.

mod brute_force;
mod generate;
mod notation;
mod properties;
mod slow_migration;
mod story;
