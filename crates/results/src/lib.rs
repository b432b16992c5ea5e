//! Has it passed its tests?
//!
//! The gate that takes what CI systems found out, keeps it, and says each change of it once: for every build, and never
//! for a repetition. What is here decides and renders; nothing in this crate touches a socket, a file or a database.
//!
//! [`announce`] says for which keys a result is news, and steps the state of each; [`latest`] says for which
//! combinations it is now the newest; [`query`] reads what is asked.

pub mod announce;
pub mod compat;
mod digest;
pub mod events;
pub mod latest;
pub mod model;
#[cfg(test)]
mod oracle;
pub mod query;
