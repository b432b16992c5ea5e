//! What a person does about rows that did not go through.

use tidegate_kernel::MessageId;

use super::{RELAY, store, trouble};
use crate::outbox::Feed;
use crate::store::{Result, Tx};

impl Tx {
    /// Sends a row again that waits or was set aside, at once and with its old id. Says whether there was such a row.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn retry_delivery(&mut self, sink: &str, id: MessageId) -> Result<bool> {
        let Some(no) = Feed::number(self, id).await? else { return Ok(false) };
        let found = store::retry(self, sink, no).await?;
        store::go_on(self, sink).await?;
        trouble::set_blockers(self, sink).await?;
        self.wake(RELAY.key(sink));
        Ok(found)
    }

    /// Gives a row up that waits or was set aside; those behind it go on. Says whether there was such a row.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn drop_delivery(&mut self, sink: &str, id: MessageId) -> Result<bool> {
        let Some(no) = Feed::number(self, id).await? else { return Ok(false) };
        let found = store::drop_row(self, sink, no).await?;
        store::go_on(self, sink).await?;
        trouble::set_blockers(self, sink).await?;
        self.wake(RELAY.key(sink));
        Ok(found)
    }

    /// Sends again what a receiver got between two numbers of the feed, with the old ids, and perhaps of one topic only. Its
    /// position stays. Says how many rows that are.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn resend(&mut self, sink: &str, from: i64, to: i64, topic: Option<&str>) -> Result<u64> {
        let count = store::resend(self, sink, from, to, topic).await?;
        store::go_on(self, sink).await?;
        trouble::set_blockers(self, sink).await?;
        self.wake(RELAY.key(sink));
        Ok(count)
    }
}
