//! From a commit to the start of the job that it woke, beside a bare signal followed by one claiming statement.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgListener, PgPool};
use tidegate_platform::store::Db;
use tidegate_platform::wake::{Bridge, Jobs, Worker};
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, median_time, now, p99};
use tokio::sync::mpsc;

use super::work::{Deed, LOAD, Load, commit, options, store};

pub(crate) const COUNT: usize = 2_000;
/// In turns with what it is compared with.
pub(crate) const ROUNDS: usize = 3;
const RATE: u32 = 200;

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let url = postgres.database("latency").await;
    let pool = PgPool::connect(&url).await.expect("the server answers");
    let (here, there) = (store(&url).await, store(&url).await);
    let bare = sqlx::query("CREATE TABLE bare (key text PRIMARY KEY)");
    bare.execute(&pool).await.expect("a table can be made");
    let mut rows = Vec::new();
    for (far, work) in [(false, "commit to start, same process, p99"), (true, "commit to start, another process, p99")]
    {
        let (mut ours, mut compared) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(woken(&here, if far { &there } else { &here }, far.then_some(url.as_str())).await);
            compared.push(bare_signal(&pool, &url, far).await);
        }
        rows.push(Row::times(work, median_time(ours), median_time(compared), "≤ 3"));
    }
    rows
}

/// From the commit at one process to the start at the other.
async fn woken(here: &Db, there: &Db, url: Option<&str>) -> Duration {
    let (tell, mut told) = mpsc::unbounded_channel();
    let bridges = url.map(|url| [here, there].map(|db| Bridge::start(db, url).expect("it is PostgreSQL")));
    let worker = Worker::start(there.clone(), Jobs::default().with(Load(tell)), options());
    let stamps = tokio::spawn(async move {
        let mut stamps = BTreeMap::new();
        while stamps.len() < COUNT {
            let Some(key) = told.recv().await else { break };
            stamps.insert(key, now());
        }
        stamps
    });
    let committed = paced(async |key: String| {
        let woken = vec![LOAD.key(&key)];
        commit(here, &Deed { ship: key, woken, ..Deed::default() }).await;
    });
    let took = between(committed.await, &stamps.await.expect("the job runs"));
    worker.stop(Duration::from_secs(5)).await;
    drop(bridges);
    took
}

/// Does it at an even rate, and says when each was done.
pub(crate) async fn paced(work: impl AsyncFn(String)) -> BTreeMap<String, Instant> {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut done = BTreeMap::new();
    for number in 0..COUNT {
        pace.tick().await;
        let key = format!("{number:05}");
        work(key.clone()).await;
        done.insert(key, now());
    }
    done
}

/// The 99th percentile of what lies between; what was told before it was answered took no time.
pub(crate) fn between(begun: BTreeMap<String, Instant>, ended: &BTreeMap<String, Instant>) -> Duration {
    let took = |(key, at): (String, Instant)| Some(ended.get(&key)?.saturating_duration_since(at));
    p99(begun.into_iter().filter_map(took).collect())
}

/// A row is written; then a channel, or `NOTIFY`, tells somebody, who takes it away.
async fn bare_signal(pool: &PgPool, url: &str, far: bool) -> Duration {
    let (tell, mut told) = mpsc::unbounded_channel();
    if far {
        let mut listener = PgListener::connect(url).await.expect("the server answers");
        listener.listen("bare").await.expect("it listens");
        tokio::spawn(async move {
            while let Ok(note) = listener.recv().await {
                if tell.send(note.payload().to_owned()).is_err() {
                    break;
                }
            }
        });
        return bare(pool, &mut told, async |key| {
            let notify = sqlx::query("SELECT pg_notify('bare', $1)").bind(key);
            notify.execute(pool).await.expect("it is told");
        })
        .await;
    }
    bare(pool, &mut told, async |key| tell.send(key).expect("somebody listens")).await
}

async fn bare(pool: &PgPool, told: &mut mpsc::UnboundedReceiver<String>, tell: impl AsyncFn(String)) -> Duration {
    let claimed = async {
        let mut stamps = BTreeMap::new();
        while stamps.len() < COUNT {
            let Some(key) = told.recv().await else { break };
            let taken = sqlx::query("DELETE FROM bare WHERE key = $1 RETURNING key").bind(&key);
            taken.execute(pool).await.expect("it is claimed");
            stamps.insert(key, now());
        }
        stamps
    };
    let committed = async {
        let committed = std::sync::Mutex::new(BTreeMap::new());
        paced(async |key: String| {
            sqlx::query("INSERT INTO bare (key) VALUES ($1)").bind(&key).execute(pool).await.expect("it is written");
            committed.lock().expect("nobody panicked").insert(key.clone(), now());
            tell(key).await;
        })
        .await;
        committed.into_inner().expect("nobody panicked")
    };
    let (committed, claimed) = tokio::join!(committed, claimed);
    between(committed, &claimed)
}
