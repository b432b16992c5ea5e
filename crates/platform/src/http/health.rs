//! Whether the service lives, whether it is ready, and what it counted.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::Platform;
use super::metrics::Standing;
use super::problem::Problem;
use super::route::{Access, Endpoint, Routes};
use crate::blockers;
use crate::relay::view::sinks;
use crate::store::{Result as StoreResult, in_tx};
use crate::wake::view::jobs;

const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn routes() -> Routes<Platform> {
    Routes::new()
        .route(Endpoint::get("/healthz", Access::Open).summary("The process lives"), live)
        .route(Endpoint::get("/readyz", Access::Open).summary("The store answers and no stop has begun"), ready)
        .route(Endpoint::get("/metrics", Access::Read).summary("What was counted, for Prometheus"), metrics)
}

async fn live() -> &'static str {
    "ok\n"
}

async fn ready(State(platform): State<Platform>) -> Result<&'static str, Problem> {
    if platform.is_stopping() {
        return Err(Problem::unavailable("the service is stopping"));
    }
    let asked: StoreResult<Result<(), ()>> = async {
        let reading = platform.db().read(|reader| in_tx(async move { super::store::ping(reader).await }));
        match tokio::time::timeout(PATIENCE, reading).await {
            Ok(answered) => answered.map(Ok),
            Err(_) => Ok(Err(())),
        }
    }
    .await;
    match asked {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(())) => Err(Problem::unavailable("the store does not answer in time")),
        Err(error) => Err(error.into()),
    }
}

async fn metrics(State(platform): State<Platform>) -> Response {
    let (names, now) = (platform.jobs(), platform.db().now());
    let standing: StoreResult<Standing> = platform
        .db()
        .read(|reader| {
            in_tx(async move {
                let (sinks, blockers) = (sinks(reader).await?, blockers::count(reader).await?);
                Ok(Standing { sinks, blockers, jobs: jobs(reader, names, now).await? })
            })
        })
        .await;
    match standing {
        Ok(standing) => platform.metrics().show(&standing, now),
        // what is counted here is told also while the store is away
        Err(error) => tracing::debug!(%error, "how the platform stands is not known"),
    }
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], platform.metrics().text()).into_response()
}
