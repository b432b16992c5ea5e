//! Ids that a test can foretell.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_kernel::{Ids, MessageId, PublicId, Timestamp};
use uuid::Uuid;

/// Counts: the first message is `00000000-0000-4000-8000-000000000001`.
#[derive(Debug, Default)]
pub struct TestIds(AtomicU64);

impl TestIds {
    /// Counts from so far, as another process whose ids are not those of the first.
    pub fn beyond(count: u64) -> Self {
        Self(AtomicU64::new(count))
    }

    fn next(&self, version: u64) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u64_pair(version << 12, 1 << 63 | count)
    }
}

impl Ids for TestIds {
    fn message_id(&self) -> MessageId {
        MessageId::from_uuid(self.next(4))
    }

    fn public_id(&self, _: Timestamp) -> PublicId {
        PublicId::from_uuid(self.next(7))
    }
}
