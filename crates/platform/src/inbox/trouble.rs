//! Tells people that something came and cannot have its effect.

use tidegate_kernel::{Action, BlockerCode as _, Subject, SubjectKind};

use super::{CONSUME, store};
use crate::blockers::{NAMED, PlatformCode};
use crate::store::{Result, Tx};

/// Shows what the consumer has set aside now.
pub(super) async fn set_blockers(tx: &mut Tx, consumer: &str) -> Result<()> {
    let subject = &Subject::new(SubjectKind::Item, format!("tidegate-inbox/{consumer}"));
    let aside = store::set_aside(tx, consumer, NAMED).await?;
    let can = "mend what the error names and try them again, or drop them";
    let see = format!("tidegate inbox list --consumer {consumer} --state set_aside");
    let blocker = aside
        .blocker(subject, &format!("tried in vain by {consumer}"), can, CONSUME)
        .map(|blocker| blocker.with_action(Action::command("See them", see)).with_detail("consumer", consumer));
    tx.set_blockers(subject, PlatformCode::GATE, blocker.as_slice()).await.map(drop)
}
