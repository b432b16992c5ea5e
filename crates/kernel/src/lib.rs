//! The words that all gates share, without any I/O: what a gate says about a subject, and when.
//!
//! A type moves here from a gate when a second gate needs it, not before. What comes to live here as the gates arrive:
//! the trail's links and steps, the envelope of messages, the ports through which one gate asks another, `Rng` and
//! `Ids`. What does I/O lives in `platform`.
//!
//! *Invariant:* nothing here opens a file, a socket or a process, and only [`SystemClock`] asks the machine what time
//! it is.

pub mod blocker;
pub mod catalogue;
pub mod clock;
pub mod subject;

pub use blocker::{Action, Blocker, BlockerId, Evidence, EvidenceKind, Level, LookAgain, Sentence, Who, WhoKind};
pub use catalogue::BlockerCode;
pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use subject::{Subject, SubjectKind};
