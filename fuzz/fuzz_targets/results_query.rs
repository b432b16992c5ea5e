//! Any bytes as the query of a list of results.

#![no_main]

#[path = "../../crates/results/tests/results/bodies/query.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
