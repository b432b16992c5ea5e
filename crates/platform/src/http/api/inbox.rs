//! What came from outside and did not have its effect at once.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use tidegate_kernel::Timestamp;
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, FromParams, Params, Path, Query};
use super::super::list::{List, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::OPERATE;
use crate::inbox::{self, Came, Place};
use crate::store::{Result as StoreResult, in_tx};

/// Something that came.
#[derive(Debug, Serialize, ToSchema)]
struct Arrival {
    /// Who has its effect.
    consumer: String,
    /// Its id where it comes from.
    message_id: String,
    /// What it is.
    topic: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// `waiting`, `done` or `set_aside`
    state: String,
    /// How often its effect failed.
    attempts: i64,
    /// Why it failed.
    error: Option<String>,
    /// What it says, of a single one that has not had its effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

/// Which, and which page.
struct Which {
    consumer: String,
    state: String,
    page: Page,
}

/// Whose.
struct Of {
    consumer: String,
}

/// Whose effect is tried again.
#[derive(ToSchema)]
struct RetryArrival {
    /// Who has it.
    consumer: String,
}

/// Whose effect is given up, and why.
#[derive(ToSchema)]
struct DropArrival {
    /// Who would have it.
    consumer: String,
    /// In the caller's words.
    reason: String,
}

impl FromParams for Which {
    fn read(params: &mut Params) -> Option<Self> {
        let (consumer, state) = (params.optional::<String>("consumer"), params.optional::<String>("state"));
        let page = Page::read(params);
        let state = state?.unwrap_or_default();
        if !["", "waiting", "done", "set_aside"].contains(&state.as_str()) {
            params.refuse("state", "expected waiting, done or set_aside");
            return None;
        }
        Some(Self { consumer: consumer?.unwrap_or_default(), state, page: page? })
    }
}

impl FromParams for Of {
    fn read(params: &mut Params) -> Option<Self> {
        let consumer = params.optional::<String>("consumer")?;
        if consumer.is_none() {
            params.refuse("consumer", "expected who has its effect");
        }
        Some(Self { consumer: consumer? })
    }
}

impl FromFields for RetryArrival {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { consumer: fields.text("consumer", 1..=200)? })
    }
}

impl FromFields for DropArrival {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (consumer, reason) = (fields.text("consumer", 1..=200), fields.text("reason", 1..=1_000));
        Some(Self { consumer: consumer?, reason: reason? })
    }
}

impl From<Came> for Arrival {
    fn from(came: Came) -> Self {
        let Came { consumer, id, topic, received_at, state, attempts, error, payload } = came;
        Self { consumer, message_id: id, topic, received_at, state, attempts, error, payload }
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("consumer", "who has the effect"),
        ("state", "`waiting`, `done` or `set_aside`"),
        ("limit", "items on a page, at most 500"),
        ("cursor", "where the page begins, from `next`"),
    ];
    const OF: &[(&str, &str)] = &[("consumer", "who has its effect; it has to be given")];
    let operate = Access::Needs(OPERATE);
    let list_route = Endpoint::get("/api/v1/platform/inbox", operate).summary("What came from outside, newest first");
    let show_route = Endpoint::get("/api/v1/platform/inbox/{id}", operate).summary("One thing that came");
    let retry_route = Endpoint::post("/api/v1/platform/inbox/{id}/retry", operate)
        .summary("Tries an effect again that was set aside");
    let drop_route =
        Endpoint::post("/api/v1/platform/inbox/{id}/drop", operate).summary("Gives an effect up that was set aside");
    Routes::new()
        .route(list_route.query(QUERY).answers::<List<Arrival>>(200), list)
        .route(show_route.query(OF).answers::<Arrival>(200), show)
        .route(retry_route.takes::<RetryArrival>(), retry)
        .route(drop_route.takes::<DropArrival>(), give_up)
}

async fn list(
    State(platform): State<Platform>,
    Query(Which { consumer, state, page }): Query<Which>,
) -> Result<Json<List<Arrival>>, Problem> {
    let (before, rows) = (page.after::<Place>()?, page.rows());
    let (consumer, state, before) = (consumer.as_str(), state.as_str(), before.as_ref());
    let came: StoreResult<Vec<Came>> =
        platform.db().read(|reader| in_tx(inbox::list(reader, consumer, state, before, rows))).await;
    let list = page.list(came?, Came::place);
    Ok(Json(List { items: list.items.into_iter().map(Arrival::from).collect(), next: list.next }))
}

async fn show(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    Query(Of { consumer }): Query<Of>,
) -> Result<Json<Arrival>, Problem> {
    let (consumer, id) = (consumer.as_str(), id.as_str());
    let came: StoreResult<Option<Came>> = platform.db().read(|reader| in_tx(inbox::one(reader, consumer, id))).await;
    let missing = || Problem::not_found(format!("{consumer:?} has got nothing with the id {id:?}"));
    Ok(Json(came?.ok_or_else(missing)?.into()))
}

async fn retry(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
    Body(RetryArrival { consumer }): Body<RetryArrival>,
) -> Result<Answer, Problem> {
    let (caller, consumer, id) = (&caller, consumer.as_str(), id.as_str());
    let done = caller.write(&platform, "platform.inbox.retry", |tx| {
        in_tx(async move {
            if !tx.retry_incoming(consumer, id).await? {
                return Err(nothing_aside(consumer, id));
            }
            caller.record(tx, of(consumer, id, None, "tried again"));
            Ok(Answer::ok(&json!({"message_id": id, "consumer": consumer})))
        })
    });
    done.await
}

async fn give_up(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
    Body(DropArrival { consumer, reason }): Body<DropArrival>,
) -> Result<Answer, Problem> {
    let (caller, consumer, id, reason) = (&caller, consumer.as_str(), id.as_str(), reason.as_str());
    let done = caller.write(&platform, "platform.inbox.drop", |tx| {
        in_tx(async move {
            if !tx.drop_incoming(consumer, id).await? {
                return Err(nothing_aside(consumer, id));
            }
            caller.record(tx, of(consumer, id, Some(reason), "dropped"));
            Ok(Answer::ok(&json!({"message_id": id, "consumer": consumer})))
        })
    });
    done.await
}

fn nothing_aside(consumer: &str, id: &str) -> Problem {
    Problem::not_found(format!("{consumer:?} has set nothing aside with the id {id:?}"))
}

fn of(consumer: &str, id: &str, reason: Option<&str>, did: &str) -> Record {
    let (reason, change) = (reason.map(str::to_owned), json!({"did": did, "consumer": consumer}));
    Record { permission: OPERATE, object: format!("inbox:{id}"), reason, change }
}
