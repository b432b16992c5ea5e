//! The engine and the oracles give the same answers to random questions.

mod certificates;
mod growth;
mod installability;
mod laws;
mod migration;
