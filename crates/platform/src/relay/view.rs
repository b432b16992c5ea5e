//! How receivers and their messages stand, for people.
//!
//! The statements stand here and not in `store.rs`, as they serve lists alone and change nothing.

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;

use crate::outbox::{Entry, Post};
use crate::statements;
use crate::store::{Reads, Result, StoreError};

statements! {
    /// All of them.
    pub STATEMENTS;

    /// What is pending is counted up to a bound, so that a receiver that is far behind costs no more.
    SINKS = "SELECT s.name, s.takes, s.position, s.state, s.since, s.attempts, s.next_at, s.error,
            (SELECT COUNT(*) FROM (SELECT 1 FROM platform_feed f WHERE f.no > s.position
                AND ((s.takes = 'messages' AND f.sink IS NULL) OR (s.takes = 'acts' AND f.sink = s.name))
                LIMIT 10001) AS ahead) AS ahead,
            (SELECT COUNT(*) FROM platform_delivery d WHERE d.sink = s.name AND d.state IN ('waiting', 'parked'))
                AS held,
            (SELECT COUNT(*) FROM platform_delivery d WHERE d.sink = s.name AND d.state = 'set_aside') AS aside,
            (SELECT o.written FROM platform_feed f JOIN platform_outbox o ON o.seq = f.seq WHERE f.no > s.position
                AND ((s.takes = 'messages' AND f.sink IS NULL) OR (s.takes = 'acts' AND f.sink = s.name))
                ORDER BY f.no LIMIT 1) AS oldest_ahead,
            (SELECT o.written FROM platform_delivery d JOIN platform_feed f ON f.no = d.no
                JOIN platform_outbox o ON o.seq = f.seq
                WHERE d.sink = s.name AND d.state IN ('waiting', 'parked') ORDER BY d.no LIMIT 1) AS oldest_held
        FROM platform_sink s ORDER BY s.name";
    DELIVERIES = sqlite
        "SELECT d.sink, d.no, o.message_id, COALESCE(o.topic, o.sink) AS title, d.key, d.state, d.attempts,
            d.next_at, d.error
         FROM platform_sink s JOIN platform_delivery d ON d.sink = s.name JOIN platform_feed f ON f.no = d.no
            JOIN platform_outbox o ON o.seq = f.seq
         WHERE (s.name = $1 OR $1 = '') AND (d.state = $2 OR $2 = '') AND (o.topic = $3 OR $3 = '')
            AND (d.key = $4 OR $4 = '')
            AND ($5 = '' OR EXISTS (SELECT 1 FROM json_each(o.subjects) j WHERE j.value = $5))
            AND (d.no, d.sink) < ($6, $7) ORDER BY d.no DESC, d.sink DESC LIMIT $8",
        postgres
        "SELECT d.sink, d.no, o.message_id, COALESCE(o.topic, o.sink) AS title, d.key, d.state, d.attempts,
            d.next_at, d.error
         FROM platform_sink s JOIN platform_delivery d ON d.sink = s.name JOIN platform_feed f ON f.no = d.no
            JOIN platform_outbox o ON o.seq = f.seq
         WHERE (s.name = $1 OR $1 = '') AND (d.state = $2 OR $2 = '') AND (o.topic = $3 OR $3 = '')
            AND (d.key = $4 OR $4 = '') AND ($5 = '' OR o.subjects @> jsonb_build_array($5::text))
            AND (d.no, d.sink) < ($6, $7) ORDER BY d.no DESC, d.sink DESC LIMIT $8";
    RECEIVERS = "SELECT s.name, s.takes, s.position, s.topics, d.state, d.attempts, d.next_at, d.error
        FROM platform_sink s LEFT JOIN platform_delivery d ON d.sink = s.name AND d.no = $1 ORDER BY s.name";
}

/// How a receiver stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkState {
    /// Its name.
    pub name: String,
    /// Whether it takes deeds for it alone, and not messages by topic.
    pub takes_acts: bool,
    /// How far it is in the feed.
    pub position: i64,
    /// Rows that it will be sent; 10,001 of the feed stand for more.
    pub pending: i64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
    /// Rows that were given up until somebody says otherwise.
    pub set_aside: i64,
    /// Whether it is gone for long.
    pub is_down: bool,
    /// Since when it is gone, or up.
    pub since: Timestamp,
    /// How often it was gone in a row.
    pub attempts: i64,
    /// The next try.
    pub next_at: Option<Timestamp>,
    /// Why it is gone.
    pub error: Option<String>,
}

/// A row that did not go through at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The receiver.
    pub sink: String,
    /// Its number in the feed.
    pub no: i64,
    /// Its id.
    pub message_id: String,
    /// The topic of a message, the receiver of a deed.
    pub title: String,
    /// What it keeps its order with.
    pub key: String,
    /// `waiting`, `parked`, `set_aside` or `dropped`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// The next try.
    pub next_at: Option<Timestamp>,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// How a row stands at one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// The receiver.
    pub sink: String,
    /// `sent`, `pending`, `waiting`, `parked`, `set_aside` or `dropped`.
    pub state: String,
    /// How often it was tried, where it did not go through at once.
    pub attempts: i64,
    /// The next try.
    pub next_at: Option<Timestamp>,
    /// Why it was not taken.
    pub error: Option<String>,
}

#[derive(FromRow)]
struct ReceptionRow {
    name: String,
    takes: String,
    position: i64,
    topics: Option<Json<Vec<String>>>,
    state: Option<String>,
    attempts: Option<i64>,
    next_at: Option<i64>,
    error: Option<String>,
}

#[derive(FromRow)]
struct SinkStateRow {
    name: String,
    takes: String,
    position: i64,
    state: String,
    since: i64,
    attempts: i64,
    next_at: Option<i64>,
    error: Option<String>,
    ahead: i64,
    held: i64,
    aside: i64,
    oldest_ahead: Option<i64>,
    oldest_held: Option<i64>,
}

#[derive(FromRow)]
struct DeliveryRow {
    sink: String,
    no: i64,
    message_id: String,
    title: String,
    key: String,
    state: String,
    attempts: i64,
    next_at: Option<i64>,
    error: Option<String>,
}

/// All receivers.
///
/// # Errors
///
/// The store is away.
pub async fn sinks(reader: &mut impl Reads) -> Result<Vec<SinkState>> {
    let rows: Vec<SinkStateRow> = reader.query(SINKS).fetch_all().await?;
    let state = |row: SinkStateRow| {
        Ok(SinkState {
            takes_acts: row.takes == "acts",
            pending: row.ahead + row.held,
            set_aside: row.aside,
            oldest: row.oldest_ahead.into_iter().chain(row.oldest_held).min().map(instant).transpose()?,
            is_down: row.state == "down",
            since: instant(row.since)?,
            next_at: row.next_at.map(instant).transpose()?,
            name: row.name,
            position: row.position,
            attempts: row.attempts,
            error: row.error,
        })
    };
    rows.into_iter().map(state).collect()
}

/// Which rows that did not go through are asked for. What is empty does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Of that receiver.
    pub sink: String,
    /// `waiting`, `parked`, `set_aside` or `dropped`.
    pub state: String,
    /// Messages of that topic.
    pub topic: String,
    /// With that order key.
    pub key: String,
    /// Messages about that subject.
    pub subject: String,
}

/// Rows of a receiver that did not go through at once, the newest first and before that number, in one state or any.
///
/// # Errors
///
/// The store is away.
pub async fn deliveries(
    reader: &mut impl Reads,
    sink: &str,
    state: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let filter = DeliveryFilter { sink: sink.to_owned(), state: state.to_owned(), ..DeliveryFilter::default() };
    held(reader, &filter, Some(&(before, String::new())), limit).await
}

/// Rows that did not go through at once, the newest first, before that number and receiver.
///
/// # Errors
///
/// The store is away.
pub async fn held(
    reader: &mut impl Reads,
    filter: &DeliveryFilter,
    before: Option<&(i64, String)>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let (no, sink) = before.map_or((i64::MAX, ""), |(no, sink)| (*no, sink));
    let query = reader.query(DELIVERIES).bind(&filter.sink).bind(&filter.state).bind(&filter.topic);
    let query = query.bind(&filter.key).bind(&filter.subject).bind(no).bind(sink).bind(limit);
    let rows: Vec<DeliveryRow> = query.fetch_all().await?;
    let delivery = |row: DeliveryRow| {
        let next_at = row.next_at.map(instant).transpose()?;
        let DeliveryRow { sink, no, message_id, title, key, state, attempts, error, .. } = row;
        Ok(Delivery { sink, no, message_id, title, key, state, attempts, next_at, error })
    };
    rows.into_iter().map(delivery).collect()
}

/// How a row stands at each receiver that takes it: behind the position without a delivery row it is sent, after it
/// pending.
///
/// # Errors
///
/// The store is away.
pub async fn receivers(reader: &mut impl Reads, entry: &Entry) -> Result<Vec<Reception>> {
    let rows: Vec<ReceptionRow> = reader.query(RECEIVERS).bind(entry.no).fetch_all().await?;
    let reception = |row: ReceptionRow| {
        let by_position = if row.position >= entry.no { "sent" } else { "pending" };
        Ok(Reception {
            next_at: row.next_at.map(instant).transpose()?,
            state: row.state.unwrap_or_else(|| by_position.to_owned()),
            attempts: row.attempts.unwrap_or(0),
            sink: row.name,
            error: row.error,
        })
    };
    rows.into_iter().filter(|row| is_for(row, &entry.post)).map(reception).collect()
}

fn is_for(row: &ReceptionRow, post: &Post) -> bool {
    match post {
        Post::Act(act) => act.sink == row.name,
        Post::Message(message) => {
            let topics = row.topics.as_ref().map(|Json(topics)| topics.as_slice()).unwrap_or_default();
            row.takes == "messages" && topics.iter().any(|pattern| message.topic.matches(pattern))
        }
    }
}

fn instant(at: i64) -> Result<Timestamp> {
    Timestamp::from_microseconds(at).ok_or_else(|| StoreError::Damaged { what: "a time", found: at.to_string() })
}
