//! One result, with all that was sent and what was told of it.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::Timestamp;
use tidegate_platform::http::{Caller, Path, Problem};
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Encoded, Moment};

use super::{Pages, Row, leads_somewhere};
use crate::history::{Share, is_good};
use crate::model::ResultId;
use crate::store::{self, AnnouncedRow, StateRow};

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
    now: Option<Now>,
}

/// How what it is about stands now.
struct Now {
    item: String,
    url: String,
    /// Of all test cases and variants so many are good.
    passed: Share,
    /// Whether it is what was told last of one of them.
    is_last: bool,
}

/// What was told because of it.
struct Told {
    item: String,
    before: Option<Chip>,
    after: Chip,
    at: Option<Moment>,
}

impl Told {
    fn of(item: &str, row: &AnnouncedRow) -> Self {
        Self {
            item: item.to_owned(),
            before: row.prev_outcome.as_deref().map(Chip::of),
            after: Chip::of(&row.outcome),
            at: Timestamp::from_microseconds(row.created_at).map(Moment),
        }
    }
}

impl Now {
    fn of(item: &str, states: &[StateRow], id: ResultId) -> Option<Self> {
        let kind = states.first()?.key_parts.0.get("type")?.as_str()?;
        let finals = || states.iter().filter_map(|row| row.outcome.as_deref());
        Some(Self {
            item: item.to_owned(),
            url: format!("/results/subjects/{}/{}", Encoded(kind), Encoded(item)),
            passed: Share { part: finals().filter(|outcome| is_good(outcome)).count(), of: finals().count() },
            is_last: states.iter().any(|row| row.result_id == Some(id.0)),
        })
    }
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
    // what is told of builds is not told of the update that has them
    let keys = ["builds", "nvrs", "item"];
    let item = keys.iter().find_map(|key| found.data.values(key).first());
    let (mut told, mut now) = (Vec::new(), None);
    if let Some(item) = item {
        let read = db.read(|reader| {
            in_tx(async move {
                let told = store::announcements(reader, item, ("", 0), ANNOUNCEMENTS).await?;
                Ok((told, store::states_of_item(reader, item, "", ANNOUNCEMENTS).await?))
            })
        });
        let read: tidegate_platform::store::Result<(Vec<AnnouncedRow>, Vec<StateRow>)> = read.await;
        let (rows, states) = read?;
        told = rows.iter().filter(|row| row.result_id == id.0).map(|row| Told::of(item, row)).collect();
        now = Now::of(item, &states, id);
    }
    let one = OnePage {
        row: Row::of(&found),
        note: found.note.clone().filter(|note| !note.is_empty()),
        link: found.ref_url.clone().filter(|url| leads_somewhere(url)),
        groups: found.groups.clone(),
        data: found.data.iter().map(|(key, values)| (key.to_owned(), values.to_vec())).collect(),
        told,
        now,
    };
    pages.page(&caller, format!("Result {id}"), format!("/api/v1/results/records/{id}"), None, &one)
}
