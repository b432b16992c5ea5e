//! Finds a subject by whatever people type.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tidegate_kernel::Subject;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::caller::Caller;
use super::super::input::{FromParams, Params, Query};
use super::super::list::List;
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use super::trail::{address, title};
use crate::store::{Reader, Result as StoreResult, in_tx};
use crate::trail::Trail;

/// So many are found.
const MOST: i64 = 20;
/// A longer text names no subject.
const LONGEST: usize = 1_000;

/// A subject that was found.
#[derive(Debug, Serialize, ToSchema)]
struct Hit {
    /// What it is.
    #[schema(value_type = String)]
    subject: Subject,
    /// What people call it.
    title: String,
    /// Its trail.
    url: String,
}

/// What is looked for.
struct Wanted {
    q: String,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let q = params.optional::<String>("q")?.unwrap_or_default().trim().to_owned();
        if q.is_empty() || q.len() > LONGEST || q.chars().any(char::is_control) {
            params.refuse("q", "expected what a subject is called, at most 1000 bytes");
            return None;
        }
        Some(Self { q })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[("q", "a subject, the beginning of its name, or digits of a commit")];
    let route = Endpoint::get("/api/v1/search", Access::Read)
        .summary("Finds subjects: those that are meant, then those that begin so");
    Routes::new().route(route.query(QUERY).answers::<List<Hit>>(200), search)
}

async fn search(
    State(platform): State<Platform>,
    caller: Caller,
    Query(Wanted { q }): Query<Wanted>,
) -> Result<Json<List<Hit>>, Problem> {
    let (trail, q) = (&platform.trail_for(&caller), q.as_str());
    let found: StoreResult<Vec<Subject>> = platform.db().read(|reader| in_tx(find(trail, reader, q))).await;
    let hit = |subject: Subject| Hit { title: title(&subject), url: address(&subject), subject };
    Ok(Json(List { items: found?.into_iter().map(hit).collect(), next: None }))
}

async fn find(trail: &Trail, reader: &mut Reader, q: &str) -> StoreResult<Vec<Subject>> {
    let mut found = trail.known(reader, q).await?;
    for subject in trail.beginning(reader, q, MOST).await? {
        if !found.contains(&subject) {
            found.push(subject);
        }
    }
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(found)
}
