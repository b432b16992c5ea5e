//! Any bytes as the stream of an import.

#![no_main]

#[path = "../../crates/results/tests/results/bodies/import.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
