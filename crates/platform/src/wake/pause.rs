//! Jobs, or single keys of them, that shall not run for now. Wishes go on to come, and are met at once on resume.

use tidegate_kernel::{
    Action, Actor, Blocker, BlockerCode as _, LookAgain, Message, Subject, SubjectKind, Who, WhoKind,
};

use super::store;
use crate::blockers::PlatformCode;
use crate::events;
use crate::store::{Result, Tx};

/// What is paused: a job with all its keys, or one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The job with all its keys.
    pub fn job(job: &str) -> Self {
        Self(job.to_owned())
    }

    /// One key of the job.
    pub fn key(job: &str, key: &str) -> Self {
        Self(format!("{job}/{key}"))
    }

    /// The text: `merge.stage` or `merge.stage/acme/main`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tx {
    /// Pauses, over restarts too. A run that goes on ends as it would.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn pause(&mut self, scope: &Scope, by: Actor, reason: &str) -> Result<()> {
        store::pause(self, scope.as_str(), &by.to_string(), reason).await?;
        let blocker = paused(scope, &by, reason);
        self.set_blockers(&subject(scope), PlatformCode::GATE, &[blocker]).await?;
        let message = changed(self, scope, by).await?.with("paused", true).with("reason", reason);
        self.publish(message).map(drop)
    }

    /// Resumes, and says whether it was paused. What was wished for meanwhile runs, once a key.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn resume(&mut self, scope: &Scope, by: Actor) -> Result<bool> {
        if !store::resume(self, scope.as_str()).await? {
            return Ok(false);
        }
        self.signal.everything = true;
        self.set_blockers(&subject(scope), PlatformCode::GATE, &[]).await?;
        let message = changed(self, scope, by).await?.with("paused", false).with("reason", "");
        self.publish(message)?;
        Ok(true)
    }
}

fn subject(scope: &Scope) -> Subject {
    Subject::new(SubjectKind::Item, format!("tidegate-pause/{}", scope.as_str()))
}

fn paused(scope: &Scope, by: &Actor, reason: &str) -> Blocker {
    let scope_text = scope.as_str();
    let who = Who::new(WhoKind::Role, "platform.operator", "resume it");
    let text = format!("{scope_text} was paused by {by}: {reason}");
    Blocker::new(PlatformCode::JobPaused, subject(scope), text, who, LookAgain::on("platform.pause.changed"))
        .with_action(Action::command("Resume", format!("tidegate jobs resume {}", scope_text.replacen('/', " ", 1))))
        .with_detail("scope", scope_text)
        .with_detail("by", by.to_string())
        .with_detail("reason", reason)
}

async fn changed(tx: &mut Tx, scope: &Scope, by: Actor) -> Result<Message> {
    let (job, key) = scope.as_str().split_once('/').map_or((scope.as_str(), None), |(job, key)| (job, Some(key)));
    let waiting = store::waiting(tx, job, key).await?;
    let by_text = by.to_string();
    let message = events::about(tx, "platform.pause.changed", scope.as_str(), by)?;
    Ok(message.with("scope", scope.as_str()).with("by", by_text).with("waiting", waiting))
}
