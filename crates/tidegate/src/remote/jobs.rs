//! `jobs`.

use clap::Subcommand;
use serde_json::json;
use tidegate_migrate::cli::{Console, Exit};

use super::client::Client;
use super::entry::part;
use super::shown::{done, list};
use crate::failure::Failure;

/// Work in the background
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Say how all jobs are
    List,
    /// Say how a job is for each of its keys
    Show {
        /// The job
        job: String,
    },
    /// Run a job for a key at once
    Run {
        /// The job
        job: String,
        /// The key
        key: String,
    },
    /// Pause a job, or one key of it, over restarts too
    Pause {
        /// The job
        job: String,
        /// The key; all of them without it
        key: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Resume a job, or one key of it
    Resume {
        /// The job
        job: String,
        /// The key; the job as a whole without it
        key: Option<String>,
    },
}

const JOBS: &str = "/api/v1/platform/jobs";

/// Carries it out.
pub(super) fn execute(command: &JobsCommand, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let path = |job: &str, key: Option<&str>, verb: &str| match key {
        None => format!("{JOBS}/{}/{verb}", part(job)),
        Some(key) => format!("{JOBS}/{}/{}/{verb}", part(job), part(key)),
    };
    match command {
        JobsCommand::List => list(console, &client.list(JOBS)?, &["job", "due", "running", "failing", "paused"]),
        JobsCommand::Show { job } => {
            let fields = ["key", "due_at", "worker", "failures", "waits_for", "error"];
            list(console, &client.list(&format!("{JOBS}/{}", part(job)))?, &fields)
        }
        JobsCommand::Run { job, key } => {
            let answered = client.post(&path(job, Some(key), "run"), None)?;
            done(console, &answered.body, &format!("{job} runs for {key}"))
        }
        JobsCommand::Pause { job, key, reason } => {
            let body = json!({"reason": reason});
            let answered = client.post(&path(job, key.as_deref(), "pause"), Some(&body))?;
            done(console, &answered.body, &format!("{job} is paused"))
        }
        JobsCommand::Resume { job, key } => {
            let answered = client.post(&path(job, key.as_deref(), "resume"), None)?;
            done(console, &answered.body, &format!("{job} goes on"))
        }
    }
}
