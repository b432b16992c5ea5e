//! `results`: post, ask, and bring in a history.

mod ask;
mod file;
mod post;
mod upstream;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tidegate_migrate::cli::{Console, Exit};

use super::client::Client;
use crate::failure::Failure;

/// Test results
#[derive(Debug, Subcommand)]
pub(crate) enum ResultsCommand {
    /// Post a result
    Post(post::PostArgs),
    /// List results, newest first
    List(ask::ListArgs),
    /// Show the newest result of each test case
    Latest(ask::LatestArgs),
    /// Show one result
    Show {
        /// Its id
        id: i64,
    },
    /// Show what a test case found, newest first
    History(ask::HistoryArgs),
    /// Show what was told of an item, of an update's builds or of a test case
    Announcements(ask::AboutArgs),
    /// Show what is known of an item, and how often it was repeated
    State {
        /// The build, or whatever else was tested
        item: String,
        /// One test case of it
        #[arg(long)]
        testcase: Option<String>,
    },
    /// Bring in a history: from a file with one result a line, or from a running ResultsDB
    Import(ImportArgs),
    /// Say which builds an update has, and no others
    BuildList {
        /// The update
        update: String,
        /// Its builds
        #[arg(required = true)]
        builds: Vec<String>,
        /// Only show what would be sent
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to bring in
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// A file with one result a line, plain, .gz or .zst; `-` is standard input
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    file: Option<PathBuf>,
    /// A running ResultsDB, whose results keep their ids
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The name by which the import can be gone on with; a digest of the file, or the name of the other server
    #[arg(long)]
    id: Option<String>,
    /// What is told of it
    #[arg(long, default_value = "none")]
    announce: Announce,
    /// Begin with results of that instant, such as 2026-01-01T00:00:00
    #[arg(long, value_name = "TIME", requires = "from")]
    since: Option<String>,
    /// So many results are asked for at a time
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u16).range(1..=1000))]
    page: u16,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// What is told of an import
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Announce {
    /// Nothing; what it changes counts as said
    None,
    /// The change that all of it makes together
    Changed,
    /// Everything, as of single results
    All,
}

impl Announce {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Changed => "changed",
            Self::All => "all",
        }
    }
}

/// Carries it out.
pub(super) fn execute(command: &ResultsCommand, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match command {
        ResultsCommand::Post(args) => post::post(args, client, console),
        ResultsCommand::List(args) => ask::list(args, client, console),
        ResultsCommand::Latest(args) => ask::latest(args, client, console),
        ResultsCommand::Show { id } => ask::show(*id, client, console),
        ResultsCommand::History(args) => ask::history(args, client, console),
        ResultsCommand::Announcements(args) => ask::announcements(args, client, console),
        ResultsCommand::State { item, testcase } => ask::state(item, testcase.as_deref(), client, console),
        ResultsCommand::Import(args) => match (&args.from, &args.file) {
            (Some(from), _) => upstream::import(from, args, client, console),
            (None, Some(file)) => file::import(file, args, client, console),
            (None, None) => Err(Failure::usage("name a file, or a ResultsDB with --from")),
        },
        ResultsCommand::BuildList { update, builds, dry_run } => {
            post::build_list(update, builds, *dry_run, client, console)
        }
    }
}
