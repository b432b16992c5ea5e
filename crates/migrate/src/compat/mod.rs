//! The programs that the gate stands in for, one module a peer: read what they read, call the core, write what they write.

pub mod britney;
