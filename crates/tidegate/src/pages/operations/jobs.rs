//! Jobs: how each stands, what a person may do about it, and its last runs.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::auth::OPERATE;
use tidegate_platform::http::{Caller, FromParams, Page, Params, Path, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_platform::wake::{Scope, view};
use tidegate_web::{Chip, Encoded, Hidden, Moment};

use super::super::{Head, OPERATIONS, Pages, hidden};

/// So many runs are listed.
const RUNS: i64 = 20;

/// A job in the list of all.
pub(super) struct JobRow {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) state: Chip,
    pub(super) due: i64,
    pub(super) running: i64,
    pub(super) failing: i64,
    pub(super) why: String,
    pub(super) is_paused: bool,
    /// Whether whoever looks may pause and resume it.
    pub(super) operates: bool,
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    row: JobRow,
    keys: Vec<KeyRow>,
    next: Option<String>,
    runs: Vec<RunRow>,
    hidden: Hidden,
}

struct KeyRow {
    key: String,
    url: String,
    state: Chip,
    due: Option<Moment>,
    woken_by: String,
    failures: i64,
    error: String,
    paused: Option<view::Pause>,
    operates: bool,
}

struct RunRow {
    key: String,
    outcome: Chip,
    started: Moment,
    milliseconds: i64,
    woken_by: String,
    error: String,
}

/// Which page of its keys.
pub(in super::super) struct Keys(Page);

impl FromParams for Keys {
    fn read(params: &mut Params) -> Option<Self> {
        Page::read(params).map(Self)
    }
}

impl JobRow {
    pub(super) fn of(state: view::JobState, caller: &Caller) -> Self {
        let view::JobState { job, due, running, failing, paused } = state;
        let word = match (&paused, failing, running, due) {
            (Some(_), _, _, _) => "paused",
            (None, 1.., _, _) => "failing",
            (None, _, 1.., _) => "running",
            (None, _, _, 1..) => "due",
            (None, _, _, _) => "idle",
        };
        Self {
            url: format!("/ops/jobs/{}", Encoded(&job)),
            state: Chip::of(word),
            is_paused: paused.is_some(),
            operates: caller.principal().may_on(OPERATE, Scope::job(&job).as_str()),
            name: job,
            due,
            running,
            failing,
            why: paused.unwrap_or_default(),
        }
    }
}

impl KeyRow {
    fn of(state: view::KeyState, pauses: &[view::Pause], caller: &Caller) -> Self {
        let view::KeyState { job, key, due, worker, attempts, last_error, woken_by, .. } = state;
        let scope = Scope::key(&job, &key);
        let paused = pauses.iter().find(|pause| pause.scope == scope.as_str()).cloned();
        let word = match (&paused, &worker, attempts) {
            (Some(_), _, _) => "paused",
            (None, Some(_), _) => "running",
            (None, None, 1..) => "failing",
            (None, None, _) if due.is_some() => "due",
            (None, None, _) => "idle",
        };
        Self {
            url: format!("/ops/jobs/{}/{}", Encoded(&job), Encoded(&key)),
            state: Chip::of(word),
            due: due.map(Moment),
            failures: attempts,
            error: last_error.unwrap_or_default(),
            operates: caller.principal().may_on(OPERATE, scope.as_str()),
            woken_by,
            paused,
            key,
        }
    }
}

impl From<view::PastRun> for RunRow {
    fn from(run: view::PastRun) -> Self {
        Self {
            outcome: Chip::of(&run.outcome),
            started: Moment(run.started),
            milliseconds: (run.ended.as_microseconds() - run.started.as_microseconds()) / 1_000,
            key: run.key,
            woken_by: run.woken_by,
            error: run.error.unwrap_or_default(),
        }
    }
}

pub(in super::super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path(name): Path<String>,
    Query(Keys(page)): Query<Keys>,
) -> Result<Html<String>, Problem> {
    let known = pages.platform.jobs().iter().copied().find(|known| *known == name);
    let job = known.ok_or_else(|| Problem::not_found(format!("there is no job {name:?}")))?;
    let after: String = page.after()?.unwrap_or_default();
    let (db, after, rows) = (pages.platform.db(), after.as_str(), page.rows());
    let now = db.now();
    let read = db.read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let states = view::jobs(reader, &[job], now).await?;
            let keys = view::states(reader, job, (job, after), rows).await?;
            let pauses = view::pauses(reader).await?;
            let runs = view::runs(reader, job, "", i64::MAX, RUNS).await?;
            Ok::<_, Problem>((head, states, keys, pauses, runs))
        })
    });
    let (head, states, keys, pauses, runs) = read.await?;
    let state = states.into_iter().next().ok_or_else(|| Problem::not_found(format!("there is no job {name:?}")))?;
    let row = JobRow::of(state, &caller);
    let list = page.list(keys, |state| state.key.clone());
    let here = row.url.clone();
    let page = JobPage {
        next: list.next.map(|cursor| format!("{here}?cursor={}", Encoded(&cursor))),
        keys: list.items.into_iter().map(|state| KeyRow::of(state, &pauses, &caller)).collect(),
        runs: runs.into_iter().map(RunRow::from).collect(),
        hidden: hidden(&caller, here),
        row,
    };
    let json = Some(format!("/api/v1/platform/jobs/{}", Encoded(job)));
    let head = Head { title: name, place: OPERATIONS.path, json, live_after: Some(head) };
    pages.page(&caller, head, &page)
}
