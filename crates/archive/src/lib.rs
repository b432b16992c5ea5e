//! Package metadata of Debian archives, as pure functions: bytes in, borrowed data out.
//!
//! The crate owns the formats and nothing else: the stanza scanner ([`deb822`]), the order of versions ([`version`]), relations
//! between packages ([`relation`]), the indices that an archive publishes ([`index`]) and the compressions that they come in
//! ([`compression`]). What a suite is, which stanza of two wins and what a broken relation means for an installation is decided by
//! the gates.
//!
//! It is shaped around the hot path: an index of tens of megabytes is walked once, and every name, version and relation in the
//! result is a slice of the caller's text. Nothing here opens files, waits, keeps state between calls or panics on any input.
//!
//! Offsets in data and errors are byte offsets into the text that was passed in.

pub mod compression;
pub mod deb822;
pub mod index;
pub mod relation;
pub mod version;
