//! Any text as relation fields.

#![no_main]

#[path = "../../crates/archive/tests/archive/bodies/relations.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
