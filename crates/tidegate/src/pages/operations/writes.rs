//! Who changed what, by which way, and why.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::http::{Caller, FromParams, Page, Params, Problem, Query};
use tidegate_platform::store::in_tx;
use tidegate_platform::writes::{self, Recorded};
use tidegate_web::{Encoded, Moment};

use super::super::{Head, OPERATIONS, Pages};

/// Of what, and which page.
pub(in super::super) struct Asked {
    object: String,
    page: Page,
}

#[derive(Template)]
#[template(path = "writes.html")]
struct WritesPage {
    object: String,
    rows: Vec<WriteRow>,
    next: Option<String>,
}

/// A write in a list.
pub(super) struct WriteRow {
    pub(super) at: Moment,
    pub(super) actor: String,
    pub(super) via: &'static str,
    pub(super) object: String,
    pub(super) url: String,
    pub(super) reason: String,
    pub(super) change: String,
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let (object, page) = (params.optional::<String>("object"), Page::read(params));
        Some(Self { object: object?.unwrap_or_default(), page: page? })
    }
}

impl From<Recorded> for WriteRow {
    fn from(write: Recorded) -> Self {
        let Recorded { at, record, .. } = write;
        Self {
            at: Moment(at),
            actor: record.actor.to_string(),
            via: record.via.name(),
            url: format!("/ops/writes?object={}", Encoded(&record.object)),
            object: record.object,
            reason: record.reason.unwrap_or_default(),
            change: record.change.to_string(),
        }
    }
}

pub(in super::super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(Asked { object, page }): Query<Asked>,
) -> Result<Html<String>, Problem> {
    let (before, rows) = (page.after()?.unwrap_or(i64::MAX), page.rows());
    let of = object.trim();
    let found: Result<Vec<Recorded>, tidegate_platform::store::StoreError> =
        pages.platform.db().read(|reader| in_tx(writes::list(reader, of, before, rows))).await;
    let list = page.list(found?, |write| write.id);
    let here = format!("/ops/writes?object={}", Encoded(of));
    let writes = WritesPage {
        rows: list.items.into_iter().map(WriteRow::from).collect(),
        next: list.next.map(|cursor| format!("{here}&cursor={}", Encoded(&cursor))),
        object: of.to_owned(),
    };
    let json = Some(format!("/api/v1/platform/writes?object={}", Encoded(of)));
    let head = Head { title: "Changes".to_owned(), place: OPERATIONS.path, json, live_after: None };
    pages.page(&caller, head, &writes)
}
