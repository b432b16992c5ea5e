//! Every change is announced once, and a repetition never.
//!
//! A result is news for one or several [`Key`]s ([`fan_out()`]): the builds that it is about, or its own item. Each key
//! has a [`State`], and [`step`] says what one more result makes of it. An import folds many into one ([`net()`]). The
//! stream for old consumers has rules of its own ([`taskotron`]).
//!
//! All of it is pure. Who calls it holds the rows of all keys locked, in the order of their hashes, and writes state
//! and announcement in one transaction with the result.

pub mod fan_out;
pub mod key;
pub mod net;
pub mod state;
pub mod submit_time;
pub mod taskotron;

pub use crate::digest::{KeyHash, NotAKeyHash};
pub use fan_out::{FanOut, TooManyBuilds, Via, fan_out};
pub use key::{Key, Variant};
pub use net::net;
pub use state::{Announced, Announcement, Incoming, Reason, Said, State, step};
pub use submit_time::stamp;
