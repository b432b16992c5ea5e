//! The words that all gates share, without any I/O: what a gate says about a subject, and when.
//!
//! A type moves here from a gate when a second gate needs it, not before. What comes to live here as the gates arrive:
//! the ports through which one gate asks another. What does I/O lives in `platform`.
//!
//! *Invariant:* nothing here opens a file, a socket or a process, and only [`SystemClock`] asks the machine what time
//! it is.

pub mod actor;
pub mod blocker;
pub mod catalogue;
pub mod chance;
pub mod clock;
pub mod fault;
mod hex;
pub mod ids;
pub mod message;
pub mod subject;
pub mod trail;

pub use actor::{Actor, ActorKind};
pub use blocker::{Action, Blocker, BlockerId, Evidence, EvidenceKind, Level, LookAgain, Sentence, Who, WhoKind};
pub use catalogue::BlockerCode;
pub use chance::{Rng, SeededRng};
pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use fault::{Classified, ErrorClass};
pub use hex::hex;
pub use ids::{Ids, MessageId, PublicId, RandomIds};
pub use message::{Envelope, Message, MessageError, OrderKey, Severity, Topic, TopicFiles};
pub use subject::{Subject, SubjectKind};
pub use trail::{Relation, StepOutcome, StoredRelation};
