//! Operations: jobs, receivers, messages that did not go through, processes, and who changed what.

pub(super) mod jobs;
pub(super) mod messages;
pub(super) mod writes;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::auth::{AUDIT, OPERATE};
use tidegate_platform::http::{Caller, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::relay::view as receivers;
use tidegate_platform::store::in_tx;
use tidegate_platform::wake::view;
use tidegate_platform::writes as record;
use tidegate_web::{Age, Chip, Encoded, Hidden};

use self::jobs::JobRow;
use self::writes::WriteRow;
use super::{Head, OPERATIONS, Pages, hidden};

/// So many writes and processes are on the page.
const WRITES: i64 = 10;
const PROCESSES: i64 = 50;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    jobs: Vec<JobRow>,
    receivers: Vec<ReceiverRow>,
    processes: Vec<(view::Process, Age)>,
    /// Nothing for those who may not see them.
    writes: Option<Vec<WriteRow>>,
    operates: bool,
    hidden: Hidden,
}

struct ReceiverRow {
    name: String,
    state: Chip,
    pending: i64,
    set_aside: i64,
    since: Age,
    error: String,
    messages: String,
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let (db, names) = (pages.platform.db(), pages.platform.jobs());
    let now = db.now();
    let principal = caller.principal();
    let audits = principal.may(AUDIT);
    let read = db.read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let jobs = view::jobs(reader, names, now).await?;
            let sinks = receivers::sinks(reader).await?;
            let processes = view::processes(reader, PROCESSES).await?;
            let writes = if audits { Some(record::list(reader, "", i64::MAX, WRITES).await?) } else { None };
            Ok::<_, Problem>((head, jobs, sinks, processes, writes))
        })
    });
    let (head, jobs, sinks, processes, writes) = read.await?;
    let receiver = |state: receivers::SinkState| ReceiverRow {
        state: Chip::of(if state.is_down { "down" } else { "up" }),
        messages: format!("/ops/messages?sink={}", Encoded(&state.name)),
        since: Age { since: state.since, now },
        pending: state.pending,
        set_aside: state.set_aside,
        error: state.error.unwrap_or_default(),
        name: state.name,
    };
    let seen = |process: view::Process| {
        let age = Age { since: process.seen_at, now };
        (process, age)
    };
    let page = OperationsPage {
        jobs: jobs.into_iter().map(|state| JobRow::of(state, &caller)).collect(),
        receivers: sinks.into_iter().map(receiver).collect(),
        processes: processes.into_iter().map(seen).collect(),
        writes: writes.map(|writes| writes.into_iter().map(WriteRow::from).collect()),
        operates: principal.may(OPERATE),
        hidden: hidden(&caller, "/ops"),
    };
    let head = Head { live_after: Some(head), ..Head::of(OPERATIONS, "/api/v1/platform/jobs") };
    pages.page(&caller, head, &page)
}
