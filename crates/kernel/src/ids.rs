//! Ids that are seen outside, and who may make them.
//!
//! Inside a store rows are numbered. What leaves it is named by a UUID: version 7 where order of creation helps who
//! lists it, version 4 for messages, as readers of fedora-messaging have always met.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::chance::Rng;
use crate::clock::Timestamp;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id: expected a UUID, such as 0193a1c2-7d1e-7c3a-9b1f-3f2f6d1c2b4a")]
pub struct NotAnId(String);

macro_rules! uuid_newtype {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that this UUID is.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID that it is.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId(text.to_owned()))
            }
        }
    };
}

uuid_newtype! {
    /// A message's name: a UUID of version 4, made with its row in the outbox. Every delivery and repetition carries it.
    MessageId
}

uuid_newtype! {
    /// What a thing is called outside: a UUID of version 7, so that ids sort by when they were made.
    PublicId
}

/// Makes ids.
pub trait Ids: Send + Sync {
    /// A new message's id.
    fn message_id(&self) -> MessageId;

    /// A new thing's id, made at that instant.
    fn public_id(&self, now: Timestamp) -> PublicId;
}

/// Ids out of the randomness that it was given.
#[derive(Debug, Clone)]
pub struct RandomIds<R>(pub R);

impl<R: Rng> Ids for RandomIds<R> {
    fn message_id(&self) -> MessageId {
        MessageId(Builder::from_random_bytes(self.0.bytes()).into_uuid())
    }

    fn public_id(&self, now: Timestamp) -> PublicId {
        let milliseconds = u64::try_from(now.as_microseconds().div_euclid(1_000)).unwrap_or(0);
        let mut chance = [0; 10];
        chance.copy_from_slice(&self.0.bytes()[..10]);
        PublicId(Builder::from_unix_timestamp_millis(milliseconds, &chance).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededRng;

    fn ids() -> RandomIds<SeededRng> {
        RandomIds(SeededRng::new(1))
    }

    #[test]
    fn messages_get_version_four_and_things_version_seven() {
        let ids = ids();
        let now = Timestamp::from_seconds(1_795_248_252).unwrap();
        assert_eq!(ids.message_id().as_uuid().get_version_num(), 4);
        assert_eq!(ids.public_id(now).as_uuid().get_version_num(), 7);
        assert_ne!(ids.message_id(), ids.message_id());
    }

    #[test]
    fn public_ids_sort_by_when_they_were_made() {
        let ids = ids();
        let made: Vec<_> =
            (0..50).map(|second| ids.public_id(Timestamp::from_seconds(1_795_248_252 + second).unwrap())).collect();
        assert!(made.is_sorted());
        assert!(made.iter().map(PublicId::to_string).is_sorted());
    }

    #[test]
    fn text_comes_back_as_it_went() {
        let id = ids().message_id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
        let refused = "twelve".parse::<MessageId>().unwrap_err().to_string();
        assert!(refused.starts_with("\"twelve\" is no id: expected a UUID"), "{refused}");
    }
}
