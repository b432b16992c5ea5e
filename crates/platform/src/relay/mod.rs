//! Brings what lies in the outbox to its receivers, at least once and in order per key.
//!
//! Each receiver is a cursor in the feed. A row that goes through leaves no trace but the cursor behind it; one that does
//! not has a delivery row. Killed at any instant, the relay begins again where the cursor stands, with the same ids. No
//! transaction is open while the network works.
//!
//! A receiver that is *gone* keeps its cursor where it is, and everything goes out when it is back. A row that a receiver
//! *does not take* is tried again and then set aside, shown, and sent again on command; the rows after it do not wait for
//! it, but for those of its key as long as it is tried.

mod desk;
mod round;
mod sink;
mod store;
mod trouble;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tidegate_kernel::Timestamp;

use crate::fault::Fault;
use crate::hooks;
use crate::outbox::{Entry, Feed, Post};
use crate::step;
use crate::store::{Db, Result, StoreError, Tx, in_tx};
use crate::wake::{Follows, Job, JobName, JobResult, JobSpec, Outcome, Run};

use round::{Change, Decider, Lane, Settled};
use sink::AnySink;
use store::SinkRow;

pub use desk::count_resend;
pub use sink::{Policy, Sent, Sink, Takes, Trouble};
pub use store::STATEMENTS;

/// The job that sends, with the sink's name as its key.
pub const RELAY: JobName = JobName::new("platform.relay");

/// So many rows are read at a time.
const BATCH: i64 = 500;
/// So many bytes of bodies are read at a time, but always one row.
const BYTES: i64 = 8 * 1024 * 1024;
/// So few bodies are never more than that.
const UNWEIGHED: i64 = 8;
/// So many lanes are sent side by side.
const SIDE_BY_SIDE: usize = 16;
/// So many rounds make one run.
const ROUNDS: usize = 100;

/// The receivers, each of which is enrolled in the store.
#[derive(Clone, Default)]
pub struct Relay {
    sinks: BTreeMap<String, Arc<dyn AnySink>>,
    fault: Fault,
    /// By which hooks post that people added.
    hooks: Option<reqwest::Client>,
}

/// What is left to do after a round.
enum Left {
    /// There may be more.
    Perhaps,
    /// Nothing, or the receiver is to be left alone.
    Nothing,
    /// The receiver is gone.
    Later,
}

/// What a round begins with.
struct Work {
    row: SinkRow,
    /// The position when all of this went through.
    through: i64,
    lanes: Vec<Lane>,
    /// Rows that are not sent, but stand otherwise now.
    changes: Vec<Change>,
}

impl Relay {
    /// Without receivers.
    pub fn new() -> Self {
        Self::default()
    }

    /// With that receiver too.
    ///
    /// # Panics
    ///
    /// Two receivers have the same name, which is a mistake in the wiring.
    #[must_use]
    pub fn with(mut self, sink: impl Sink) -> Self {
        let name = sink.name();
        assert!(!self.sinks.contains_key(&name), "two sinks are called {name}");
        self.sinks.insert(name, Arc::new(sink));
        self
    }

    /// All receivers are gone while that fault is on. For tests.
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }

    /// With the web hooks that people add while the service runs, which post by that client. It should follow no redirects.
    #[must_use]
    pub fn with_hooks(self, client: reqwest::Client) -> Self {
        Self { hooks: Some(client), ..self }
    }

    /// The receiver of that name.
    async fn sink(&self, db: &Db, name: &str) -> Result<Option<Arc<dyn AnySink>>> {
        if let Some(sink) = self.sinks.get(name) {
            return Ok(Some(Arc::clone(sink)));
        }
        let (Some(client), Some(name)) = (&self.hooks, name.strip_prefix(hooks::PREFIX)) else { return Ok(None) };
        let hook: Result<_> = db.read(|reader| in_tx(hooks::sink(reader, name, client))).await;
        Ok(hook?.map(|hook| Arc::new(hook) as Arc<dyn AnySink>))
    }

    /// Enrols those receivers that the store does not know: what is announced from now on reaches them, and deeds for them
    /// from the beginning. Hooks that nobody has any more are forgotten. Call it before anything is announced.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn enrol(self, db: &Db) -> Result<Self> {
        let sinks = &self.sinks;
        let enrolled: Result<()> = db
            .write("platform.enrol", |tx| {
                in_tx(async move {
                    let head = Feed::head(tx).await?;
                    for (name, sink) in sinks {
                        match sink.takes() {
                            Takes::Messages(topics) => {
                                let position = desk::begin(sink.begins(), head);
                                store::enrol(tx, name, Some(&topics), position).await?;
                            }
                            Takes::Acts => store::enrol(tx, name, None, 0).await?,
                        }
                    }
                    for gone in store::gone_hooks(tx).await?.iter().filter(|name| !sinks.contains_key(*name)) {
                        tx.forget_sink(gone).await?;
                    }
                    Ok(())
                })
            })
            .await;
        enrolled.map(|()| self)
    }

    /// One round, and what is left to do.
    async fn round(&self, run: &Run, name: &str, sink: &dyn AnySink) -> anyhow::Result<Left> {
        let Some(work) = load(run.db(), name, sink).await? else { return Ok(Left::Nothing) };
        let Work { row, through, lanes, changes } = work;
        let was_sent = !lanes.is_empty();
        step::reach(&format!("{name}.send.before"))?;
        let sendings = stream::iter(lanes).map(async |lane| {
            let sent = if self.fault.is_on() {
                Sent { through: 0, trouble: Some(Trouble::gone("a test has taken it away")) }
            } else {
                sink.send(&lane.entries).await
            };
            (lane, sent)
        });
        let sent: Vec<_> = sendings.buffer_unordered(SIDE_BY_SIDE).collect().await;
        step::reach(&format!("{name}.send.after"))?;
        let rng = &*run.db().surroundings().rng;
        let decider = Decider { policy: sink.policy(), now: run.db().now(), rng };
        let settled = decider.settle(row.position, through, sent, changes);
        let next =
            if was_sent { health(&row, &settled, &decider) } else { SinkRow { position: through, ..row.clone() } };
        let (before, after, settled) = (&row, &next, &settled);
        let recorded: Result<()> =
            run.write(|tx| in_tx(async move { record(tx, name, before, after, settled).await })).await;
        recorded?;
        step::reach(&format!("{name}.send.recorded"))?;
        Ok(if after.next_at.is_none() { Left::Perhaps } else { Left::Later })
    }
}

impl Job for Relay {
    fn spec(&self) -> JobSpec {
        JobSpec::new(RELAY).following(Follows::Feed).needs("relay")
    }

    async fn run(&self, run: &Run) -> JobResult {
        let name = run.key();
        let Some(sink) = self.sink(run.db(), name).await? else { return Ok(run.done().await?) };
        let mut log = run.log();
        let mut rounds = 0;
        while rounds < ROUNDS {
            match self.round(run, name, &*sink).await? {
                Left::Perhaps => rounds += 1,
                Left::Nothing if log.grew().await => {}
                Left::Nothing | Left::Later => break,
            }
        }
        let ended = run.end::<StoreError>(|tx| {
            in_tx(async move {
                if rounds == ROUNDS {
                    return Ok(Outcome::Again(tx.now()));
                }
                Ok(next_try(tx, name).await?.map_or(Outcome::Done, Outcome::Again))
            })
        });
        Ok(ended.await?)
    }

    async fn behind(&self, db: &Db) -> Result<Vec<String>> {
        let now = db.now().as_microseconds();
        let behind: Result<Vec<_>> = db.read(|reader| in_tx(store::behind(reader, now))).await;
        let posts = self.hooks.is_some();
        let ours = |(name, hook): (String, Option<i64>)| {
            (self.sinks.contains_key(&name) || (posts && hook.is_some())).then_some(name)
        };
        Ok(behind?.into_iter().filter_map(ours).collect())
    }
}

/// When the sink is to be looked at again though nothing new comes.
async fn next_try(tx: &mut Tx, name: &str) -> Result<Option<Timestamp>> {
    let now = tx.now().as_microseconds();
    let at = match store::sink(tx, name).await?.and_then(|row| row.next_at).filter(|at| *at > now) {
        Some(at) => Some(at),
        // whoever is gone is asked again only with something to send; what lies behind the position is found by that
        None => store::next_waiting(tx, name).await?,
    };
    Ok(at.and_then(Timestamp::from_microseconds))
}

/// What there is to do now; nothing if the receiver is to be left alone or has all.
async fn load(db: &Db, name: &str, sink: &dyn AnySink) -> Result<Option<Work>> {
    let (takes, policy) = (&sink.takes(), sink.policy());
    db.read(|reader| {
        in_tx(async move {
            let now = db.now();
            let Some(row) = store::sink(reader, name).await? else { return Ok(None) };
            if row.next_at.is_some_and(|next_at| next_at > now.as_microseconds()) {
                return Ok(None);
            }
            let (repeats, stale) = repeats(reader, name, now, &row, takes, policy).await?;
            let (through, mut fresh) = fresh(reader, name, &row, takes).await?;
            fresh.retain(|entry| is_taken(takes, entry));
            let (mut lanes, mut changes) = if policy.ordered {
                (ordered(reader, name, &row, fresh).await?.into_iter().collect(), Vec::new())
            } else {
                let keys: BTreeSet<_> = fresh.iter().map(|entry| entry.key().as_str()).collect();
                let keys: Vec<_> = keys.into_iter().collect();
                let held = if row.has_deliveries { store::held(reader, name, &keys).await? } else { Vec::new() };
                round::lanes(fresh, &held.into_iter().map(|(key,)| key).collect())
            };
            lanes.extend(repeats);
            changes.extend(stale);
            let has_work = through > row.position || !lanes.is_empty() || !changes.is_empty();
            Ok(has_work.then_some(Work { row, through, lanes, changes }))
        })
    })
    .await
}

/// What is new to the sink, and up to which number that is all of it.
async fn fresh(
    reader: &mut crate::store::Reader,
    name: &str,
    row: &SinkRow,
    takes: &Takes,
) -> Result<(i64, Vec<Entry>)> {
    let (position, batch) = (row.position, (BATCH, BYTES));
    match takes {
        Takes::Messages(_) => {
            let mut through = row.head.min(position.saturating_add(BATCH));
            if through - position > UNWEIGHED {
                through = Feed::within(reader, None, position, through, batch).await?;
            }
            Ok((through, Feed::messages(reader, position, through, BATCH).await?))
        }
        Takes::Acts => {
            let through = Feed::within(reader, Some(name), position, row.head, batch).await?;
            let acts = Feed::acts(reader, name, position, through, BATCH).await?;
            let is_full = i64::try_from(acts.len()).unwrap_or(BATCH) >= BATCH;
            Ok((acts.last().filter(|_| is_full).map_or(through, |last| last.no), acts))
        }
    }
}

/// All of the batch in one lane, without what was given up.
async fn ordered(
    reader: &mut crate::store::Reader,
    name: &str,
    row: &SinkRow,
    mut fresh: Vec<Entry>,
) -> Result<Option<Lane>> {
    let mut tries = 0;
    let standing =
        if row.has_deliveries { store::standing(reader, name, row.position, BATCH).await? } else { Vec::new() };
    for delivery in standing {
        let Some(at) = fresh.iter().position(|entry| entry.no == delivery.no) else { continue };
        if matches!(delivery.state.as_str(), "set_aside" | "dropped") {
            fresh.remove(at);
        } else if at == 0 {
            tries = u32::try_from(delivery.attempts).unwrap_or(u32::MAX);
        }
    }
    Ok((!fresh.is_empty()).then_some(Lane { entries: fresh, tries, is_repeat: false }))
}

/// Rows that are tried again now, each with those parked behind it; and rows that this sink has no use for any more.
async fn repeats(
    reader: &mut crate::store::Reader,
    name: &str,
    now: Timestamp,
    row: &SinkRow,
    takes: &Takes,
    policy: Policy,
) -> Result<(Vec<Lane>, Vec<Change>)> {
    if !row.has_deliveries {
        return Ok((Vec::new(), Vec::new()));
    }
    let due = store::repeats(reader, name, now, row.position, BATCH / 5).await?;
    if due.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let keys: Vec<_> = due.iter().map(|row| row.key.as_str()).collect();
    let mut rows = if policy.ordered { Vec::new() } else { store::parked_of(reader, name, &keys, BATCH).await? };
    rows.extend(due.iter().cloned());
    rows.sort_by_key(|row| row.no);
    let mut lanes: BTreeMap<String, Lane> = BTreeMap::new();
    let mut stale = Vec::new();
    for open in rows {
        let Some(entry) = Feed::entry(reader, open.no).await?.filter(|entry| is_taken(takes, entry)) else {
            stale.push(Change::Through { no: open.no });
            continue;
        };
        let tries = u32::try_from(open.attempts).unwrap_or(u32::MAX);
        let key = if policy.ordered { String::new() } else { open.key };
        let lane = lanes.entry(key).or_insert(Lane { entries: Vec::new(), tries, is_repeat: true });
        lane.entries.push(entry);
    }
    Ok((lanes.into_values().collect(), stale))
}

fn is_taken(takes: &Takes, entry: &Entry) -> bool {
    match (takes, &entry.post) {
        (Takes::Messages(patterns), Post::Message(envelope)) => {
            patterns.iter().any(|pattern| envelope.topic.matches(pattern))
        }
        (Takes::Acts, Post::Act(_)) => true,
        (Takes::Messages(_), Post::Act(_)) | (Takes::Acts, Post::Message(_)) => false,
    }
}

/// How the receiver stands after the round.
fn health(before: &SinkRow, settled: &Settled, decider: &Decider<'_>) -> SinkRow {
    let now = decider.now.as_microseconds();
    let position = settled.position;
    let Some(trouble) = &settled.gone else {
        let is_back = before.attempts > 0;
        let since = if is_back { now } else { before.since };
        let next_at = settled.pause.map(Timestamp::as_microseconds);
        let state = "up".to_owned();
        return SinkRow { position, state, since, attempts: 0, next_at, error: None, ..*before };
    };
    let attempts = if settled.took { 1 } else { before.attempts + 1 };
    let since = if attempts == 1 { now } else { before.since };
    let tries = u32::try_from(attempts).unwrap_or(u32::MAX);
    let pause = decider.policy.gone.jittered(tries, decider.rng);
    let wanted = match trouble {
        Trouble::Gone { after, .. } => after.map(|after| after.min(std::time::Duration::from_secs(86_400))),
        Trouble::Later(_) | Trouble::Refused(_) => None,
    };
    let next_at = decider.now.later(wanted.map_or(pause, |wanted| wanted.max(decider.policy.gone.first)));
    let down_after = i64::try_from(decider.policy.down_after.as_micros()).unwrap_or(i64::MAX);
    let is_down = now.saturating_sub(since) >= down_after;
    let state = if is_down { "down" } else { before.state.as_str() }.to_owned();
    let error = Some(crate::wake::shortened(trouble.error()));
    SinkRow { position, state, since, attempts, next_at: Some(next_at.as_microseconds()), error, ..*before }
}

/// Stores what came of the round, and tells people what they want to know.
async fn record(tx: &mut Tx, name: &str, before: &SinkRow, after: &SinkRow, settled: &Settled) -> Result<()> {
    store::apply(tx, name, &settled.changes).await?;
    store::move_to(tx, name, after).await?;
    if before.attempts > 0 && after.attempts == 0 {
        store::hurry(tx, name).await?;
    }
    for aside in &settled.asides {
        trouble::tell_aside(tx, name, aside)?;
    }
    if before.state != after.state {
        trouble::tell_change(tx, name, before, after).await?;
    }
    if before.state != after.state || !settled.changes.is_empty() {
        trouble::set_blockers(tx, name).await?;
    }
    Ok(())
}
