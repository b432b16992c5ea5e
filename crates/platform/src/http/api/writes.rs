//! Who changed what, and why.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use tidegate_kernel::{Actor, Timestamp};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::input::{FromParams, Params, Query};
use super::super::list::{List, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::AUDIT;
use crate::store::{Result as StoreResult, in_tx};
use crate::writes::{self, Recorded};

/// A write.
#[derive(Debug, Serialize, ToSchema)]
struct Write {
    /// Its number; the newest has the highest.
    id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    #[schema(value_type = Object)]
    actor: Actor,
    /// The id of the token that was used.
    token: Option<String>,
    /// By which way: `api`, `page`, `cli`, `git`, `comment`, `hook`, `bus`, `job`.
    via: &'static str,
    /// What allowed it.
    permission: String,
    /// What was changed.
    object: String,
    /// Why, as the person said.
    reason: Option<String>,
    /// What changed.
    change: Value,
    /// The request.
    request_id: String,
    /// The ids of what it announced.
    message_ids: Vec<String>,
}

/// Of what, and which page.
struct Of {
    object: Option<String>,
    page: Page,
}

impl FromParams for Of {
    fn read(params: &mut Params) -> Option<Self> {
        let (object, page) = (params.optional("object"), Page::read(params));
        Some(Self { object: object?, page: page? })
    }
}

impl From<Recorded> for Write {
    fn from(recorded: Recorded) -> Self {
        let Recorded { id, at, record, message_ids } = recorded;
        Self {
            id,
            at,
            actor: record.actor,
            token: record.token,
            via: record.via.name(),
            permission: record.permission,
            object: record.object,
            reason: record.reason,
            change: record.change,
            request_id: record.request_id,
            message_ids: message_ids.iter().map(ToString::to_string).collect(),
        }
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("object", "what was changed, such as `user:ann`"),
        ("limit", "items on a page, at most 500"),
        ("cursor", "where the page begins, from `next`"),
    ];
    let route =
        Endpoint::get("/api/v1/platform/writes", Access::Needs(AUDIT)).summary("Who changed what, newest first");
    Routes::new().route(route.query(QUERY).answers::<List<Write>>(200), list)
}

async fn list(
    State(platform): State<Platform>,
    Query(Of { object, page }): Query<Of>,
) -> Result<Json<List<Write>>, Problem> {
    let (before, rows) = (page.after()?.unwrap_or(i64::MAX), page.rows());
    let object = object.unwrap_or_default();
    let object = object.as_str();
    let recorded: StoreResult<Vec<Recorded>> =
        platform.db().read(|reader| in_tx(writes::list(reader, object, before, rows))).await;
    let items = recorded?.into_iter().map(Write::from).collect();
    Ok(Json(page.list(items, |write| write.id)))
}
