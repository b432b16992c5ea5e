//! Brings the history into a service: by Tidegate's import where that is there, else result by result.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::drive::{Link, Target};
use super::history::History;
use super::loads::Asked;

/// Where Tidegate mounts the interface, and where it takes histories.
const MOUNT: &str = "/resultsdb/api/v2.0";
const IMPORT: &str = "/api/v1/results/import?announce=none";
/// So many results go into one request.
const CHUNK: u64 = 10_000;
/// So many post at once, where there is no import.
const POSTERS: usize = 8;

/// Fills it, and says how far it is as it goes.
pub(super) async fn fill(target: &Target, history: History, step: &dyn Fn(u64)) -> Result<(), String> {
    match target.base.strip_suffix(MOUNT) {
        Some(root) => import(target, root, history, step).await,
        None => post(target, history, step).await,
    }
}

async fn import(target: &Target, root: &str, history: History, step: &dyn Fn(u64)) -> Result<(), String> {
    let target = Target { base: root.to_owned(), ..target.clone() };
    let mut link = Link::to(&target);
    let mut done = 0;
    while done < history.results() {
        let end = (done + CHUNK).min(history.results());
        let lines: String = (done..end).map(|place| history.place(place).to_string() + "\n").collect();
        let answer = link.ask(&Asked { path: IMPORT.to_owned(), body: Some(lines), status: 200 }).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        if answer["accepted"].as_u64() != Some(end - done) {
            return Err(format!("of {} results not all were taken: {answer}", end - done));
        }
        done = end;
        step(done);
    }
    Ok(())
}

async fn post(target: &Target, history: History, step: &dyn Fn(u64)) -> Result<(), String> {
    let next = AtomicU64::new(0);
    let poster = || async {
        let mut link = Link::to(target);
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= history.results() {
                return Ok(());
            }
            let body = Some(history.place(place).to_string());
            link.ask(&Asked { path: "/results".to_owned(), body, status: 201 }).await?;
            step(place);
        }
    };
    futures_util::future::try_join_all((0..POSTERS).map(|_| poster())).await.map(drop)
}

/// The greatest id of a result that the service has.
pub(super) async fn newest_id(target: &Target) -> Result<u64, String> {
    let asked = Asked { path: "/results?limit=1".to_owned(), body: None, status: 200 };
    let answer = Link::to(target).ask(&asked).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
    answer["data"][0]["id"].as_u64().ok_or_else(|| "it has no results: fill it first, with --fill".to_owned())
}
