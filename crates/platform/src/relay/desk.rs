//! What a person does about rows that did not go through.

use tidegate_kernel::MessageId;

use super::{RELAY, store, trouble};
use crate::outbox::Feed;
use crate::store::{Reads, Result, Tx};

/// How many rows [`Tx::resend`] would send.
///
/// # Errors
///
/// The store is away.
pub async fn count_resend(reader: &mut impl Reads, sink: &str, from: i64, to: i64, topic: Option<&str>) -> Result<u64> {
    store::count_resend(reader, sink, from, to, topic).await
}

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

    /// Makes a receiver of messages known that came while the service runs: it gets what comes from now on, or from that
    /// number of the feed on.
    pub(crate) async fn enrol_messages(&mut self, sink: &str, topics: &[String], from: Option<i64>) -> Result<()> {
        let head = Feed::head(self).await?;
        store::enrol(self, sink, Some(topics), begin(from, head)).await?;
        self.wake(RELAY.key(sink));
        Ok(())
    }

    /// From now on it takes these topics.
    pub(crate) async fn set_topics(&mut self, sink: &str, topics: &[String]) -> Result<()> {
        store::set_topics(self, sink, topics).await
    }

    /// Forgets a receiver, with what it has not got.
    pub(crate) async fn forget_sink(&mut self, sink: &str) -> Result<()> {
        store::forget(self, sink).await?;
        trouble::set_blockers(self, sink).await
    }
}

/// The position of who begins with that number of the feed, or with the next one.
pub(super) fn begin(from: Option<i64>, head: i64) -> i64 {
    from.map_or(head, |from| from.saturating_sub(1).clamp(0, head))
}

#[cfg(test)]
mod tests {
    use super::begin;

    #[test]
    fn a_receiver_begins_with_its_number_or_with_the_next_one() {
        assert_eq!([None, Some(3), Some(0), Some(99)].map(|from| begin(from, 10)), [10, 2, 0, 10]);
    }
}
