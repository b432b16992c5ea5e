//! Any text as `britney.conf`.

#![no_main]

#[path = "../../crates/migrate/tests/reading/bodies/britney_conf.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
