//! What was tried in vain and set aside: messages that a receiver refuses, and what came and could not have its effect.

use tidegate_kernel::{Blocker, Evidence, EvidenceKind, LookAgain, Subject, Who, WhoKind};

use super::PlatformCode;
use crate::wake::JobName;

/// So many are named; of more, only their number.
pub(crate) const NAMED: i64 = 20;

/// What one receiver or consumer has set aside.
pub(crate) struct SetAside {
    /// The first of them: id, topic, error.
    pub(crate) named: Vec<(String, String, String)>,
    /// How many there are.
    pub(crate) count: i64,
}

impl SetAside {
    /// What is shown as long as there is something. `tried` completes "1 message was … and set aside.", and the job goes on
    /// with what a person has tried again.
    pub(crate) fn blocker(self, subject: &Subject, tried: &str, can: &str, job: JobName) -> Option<Blocker> {
        let were = match self.count {
            0 => return None,
            1 => "1 message was".to_owned(),
            count => format!("{count} messages were"),
        };
        let who = Who::new(WhoKind::Role, "platform.operator", can);
        let (text, again) = (format!("{were} {tried} and set aside."), LookAgain::on(job.as_str()));
        let blocker = Blocker::new(PlatformCode::MessageSetAside, subject.clone(), text, who, again)
            .with_detail("count", self.count);
        let evidence = |blocker: Blocker, (id, topic, error): (String, String, String)| {
            blocker.with_evidence(Evidence::new(EvidenceKind::Message, id, format!("{topic}: {error}")))
        };
        Some(self.named.into_iter().fold(blocker, evidence))
    }
}
