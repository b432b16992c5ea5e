//! Other machines, played on loopback: each takes a free port, and does what a story tells it to.

pub(crate) mod pages;
pub(crate) mod smtp;
