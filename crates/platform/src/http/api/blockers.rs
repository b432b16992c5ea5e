//! What stands still, and why.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use tidegate_kernel::{Action, BlockerId, Evidence, Level, LookAgain, Subject, Timestamp, Who};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::caller::Caller;
use super::super::input::{FromParams, Params, Path, Query};
use super::super::list::{List, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use super::super::when::When;
use crate::blockers::{self, Filter, Kept};
use crate::store::{Result as StoreResult, in_tx};

/// Why a subject stands still.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Blocker {
    /// The same for as long as its code holds its subject, and again when it comes back.
    #[schema(value_type = String)]
    id: BlockerId,
    /// The stable code with its prefix.
    code: String,
    /// `hold` stops the subject, `note` only informs.
    #[schema(value_type = String)]
    level: Level,
    /// What stands still.
    #[schema(value_type = String)]
    subject: Subject,
    /// What holds it, in one sentence.
    text: String,
    /// What shows it; at most 20.
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<Evidence>,
    /// How much evidence there was, where that is more than is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_total: Option<usize>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Who can act; never empty.
    #[schema(value_type = Vec<Object>)]
    who: Vec<Who>,
    /// What will have it looked at again.
    #[schema(value_type = Object)]
    look_again: LookAgain,
    /// What can be done about it.
    #[schema(value_type = Vec<Object>)]
    actions: Vec<Action>,
    /// Values for programs; each code has its own.
    details: Map<String, Value>,
    /// The gate that says so.
    gate: String,
    /// When it ended; `null` while it holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl From<Kept> for Blocker {
    fn from(kept: Kept) -> Self {
        let Kept { blocker, gate, until, .. } = kept;
        let total = blocker.evidence_total();
        Self {
            id: blocker.id(),
            code: blocker.code().to_owned(),
            level: blocker.level(),
            subject: blocker.subject().clone(),
            text: blocker.text().to_owned(),
            evidence: blocker.evidence().to_vec(),
            evidence_total: (total > blocker.evidence().len()).then_some(total),
            since: blocker.since(),
            who: blocker.who().to_vec(),
            look_again: blocker.look_again().clone(),
            actions: blocker.actions().to_vec(),
            details: blocker.details().clone(),
            gate,
            until,
        }
    }
}

/// Which blockers, and which page.
struct Which {
    filter: Filter,
    since_before: Option<When>,
    page: Page,
}

impl FromParams for Which {
    fn read(params: &mut Params) -> Option<Self> {
        let (gate, code, subject) = (params.list("gate"), params.list("code"), params.list("subject"));
        let (level, who) = (params.list::<String>("level"), params.list("who"));
        let (q, since_before) = (params.optional::<String>("q"), params.optional("since_before"));
        let page = Page::read(params);
        let level = level?;
        if level.iter().any(|level| level != "hold" && level != "note") {
            params.refuse("level", "expected hold or note");
            return None;
        }
        let filter = Filter {
            gate: gate?,
            not_of: Vec::new(),
            code: code?,
            subject: subject?,
            level,
            who: who?,
            q: q?.unwrap_or_default(),
            since_before: None,
        };
        Some(Self { filter, since_before: since_before?, page: page? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("gate", "of that gate; repeated or with commas between, one of them"),
        ("code", "of that code, such as `results.test-failed`"),
        ("subject", "of that subject, such as `build:nethack-9-1.fc44`"),
        ("level", "`hold` or `note`"),
        ("who", "that someone of that name can act on"),
        ("since_before", "that have held since before then; a time, or `-24h`"),
        ("q", "with that in its sentence"),
        ("limit", "items on a page, at most 500"),
        ("cursor", "where the page begins, from `next`"),
    ];
    let list_route = Endpoint::get("/api/v1/blockers", Access::Read)
        .summary("What stands still: holds first, then the gates' order");
    let history_route =
        Endpoint::get("/api/v1/blockers/history", Access::Read).summary("What stood still, newest first");
    let one_route = Endpoint::get("/api/v1/blockers/{id}", Access::Read).summary("One blocker, open or as it last was");
    Routes::new()
        .route(list_route.query(QUERY).answers::<List<Blocker>>(200), list)
        .route(history_route.query(QUERY).answers::<List<Blocker>>(200), history)
        .route(one_route.answers::<Blocker>(200), one)
}

impl Which {
    /// The filter with what depends on who asks, and when.
    fn filter(&self, platform: &Platform, caller: &Caller) -> Filter {
        let since_before = self.since_before.map(|when| when.from(platform.db().now()));
        Filter { since_before, not_of: platform.hidden_from(caller), ..self.filter.clone() }
    }
}

async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<List<Blocker>>, Problem> {
    let (filter, page) = (&which.filter(&platform, &caller), &which.page);
    let (after, rows) = (page.after()?, page.rows());
    let after = after.as_ref();
    let kept: StoreResult<Vec<Kept>> =
        platform.db().read(|reader| in_tx(blockers::list(reader, filter, after, rows))).await;
    let mut list = shown(page.list(kept?, Kept::place));
    // it is in no list of the store while it holds
    if let Some(of_store) = blockers::of_store(platform.db()).filter(|kept| after.is_none() && filter.takes(kept)) {
        list.items.insert(0, of_store.into());
    }
    Ok(Json(list))
}

async fn history(
    State(platform): State<Platform>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<List<Blocker>>, Problem> {
    let (filter, page) = (&which.filter(&platform, &caller), &which.page);
    let (before, rows) = (page.after()?, page.rows());
    let before = before.as_ref();
    let kept: StoreResult<Vec<Kept>> =
        platform.db().read(|reader| in_tx(blockers::history(reader, filter, before, rows))).await;
    Ok(Json(shown(page.list(kept?, Kept::begun))))
}

async fn one(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Json<Blocker>, Problem> {
    let missing = || Problem::not_found(format!("there is no blocker {id:?}"));
    let number: BlockerId = id.parse().map_err(|_| missing())?;
    let kept: StoreResult<Option<Kept>> = platform.db().read(|reader| in_tx(blockers::one(reader, number))).await;
    let hidden = platform.hidden_from(&caller);
    let of_store = blockers::of_store(platform.db()).filter(|kept| kept.blocker.id() == number);
    let kept = of_store.or(kept?).filter(|kept| !hidden.contains(&kept.gate));
    Ok(Json(kept.ok_or_else(missing)?.into()))
}

fn shown(list: List<Kept>) -> List<Blocker> {
    List { items: list.items.into_iter().map(Blocker::from).collect(), next: list.next }
}
