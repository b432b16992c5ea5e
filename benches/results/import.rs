//! A history that is brought in, beside the same rows copied into tables with the same indexes.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};
use tempfile::TempDir;
use tidegate_kernel::Timestamp;
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, a_second, now};

use super::house::{Service, Store};

/// Results of each build.
const EACH: u64 = 6;
/// What an import writes, what is referred to first.
const TABLES: [&str; 8] = [
    "results_testcase",
    "results_group",
    "results_result",
    "results_result_group",
    "results_result_key",
    "results_latest",
    "results_announcement_state",
    "results_announcement",
];

pub(crate) async fn measure(postgres: &OwnPostgres, builds: u64) -> Vec<Row> {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let file = folder.path().join("history.ndjson");
    std::fs::write(&file, history(builds)).expect("our own folder");
    let mut rows = Vec::new();
    for is_postgres in [true, false] {
        let mut stores = Vec::new();
        for name in ["imported", "copied"] {
            let store = if is_postgres { Store::at(postgres.database(name).await) } else { Store::sqlite() };
            let service = Service::start(&store);
            stores.push((store, service));
        }
        let [(from, filled), (to, bare)] = stores.as_slice() else { unreachable!("there are two") };
        postgres.checkpoint().await;
        let ours = imported(filled, &file, builds * EACH);
        postgres.checkpoint().await;
        let copied = match (from.url(), to.url()) {
            (Some(from), Some(to)) => copy_postgres(from, to).await,
            _ => copy_sqlite(&filled.file(), &bare.file()).await,
        };
        let count = usize::try_from(builds * EACH).expect("it fits");
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
        let copied = count as f64 / copied.as_secs_f64();
        let name = if is_postgres { "PostgreSQL, beside COPY" } else { "SQLite, beside INSERT of 100 rows each" };
        rows.push(Row::rates(&format!("an import of {count} results, {name}"), ours, copied, "≥ 0.33"));
        eprintln!("memory of the server: {} MiB", filled.memory());
    }
    rows
}

/// Results a second.
fn imported(service: &Service, file: &Path, count: u64) -> f64 {
    let begin = now();
    service.import(file);
    a_second(usize::try_from(count).expect("it fits"), begin)
}

/// As a machine of this distribution sends them: four extra data each, 50 test cases, 7 s apart.
fn history(builds: u64) -> String {
    let mut text = String::new();
    for place in 0..builds * EACH {
        let (build, which) = (place / EACH, place % EACH);
        let outcome = if (build + which) % 7 == 0 { "FAILED" } else { "PASSED" };
        let scenario = ["bios", "uefi", "cloud"][usize::try_from(place % 3).unwrap_or(0)];
        let at = 1_700_000_000_000_000 + i64::try_from(place).unwrap_or(0) * 7_000_000;
        let at = Timestamp::from_microseconds(at).expect("it is in time").to_jiff().strftime("%Y-%m-%dT%H:%M:%S.%6f");
        let data = format!(
            r#"{{"item": "package{}-1.{build}-1.fc44", "type": "koji_build", "arch": "x86_64", "scenario": "{scenario}"}}"#,
            build % 500
        );
        let testcase = place % 50;
        let line = format!(
            r#"{{"testcase": "dist.test{testcase}", "outcome": "{outcome}", "submit_time": "{at}", "data": {data}}}"#
        );
        writeln!(text, "{line}").expect("memory is endless");
    }
    text
}

async fn copy_postgres(from: &str, to: &str) -> Duration {
    let mut from = PgConnection::connect(from).await.expect("the server answers");
    let mut to = PgConnection::connect(to).await.expect("the server answers");
    let mut tables = Vec::new();
    for table in TABLES {
        let rows = from.copy_out_raw(&format!("COPY {table} TO STDOUT")).await.expect("it can be read");
        let rows: Vec<_> = rows.try_collect().await.expect("it can be read");
        tables.push((table, rows.concat()));
    }
    let begin = now();
    let mut tx = to.begin().await.expect("the server answers");
    for (table, rows) in tables {
        let mut copy = tx.copy_in_raw(&format!("COPY {table} FROM STDIN")).await.expect("it is copied");
        copy.send(rows).await.expect("it is copied");
        copy.finish().await.expect("it is copied");
    }
    tx.commit().await.expect("it is committed");
    begin.elapsed()
}

async fn copy_sqlite(from: &Path, to: &Path) -> Duration {
    let text = |path: &Path| format!("sqlite:{}", path.display());
    let mut from = SqliteConnection::connect(&text(from)).await.expect("the store can be opened beside");
    let mut to = SqliteConnection::connect(&text(to)).await.expect("the store can be opened beside");
    sqlx::raw_sql("PRAGMA synchronous = FULL").execute(&mut to).await.expect("it is set");
    let mut tables = Vec::new();
    for table in TABLES {
        let all = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&mut from).await;
        let rows = all.expect("it can be read");
        tables.push((table, rows.iter().map(cells).collect::<Vec<_>>()));
    }
    let begin = now();
    let mut tx = to.begin().await.expect("nobody else writes");
    for (table, rows) in tables {
        for chunk in rows.chunks(ROWS) {
            let row = format!("({})", vec!["?"; chunk[0].len()].join(", "));
            let sql = format!("INSERT INTO {table} VALUES {}", vec![row; chunk.len()].join(", "));
            let mut insert = sqlx::query(AssertSqlSafe(sql));
            for cell in chunk.iter().flatten() {
                insert = match cell {
                    Cell::Nothing => insert.bind(None::<i64>),
                    Cell::Number(number) => insert.bind(*number),
                    Cell::Text(text) => insert.bind(text.as_str()),
                };
            }
            insert.execute(&mut *tx).await.expect("it is copied");
        }
    }
    tx.commit().await.expect("it is committed");
    begin.elapsed()
}

/// So many rows go into one statement.
const ROWS: usize = 100;

/// What stands in a column.
enum Cell {
    Nothing,
    Number(i64),
    Text(String),
}

fn cells(row: &SqliteRow) -> Vec<Cell> {
    let cell = |column| {
        let found = row.try_get_raw(column).expect("there is such a column");
        match found.type_info().name() {
            "NULL" => Cell::Nothing,
            "INTEGER" => Cell::Number(row.get(column)),
            _ => Cell::Text(row.get(column)),
        }
    };
    (0..row.len()).map(cell).collect()
}
