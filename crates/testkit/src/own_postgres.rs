//! A PostgreSQL of its own, for one test or a benchmark. What it commits is on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use nix::unistd::User;
use sqlx::{Connection as _, PgConnection};

use crate::database::note_skip;
use crate::postgres::{command, make_cluster, programs, run, server_folder, start_server};

/// What a test needs of it.
const SMALL: &[&str] = &["listen_addresses=", "shared_buffers=32MB"];

/// As a machine of this size would be set up.
const USUAL: &[&str] = &[
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=30min",
];

/// The server, which can be ended and started again. Dropping it ends it, and removes what it kept.
pub struct OwnPostgres {
    programs: PathBuf,
    folder: PathBuf,
    user: Option<User>,
    settings: &'static [&'static str],
}

impl OwnPostgres {
    /// Starts one for a test, as the last words of that command; `None` where PostgreSQL is not installed, which is
    /// counted.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub fn start(wrapped: &[&str]) -> Option<Self> {
        let started = Self::with(SMALL, wrapped);
        if started.is_none() {
            note_skip();
        }
        started
    }

    /// Starts one for benchmarks; `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub fn for_benchmarks() -> Option<Self> {
        Self::with(USUAL, &[])
    }

    fn with(settings: &'static [&'static str], wrapped: &[&str]) -> Option<Self> {
        let programs = programs()?;
        let (folder, user) = server_folder();
        make_cluster(&programs, &folder, user.as_ref());
        let this = Self { programs, folder, user, settings };
        this.start_again(wrapped);
        Some(this)
    }

    /// Where its socket is, and its user may write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of the database that every server has.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    /// Makes an empty database, and gives its URL.
    ///
    /// # Panics
    ///
    /// There is one of that name.
    pub async fn database(&self, name: &str) -> String {
        self.run(format!("CREATE DATABASE {name}")).await;
        self.url_of(name)
    }

    /// Has it log every statement of a database from the next connection on.
    ///
    /// # Panics
    ///
    /// There is none of that name.
    pub async fn log_statements(&self, name: &str) {
        self.run(format!("ALTER DATABASE {name} SET log_statement = 'all'")).await;
    }

    /// Writes what is still in memory to its place, so that a measurement does not meet what was before it.
    ///
    /// # Panics
    ///
    /// The server is away.
    pub async fn checkpoint(&self) {
        self.run("CHECKPOINT".to_owned()).await;
    }

    async fn run(&self, sql: String) {
        let mut admin = PgConnection::connect(&self.url()).await.expect("the server answers");
        run(&mut admin, sql).await;
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The process whose children serve the connections.
    pub fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Starts it with what it had.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub fn start_again(&self, wrapped: &[&str]) {
        let pg_ctl = self.programs.join("pg_ctl");
        let pg_ctl = match wrapped {
            [] => command(&pg_ctl, &self.folder, self.user.as_ref()),
            [program, words @ ..] => {
                let mut command = command(Path::new(program), &self.folder, self.user.as_ref());
                command.args(words).arg(pg_ctl);
                command
            }
        };
        start_server(pg_ctl, &self.folder, self.settings);
    }

    /// Ends it and all its connections at once, as an operator would who restarts it.
    ///
    /// # Panics
    ///
    /// It does not end.
    pub fn stop(&self) {
        assert!(self.stopped("fast").success(), "PostgreSQL does not stop");
    }

    fn stopped(&self, mode: &str) -> ExitStatus {
        let mut pg_ctl = command(&self.programs.join("pg_ctl"), &self.folder, self.user.as_ref());
        pg_ctl.args(["stop", "--wait", "--silent", "--mode", mode, "--pgdata"]).arg(self.folder.join("data"));
        pg_ctl.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl runs")
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let _ = self.stopped("immediate");
        let _ = fs::remove_dir_all(&self.folder);
    }
}
