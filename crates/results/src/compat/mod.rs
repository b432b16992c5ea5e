//! The interfaces of the programs that this gate stands in for: bodies in, bodies out.
//!
//! Each file is one interface: parse, and render. What is decided in between is not here. Texts, orders and shapes are
//! compared literally by clients that exist, so what looks odd here is so on purpose, and a test says so.

pub mod json;
pub mod refusal;
pub mod render;
pub mod resultsdb_v2;
pub mod resultsdb_v3;
pub mod validation;

mod python;

pub use refusal::{FieldError, Refusal, Step};
