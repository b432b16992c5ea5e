//! Operations: jobs, receivers, and messages that did not go through.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::auth::OPERATE;
use tidegate_platform::http::{Caller, Problem, Query};
use tidegate_platform::relay::view as receivers;
use tidegate_platform::store::in_tx;
use tidegate_platform::wake::view as jobs;
use tidegate_web::{Chip, Moment};

use super::{OPERATIONS, Pages};

/// A table has at most so many rows.
const ROWS: i64 = 100;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    jobs: Vec<JobRow>,
    receivers: Vec<ReceiverRow>,
    /// Nothing for those who may not see them.
    set_aside: Option<Vec<receivers::Delivery>>,
}

struct JobRow {
    name: String,
    state: Chip,
    due: i64,
    running: i64,
    failing: i64,
    why: String,
}

struct ReceiverRow {
    name: String,
    state: Chip,
    pending: i64,
    set_aside: i64,
    since: Moment,
    error: String,
}

impl From<jobs::JobState> for JobRow {
    fn from(state: jobs::JobState) -> Self {
        let jobs::JobState { job, due, running, failing, paused } = state;
        let word = match (&paused, failing, running, due) {
            (Some(_), _, _, _) => "paused",
            (None, 1.., _, _) => "failing",
            (None, _, 1.., _) => "running",
            (None, _, _, 1..) => "due",
            (None, _, _, _) => "idle",
        };
        Self { name: job, state: Chip::of(word), due, running, failing, why: paused.unwrap_or_default() }
    }
}

impl From<receivers::SinkState> for ReceiverRow {
    fn from(state: receivers::SinkState) -> Self {
        Self {
            state: Chip::of(if state.is_down { "down" } else { "up" }),
            name: state.name,
            pending: state.pending,
            set_aside: state.set_aside,
            since: Moment(state.since),
            error: state.error.unwrap_or_default(),
        }
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let (db, names) = (pages.platform.db(), pages.platform.jobs());
    let now = db.now();
    let operates = caller.principal().may(OPERATE);
    let read = db.read(|reader| {
        in_tx(async move {
            let jobs = jobs::jobs(reader, names, now).await?;
            let sinks = receivers::sinks(reader).await?;
            let mut set_aside = Vec::new();
            for sink in sinks.iter().filter(|sink| operates && sink.set_aside > 0).take(5) {
                set_aside.extend(receivers::deliveries(reader, &sink.name, "set_aside", i64::MAX, ROWS).await?);
            }
            Ok::<_, Problem>((jobs, sinks, set_aside))
        })
    });
    let (jobs, sinks, mut set_aside) = read.await?;
    set_aside.truncate(usize::try_from(ROWS).unwrap_or_default());
    let operations = OperationsPage {
        jobs: jobs.into_iter().map(JobRow::from).collect(),
        receivers: sinks.into_iter().map(ReceiverRow::from).collect(),
        set_aside: operates.then_some(set_aside),
    };
    pages.page(&caller, OPERATIONS, "/api/v1/platform/jobs", &operations)
}
