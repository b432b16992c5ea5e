//! Any bytes as the parameters of a list.

#![no_main]

#[path = "../../crates/platform/tests/platform/bodies/parameters.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
