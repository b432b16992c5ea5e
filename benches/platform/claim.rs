//! Taking work where a million wishes wait, beside a few.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tidegate_platform::store::Db;
use tidegate_platform::wake::{Jobs, Worker};
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, now};
use tokio::sync::mpsc;

use super::work::{Load, options, store};

const MANY: usize = 1_000_000;
const FEW: usize = 1_000;
/// So many runs are timed; no more than there are in the smaller case.
const RUNS: usize = 1_000;

/// Half of the wishes are due, the others in a year.
const ON_POSTGRES: &str = "INSERT INTO platform_wake_request (job, key, at, priority, cause)
    SELECT 'harbour.load', 'k' || n, CASE WHEN n % 2 = 0 THEN n ELSE 2000000000000000 + n END, 'normal', 'x'
    FROM generate_series(1, COUNT) AS n";
const ON_SQLITE: &str = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < COUNT)
    INSERT INTO platform_wake_request (job, key, at, priority, cause)
    SELECT 'harbour.load', 'k' || n, CASE WHEN n % 2 = 0 THEN n ELSE 2000000000000000 + n END, 'normal', 'x' FROM numbers";

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let mut rows = Vec::new();
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    for on_sqlite in [false, true] {
        let mut took = Vec::new();
        // twice as many, so that as many runs are due as are timed
        for (name, count) in [("few", FEW * 2), ("many", MANY)] {
            let url = if on_sqlite {
                format!("sqlite:{}", folder.path().join(name).display())
            } else {
                postgres.database(&format!("claim_{name}")).await
            };
            let db = store(&url).await;
            fill(&url, count).await;
            took.push(each(&db).await);
            db.close().await;
        }
        let name = if on_sqlite { "SQLite" } else { "PostgreSQL" };
        let work = format!("a run where 1,000,000 wishes wait, beside 2,000, {name}");
        rows.push(Row::times(&work, took[1], took[0], "≤ 1.5"));
    }
    rows
}

async fn fill(url: &str, count: usize) {
    let text = |sql: &str| AssertSqlSafe(sql.replace("COUNT", &count.to_string()));
    if let Some(path) = url.strip_prefix("sqlite:") {
        let mut beside = SqliteConnection::connect(path).await.expect("the store can be opened beside");
        sqlx::raw_sql(text(ON_SQLITE)).execute(&mut beside).await.expect("wishes can be made");
        sqlx::raw_sql("ANALYZE").execute(&mut beside).await.expect("it is counted");
    } else {
        let mut beside = PgConnection::connect(url).await.expect("the server answers");
        sqlx::raw_sql(text(ON_POSTGRES)).execute(&mut beside).await.expect("wishes can be made");
        sqlx::raw_sql("ANALYZE platform_wake_request").execute(&mut beside).await.expect("it is counted");
        sqlx::raw_sql("CHECKPOINT").execute(&mut beside).await.expect("it is written");
    }
}

/// How long a run takes, with its claim and its end.
async fn each(db: &Db) -> Duration {
    let (tell, mut told) = mpsc::unbounded_channel();
    let begin = now();
    let worker = Worker::start(db.clone(), Jobs::default().with(Load(tell)), options());
    for _ in 0..RUNS {
        told.recv().await.expect("the job runs");
    }
    let took = begin.elapsed();
    worker.stop(Duration::from_secs(5)).await;
    took / u32::try_from(RUNS).expect("it is small")
}
