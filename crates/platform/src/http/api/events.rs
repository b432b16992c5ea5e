//! What happened, as a list or as a stream that goes on.
//!
//! All streams of a process are fed by one reader of the feed. A stream begins with what the feed has after the number that
//! its client saw last, and goes on with what comes; who falls too far behind is told to begin anew.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use tidegate_kernel::Envelope;
use tokio::sync::{OnceCell, broadcast, watch};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::caller::Caller;
use super::super::input::{FromParams, Params, Query};
use super::super::list::List;
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::network;
use crate::outbox::{Entry, Feed, Post};
use crate::store::{Db, Listener, Result as StoreResult, in_tx};

/// So many messages a stream may be behind.
const BEHIND: usize = 1_000;
/// Rows of the feed that one step reads.
const BATCH: i64 = 500;
/// Rows that one list looks through.
const SEARCHED: usize = 5_000;
/// So long the reader of the feed waits for a store that is away.
const RETRY: Duration = Duration::from_secs(1);
/// Streams from one address.
const STREAMS: usize = 64;

/// Feeds all streams of this process.
pub(crate) struct Live {
    db: Db,
    told: broadcast::Sender<Arc<Entry>>,
    pump: OnceCell<()>,
    streams: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A message with its number in the feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Happened {
    /// Its number in the feed.
    no: i64,
    /// The message.
    #[schema(value_type = Object)]
    message: Box<Envelope>,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default)]
struct Wanted {
    topics: Vec<String>,
    subjects: Vec<String>,
    gates: Vec<String>,
    after: Option<i64>,
    limit: usize,
}

/// A place among the streams of an address, given back at its end.
struct Place {
    address: IpAddr,
    streams: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Where a stream is.
struct Streaming {
    platform: Platform,
    caller: Caller,
    wanted: Wanted,
    told: broadcast::Receiver<Arc<Entry>>,
    stopping: watch::Receiver<bool>,
    /// Read from the feed and not sent yet, last first.
    ready: Vec<Entry>,
    after: i64,
    /// Whether something that its client did not see is not to be had any more, or too much of it.
    missed: bool,
    caught_up: bool,
    _place: Place,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let (topics, subjects) = (params.list("topic"), params.list("subject"));
        let (gates, after) = (params.list("gate"), params.optional("after"));
        let limit = params.optional::<usize>("limit");
        let limit = limit?.unwrap_or(50);
        if !(1..=500).contains(&limit) {
            params.refuse("limit", "expected 1 to 500");
            return None;
        }
        Some(Self { topics: topics?, subjects: subjects?, gates: gates?, after: after?, limit })
    }
}

impl Wanted {
    fn takes(&self, message: &Envelope) -> bool {
        let any =
            |words: &[String], fits: &dyn Fn(&str) -> bool| words.is_empty() || words.iter().any(|word| fits(word));
        any(&self.topics, &|pattern| message.topic.matches(pattern))
            && any(&self.gates, &|gate| message.key.prefix() == gate)
            && any(&self.subjects, &|subject| message.subjects.iter().any(|of| of.to_string() == subject))
    }
}

impl Live {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, told: broadcast::channel(BEHIND).0, pump: OnceCell::new(), streams: Arc::default() }
    }

    /// Tells from now on what becomes visible. What a later look at the feed does not have is told for certain: the reader
    /// knows where it begins before anybody listens to it.
    async fn subscribe(&self) -> StoreResult<broadcast::Receiver<Arc<Entry>>> {
        self.pump
            .get_or_try_init(|| async {
                let listener = self.db.signals().listen();
                let head = self.db.read(|reader| in_tx(Feed::head(reader))).await?;
                drop(tokio::spawn(pump(self.db.clone(), self.told.clone(), listener, head)));
                StoreResult::Ok(())
            })
            .await?;
        Ok(self.told.subscribe())
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(address).or_default();
        if *count >= STREAMS {
            return None;
        }
        *count += 1;
        Some(Place { address, streams: Arc::clone(&self.streams) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                streams.remove(&self.address);
            }
        }
    }
}

/// Reads the feed once for all, from that number on.
async fn pump(db: Db, told: broadcast::Sender<Arc<Entry>>, mut listener: Listener, mut after: i64) {
    loop {
        let read: StoreResult<Vec<Entry>> =
            db.read(|reader| in_tx(Feed::messages(reader, after, i64::MAX, BATCH))).await;
        let again = match read {
            Ok(entries) => {
                let full = entries.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
                for entry in entries {
                    after = entry.no;
                    let _ = told.send(Arc::new(entry));
                }
                if full {
                    continue;
                }
                None
            }
            Err(error) => {
                tracing::debug!(%error, "live events wait for the store");
                Some(RETRY)
            }
        };
        listen(&mut listener, again).await;
    }
}

/// Waits until the feed may have become longer, and no longer than that.
async fn listen(listener: &mut Listener, limit: Option<Duration>) {
    let news = async {
        loop {
            let signal = listener.next().await;
            if signal.feed || signal.everything {
                break;
            }
        }
    };
    match limit {
        Some(limit) => drop(tokio::time::timeout(limit, news).await),
        None => news.await,
    }
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("topic", "a topic, whole words and `.*`, or `*`"),
        ("subject", "a subject, such as `build:nethack-9-1.fc44`"),
        ("gate", "a gate's name"),
        ("after", "the number in the feed after which the list begins"),
        ("limit", "items on a page, at most 500"),
    ];
    let route = Endpoint::get("/api/v1/events", Access::Read)
        .summary("What happened; as a stream where `text/event-stream` is accepted");
    Routes::new().route(route.query(QUERY).answers::<List<Happened>>(200).endless(), events)
}

async fn events(
    State(platform): State<Platform>,
    caller: Caller,
    headers: HeaderMap,
    Query(mut wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        return Ok(Json(listed(&platform, &wanted, caller.principal().is_anonymous()).await?).into_response());
    }
    if let Some(last) = headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        let bad = || Problem::bad_value("header:Last-Event-ID", "expected a number of the feed");
        wanted.after = Some(last.parse().map_err(|_| bad())?);
    }
    let place = platform.inner.live.place(caller.address()).ok_or_else(|| {
        Problem::new(429, "platform.rate-limited", format!("more than {STREAMS} streams to this address"))
    })?;
    let told = platform.inner.live.subscribe().await?;
    let (after, missed) = begin(&platform, wanted.after).await?;
    let streaming = Streaming {
        caller,
        wanted,
        told,
        stopping: platform.inner.stopping.clone(),
        ready: Vec::new(),
        after,
        missed,
        caught_up: false,
        _place: place,
        platform,
    };
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(streamed(streaming)).keep_alive(alive).into_response())
}

/// A page of the list, oldest first. Its cursor is a number of the feed.
async fn listed(platform: &Platform, wanted: &Wanted, is_anonymous: bool) -> Result<List<Happened>, Problem> {
    let mut after = wanted.after.unwrap_or(0);
    let (mut items, mut searched) = (Vec::new(), 0);
    loop {
        let entries: StoreResult<Vec<Entry>> =
            platform.db().read(|reader| in_tx(Feed::messages(reader, after, i64::MAX, BATCH))).await;
        let entries = entries?;
        let last = entries.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        searched += entries.len();
        for entry in entries {
            after = entry.no;
            if let Post::Message(message) = entry.post
                && wanted.takes(&message)
                && may_read(platform, is_anonymous, &message)
            {
                items.push(Happened { no: entry.no, message });
                if items.len() == wanted.limit {
                    return Ok(List { items, next: Some(after.to_string()) });
                }
            }
        }
        if last {
            return Ok(List { items, next: None });
        }
        if searched >= SEARCHED {
            return Ok(List { items, next: Some(after.to_string()) });
        }
    }
}

fn streamed(streaming: Streaming) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some(streaming), |state| async {
        let mut streaming = state?;
        match streaming.next().await {
            Some(Told::Message(no, message)) => {
                let event = Event::default().id(no.to_string()).event(message.topic.as_str());
                let event = event.json_data(&*message).expect("an envelope is plain data");
                Some((Ok(event), Some(streaming)))
            }
            Some(Told::Reset(head)) => {
                // whoever comes back goes on from here
                let event = Event::default().id(head.to_string()).event("reset").data("{}");
                Some((Ok(event), None))
            }
            None => None,
        }
    })
}

enum Told {
    Message(i64, Box<Envelope>),
    /// The client is to begin anew behind that number: what it missed is not to be had here.
    Reset(i64),
}

/// Where a stream begins that was asked to go on behind that number; and whether what lies between is gone or too much.
async fn begin(platform: &Platform, after: Option<i64>) -> StoreResult<(i64, bool)> {
    platform
        .db()
        .read(|reader| {
            in_tx(async move {
                let head = Feed::head(reader).await?;
                let Some(after) = after else { return Ok((head, false)) };
                // who begins at the begin wants what there is
                if after == 0 {
                    return Ok((after, false));
                }
                let oldest = Feed::oldest(reader).await?;
                let is_gone = after > head || oldest.is_some_and(|oldest| after.saturating_add(1) < oldest);
                let most = i64::try_from(BEHIND).unwrap_or(i64::MAX);
                Ok((after, is_gone || Feed::messages_after(reader, after, most + 1).await? > most))
            })
        })
        .await
}

/// Whether that one may read what a gate says. It is asked for each message, as it may change while a stream goes on.
fn may_read(platform: &Platform, is_anonymous: bool, message: &Envelope) -> bool {
    !is_anonymous || platform.auth().anonymous_read_of(message.key.prefix())
}

impl Streaming {
    /// That the client has to begin anew, behind what there is now.
    async fn reset(&self) -> Told {
        let head: StoreResult<i64> = self.platform.db().read(|reader| in_tx(Feed::head(reader))).await;
        Told::Reset(head.unwrap_or(self.after))
    }

    async fn next(&mut self) -> Option<Told> {
        if self.missed {
            return Some(self.reset().await);
        }
        loop {
            while let Some(entry) = self.ready.pop() {
                if let Some(told) = self.take(&entry) {
                    return self.permitted(told).await;
                }
            }
            if !self.caught_up {
                let after = self.after;
                let read: StoreResult<Vec<Entry>> =
                    self.platform.db().read(|reader| in_tx(Feed::messages(reader, after, i64::MAX, BATCH))).await;
                let Ok(mut entries) = read else { return Some(self.reset().await) };
                self.caught_up = entries.is_empty();
                entries.reverse();
                self.ready = entries;
                continue;
            }
            let received = tokio::select! {
                received = self.told.recv() => received,
                _ = self.stopping.wait_for(|stop| *stop) => return None,
            };
            match received {
                Ok(entry) => {
                    if let Some(told) = self.take(&entry) {
                        return self.permitted(told).await;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(self.reset().await),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// The message, unless the login by which the stream was opened is not good any more: that ends it. Whoever comes back
    /// then is judged anew, and goes on behind what was told.
    async fn permitted(&self, told: Told) -> Option<Told> {
        match self.platform.auth().still_lets_in(self.caller.principal()).await {
            Ok(()) => Some(told),
            Err(error) => {
                tracing::debug!(%error, request_id = self.caller.request_id(), "a stream of events ends");
                None
            }
        }
    }

    /// What comes twice, from the feed and as news, is told once.
    fn take(&mut self, entry: &Entry) -> Option<Told> {
        if entry.no <= self.after {
            return None;
        }
        self.after = entry.no;
        match &entry.post {
            Post::Message(message)
                if self.wanted.takes(message)
                    && may_read(&self.platform, self.caller.principal().is_anonymous(), message) =>
            {
                Some(Told::Message(entry.no, message.clone()))
            }
            Post::Message(_) | Post::Act(_) => None,
        }
    }
}
