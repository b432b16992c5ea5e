//! Tells people what changed without flooding them: lines are folded into one mail.
//!
//! A gate writes a [`Notice`] in the transaction of its state: one line, by its own key, in a group. A later line with the
//! same key replaces the former, and an empty one withdraws it. A group waits for the end of its window, which its first
//! line begins, and then for a token: so many mails an hour a recipient gets. Groups that waited together go together.
//! Nothing is dropped, and without a line nothing is sent.
//!
//! *Invariant:* the lines are marked in the transaction that writes the mail, so a line is in one mail only.

mod digest;
mod letter;
mod store;

use std::time::Duration;

use tidegate_kernel::Timestamp;

use crate::store::{Result, StoreError, Tx};
use crate::wake::{JobName, Wake};

pub use digest::{Digest, DigestOptions};
pub use store::{STATEMENTS, rule};

/// The job that folds, with the recipient as its key.
pub const DIGEST: JobName = JobName::new("platform.digest");

/// A line for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The address of the mail.
    pub recipient: String,
    /// Lines of one group go together: `results:nethack`.
    pub group: String,
    /// What the group is about, as the subject of a mail says it.
    pub title: String,
    /// A later line with this key replaces this one.
    pub line_key: String,
    /// What is told, on one line; empty to withdraw what was to be told.
    pub line: String,
    /// So long after its first line a group is sent.
    pub window: Duration,
}

/// A line that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    id: i64,
    group: String,
    title: String,
    line: String,
}

impl Tx {
    /// Has somebody told, unless it is replaced or withdrawn before the window of its group ends.
    ///
    /// # Errors
    ///
    /// The store is away, or the recipient has a control character or more than 256 bytes.
    pub async fn notify(&mut self, notice: &Notice) -> Result<()> {
        self.assert_durable("a notice")?;
        let recipient = notice.recipient.as_str();
        if recipient.len() > Wake::LONGEST_KEY || recipient.chars().any(char::is_control) {
            return Err(StoreError::BadKey { job: DIGEST.as_str().to_owned(), key: recipient.to_owned() });
        }
        if notice.line.is_empty() {
            return store::withdraw(self, notice).await;
        }
        let fresh = self.now().later(notice.window).as_microseconds();
        let end = store::window_end(self, recipient, &notice.group).await?.unwrap_or(fresh);
        store::put(self, notice, end).await?;
        self.wake(DIGEST.key(recipient).at(Timestamp::from_microseconds(end).unwrap_or(self.now())));
        Ok(())
    }
}
