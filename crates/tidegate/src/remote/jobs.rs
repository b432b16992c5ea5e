//! `jobs`.

use clap::Subcommand;
use serde_json::json;
use tidegate_migrate::cli::Exit;

use super::desk::{Change, Desk, Paging, Writing, part};
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
    /// List past runs of a job for a key, newest first
    Runs {
        /// The job
        job: String,
        /// The key
        key: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Run a job for a key at once
    Run {
        /// The job
        job: String,
        /// The key
        key: String,
        #[command(flatten)]
        writing: Writing,
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
        #[command(flatten)]
        writing: Writing,
    },
    /// Resume a job, or one key of it; what came meanwhile runs once a key
    Resume {
        /// The job
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        job: Option<String>,
        /// The key; the job as a whole without it
        key: Option<String>,
        /// Every job that is paused as a whole
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        writing: Writing,
    },
}

const JOBS: &str = "/api/v1/platform/jobs";

/// Carries it out.
pub(super) fn execute(command: &JobsCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let path = |job: &str, key: Option<&str>, verb: &str| match key {
        None => format!("{JOBS}/{}/{verb}", part(job)),
        Some(key) => format!("{JOBS}/{}/{}/{verb}", part(job), part(key)),
    };
    match command {
        JobsCommand::List => desk.list(JOBS, &["job", "due", "running", "failing", "paused"]),
        JobsCommand::Show { job } => {
            let fields = ["key", "due_at", "worker", "failures", "waits_for", "error"];
            desk.list(&format!("{JOBS}/{}", part(job)), &fields)
        }
        JobsCommand::Runs { job, key, paging } => {
            let fields = ["started", "ended", "outcome", "worker", "woken_by", "error"];
            desk.page(&path(job, Some(key), "runs"), paging, &fields)
        }
        JobsCommand::Run { job, key, writing } => {
            desk.change(writing, Change::post(path(job, Some(key), "run"), None, format!("{job} runs for {key}")))
        }
        JobsCommand::Pause { job, key, reason, writing } => {
            let (path, body) = (path(job, key.as_deref(), "pause"), json!({"reason": reason}));
            desk.change(writing, Change::post(path, Some(body), format!("{} is paused", of(job, key.as_deref()))))
        }
        JobsCommand::Resume { job: Some(job), key, writing, .. } => {
            let path = path(job, key.as_deref(), "resume");
            desk.change(writing, Change::post(path, None, format!("{} goes on", of(job, key.as_deref()))))
        }
        JobsCommand::Resume { job: None, writing, .. } => {
            let jobs = desk.client.list(JOBS)?;
            let paused = jobs.iter().filter(|job| !job["paused"].is_null()).filter_map(|job| job["job"].as_str());
            for job in paused {
                desk.change(writing, Change::post(path(job, None, "resume"), None, format!("{job} goes on")))?;
            }
            Ok(Exit::Yes)
        }
    }
}

fn of(job: &str, key: Option<&str>) -> String {
    key.map_or_else(|| job.to_owned(), |key| format!("{job} for {key}"))
}
