//! Jobs: how they are, and what a person may do about it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::Timestamp;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, Path, Query};
use super::super::list::{List, PAGE_PARAMETERS, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::OPERATE;
use crate::store::{Result as StoreResult, in_tx};
use crate::wake::{Scope, Wake, view};

/// How a job is.
#[derive(Debug, Serialize, ToSchema)]
struct JobState {
    /// Its name.
    job: String,
    /// Wishes and keys that are due and do not run, counted up to 1,000 each.
    due: i64,
    /// Keys that run now.
    running: i64,
    /// Keys that failed at their last run.
    failing: i64,
    /// Why it does not run, if somebody paused it as a whole.
    paused: Option<String>,
}

/// How a job is for one key.
#[derive(Debug, Serialize, ToSchema)]
struct KeyState {
    /// The key.
    key: String,
    /// When it is to run.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Whether it goes before others.
    urgent: bool,
    /// The worker that runs it now.
    worker: Option<String>,
    /// What woke it, with blanks between.
    woken_by: String,
    /// How often it failed in a row.
    failures: i64,
    /// Since when it fails.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// The last failure.
    error: Option<String>,
    /// The code of what it waits for.
    waits_for: Option<String>,
}

/// A run that ended.
#[derive(Debug, Serialize, ToSchema)]
struct PastRun {
    /// Its number; the newest has the highest.
    id: i64,
    /// Who ran it.
    worker: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    ended: Timestamp,
    /// `done`, `again`, `wait`, `failed`
    outcome: String,
    /// Why it failed.
    error: Option<String>,
    /// What woke it, with blanks between.
    woken_by: String,
}

/// A process that works.
#[derive(Debug, Serialize, ToSchema)]
struct Process {
    /// Its name in leases.
    uuid: String,
    /// The machine.
    host: String,
    /// Its process id there.
    pid: i64,
    /// What it does.
    roles: String,
    /// Its version.
    version: String,
    /// When it last said so.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
}

impl From<view::JobState> for JobState {
    fn from(state: view::JobState) -> Self {
        let view::JobState { job, due, running, failing, paused } = state;
        Self { job, due, running, failing, paused }
    }
}

impl From<view::KeyState> for KeyState {
    fn from(state: view::KeyState) -> Self {
        Self {
            key: state.key,
            due_at: state.due,
            urgent: state.is_urgent,
            worker: state.worker,
            woken_by: state.woken_by,
            failures: state.attempts,
            failing_since: state.failing_since,
            error: state.last_error,
            waits_for: state.waits_for,
        }
    }
}

impl From<view::PastRun> for PastRun {
    fn from(run: view::PastRun) -> Self {
        let view::PastRun { id, worker, started, ended, outcome, error, woken_by, .. } = run;
        Self { id, worker, started, ended, outcome, error, woken_by }
    }
}

impl From<view::Process> for Process {
    fn from(process: view::Process) -> Self {
        let view::Process { uuid, host, pid, roles, version, seen_at } = process;
        Self { uuid, host, pid, roles, version, seen_at }
    }
}

/// Why.
#[derive(ToSchema)]
pub(in super::super) struct Reason {
    /// In the caller's words.
    reason: String,
}

impl FromFields for Reason {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { reason: fields.text("reason", 1..=1_000)? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    let (read, operate) = (Access::Read, Access::NeedsOn(OPERATE));
    let list_route = Endpoint::get("/api/v1/platform/jobs", read).summary("How all jobs are");
    let keys_route = Endpoint::get("/api/v1/platform/jobs/{job}", read).summary("How a job is for each of its keys");
    let runs_route =
        Endpoint::get("/api/v1/platform/jobs/{job}/{key}/runs", read).summary("Past runs of a job for a key");
    let run_route = Endpoint::post("/api/v1/platform/jobs/{job}/{key}/run", operate).summary("Runs a job at once");
    let pause = |path| Endpoint::post(path, operate).summary("Pauses, over restarts too").takes::<Reason>();
    let resume = |path| Endpoint::post(path, operate).summary("Resumes; what came meanwhile runs once a key");
    let workers_route = Endpoint::get("/api/v1/platform/workers", read).summary("The processes that work");
    Routes::new()
        .route(workers_route.answers::<List<Process>>(200), workers)
        .route(list_route.answers::<List<JobState>>(200), list)
        .route(keys_route.query(PAGE_PARAMETERS).answers::<List<KeyState>>(200), keys)
        .route(runs_route.query(PAGE_PARAMETERS).answers::<List<PastRun>>(200), runs)
        .route(run_route, run)
        .route(pause("/api/v1/platform/jobs/{job}/pause"), pause_job)
        .route(resume("/api/v1/platform/jobs/{job}/resume"), resume_job)
        .route(pause("/api/v1/platform/jobs/{job}/{key}/pause"), pause_key)
        .route(resume("/api/v1/platform/jobs/{job}/{key}/resume"), resume_key)
}

fn known<'j>(platform: &Platform, job: &'j str) -> Result<&'j str, Problem> {
    let names = platform.jobs();
    if names.contains(&job) {
        return Ok(job);
    }
    let near = crate::config::nearest(job, names.iter().copied());
    let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    Err(Problem::not_found(format!("there is no job {job:?}{hint}")))
}

fn checked<'k>(platform: &Platform, job: &str, key: &'k str) -> Result<&'k str, Problem> {
    known(platform, job)?;
    if key.len() > Wake::LONGEST_KEY || key.chars().any(char::is_control) {
        return Err(Problem::not_found("no key of a job looks like this"));
    }
    Ok(key)
}

async fn list(State(platform): State<Platform>, Query(()): Query<()>) -> Result<Json<List<JobState>>, Problem> {
    let (names, now) = (platform.jobs(), platform.db().now());
    let items: StoreResult<Vec<_>> = platform.db().read(|reader| in_tx(view::jobs(reader, names, now))).await;
    Ok(Json(List { items: items?.into_iter().map(JobState::from).collect(), next: None }))
}

async fn keys(
    State(platform): State<Platform>,
    Path(job): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<KeyState>>, Problem> {
    let job = known(&platform, &job)?;
    let after: String = page.after()?.unwrap_or_default();
    let (after, rows) = (after.as_str(), page.rows());
    let items: StoreResult<Vec<_>> =
        platform.db().read(|reader| in_tx(view::states(reader, job, (job, after), rows))).await;
    let items = items?.into_iter().map(KeyState::from).collect();
    Ok(Json(page.list(items, |state| state.key.clone())))
}

async fn runs(
    State(platform): State<Platform>,
    Path((job, key)): Path<(String, String)>,
    Query(page): Query<Page>,
) -> Result<Json<List<PastRun>>, Problem> {
    let (job, key) = (job.as_str(), checked(&platform, &job, &key)?);
    let (before, rows) = (page.after()?.unwrap_or(i64::MAX), page.rows());
    let items: StoreResult<Vec<_>> =
        platform.db().read(|reader| in_tx(view::runs(reader, job, key, before, rows))).await;
    let items = items?.into_iter().map(PastRun::from).collect();
    Ok(Json(page.list(items, |run| run.id)))
}

async fn workers(State(platform): State<Platform>, Query(()): Query<()>) -> Result<Json<List<Process>>, Problem> {
    const MOST: i64 = 500;
    let items: StoreResult<Vec<_>> = platform.db().read(|reader| in_tx(view::processes(reader, MOST))).await;
    Ok(Json(List { items: items?.into_iter().map(Process::from).collect(), next: None }))
}

pub(in super::super) async fn run(
    State(platform): State<Platform>,
    Path((job, key)): Path<(String, String)>,
    caller: Caller,
) -> Result<Answer, Problem> {
    let scope = Scope::key(&job, checked(&platform, &job, &key)?);
    caller.demand_on(OPERATE, scope.as_str())?;
    let (caller, job, key, scope) = (&caller, job.as_str(), key.as_str(), &scope);
    let done = caller.write(&platform, "platform.job.run", |tx| {
        in_tx(async move {
            tx.run_now(job, key).await?;
            caller.record(tx, of(scope, None, "run"));
            let runs = format!("/api/v1/platform/jobs/{job}");
            Ok(Answer::accepted(runs, &json!({"job": job, "key": key})))
        })
    });
    done.await
}

pub(in super::super) async fn pause_job(
    State(platform): State<Platform>,
    Path(job): Path<String>,
    caller: Caller,
    Body(why): Body<Reason>,
) -> Result<Answer, Problem> {
    pause(&platform, &caller, &Scope::job(known(&platform, &job)?), &why.reason).await
}

pub(in super::super) async fn pause_key(
    State(platform): State<Platform>,
    Path((job, key)): Path<(String, String)>,
    caller: Caller,
    Body(why): Body<Reason>,
) -> Result<Answer, Problem> {
    pause(&platform, &caller, &Scope::key(&job, checked(&platform, &job, &key)?), &why.reason).await
}

pub(in super::super) async fn resume_job(
    State(platform): State<Platform>,
    Path(job): Path<String>,
    caller: Caller,
) -> Result<Answer, Problem> {
    resume(&platform, &caller, &Scope::job(known(&platform, &job)?)).await
}

pub(in super::super) async fn resume_key(
    State(platform): State<Platform>,
    Path((job, key)): Path<(String, String)>,
    caller: Caller,
) -> Result<Answer, Problem> {
    resume(&platform, &caller, &Scope::key(&job, checked(&platform, &job, &key)?)).await
}

async fn pause(platform: &Platform, caller: &Caller, scope: &Scope, reason: &str) -> Result<Answer, Problem> {
    caller.demand_on(OPERATE, scope.as_str())?;
    let done = caller.write(platform, "platform.job.pause", |tx| {
        in_tx(async move {
            tx.pause(scope, caller.principal().actor(), reason).await?;
            caller.record(tx, of(scope, Some(reason), "paused"));
            Ok(Answer::ok(&json!({"scope": scope.as_str(), "paused": true})))
        })
    });
    done.await
}

async fn resume(platform: &Platform, caller: &Caller, scope: &Scope) -> Result<Answer, Problem> {
    caller.demand_on(OPERATE, scope.as_str())?;
    let done = caller.write(platform, "platform.job.resume", |tx| {
        in_tx(async move {
            if tx.resume(scope, caller.principal().actor()).await? {
                caller.record(tx, of(scope, None, "resumed"));
            }
            Ok(Answer::ok(&json!({"scope": scope.as_str(), "paused": false})))
        })
    });
    done.await
}

fn of(scope: &Scope, reason: Option<&str>, did: &str) -> Record {
    let reason = reason.map(str::to_owned);
    Record { permission: OPERATE, object: format!("job:{}", scope.as_str()), reason, change: json!({"did": did}) }
}
