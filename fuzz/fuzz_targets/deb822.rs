//! Any bytes as stanzas and indices.

#![no_main]

#[path = "../../crates/archive/tests/archive/bodies/deb822.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
