//! A private PostgreSQL, shared by all tests of a build folder.
//!
//! Each test is a process of its own, so none of them can own the server: the first one that needs it starts it, under a
//! file lock in the build folder, and writes there where it is; the others find it by that. `./test` ends it. It listens
//! on a socket in a folder of its own and on no address, and forces nothing to the disk.
//!
//! `TIDEGATE_TEST_POSTGRES` names a server that is there already, as a URL of a superuser without a database.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tidegate_kernel::Rng as _;
use tidegate_platform::chance::SystemRng;
use tidegate_platform::store::{Db, Migrations, Place, StoreOptions, Surroundings};

/// What the server that all tests share is started with.
const SHARED: [&str; 7] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "max_wal_size=2GB",
    "autovacuum=off",
];

/// A server, by the URL to which a database's name is added.
pub(crate) struct Server {
    host: String,
}

impl Server {
    /// The server of this build folder, started where that is needed; `None` where PostgreSQL is not installed.
    pub(crate) async fn shared() -> Option<Self> {
        if let Ok(host) = std::env::var("TIDEGATE_TEST_POSTGRES") {
            return Some(Self { host });
        }
        let programs = programs()?;
        let _lock = lock("testkit-postgres.lock");
        let note = build_folder().join("testkit-postgres");
        if let Ok(folder) = fs::read_to_string(&note) {
            let server = Self::in_folder(Path::new(folder.trim()));
            if PgConnection::connect(&server.url("postgres")).await.is_ok() {
                return Some(server);
            }
            let _ = fs::remove_dir_all(folder.trim());
        }
        let folder = start(&programs, &SHARED);
        fs::write(&note, format!("{}\n", folder.display())).expect("the build folder can be written");
        Some(Self::in_folder(&folder))
    }

    fn in_folder(folder: &Path) -> Self {
        Self { host: format!("postgres://postgres@localhost?host={}", folder.display()) }
    }

    fn url(&self, database: &str) -> String {
        match self.host.split_once('?') {
            Some((host, options)) => format!("{host}/{database}?{options}"),
            None => format!("{}/{database}", self.host.trim_end_matches('/')),
        }
    }

    /// The URL of a new database with that schema, copied from one that was migrated once.
    pub(crate) async fn clone_of(&self, migrations: &[Migrations]) -> String {
        let template = template_name(migrations);
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the server answers");
        {
            let _lock = lock("testkit-postgres.lock");
            let exists: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
                .bind(&template)
                .fetch_optional(&mut admin)
                .await
                .expect("the server lists its databases");
            if exists.is_none() {
                let unfinished = format!("{template}_unfinished");
                run(&mut admin, format!("DROP DATABASE IF EXISTS {unfinished}")).await;
                run(&mut admin, format!("CREATE DATABASE {unfinished}")).await;
                self.migrate(&unfinished, migrations).await;
                run(&mut admin, format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await;
            }
        }
        let name = format!("test_{:016x}", SystemRng.next_u64());
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        self.url(&name)
    }

    async fn migrate(&self, database: &str, migrations: &[Migrations]) {
        let place = Place::Postgres(self.url(database));
        let options = StoreOptions { place, pool: 2.try_into().expect("not zero"), waive_fsync: true };
        let surroundings = Surroundings {
            clock: std::sync::Arc::new(tidegate_kernel::SystemClock),
            rng: std::sync::Arc::new(SystemRng),
            ids: std::sync::Arc::new(tidegate_kernel::RandomIds(SystemRng)),
        };
        let db = Db::open(&options, surroundings).await.expect("the template opens");
        db.migrate(migrations).await.expect("the migrations run");
        db.close().await;
    }
}

/// Drops the database of that URL, whoever is still connected.
pub(crate) async fn drop_database(url: &str) {
    let (before, options) = url.split_once('?').unwrap_or((url, ""));
    let (host, name) = before.rsplit_once('/').expect("the URL names a database");
    let mut admin = PgConnection::connect(&format!("{host}/postgres?{options}")).await.expect("the server answers");
    run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

pub(crate) async fn run(admin: &mut PgConnection, sql: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(admin).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn template_name(migrations: &[Migrations]) -> String {
    let mut hash = Sha256::new();
    for migration in migrations.iter().flat_map(|of_crate| of_crate.list) {
        hash.update(migration.postgres);
    }
    format!("template_{}", tidegate_kernel::hex(&hash.finalize()[..12]))
}

/// Where the build's files are: `target/debug`.
pub(crate) fn build_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.ancestors().find(|folder| folder.join("deps").is_dir());
    folder.unwrap_or_else(|| test.parent().expect("a file lies in a folder")).to_owned()
}

/// Held until it is dropped, or the process ends.
fn lock(name: &str) -> File {
    let path = build_folder().join(name);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = file.expect("the build folder can be written");
    file.lock().expect("a file can be locked");
    file
}

/// The folder with the programs of the newest PostgreSQL.
pub(crate) fn programs() -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    found.sort_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    let debian = found.into_iter().rev().map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<_> = std::env::split_paths(&on_path).collect();
    debian.chain(on_path).find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// A folder of the server's user, and that user where we are root.
pub(crate) fn server_folder() -> (PathBuf, Option<User>) {
    // Not in the build folder: the server's user may not look into that, and a socket's path is short.
    let folder = tempfile::Builder::new().prefix("tidegate-postgres-").tempdir_in("/tmp").expect("/tmp can be written");
    let folder = folder.keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("our own folder");
    let server_user = Uid::effective().is_root().then(|| {
        let user = User::from_name("postgres").ok().flatten();
        user.expect("PostgreSQL refuses root, and there is no user called postgres")
    });
    if let Some(user) = &server_user {
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("root may give a folder away");
    }
    (folder, server_user)
}

/// A program as the server's user.
pub(crate) fn command(program: &Path, folder: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).process_group(0);
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

pub(crate) fn make_cluster(programs: &Path, folder: &Path, user: Option<&User>) {
    // Another order of texts than that of code points, so that a column without its own collation is found.
    let made = command(&programs.join("initdb"), folder, user)
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--locale-provider=icu", "--icu-locale=en-US", "--pgdata"])
        .arg(folder.join("data"))
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
}

/// Starts the server of a folder, which is also where its socket is, by a command that ends with `pg_ctl`.
pub(crate) fn start_server(mut pg_ctl: Command, folder: &Path, settings: &[&str]) {
    let mut options = format!("-k {}", folder.display());
    for setting in settings {
        write!(options, " -c {setting}").expect("writing to a String cannot fail");
    }
    // pg_ctl returns when the server answers, which then belongs to nobody: it outlives this test.
    let started = pg_ctl
        .args(["start", "--wait", "--silent", "--pgdata"])
        .arg(folder.join("data"))
        .arg("--log")
        .arg(folder.join("log"))
        .args(["--options", &options])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("pg_ctl runs");
    let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
    assert!(started.success(), "PostgreSQL does not start:\n{}", log());
}

/// Starts a server in a new folder.
fn start(programs: &Path, settings: &[&str]) -> PathBuf {
    let (folder, user) = server_folder();
    make_cluster(programs, &folder, user.as_ref());
    let pg_ctl = command(&programs.join("pg_ctl"), &folder, user.as_ref());
    start_server(pg_ctl, &folder, settings);
    folder
}
