//! Ids that a test can foretell.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_kernel::{Ids, MessageId, PublicId, Timestamp};
use uuid::Uuid;

/// Counts: the first message of seed 0 is `00000000-0000-4000-8000-000000000001`.
#[derive(Debug, Default)]
pub struct TestIds {
    seed: u64,
    count: AtomicU64,
}

impl TestIds {
    /// Ids that are none of another seed's.
    pub fn of(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }

    fn next(&self, version: u64) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u64_pair(self.seed << 32 | version << 12, 1 << 63 | count)
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
