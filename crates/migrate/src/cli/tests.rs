//! `migrate tests`: what is known of tests, and which were asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tidegate_kernel::{Clock, Timestamp};

use super::{CliError, Console, Exit, parse_time};
use crate::compat::britney::config::CommandLine;
use crate::facts::Facts;
use crate::files::{self, Repair};
use crate::outside::journal::{Entry, Journal};
use crate::policy::autopkgtest::results::Outcome;

/// A test that was asked for so many seconds ago should have an answer.
const OVERDUE: i64 = 3 * 24 * 60 * 60;

/// The arguments of `migrate tests`.
#[derive(Debug, Args)]
pub struct TestsArgs {
    /// The britney configuration
    #[arg(short = 'c', long = "config", value_name = "FILE", default_value = "/etc/britney.conf")]
    config: PathBuf,
    /// What replaces %(SERIES) in the configuration
    #[arg(long, default_value = "testing")]
    series: String,
    /// Only tests of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only tests on this architecture
    #[arg(long, value_name = "ARCH")]
    arch: Option<String>,
    /// Only tests that were asked for because of this source/version
    #[arg(long, value_name = "SOURCE/VERSION")]
    trigger: Option<String>,
    /// Only tests in this state
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// The time that decides what is overdue: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
}

/// How a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Asked for; its queue may not have it yet
    Unconfirmed,
    /// Asked for, without an answer
    Pending,
    /// Asked for days ago, without an answer
    Overdue,
    /// It passed
    Pass,
    /// Nothing that could fail was tested
    Neutral,
    /// It failed
    Fail,
    /// There is no result
    None,
    /// There is a result that is too old to count
    Old,
}

impl State {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Neutral => Self::Neutral,
            Outcome::Fail => Self::Fail,
            Outcome::None => Self::None,
            Outcome::OldFail | Outcome::OldPass | Outcome::OldNeutral => Self::Old,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row<'a> {
    trigger: &'a str,
    source: &'a str,
    arch: &'a str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    /// When it ended, or when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

pub(super) fn tests(args: &TestsArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let command_line = CommandLine { series: &args.series, distribution: None, overrides: &[] };
    let (config, mut warnings) = files::config(&args.config, &command_line)?;
    let mut facts = Facts::default();
    files::known_tests(&config, &mut facts, Repair::NEVER, &mut warnings)?;
    for warning in &warnings {
        console.say(&format!("warning: {warning}"))?;
    }
    let journal = files::journal(&config, Repair::NEVER)?;
    let now = args.now.map(Timestamp::as_seconds).or(config.fake_runtime).unwrap_or_else(|| clock.now().as_seconds());
    let mut rows = rows(&facts, &journal, now);
    let matches = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
    rows.retain(|row| {
        matches(&args.source, row.source)
            && matches(&args.arch, row.arch)
            && matches(&args.trigger, row.trigger)
            && args.state.is_none_or(|wanted| wanted == row.state)
    });
    if console.voice.json {
        console.json(&rows)?;
        return Ok(Exit::Yes);
    }
    for row in &rows {
        let Row { trigger, source, arch, state, .. } = row;
        let state = state.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let version = row.version.map(|version| format!(" {version}")).unwrap_or_default();
        let detail = [row.time.as_deref(), row.run_id, row.queue].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        console.answer(&format!("{trigger}: {source}{version} on {arch}: {state}{detail}"))?;
    }
    console.answer(&format!("{} tests", rows.len()))?;
    Ok(Exit::Yes)
}

fn rows<'a>(facts: &'a Facts, journal: &'a Journal, now: i64) -> Vec<Row<'a>> {
    let asked: BTreeMap<(&str, &str, &str), &Entry> = journal
        .entries()
        .map(|entry| ((entry.trigger.as_str(), entry.source.as_str(), entry.arch.as_str()), entry))
        .collect();
    let mut rows = Vec::new();
    for (trigger, sources) in &facts.pending_tests.by_trigger {
        for (source, archs) in sources {
            for arch in archs {
                let entry = asked.get(&(trigger.as_str(), source.as_str(), arch.as_str()));
                let since = entry.and_then(|entry| entry.asked_at());
                let state = match (entry.is_some_and(|entry| !entry.queued), since) {
                    (true, _) => State::Unconfirmed,
                    (false, Some(since)) if now.saturating_sub(since) > OVERDUE => State::Overdue,
                    (false, _) => State::Pending,
                };
                rows.push(Row {
                    trigger,
                    source,
                    arch,
                    state,
                    version: None,
                    run_id: None,
                    time: since.and_then(time),
                    queue: entry.map(|entry| entry.queue.as_str()),
                    request_id: entry.map(|entry| entry.id.as_str()),
                });
            }
        }
    }
    for (trigger, sources) in &facts.test_results.by_trigger {
        for (source, archs) in sources {
            for (arch, run) in archs {
                rows.push(Row {
                    trigger,
                    source,
                    arch,
                    state: State::of(run.outcome),
                    version: run.version.as_deref(),
                    run_id: run.run_id.as_deref(),
                    time: time(run.seen),
                    queue: None,
                    request_id: None,
                });
            }
        }
    }
    rows.sort_by_key(|row| (row.trigger, row.source, row.arch, row.state));
    rows
}

fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
