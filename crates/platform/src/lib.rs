//! The I/O that every gate needs.

pub mod step;
