//! `migrate mail …`

use clap::Subcommand;
use serde::Serialize;

use super::{CliError, Console, Exit, Source};
use crate::model::{Scope, SuiteId};
use crate::policy::email::schedule::{Standing, dues, last_due};
use crate::rules::PolicyName;
use tidegate_kernel::Clock;

/// So many future reminders are listed.
const NEXT: usize = 5;

/// What can be asked about mails.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Show at which ages reminders are due: for any age, or for a source as it stands
    Schedule(ScheduleArgs),
}

/// Of what the schedule is shown.
#[derive(Debug, clap::Args)]
pub struct ScheduleArgs {
    #[command(flatten)]
    distribution: Source,
    /// The age in whole days
    #[arg(long, value_name = "DAYS", conflicts_with = "source")]
    age: Option<u32>,
    /// A source with an item in the configured distribution
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
}

/// One of the two schedules, seen from an age.
#[derive(Debug, Serialize)]
struct Schedule {
    /// Ages of reminders that were due, in days.
    past: Vec<u32>,
    /// Ages of those that come next.
    next: Vec<u32>,
}

impl Schedule {
    fn at(age: u32, standing: Standing) -> Self {
        let last = last_due(age, standing);
        // A very old age has many behind it; the last ones are enough.
        let months = age / 30;
        let skipped = usize::try_from(months.saturating_sub(100)).unwrap_or(0);
        let from_here = || dues(standing).skip(skipped);
        let past = from_here().take_while(|&due| last.is_some_and(|last| due <= last)).collect();
        let next = from_here().filter(|&due| last.is_none_or(|last| due > last)).take(NEXT).collect();
        Self { past, next }
    }

    fn text(&self) -> String {
        let list = |ages: &[u32]| ages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let past = if self.past.is_empty() { "none yet".to_owned() } else { list(&self.past) };
        format!("{past}; next {}", list(&self.next))
    }
}

/// A source as it stands.
#[derive(Debug, Serialize)]
struct Standings {
    source: String,
    version: String,
    /// Whether it was valid before the policies were asked: which schedule counts for it now.
    valid: bool,
    /// The due age of the last reminder that was sent; 0 before the first.
    last_sent: u32,
    /// Whether it counts as stuck; none if reminders are off.
    stuck: Option<bool>,
    /// Whether the next run would send one; none if reminders are off.
    due_now: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Answer {
    age: u32,
    invalid: Schedule,
    valid: Schedule,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Standings>,
}

pub(super) fn execute(command: &MailCommand, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let MailCommand::Schedule(args) = command;
    let (age, item) = match &args.source {
        Some(source) => standing(args, source, console, clock)?,
        None => (args.age.unwrap_or(0), None),
    };
    let at = |standing| Schedule::at(age, standing);
    let answer = Answer { age, invalid: at(Standing::Invalid), valid: at(Standing::Valid), item };
    if console.voice.json {
        console.json(&answer)?;
        return Ok(Exit::Yes);
    }
    if let Some(item) = &answer.item {
        let Standings { source, version, valid, last_sent, stuck, due_now } = item;
        let schedule = if *valid { "valid but for policies" } else { "invalid" };
        let last =
            if *last_sent == 0 { "no reminder was sent".to_owned() } else { format!("last reminder: day {last_sent}") };
        let now = match (stuck, due_now) {
            (_, Some(true)) => "the next run sends one",
            (Some(true), _) => "stuck, and reminded of it",
            (Some(false), _) => "not stuck now",
            (None, _) => "reminders are off",
        };
        console.answer(&format!("{source} {version}: {age} days old, {schedule}; {last}; {now}"))?;
    } else {
        console.answer(&format!("age: {age} days"))?;
    }
    console.answer(&format!("while invalid: {}", answer.invalid.text()))?;
    console.answer(&format!("while valid:   {}", answer.valid.text()))?;
    Ok(Exit::Yes)
}

/// The age and the standing of a source's item.
fn standing(
    args: &ScheduleArgs,
    source: &str,
    console: &mut Console<'_>,
    clock: &dyn Clock,
) -> Result<(u32, Option<Standings>), CliError> {
    let session = args.distribution.session(console, clock)?;
    let excuses = session.excuses();
    let excuse = excuses.get(source);
    let excuse = excuse.filter(|excuse| excuse.item.scope == Scope::Source && excuse.item.suite == SuiteId::PRIMARY);
    let excuse = excuse.ok_or_else(|| {
        let what = "has no version that waits; `explain` says what became of it";
        CliError::Usage(format!("--source: {source} {what}"))
    })?;
    let version = session.distribution.text(excuse.item.version);
    let info = excuse.policies.iter().find(|result| result.policy == PolicyName::Email).map(|result| &result.info);
    let known = |key: &str| info.and_then(|info| info.get(key)).cloned();
    let record = session.facts.mail_records.get(source, version);
    let item = Standings {
        source: source.to_owned(),
        version: version.to_owned(),
        valid: excuse.valid_before_policies,
        last_sent: record.map_or(0, |record| record.last_sent),
        stuck: known("stuck").and_then(|value| value.as_bool()),
        due_now: info.map(|_| !excuse.letters.is_empty()),
    };
    Ok((u32::try_from(excuse.age.unwrap_or(0).max(0)).unwrap_or(u32::MAX), Some(item)))
}
