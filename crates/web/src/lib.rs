//! What all pages share: the frame around them, chips for states, times, the hidden part of forms, and the files that a
//! browser loads.
//!
//! A gate renders what is its own and hands it to the [`Frame`]. All text is escaped where it is written; only what this
//! crate or a template made is put into a page as it is.
//!
//! *Invariant:* no I/O. The program serves the [`ASSETS`].

mod asset;
mod chip;
mod escape;
mod frame;
mod hidden;
mod moment;

pub use asset::{ASSETS, Asset};
pub use chip::{Chip, Tone};
pub use escape::Encoded;
pub use frame::{Frame, NavLink, Page, Visitor};
pub use hidden::Hidden;
pub use moment::{Age, Moment};
