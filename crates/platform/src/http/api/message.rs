//! One row of the feed with how it stands at each receiver, and ranges of rows that are sent again.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::{Actor, Envelope, MessageId, Timestamp};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, Path, Query};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use super::messages::id_of;
use crate::auth::OPERATE;
use crate::outbox::{Entry, Feed, Post};
use crate::relay;
use crate::relay::view::{self, Reception};
use crate::store::{Reader, Result as StoreResult, in_tx};

/// A row of the feed.
#[derive(Debug, Serialize, ToSchema)]
struct Row {
    /// Its number in the feed.
    no: i64,
    /// Its id.
    message_id: String,
    /// `message` or `act`
    kind: &'static str,
    /// The topic of a message, the receiver of a deed.
    title: String,
    /// What it keeps its order with.
    key: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    #[schema(value_type = Object)]
    actor: Actor,
    /// The message as it is sent; `null` for a deed, whose words are for its receiver alone.
    #[schema(value_type = Option<Object>)]
    message: Option<Envelope>,
    /// How it stands at each receiver that takes it.
    receivers: Vec<Standing>,
}

/// How a row stands at a receiver.
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// The receiver.
    sink: String,
    /// `sent`, `pending`, `waiting`, `parked`, `set_aside` or `dropped`
    state: String,
    /// How often it was tried, where it did not go through at once.
    attempts: i64,
    /// The next try.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Why it was not taken.
    error: Option<String>,
}

/// Which rows are sent again.
#[derive(ToSchema)]
struct Resend {
    /// The receiver.
    sink: String,
    /// The first number of the feed.
    from: i64,
    /// The last number of the feed.
    to: i64,
    /// Only messages of that topic.
    topic: Option<String>,
    /// Whether only to say how many that are.
    #[schema(value_type = Option<bool>)]
    dry_run: bool,
}

/// How many rows are sent again.
#[derive(Debug, Serialize, ToSchema)]
struct Resent {
    /// The receiver.
    sink: String,
    /// How many rows.
    rows: u64,
    /// Whether nothing was done.
    dry_run: bool,
}

impl FromFields for Resend {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (sink, from, to) = (fields.text("sink", 1..=200), fields.required("from"), fields.required("to"));
        let (topic, dry_run) = (fields.optional_text("topic", 1..=200), fields.optional("dry_run"));
        Some(Self { sink: sink?, from: from?, to: to?, topic: topic?, dry_run: dry_run?.unwrap_or(false) })
    }
}

impl From<Reception> for Standing {
    fn from(reception: Reception) -> Self {
        let Reception { sink, state, attempts, next_at, error } = reception;
        Self { sink, state, attempts, next_at, error }
    }
}

pub(super) fn routes() -> Routes<Platform> {
    let operate = Access::Needs(OPERATE);
    let show_route = Endpoint::get("/api/v1/platform/messages/{id}", operate)
        .summary("One row of the feed, and how it stands where");
    let resend_route = Endpoint::post("/api/v1/platform/messages/resend", operate)
        .summary("Sends a range of the feed again to a receiver, with the old ids");
    Routes::new()
        .route(show_route.answers::<Row>(200), show)
        .route(resend_route.takes::<Resend>().answers::<Resent>(200), resend)
}

async fn show(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    Query(()): Query<()>,
) -> Result<Json<Row>, Problem> {
    let id = id_of(&id)?;
    let found: StoreResult<Option<Row>> = platform.db().read(|reader| in_tx(load(reader, id))).await;
    let missing = || Problem::not_found(format!("there is no message {id}, or none any more"));
    Ok(Json(found?.ok_or_else(missing)?))
}

async fn load(reader: &mut Reader, id: MessageId) -> StoreResult<Option<Row>> {
    let Some(no) = Feed::number(reader, id).await? else { return Ok(None) };
    let Some(entry) = Feed::entry(reader, no).await? else { return Ok(None) };
    let receivers = view::receivers(reader, &entry).await?.into_iter().map(Standing::from).collect();
    let (title, key, at) = (entry.title().to_owned(), entry.key().to_string(), entry.at());
    let Entry { no, post } = entry;
    let (kind, actor, message) = match post {
        Post::Message(envelope) => ("message", envelope.actor.clone(), Some(*envelope)),
        Post::Act(act) => ("act", act.actor, None),
    };
    Ok(Some(Row { no, message_id: id.to_string(), kind, title, key, at, actor, message, receivers }))
}

async fn resend(State(platform): State<Platform>, caller: Caller, Body(body): Body<Resend>) -> Result<Answer, Problem> {
    let (caller, Resend { sink, from, to, topic, dry_run }) = (&caller, &body);
    let (sink, topic) = (sink.as_str(), topic.as_deref());
    let known: StoreResult<_> = platform.db().read(|reader| in_tx(view::sinks(reader))).await;
    if !known?.iter().any(|state| state.name == sink) {
        return Err(Problem::not_found(format!("there is no receiver {sink:?}")));
    }
    if *dry_run {
        let rows: StoreResult<u64> =
            platform.db().read(|reader| in_tx(relay::count_resend(reader, sink, *from, *to, topic))).await;
        return Ok(Answer::ok(&Resent { sink: sink.to_owned(), rows: rows?, dry_run: true }));
    }
    let done = caller.write(&platform, "platform.message.resend", |tx| {
        in_tx(async move {
            let rows = tx.resend(sink, *from, *to, topic).await?;
            let change = json!({"did": "sent again", "from": from, "to": to, "topic": topic, "rows": rows});
            caller.record(tx, Record { permission: OPERATE, object: format!("sink:{sink}"), reason: None, change });
            Ok(Answer::ok(&Resent { sink: sink.to_owned(), rows, dry_run: false }))
        })
    });
    done.await
}
