//! Any bytes as hints.

#![no_main]

#[path = "../../crates/migrate/tests/reading/bodies/hints.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
