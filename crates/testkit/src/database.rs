//! A store of its own for each test, on both databases.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, Statement as _};
use tempfile::TempDir;
use tidegate_kernel::{SeededRng, Timestamp};
use tidegate_platform::store::{Db, Migrations, Place, StoreOptions, Surroundings};

use crate::clock::TestClock;
use crate::ids::TestIds;
use crate::postgres::{self, Server};
use crate::proxy::{Proxy, Target};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite, in a folder of its own, in memory where the machine has such a folder.
    Sqlite,
    /// PostgreSQL, as a database of its own in a server that all tests share.
    Postgres,
}

/// A store that belongs to one test, with the clock that it runs by.
pub struct TestDb {
    /// The store, migrated.
    pub db: Db,
    /// Its clock, which stands at 2026-11-21 08:00.
    pub clock: Arc<TestClock>,
    /// Which database it is.
    pub kind: Kind,
    options: StoreOptions,
    folder: Option<TempDir>,
}

impl TestDb {
    /// Runs the test on SQLite, and then on PostgreSQL. Where that is not installed the second is skipped, printed and
    /// counted in a file that `./test` looks at.
    ///
    /// # Panics
    ///
    /// The test fails, or the machine cannot give it a database.
    #[expect(clippy::needless_pass_by_value, reason = "a closure is written at the call")]
    pub fn both(migrations: &[Migrations], test: impl AsyncFn(&Self)) {
        Self::on(Kind::Sqlite, migrations, &test);
        Self::on(Kind::Postgres, migrations, &test);
    }

    /// Runs the test on one of them.
    ///
    /// # Panics
    ///
    /// As for [`Self::both`].
    #[expect(clippy::needless_pass_by_value, reason = "a closure is written at the call")]
    #[expect(clippy::print_stdout, reason = "whoever runs the test reads why it did not run")]
    pub fn on(kind: Kind, migrations: &[Migrations], test: impl AsyncFn(&Self)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime starts").block_on(async {
            let Some(database) = Self::open(kind, migrations).await else {
                println!("skipped: PostgreSQL is not installed");
                return note_skip();
            };
            test(&database).await;
            database.end().await;
        });
    }

    async fn open(kind: Kind, migrations: &[Migrations]) -> Option<Self> {
        let (place, folder) = match kind {
            Kind::Sqlite => {
                let memory = Path::new("/dev/shm");
                let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
                let folder = folder.expect("a temporary folder can be made");
                (Place::Sqlite(folder.path().join("tidegate.sqlite")), Some(folder))
            }
            Kind::Postgres => (Place::Postgres(Server::shared().await?.clone_of(migrations).await), None),
        };
        let options = StoreOptions { place, pool: NonZeroU32::new(8).expect("not zero"), waive_fsync: true };
        let clock = Arc::new(TestClock::at("2026-11-21T08:00:00Z".parse::<Timestamp>().expect("it is a time")));
        let db = open_at(&options, &clock, 1).await;
        db.migrate(migrations).await.expect("the migrations run");
        Some(Self { db, clock, kind, options, folder })
    }

    /// The same store opened once more, as another process would; on PostgreSQL only. Its chance and ids have that seed, from 2 on.
    ///
    /// # Panics
    ///
    /// The store cannot be opened.
    pub async fn another(&self, seed: u64) -> Db {
        open_at(&self.options, &self.clock, seed).await
    }

    /// The URL of a PostgreSQL database that no test has open, for a program of its own; nothing where there is no
    /// PostgreSQL, which is counted.
    ///
    /// # Panics
    ///
    /// The server does not start.
    pub async fn loose(migrations: &[Migrations]) -> Option<String> {
        let Some(server) = Server::shared().await else {
            note_skip();
            return None;
        };
        Some(server.clone_of(migrations).await)
    }

    /// Drops such a database.
    ///
    /// # Panics
    ///
    /// The server is away.
    pub async fn drop_loose(url: &str) {
        postgres::drop_database(url).await;
    }

    /// A proxy before PostgreSQL, and the URL of this database through it.
    ///
    /// # Panics
    ///
    /// It is SQLite.
    pub async fn behind_proxy(&self) -> (Proxy, String) {
        let Place::Postgres(url) = &self.options.place else { panic!("SQLite has no network") };
        let options: PgConnectOptions = url.parse().expect("it was opened with this URL");
        let (host, port) = (options.get_host(), options.get_port());
        let target = match options.get_socket() {
            Some(folder) => Target::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            None => Target::Tcp(format!("{host}:{port}")),
        };
        let proxy = Proxy::to(target).await;
        let (user, database) = (options.get_username(), options.get_database().unwrap_or_default());
        let url = format!("postgres://{user}@{}/{database}?sslmode=disable", proxy.address());
        (proxy, url)
    }

    /// How it was opened.
    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Runs any statement beside the store, and gives all rows as texts; an absent value is `NULL`.
    ///
    /// # Panics
    ///
    /// The database refuses it.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let text = AssertSqlSafe(sql.to_owned());
        match &self.options.place {
            Place::Sqlite(path) => {
                let mut connection = sqlite_beside(path).await;
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                let text_of = |row: &sqlx::sqlite::SqliteRow, at| row.get_unchecked::<Option<String>, _>(at);
                rows.iter().map(|row| (0..row.len()).map(|at| or_null(text_of(row, at))).collect()).collect()
            }
            Place::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the server answers");
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                let text_of = |row: &sqlx::postgres::PgRow, at| row.get_unchecked::<Option<String>, _>(at);
                rows.iter().map(|row| (0..row.len()).map(|at| or_null(text_of(row, at))).collect()).collect()
            }
        }
    }

    /// Prepares a statement: the number of its parameters and the names of its columns.
    ///
    /// # Errors
    ///
    /// The database refuses it, and says why.
    ///
    /// # Panics
    ///
    /// The store is away.
    pub async fn prepare(&self, sql: &str) -> Result<(usize, Vec<String>), String> {
        let text = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(sql.to_owned()));
        match &self.options.place {
            Place::Sqlite(path) => {
                let mut connection = sqlite_beside(path).await;
                let statement = connection.prepare(text).await.map_err(|error| error.to_string())?;
                let parameters = statement.parameters().map_or(0, |some| some.either(<[_]>::len, |count| count));
                Ok((parameters, statement.columns().iter().map(|column| column.name().to_owned()).collect()))
            }
            Place::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the server answers");
                let statement = connection.prepare(text).await.map_err(|error| error.to_string())?;
                let parameters = statement.parameters().map_or(0, |some| some.either(<[_]>::len, |count| count));
                Ok((parameters, statement.columns().iter().map(|column| column.name().to_owned()).collect()))
            }
        }
    }

    async fn end(self) {
        self.db.close().await;
        match &self.options.place {
            Place::Sqlite(_) => drop(self.folder),
            Place::Postgres(url) => postgres::drop_database(url).await,
        }
    }
}

async fn open_at(options: &StoreOptions, clock: &Arc<TestClock>, seed: u64) -> Db {
    let surroundings = Surroundings {
        clock: Arc::clone(clock) as _,
        rng: Arc::new(SeededRng::new(seed)),
        ids: Arc::new(TestIds::of(seed - 1)),
    };
    Db::open(options, surroundings).await.expect("the store opens")
}

/// A connection that takes no lock of the store, as a person with a shell would have it.
async fn sqlite_beside(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(5));
    SqliteConnection::connect_with(&options).await.expect("the file is there")
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "NULL".to_owned())
}

/// Counts a test that could not run, in a file that `./test` looks at.
pub(crate) fn note_skip() {
    let path = postgres::build_folder().join("testkit-skipped");
    let file = OpenOptions::new().create(true).append(true).open(path);
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    file.and_then(|mut file| writeln!(file, "{name}")).expect("the build folder can be written");
}
