//! Tells people that a job fails, and that it does no more.

use serde_json::Value;
use tidegate_kernel::{
    Action, Actor, Blocker, BlockerCode as _, LookAgain, Message, Severity, Subject, SubjectKind, Timestamp, Who,
    WhoKind,
};

use crate::blockers::PlatformCode;
use crate::events;
use crate::store::{Result, Tx};

/// From so many failures in a row on a job is failing.
const FAILING: i64 = 3;

/// A job and its key.
type Name<'n> = (&'n str, &'n str);

/// How a job fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure<'f> {
    /// In a row.
    pub(super) attempts: i64,
    /// The first of them.
    pub(super) since: Timestamp,
    /// What the last one said.
    pub(super) error: &'f str,
    /// The next try.
    pub(super) next_at: Timestamp,
}

impl Failure<'_> {
    /// Announces the third failure in a row, and shows from then on what is wrong.
    pub(super) async fn tell(&self, tx: &mut Tx, name: Name<'_>) -> Result<()> {
        if self.attempts < FAILING {
            return Ok(());
        }
        let blocker = self.blocker(name);
        tx.set_blockers(&subject(name), PlatformCode::GATE, &[blocker]).await?;
        if self.attempts > FAILING {
            return Ok(());
        }
        let message = about(tx, name, "platform.job.failing")?
            .with_severity(Severity::Error)
            .with("attempts", self.attempts)
            .with("since", self.since.to_string())
            .with("error", self.error)
            .with("next_at", self.next_at.to_string());
        tx.publish(message).map(drop)
    }

    fn blocker(&self, name: Name<'_>) -> Blocker {
        let (job, key) = name;
        let who = Who::new(WhoKind::Role, "platform.operator", "mend what the error names and run the job again");
        let again = LookAgain::at(self.next_at).or_on(job);
        Blocker::new(
            PlatformCode::JobFailing,
            subject(name),
            format!("{job} for {key} fails: {}", self.error),
            who,
            again,
        )
        .with_action(Action::command("Run it now", format!("tidegate jobs run {job} {key}")))
        .with_detail("job", job)
        .with_detail("key", key)
        .with_detail("error", self.error)
        .with_detail("next_at", self.next_at.to_string())
    }
}

/// Announces the first success after that many failures, if they were announced.
pub(super) async fn tell_recovery(tx: &mut Tx, name: Name<'_>, failures: u32, since: Option<Timestamp>) -> Result<()> {
    if i64::from(failures) < FAILING {
        return Ok(());
    }
    tx.set_blockers(&subject(name), PlatformCode::GATE, &[]).await?;
    let message = about(tx, name, "platform.job.recovered")?
        .with("attempts", failures)
        .with("since", since.map(|since| since.to_string()))
        .with("error", Value::Null)
        .with("next_at", Value::Null);
    tx.publish(message).map(drop)
}

fn subject((job, key): Name<'_>) -> Subject {
    Subject::new(SubjectKind::Item, format!("tidegate-job/{job}/{key}"))
}

fn about(tx: &Tx, (job, key): Name<'_>, topic: &'static str) -> Result<Message> {
    let message = events::about(tx, topic, &format!("{job}/{key}"), Actor::job(job))?;
    Ok(message.with("job", job).with("key", key))
}
