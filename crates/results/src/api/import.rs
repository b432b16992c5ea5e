//! `POST import`: a history of results, as a stream without end.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_ENCODING;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use tidegate_platform::http::{
    Access, Caller, Endpoint, List, PAGE_PARAMETERS, Page, Path, Problem, ProblemItem, Query, Routes,
};
use tidegate_platform::store::{Result as StoreResult, in_tx};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::answer::{Failure, json};
use super::native::instant;
use super::{Gate, Shared, request};
use crate::accept::Telling;
use crate::import::{Batch, Encoding, Inflate, Line, Lines, MAX_REJECTED, NotInflatable, Rejected};
use crate::rights::IMPORT;
use crate::store::{self, Accepting, ImportError, ImportRow, Progress};

/// How an import is to be done.
struct Wish {
    id: String,
    telling: Telling,
    encoding: Encoding,
}

/// An import on its way.
struct Import<'g> {
    gate: &'g Gate,
    wish: Wish,
    caller: Caller,
    batch: Batch,
    /// Lines up to this one were done by an earlier request.
    done: i64,
    seen: i64,
    accepted: i64,
    repeated: i64,
    rejected: Vec<Value>,
}

/// An import, as far as it came.
#[derive(Debug, Serialize, ToSchema)]
struct ImportRun {
    /// Its name.
    id: String,
    /// Lines up to this one are done.
    last_line: i64,
    /// So many results of them are stored.
    accepted: i64,
    /// The smallest id among these.
    first_result: Option<i64>,
    /// The greatest.
    last_result: Option<i64>,
    /// When its first lines were stored.
    began_at: Option<String>,
    /// When its last ones were.
    at: Option<String>,
}

/// An import with the lines that were refused.
#[derive(Debug, Serialize, ToSchema)]
struct ImportProgress {
    /// Its name.
    id: String,
    /// Lines up to this one are done.
    last_line: i64,
    /// So many results of them are stored.
    accepted: i64,
    /// Lines that were refused, each `{line, error}`.
    #[schema(value_type = Vec<Object>)]
    rejected: Vec<Value>,
}

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let import_route = Endpoint::post("/api/v1/results/import", Access::Needs(IMPORT))
        .summary("Stores a history: one result a line")
        .query(&[("id", "names the import, so that it can be resumed"), ("announce", "none, changed or all")])
        .endless();
    let runs_route = Endpoint::get("/api/v1/results/imports", Access::Read).summary("Imports, by name");
    let one_route = Endpoint::get("/api/v1/results/imports/{id}", Access::Read).summary("How far an import came");
    Routes::new()
        .route(import_route, import)
        .route(runs_route.query(PAGE_PARAMETERS).answers::<List<ImportRun>>(200), runs)
        .route(one_route.answers::<ImportProgress>(200), one)
}

async fn runs(State(gate): Shared, Query(page): Query<Page>) -> Result<axum::Json<List<ImportRun>>, Problem> {
    let (after, rows) = (&page.after::<String>()?.unwrap_or_default(), page.rows());
    let found: StoreResult<Vec<ImportRow>> =
        gate.db().read(|reader| in_tx(async move { store::imports(reader, after, rows).await })).await;
    let List { items, next } = page.list(found?, |row| row.id.clone());
    let shown = |row: ImportRow| ImportRun {
        id: row.id,
        last_line: row.last_line,
        accepted: row.accepted,
        first_result: row.first_result,
        last_result: row.last_result,
        began_at: instant(row.began_at),
        at: instant(row.at),
    };
    Ok(axum::Json(List { items: items.into_iter().map(shown).collect(), next }))
}

/// How far an import came; one that nobody began is at line 0.
async fn one(State(gate): Shared, Path(id): Path<String>) -> Result<axum::Json<ImportProgress>, Problem> {
    let progress: StoreResult<_> = gate.db().read(|reader| in_tx(store::import_progress(reader, &id))).await;
    let Progress { last_line, accepted, rejected } = progress?;
    Ok(axum::Json(ImportProgress { id, last_line, accepted, rejected }))
}

async fn import(State(gate): Shared, caller: Caller, parts: Parts, body: Body) -> Result<Response, Problem> {
    let wish = wish(&gate, &parts)?;
    let progress = gate.db().read(|reader| in_tx(store::import_progress(reader, &wish.id))).await?;
    let mut import = Import {
        gate: &gate,
        batch: Batch::behind(progress.last_line),
        done: progress.last_line,
        seen: 0,
        accepted: 0,
        repeated: progress.accepted,
        rejected: progress.rejected,
        wish,
        caller,
    };
    import.take(body).await?;
    json(StatusCode::OK, &import.answer()).map_err(Problem::from)
}

fn wish(gate: &Gate, parts: &Parts) -> Result<Wish, Problem> {
    let surroundings = gate.db().surroundings();
    let mut id = None;
    let mut telling = Telling::Nothing;
    for (name, value) in form_urlencoded::parse(request::query(parts).as_bytes()) {
        match (&*name, &*value) {
            ("id", value) if !value.is_empty() && value.len() <= 200 && !value.contains('\0') => {
                id = Some(value.to_owned());
            }
            ("announce", "none") => telling = Telling::Nothing,
            ("announce", "changed") => telling = Telling::Changes,
            ("announce", "all") => telling = Telling::All,
            ("id" | "announce", value) => {
                return Err(Problem::bad_value(
                    format!("query:{name}"),
                    format!("{value:?} is none of what it may be"),
                ));
            }
            _ => {
                return Err(request::unknown_parameter(&name));
            }
        }
    }
    let encoding = parts.headers.get(CONTENT_ENCODING).map_or(Some(""), |name| name.to_str().ok());
    let encoding = encoding.and_then(Encoding::named);
    let encoding =
        encoding.ok_or_else(|| Problem::bad_value("header:Content-Encoding", "expected gzip or zstd, or none"))?;
    let id = id.unwrap_or_else(|| surroundings.ids.public_id(gate.db().now()).to_string());
    Ok(Wish { id, telling, encoding })
}

impl Import<'_> {
    /// Takes the stream. Where it breaks off, what is stored stays stored, and the rest can be sent again.
    async fn take(&mut self, body: Body) -> Result<(), Problem> {
        let mut stream = body.into_data_stream();
        let mut inflate = Inflate::new(self.wish.encoding).map_err(|error| not_inflatable(&error))?;
        let mut lines = Lines::default();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|_| Problem::bad_value("/body", "the body broke off"))?;
            // small parts, so that what grows a lot is stored as it comes
            for part in piece.chunks(4 * 1024) {
                let mut found = Vec::new();
                inflate.push(part, |bytes| found.extend(lines.push(bytes))).map_err(|error| not_inflatable(&error))?;
                self.lines(found).await?;
            }
        }
        let mut found = Vec::new();
        inflate.finish(|bytes| found.extend(lines.push(bytes))).map_err(|error| not_inflatable(&error))?;
        found.extend(lines.finish());
        self.lines(found).await?;
        self.store().await
    }

    async fn lines(&mut self, lines: Vec<Line>) -> Result<(), Problem> {
        for line in lines {
            self.seen += 1;
            if self.seen <= self.done {
                continue;
            }
            self.batch.push(&line, &self.gate.acceptance(), &self.gate.rules);
            if self.batch.is_full() {
                self.store().await?;
            }
            if self.rejected.len() + self.batch.rejected.len() > MAX_REJECTED {
                return Err(self.stopped());
            }
        }
        Ok(())
    }

    /// Stores the lines that were taken, in one transaction.
    async fn store(&mut self) -> Result<(), Problem> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let last_line = self.batch.last_line;
        let batch = std::mem::replace(&mut self.batch, Batch::behind(last_line));
        let accepting = Accepting {
            rules: &self.gate.rules,
            links: &self.gate.public,
            actor: self.caller.principal().actor(),
            telling: self.wish.telling,
        };
        let (import, accepting, batch) = (&self.wish.id, &accepting, &batch);
        let stored = self
            .gate
            .db()
            .write("results.import", |tx| in_tx(async move { store::import_batch(tx, import, accepting, batch).await }))
            .await;
        let (stored, rejected) = stored.map_err(|error| self.not_stored(error))?;
        self.accepted += i64::try_from(stored.len()).unwrap_or(i64::MAX);
        self.rejected.extend(rejected.iter().map(Rejected::to_json));
        Ok(())
    }

    fn answer(&self) -> Value {
        json!({
            "id": self.wish.id,
            "accepted": self.accepted,
            "repeated": self.repeated,
            "rejected": self.rejected,
            "last_line": self.batch.last_line,
        })
    }

    fn not_stored(&self, error: ImportError) -> Problem {
        match error {
            ImportError::Overtaken => {
                let id = &self.wish.id;
                let detail = format!(
                    "another request imports under the id {id:?}: what is stored stays; ask again to go on behind it"
                );
                Problem::new(409, "results.import-overtaken", detail)
            }
            ImportError::NotAccepted(error) => Failure::from(error).into(),
        }
    }

    fn stopped(&self) -> Problem {
        let bad = |line: &Value| ProblemItem {
            line: line["line"].as_u64().and_then(|line| line.try_into().ok()),
            ..ProblemItem::new("/body", "platform.bad-value", line["error"].as_str().unwrap_or_default())
        };
        let stored = self.accepted + self.repeated;
        let detail = format!(
            "more than {MAX_REJECTED} lines are bad; the {stored} results that import {:?} stored before stay",
            self.wish.id
        );
        let errors = self.rejected.iter().map(bad).collect();
        Problem { errors, ..Problem::new(400, "results.import-stopped", detail) }
    }
}

fn not_inflatable(error: &NotInflatable) -> Problem {
    Problem::bad_value("/body", error.to_string())
}
