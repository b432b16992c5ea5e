//! One result, with all that was sent and what was told of it.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::http::{Caller, Path, Problem};
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Moment};

use super::{Pages, Row};
use crate::model::ResultId;
use crate::store;

/// So many announcements are looked through.
const ANNOUNCEMENTS: i64 = 200;

#[derive(Template)]
#[template(path = "one.html")]
struct OnePage {
    row: Row,
    note: Option<String>,
    /// Only where it leads to a page: other schemes do things of their own.
    link: Option<String>,
    groups: Vec<String>,
    data: Vec<(String, Vec<String>)>,
    told: Vec<Told>,
}

/// What was told because of it.
struct Told {
    item: String,
    before: Option<Chip>,
    after: Chip,
    at: Option<Moment>,
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Html<String>, Problem> {
    let db = pages.gate.platform.db();
    let unknown = || Problem::not_found("there is no such result");
    let id = id.parse().map(ResultId).map_err(|_| unknown())?;
    let found = db.read(|reader| in_tx(store::result(reader, id))).await?.ok_or_else(unknown)?;
    let mut told = Vec::new();
    if let Some(item) = found.data.values("item").first() {
        let read = db.read(|reader| in_tx(store::announcements(reader, item, ("", 0), ANNOUNCEMENTS)));
        let rows: tidegate_platform::store::Result<Vec<store::AnnouncedRow>> = read.await;
        told = rows?
            .into_iter()
            .filter(|row| row.result_id == id.0)
            .map(|row| Told {
                item: item.clone(),
                before: row.prev_outcome.as_deref().map(Chip::of),
                after: Chip::of(&row.outcome),
                at: tidegate_kernel::Timestamp::from_microseconds(row.created_at).map(Moment),
            })
            .collect();
    }
    let leads_somewhere = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let one = OnePage {
        row: Row::of(&found),
        note: found.note.clone(),
        link: found.ref_url.clone().filter(leads_somewhere),
        groups: found.groups.clone(),
        data: found.data.iter().map(|(key, values)| (key.to_owned(), values.to_vec())).collect(),
        told,
    };
    pages.page(&caller, format!("Result {id}"), format!("/api/v1/results/records/{id}"), None, &one)
}
