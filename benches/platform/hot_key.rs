//! Transactions that all wake one key, beside the same without the wake-up.

use std::time::Duration;

use tidegate_platform::store::Db;
use tidegate_platform::wake::{Jobs, Worker};
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, a_second, median, now};
use tokio::sync::mpsc;

use super::work::{Deed, LOAD, Load, commit, options, store};

const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(3);

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let db = store(&postgres.database("hot_key").await).await;
    let (tell, _told) = mpsc::unbounded_channel();
    let worker = Worker::start(db.clone(), Jobs::default().with(Load(tell)), options());
    let mut rows = Vec::new();
    let mut with_few = 0.0;
    for clients in [8, 32] {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            with.push(rate(&db, clients, true).await);
            without.push(rate(&db, clients, false).await);
        }
        let (with, without) = (median(with), median(without));
        rows.push(Row::rates(&format!("commits that wake one hot key, {clients} clients"), with, without, "≥ 0.6"));
        if with_few > 0.0 {
            rows.push(Row::rates("the same, 32 clients beside 8", with, with_few, "≥ 1"));
        }
        with_few = with;
    }
    worker.stop(TIME).await;
    rows
}

async fn rate(db: &Db, clients: usize, wakes: bool) -> f64 {
    let begin = now();
    let client = |number: usize| async move {
        let mut done = 0;
        while begin.elapsed() < TIME {
            let ship = format!("{number}/{done}");
            let woken = if wakes { vec![LOAD.key("hot")] } else { Vec::new() };
            commit(db, &Deed { told: vec![(number.to_string(), ship.clone())], ship, woken }).await;
            done += 1;
        }
        done
    };
    let done: usize = futures_util::future::join_all((0..clients).map(client)).await.into_iter().sum();
    a_second(done, begin)
}
