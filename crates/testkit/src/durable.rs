//! A PostgreSQL of a benchmark: its own, and every commit is on the disk before it is answered.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection as _, PgConnection};

use crate::postgres::{programs, run, start};

/// As a machine of this size would be set up.
const SETTINGS: [&str; 5] = [
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=30min",
];

/// The server. Dropping it ends it, and removes what it kept.
pub struct DurablePostgres {
    folder: PathBuf,
}

impl DurablePostgres {
    /// Starts one; nothing where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// It is installed and does not start.
    pub fn start() -> Option<Self> {
        Some(Self { folder: start(&programs()?, &SETTINGS) })
    }

    /// Makes an empty database, and gives its URL.
    ///
    /// # Panics
    ///
    /// There is one of that name.
    pub async fn database(&self, name: &str) -> String {
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the server answers");
        run(&mut admin, format!("CREATE DATABASE {name}")).await;
        self.url(name)
    }

    /// Has it log every statement of a database from the next connection on.
    ///
    /// # Panics
    ///
    /// There is none of that name.
    pub async fn log_statements(&self, name: &str) {
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the server answers");
        run(&mut admin, format!("ALTER DATABASE {name} SET log_statement = 'all'")).await;
    }

    /// Writes what is still in memory to its place, so that a measurement does not meet what was before it.
    ///
    /// # Panics
    ///
    /// The server is away.
    pub async fn checkpoint(&self) {
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the server answers");
        run(&mut admin, "CHECKPOINT".to_owned()).await;
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> String {
        self.folder.display().to_string()
    }

    /// The process whose children serve the connections.
    pub fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }
}

impl Drop for DurablePostgres {
    fn drop(&mut self) {
        if let Some(pid) = self.pid().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
