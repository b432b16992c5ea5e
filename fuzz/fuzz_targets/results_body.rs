//! Any bytes as the body of a result.

#![no_main]

#[path = "../../crates/results/tests/results/bodies/body.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
