//! Carries signals between processes on PostgreSQL.
//!
//! After a commit, and once for all commits that came meanwhile, a process tells the others by `NOTIFY` on a connection of
//! its own: inside a writing transaction it would let commits pass one by one only. One more connection listens. What is
//! lost here, with a connection or a process, the sweep finds.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::task::JoinHandle;

use crate::backoff::Backoff;
use crate::store::{Db, Listener, Signal};

const CHANNEL: &str = "tidegate_wake";
const NOTIFY: &str = "SELECT pg_notify('tidegate_wake', $1)";
/// A payload has less than 8,000 bytes; whatever would be longer says "everything".
const LONGEST: usize = 7_000;
/// Between two payloads: a process that commits without pause tells the others some hundred times a second, not thousands.
const APART: Duration = Duration::from_millis(2);
const AWAY: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(10));

/// Two tasks that end with it.
pub struct Bridge {
    tasks: [JoinHandle<()>; 2],
}

/// What is told on the wire.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "it is a signal in transit")]
struct Told {
    from: String,
    jobs: BTreeSet<String>,
    outbox: bool,
    feed: bool,
    rights: bool,
    everything: bool,
}

impl Bridge {
    /// Joins this process to the others that have the store at that address, given past any pooler. The store's own
    /// signals, from now on, reach the others, and theirs reach it.
    ///
    /// # Errors
    ///
    /// The address is none of PostgreSQL.
    pub fn start(db: &Db, direct_url: &str) -> crate::store::Result<Self> {
        let options: PgConnectOptions = direct_url.parse()?;
        let options = options.application_name("tidegate-signals").disable_statement_logging();
        let surroundings = db.surroundings();
        let name = surroundings.ids.public_id(surroundings.clock.now()).to_string();
        let listener = db.signals().listen_to_own();
        let telling = tokio::spawn(tell(options.clone(), listener, name.clone()));
        let hearing = tokio::spawn(hear(options, db.clone(), name));
        Ok(Self { tasks: [telling, hearing] })
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn tell(options: PgConnectOptions, mut listener: Listener, from: String) {
    let mut connection: Option<PgConnection> = None;
    loop {
        let mut signal = listener.next().await;
        while let Some(more) = listener.next_now() {
            signal.merge(more);
        }
        let payload = payload(&from, signal);
        let mut failures = 0;
        loop {
            match notify(&options, &mut connection, &payload).await {
                Ok(()) => {
                    tokio::time::sleep(APART).await;
                    break;
                }
                Err(error) => {
                    connection = None;
                    failures += 1;
                    tracing::debug!(%error, failures, "other processes could not be told");
                    tokio::time::sleep(AWAY.pause(failures)).await;
                }
            }
        }
    }
}

async fn notify(options: &PgConnectOptions, kept: &mut Option<PgConnection>, payload: &str) -> sqlx::Result<()> {
    let connection = match kept {
        Some(connection) => connection,
        None => kept.insert(PgConnection::connect_with(options).await?),
    };
    sqlx::query(NOTIFY).bind(payload).execute(connection).await.map(drop)
}

fn payload(from: &str, signal: Signal) -> String {
    let Signal { jobs, outbox, feed, rights, everything } = signal;
    let json = |told: &Told| serde_json::to_string(told).expect("names and flags have a JSON form");
    let text = json(&Told { from: from.to_owned(), jobs, outbox, feed, rights, everything });
    if text.len() <= LONGEST {
        return text;
    }
    json(&Told {
        from: from.to_owned(),
        jobs: BTreeSet::new(),
        outbox: true,
        feed: true,
        rights: true,
        everything: true,
    })
}

async fn hear(options: PgConnectOptions, db: Db, own: String) {
    let mut failures = 0;
    loop {
        match listen(&options).await {
            Ok(mut listener) => {
                failures = 0;
                // what was told while nobody listened is not known
                db.signals().tell_heard(Signal::everything());
                while let Ok(Some(told)) = listener.try_recv().await {
                    if let Some(signal) = understood(told.payload(), &own) {
                        db.signals().tell_heard(signal);
                    }
                }
            }
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, failures, "other processes cannot be heard");
            }
        }
        tokio::time::sleep(AWAY.pause(failures + 1)).await;
    }
}

async fn listen(options: &PgConnectOptions) -> sqlx::Result<PgListener> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// What another process told; nothing if it was this one.
fn understood(payload: &str, own: &str) -> Option<Signal> {
    let Ok(told) = serde_json::from_str::<Told>(payload) else { return Some(Signal::everything()) };
    let Told { from, jobs, outbox, feed, rights, everything } = told;
    (from != own).then_some(Signal { jobs, outbox, feed, rights, everything })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_understand_it_and_the_teller_ignores_it() {
        let signal = Signal { jobs: ["merge.stage".to_owned()].into(), outbox: true, ..Signal::default() };
        let payload = payload("a", signal.clone());
        assert_eq!(understood(&payload, "b"), Some(signal));
        assert_eq!(understood(&payload, "a"), None);
        assert_eq!(understood("what?", "a"), Some(Signal::everything()));
    }

    #[test]
    fn what_is_too_long_says_everything() {
        let jobs = (0..1_000).map(|number| format!("merge.job_{number}")).collect();
        let payload = payload("a", Signal { jobs, ..Signal::default() });
        assert!(payload.len() <= LONGEST);
        assert!(understood(&payload, "b").unwrap().everything);
    }
}
