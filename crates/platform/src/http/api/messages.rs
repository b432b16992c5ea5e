//! Messages and deeds that did not go through, and their receivers.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::{MessageId, Timestamp};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, FromParams, Params, Path, Query};
use super::super::list::{List, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::OPERATE;
use crate::relay::view;
use crate::store::{Result as StoreResult, in_tx};

/// A receiver.
#[derive(Debug, Serialize, ToSchema)]
struct Sink {
    /// Its name.
    name: String,
    /// Whether it takes deeds for it alone, and not messages by topic.
    takes_acts: bool,
    /// How far it is in the feed.
    position: i64,
    /// Rows that it will be sent; 10,001 stand for more.
    pending: i64,
    /// Rows that were given up until somebody says otherwise.
    set_aside: i64,
    /// Whether it is gone for long.
    down: bool,
    /// Since when it is gone, or up.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How often it was gone in a row.
    attempts: i64,
    /// The next try.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Why it is gone.
    error: Option<String>,
}

/// A row that did not go through at once.
#[derive(Debug, Serialize, ToSchema)]
struct Delivery {
    /// The receiver.
    sink: String,
    /// Its number in the feed.
    no: i64,
    /// The message's id.
    message_id: String,
    /// The topic of a message, the receiver of a deed.
    title: String,
    /// What it keeps its order with.
    key: String,
    /// `waiting`, `parked`, `set_aside`, `dropped`
    state: String,
    /// How often it was tried.
    attempts: i64,
    /// The next try.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Why it did not go through.
    error: Option<String>,
}

/// Which rows, and which page.
struct Which {
    sink: String,
    state: String,
    page: Page,
}

/// To whom a row is to be sent again.
#[derive(ToSchema)]
pub(in super::super) struct Retry {
    /// The receiver.
    sink: String,
}

/// For whom a row is given up, and why.
#[derive(ToSchema)]
pub(in super::super) struct Drop {
    /// The receiver.
    sink: String,
    /// In the caller's words.
    reason: String,
}

impl FromParams for Which {
    fn read(params: &mut Params) -> Option<Self> {
        let (sink, state) = (params.optional::<String>("sink"), params.optional::<String>("state"));
        let page = Page::read(params);
        let state = state?.unwrap_or_default();
        if !["", "waiting", "parked", "set_aside", "dropped"].contains(&state.as_str()) {
            params.refuse("state", "expected waiting, parked, set_aside or dropped");
            return None;
        }
        let Some(sink) = sink? else {
            params.refuse("sink", "expected the name of a receiver");
            return None;
        };
        Some(Self { sink, state, page: page? })
    }
}

impl FromFields for Retry {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { sink: fields.text("sink", 1..=200)? })
    }
}

impl FromFields for Drop {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (sink, reason) = (fields.text("sink", 1..=200), fields.text("reason", 1..=1_000));
        Some(Self { sink: sink?, reason: reason? })
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("sink", "the receiver; it has to be given"),
        ("state", "`waiting`, `parked`, `set_aside` or `dropped`"),
        ("limit", "items on a page, at most 500"),
        ("cursor", "where the page begins, from `next`"),
    ];
    let operate = Access::Needs(OPERATE);
    let sinks_route = Endpoint::get("/api/v1/platform/sinks", Access::Read).summary("How all receivers are");
    let list_route = Endpoint::get("/api/v1/platform/messages", operate).summary("What did not go through at once");
    let retry_route =
        Endpoint::post("/api/v1/platform/messages/{id}/retry", operate).summary("Sends a row again, with its old id");
    let drop_route = Endpoint::post("/api/v1/platform/messages/{id}/drop", operate).summary("Gives a row up");
    Routes::new()
        .route(sinks_route.answers::<List<Sink>>(200), sinks)
        .route(list_route.query(QUERY).answers::<List<Delivery>>(200), list)
        .route(retry_route.takes::<Retry>(), retry)
        .route(drop_route.takes::<Drop>(), give_up)
}

async fn sinks(State(platform): State<Platform>, Query(()): Query<()>) -> Result<Json<List<Sink>>, Problem> {
    let states: StoreResult<Vec<_>> = platform.db().read(|reader| in_tx(view::sinks(reader))).await;
    let sink = |state: view::SinkState| Sink {
        name: state.name,
        takes_acts: state.takes_acts,
        position: state.position,
        pending: state.pending,
        set_aside: state.set_aside,
        down: state.is_down,
        since: state.since,
        attempts: state.attempts,
        next_at: state.next_at,
        error: state.error,
    };
    Ok(Json(List { items: states?.into_iter().map(sink).collect(), next: None }))
}

async fn list(
    State(platform): State<Platform>,
    Query(Which { sink, state, page }): Query<Which>,
) -> Result<Json<List<Delivery>>, Problem> {
    let (before, rows) = (page.after()?.unwrap_or(i64::MAX), page.rows());
    let (sink, state) = (sink.as_str(), state.as_str());
    let found: StoreResult<Vec<_>> =
        platform.db().read(|reader| in_tx(view::deliveries(reader, sink, state, before, rows))).await;
    let delivery = |row: view::Delivery| {
        let view::Delivery { sink, no, message_id, title, key, state, attempts, next_at, error } = row;
        Delivery { sink, no, message_id, title, key, state, attempts, next_at, error }
    };
    Ok(Json(page.list(found?.into_iter().map(delivery).collect(), |row| row.no)))
}

fn id_of(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("there is no message {text:?}")))
}

pub(in super::super) async fn retry(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
    Body(Retry { sink }): Body<Retry>,
) -> Result<Answer, Problem> {
    let (id, caller, sink) = (id_of(&id)?, &caller, sink.as_str());
    let done = caller.write(&platform, "platform.message.retry", |tx| {
        in_tx(async move {
            if !tx.retry_delivery(sink, id).await? {
                return Err(nothing_held(sink, id));
            }
            caller.record(tx, of(id, sink, None, "sent again"));
            Ok(Answer::ok(&json!({"message_id": id, "sink": sink})))
        })
    });
    done.await
}

pub(in super::super) async fn give_up(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    caller: Caller,
    Body(Drop { sink, reason }): Body<Drop>,
) -> Result<Answer, Problem> {
    let (id, caller, sink, reason) = (id_of(&id)?, &caller, sink.as_str(), reason.as_str());
    let done = caller.write(&platform, "platform.message.drop", |tx| {
        in_tx(async move {
            if !tx.drop_delivery(sink, id).await? {
                return Err(nothing_held(sink, id));
            }
            caller.record(tx, of(id, sink, Some(reason), "dropped"));
            Ok(Answer::ok(&json!({"message_id": id, "sink": sink})))
        })
    });
    done.await
}

fn nothing_held(sink: &str, id: MessageId) -> Problem {
    Problem::not_found(format!("{sink:?} holds no row of the message {id}"))
}

fn of(id: MessageId, sink: &str, reason: Option<&str>, did: &str) -> Record {
    let (reason, change) = (reason.map(str::to_owned), json!({"did": did, "sink": sink}));
    Record { permission: OPERATE, object: format!("message:{id}"), reason, change }
}
