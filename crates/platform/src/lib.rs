//! The I/O that every gate needs.

pub mod chance;
pub mod step;
pub mod store;
