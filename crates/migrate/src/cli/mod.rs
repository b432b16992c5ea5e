//! `tidegate migrate …`: the gate's commands. Each computes afresh from a britney configuration.

mod bench;
mod config;
mod console;
mod evidence;
mod explain;
mod hints;
mod installable;
mod letters;
mod log;
mod mail;
mod policy;
mod run;
mod tester;
mod tests;
mod what_if;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

pub use console::{Bar, Console, Voice};
pub use run::{Account, Finished, RunArgs, run, run_with};

use crate::compat::britney::config::CommandLine;
use crate::files::{self, FileError, RunOptions};
use crate::hint::HintSet;
use crate::outside::FeedError;
use crate::session::Session;
use tidegate_kernel::{Clock, Timestamp};

/// How a command ended; the number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or yes.
    Yes = 0,
    /// Refused, or no.
    No = 1,
    /// Usage or configuration.
    Usage = 2,
    /// A feed that the decision needs failed.
    FeedFailed = 3,
    /// A check of our own failed.
    Fault = 4,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another machine, or what it left here.
    #[error(
        "{0}; test results are not known, so nothing was asked for and nothing written: run again when that is mended"
    )]
    Feed(#[from] FeedError),
    /// An outlet.
    #[error("cannot write the answer: {0}")]
    Output(#[from] std::io::Error),
    /// A word of the command line.
    #[error("{0}")]
    Usage(String),
    /// A check of our own failed, or something that cannot happen did.
    #[error("{0}; this is a fault of tidegate's, nothing was written")]
    Fault(String),
}

impl CliError {
    /// The exit code that says it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::File(_) | Self::Output(_) => Exit::No,
            Self::Usage(_) => Exit::Usage,
            Self::Feed(_) => Exit::FeedFailed,
            Self::Fault(_) => Exit::Fault,
        }
    }
}

/// The gate's commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Decide what may migrate, and write the new target with the reasons (britney2's arguments)
    Run(Box<RunArgs>),
    /// Say why an item moved, or why it stays
    Explain(explain::ExplainArgs),
    /// Rank the causes that hold items back by what would move without them
    Causes(explain::CausesArgs),
    /// Show what would change under other hints, rules or times; writes nothing
    #[command(visible_alias = "simulate")]
    WhatIf(what_if::WhatIfArgs),
    /// Say which packages of an index can be installed
    Installable(installable::InstallableArgs),
    /// Measure what the work costs, beside dose-debcheck
    Bench(bench::BenchArgs),
    /// List what is known of tests, and which were asked for
    Tests(tests::TestsArgs),
    /// Ask when mails are sent
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Ask one policy by itself: its input comes as JSON from standard input
    Policy(policy::PolicyArgs),
    /// Look after hints
    #[command(subcommand)]
    Hints(hints::HintsCommand),
    /// Look after the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// The options by which commands find their distribution.
#[derive(Debug, Args)]
pub struct Source {
    /// The britney configuration
    #[arg(short = 'c', long = "config", value_name = "FILE", default_value = "/etc/britney.conf")]
    pub config: PathBuf,
    /// What replaces %(SERIES) in the configuration
    #[arg(long, default_value = "testing")]
    pub series: String,
    /// The time of the run: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub now: Option<Timestamp>,
}

pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_argument(text).map_err(|error| error.to_string())
}

impl Source {
    /// Reads, loads and resolves everything; warnings go to standard error.
    fn session(&self, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Session, CliError> {
        let bar = console.progress("reading");
        let command_line = CommandLine { series: &self.series, distribution: None, overrides: &[] };
        let (config, mut warnings) = files::config(&self.config, &command_line)?;
        let options = RunOptions {
            hints: None,
            now: self.now.map(Timestamp::as_seconds),
            clock: clock.now().as_seconds(),
            may_repair: false,
        };
        let inputs = files::inputs(config, &options)?;
        bar.step("resolving");
        let (session, _, found) = files::load(inputs)?;
        drop(bar);
        // A freeze or a feed that is missing is a run's concern; whoever asks about one item knows.
        let of_runs = [HintSet::NOTHING_BLOCKED, files::NO_FEED];
        warnings.extend(found.into_iter().filter(|warning| !of_runs.contains(&warning.code)));
        for warning in warnings {
            console.say(&format!("warning: {warning}"))?;
        }
        Ok(session)
    }
}

/// Carries a command out.
///
/// # Errors
/// As the commands say; the exit code is [`CliError::exit`].
pub fn execute(command: &Command, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => run(args, console, clock),
        Command::Explain(args) => explain::explain(args, console, clock),
        Command::Causes(args) => explain::causes(args, console, clock),
        Command::WhatIf(args) => what_if::what_if(args, console, clock),
        Command::Installable(args) => installable::installable(args, console, clock),
        Command::Bench(args) => bench::bench(args, console, clock),
        Command::Tests(args) => tests::tests(args, console, clock),
        Command::Mail(command) => mail::execute(command, console, clock),
        Command::Policy(args) => policy::execute(args, console),
        Command::Hints(command) => hints::execute(command, console),
        Command::Config(command) => config::execute(command, console),
    }
}

/// A number of things: `1 hint`, `2 hints`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// The name under which a path is spoken of.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
