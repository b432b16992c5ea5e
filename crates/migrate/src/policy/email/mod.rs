//! Is its uploader to be reminded that it is stuck?
//!
//! The policy holds nothing: it passes, and may put a [`Letter`] on the excuse. It runs last, because what it says depends on
//! what the others found. [`decide`] is the whole of it, on plain data, which has a form as JSON; [`schedule`] knows the
//! ages at which reminders are due, and [`text`] what stands in one.

pub mod schedule;
pub mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::schedule::{Standing, last_due};
use super::Opinion;
use super::letter::{Letter, LetterKind};
use crate::excuses::{Context, Excuse};
use crate::model::Verdict;

/// What the policy looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailInput {
    /// The source.
    pub source: String,
    /// Its version in the source suite.
    pub version: String,
    /// How long it has been there, in whole days.
    pub age: u32,
    /// Whether it was valid before the policies were asked: no build missing, nothing newer in the target, and so on.
    pub valid: bool,
    /// The verdict of everything before this policy.
    pub verdict: Verdict,
    /// The reasons found so far, as in excuses.yaml.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The due age of the last reminder, in days; 0 before the first.
    #[serde(default)]
    pub last_sent: u32,
}

/// What the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailOutput {
    /// Always a pass.
    pub verdict: Verdict,
    /// Whether somebody has to do something about it.
    pub stuck: bool,
    /// The age of the last reminder that was due, in days; none before the first.
    pub due: Option<u32>,
    /// As it was given.
    pub last_sent: u32,
    /// Whether a reminder is to be sent now; the record is `due` then.
    pub send: bool,
}

/// Decides whether a reminder is due that was not sent.
pub fn decide(input: &EmailInput) -> EmailOutput {
    let standing = if input.valid { Standing::Valid } else { Standing::Invalid };
    let due = last_due(input.age, standing);
    let blocked = input.reasons.iter().any(|reason| reason == "block");
    let stuck = due.is_some() && !blocked && input.verdict != Verdict::RejectedTemporarily;
    let send = stuck && due.is_some_and(|due| input.last_sent < due);
    EmailOutput { verdict: Verdict::Pass, stuck, due, last_sent: input.last_sent, send }
}

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let Context { distribution, facts, .. } = context;
    let (source, version) = (distribution.name(excuse.item.name), distribution.text(excuse.item.version));
    let age = u32::try_from(excuse.age.unwrap_or(0).max(0)).unwrap_or(u32::MAX);
    let output = decide(&EmailInput {
        source: source.to_owned(),
        version: version.to_owned(),
        age,
        valid: excuse.valid_before_policies,
        verdict: excuse.verdict,
        reasons: excuse.reasons().into_iter().map(str::to_owned).collect(),
        last_sent: facts.mail_records.get(source, version).map_or(0, |record| record.last_sent),
    });
    if let (true, Some(due)) = (output.send, output.due) {
        let kind = LetterKind::Reminder { due };
        excuse.letters.push(Letter { kind, source: source.to_owned(), version: version.to_owned(), age });
    }
    let mut opinion = Opinion::default();
    opinion.set("due", output.due);
    opinion.set("last-sent", output.last_sent);
    opinion.set("stuck", output.stuck);
    opinion
}

#[cfg(test)]
mod tests;
