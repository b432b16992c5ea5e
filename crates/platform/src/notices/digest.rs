//! Folds the lines of a recipient into one mail when its time has come.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate_kernel::{Actor, Timestamp};

use super::{DIGEST, letter, store};
use crate::sinks::Mail;
use crate::store::{StoreError, Tx, in_tx};
use crate::wake::{Job, JobResult, JobSpec, Outcome, Run};

/// How mails of notices are made.
#[derive(Debug, Clone)]
pub struct DigestOptions {
    /// The most mails an hour for a recipient.
    pub per_hour: NonZeroU32,
    /// What stands behind the `@` of their Message-ID.
    pub domain: String,
    /// Where a recipient asks for fewer of them: an address as in `List-Unsubscribe`, without its brackets.
    pub unsubscribe: String,
}

/// The job.
#[derive(Debug, Clone)]
pub struct Digest {
    options: DigestOptions,
}

const HOUR: Duration = Duration::from_secs(3_600);

impl Digest {
    /// The job with those options.
    pub fn new(options: DigestOptions) -> Self {
        Self { options }
    }

    /// Sends what is due, if there is a token; and says when there will be something to send.
    async fn fold(&self, tx: &mut Tx, recipient: &str) -> Result<Outcome, StoreError> {
        let now = tx.now();
        let lines = store::due(tx, recipient, now).await?;
        if lines.is_empty() {
            return Self::next(tx, recipient).await;
        }
        let sent = store::sent_since(tx, recipient, now.earlier(HOUR)).await?;
        if sent.len() >= usize::try_from(self.options.per_hour.get()).unwrap_or(usize::MAX) {
            let oldest = sent.first().copied().unwrap_or(now);
            // a token comes when the oldest of the hour is an hour old
            return Ok(Outcome::Again(oldest.later(HOUR)));
        }
        let letter = letter::fold(&lines);
        let id = tx.surroundings().ids.public_id(now);
        let mark = format!("<{id}@{}>", self.options.domain);
        let mail = Mail {
            to: recipient.to_owned(),
            subject: letter.subject,
            text: letter.text,
            headers: vec![
                ("Auto-Submitted".to_owned(), "auto-generated".to_owned()),
                ("List-Unsubscribe".to_owned(), format!("<{}>", self.options.unsubscribe)),
            ],
        };
        let bad_key = |_| StoreError::BadKey { job: DIGEST.as_str().to_owned(), key: recipient.to_owned() };
        tx.act(mail.deed(&mark, Actor::job(DIGEST.as_str())).map_err(bad_key)?)?;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        store::mark(tx, &ids, &mark).await?;
        Self::next(tx, recipient).await
    }

    /// When the next window ends.
    async fn next(tx: &mut Tx, recipient: &str) -> Result<Outcome, StoreError> {
        let end = store::next_end(tx, recipient).await?.and_then(Timestamp::from_microseconds);
        Ok(end.map_or(Outcome::Done, Outcome::Again))
    }
}

impl Job for Digest {
    fn spec(&self) -> JobSpec {
        JobSpec::new(DIGEST)
    }

    async fn run(&self, run: &Run) -> JobResult {
        let recipient = run.key();
        Ok(run.end::<StoreError>(|tx| in_tx(async move { self.fold(tx, recipient).await })).await?)
    }
}
