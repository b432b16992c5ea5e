//! What is measured: the program itself, and what stands beside it, as processes that end with their handles.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tidegate_testkit::{OwnPostgres, Python};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");
const OBVIOUS: &str = include_str!("obvious.py");
const OBVIOUS_PACKAGES: [&str; 4] =
    ["flask==3.1.3", "gunicorn==27.0.1", "psycopg2-binary==2.9.13", "sqlalchemy==2.1.9"];
/// ResultsDB is run with so many.
const WORKERS: &str = "4";

/// Where a service keeps its data.
pub(crate) struct Store {
    url: Option<String>,
}

/// A running service with a token for all that the benchmark does.
pub(crate) struct Service {
    child: Child,
    at: String,
    /// Home, data, and the token.
    folder: TempDir,
}

/// Who posts results to a service.
pub(crate) struct Poster {
    client: reqwest::Client,
    at: String,
    token: String,
}

impl Poster {
    /// A result of that build.
    pub(crate) async fn post(&self, build: usize) {
        let data = serde_json::json!({"item": format!("ship-{build}-1"), "type": "koji_build"});
        let body = serde_json::json!({"outcome": "PASSED", "testcase": "dist.test", "data": data});
        let request = self.client.post(format!("{}/api/v1/results/records", self.at)).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.expect("the service answers");
        assert_eq!(answer.status(), 201);
    }
}

/// The service that one would write first.
pub(crate) struct Obvious {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Store {
    /// A new database of that server.
    pub(crate) fn postgres(server: &OwnPostgres, name: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        Self::at(runtime.block_on(server.database(name)))
    }

    /// That database of PostgreSQL.
    pub(crate) fn at(url: String) -> Self {
        Self { url: Some(url) }
    }

    /// The address of its database, if that is PostgreSQL.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// A file in the folder of the service.
    pub(crate) fn sqlite() -> Self {
        Self { url: None }
    }
}

impl Service {
    /// Starts it, and makes its first admin.
    pub(crate) fn start(store: &Store) -> Self {
        // not in memory, as a folder for temporary files may be
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
        let mut command = program(&folder);
        command.args(["serve", "--port", "0"]).env("TIDEGATE_DATA_DIR", folder.path().join("data"));
        if let Some(url) = &store.url {
            command.env("TIDEGATE_STORE__URL", url);
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("our own folder");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let at = first.strip_prefix("ready: ").unwrap_or_else(|| panic!("it is not ready: {log}")).to_owned();
        let begin = log.find("tgs_").expect("it says how the first admin gets in");
        let token = &log[begin..begin + 4 + 64];
        let setup = program(&folder).args(["--server", &at, "setup", "--token", token]).output();
        assert!(setup.expect("the program starts").status.success(), "there is no admin");
        Self { child, at, folder }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its host and port.
    pub(crate) fn authority(&self) -> String {
        self.at.trim_start_matches("http://").to_owned()
    }

    /// Posts results, one at a time.
    pub(crate) fn poster(&self) -> Poster {
        // another one may be chosen already
        let _ = rustls::crypto::ring::default_provider().install_default();
        Poster { client: reqwest::Client::new(), at: self.at.clone(), token: self.token() }
    }

    /// What its first admin shows.
    fn token(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(".config/tidegate/logins.json"));
        let logins: serde_json::Value = serde_json::from_str(&text.expect("it was set up")).expect("it is JSON");
        logins[&self.at].as_str().expect("it was set up").to_owned()
    }

    fn url(&self) -> String {
        format!("{}/resultsdb/api/v2.0", self.at)
    }

    /// Measures it, beside what is found there.
    pub(crate) fn bench(&self, against: &str) -> Command {
        let mut command = program(&self.folder);
        command.args(["bench", &self.url(), "--against", against]);
        command
    }

    /// Measures it, beside another one.
    pub(crate) fn beside(&self, other: &Self) -> Command {
        let token = other.folder.path().join("token");
        std::fs::write(&token, other.token()).expect("our own folder");
        let mut command = self.bench(&other.url());
        command.arg("--against-token-file").arg(token);
        command.args(["--pid", &self.pid().to_string(), "--against-pid", &other.pid().to_string()]);
        command
    }

    /// Brings in the history of that file, without a word to anybody.
    pub(crate) fn import(&self, file: &Path) {
        let mut command = program(&self.folder);
        let done = command.args(["--server", &self.at, "--no-progress", "results", "import"]).arg(file).output();
        let done = done.expect("the program starts");
        assert!(done.status.success(), "it was not imported: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// The file of its store, if that is SQLite.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("data/tidegate.sqlite")
    }

    /// What it holds of the machine's memory, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Obvious {
    /// Starts it on that server; nothing where its packages cannot be had.
    pub(crate) fn start(postgres: &OwnPostgres) -> Option<Self> {
        let python = Python::with(&OBVIOUS_PACKAGES)?;
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(postgres.database("obvious"));
        let folder = TempDir::new().expect("a folder can be made");
        std::fs::write(folder.path().join("obvious.py"), OBVIOUS).expect("our own folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = free.local_addr().expect("it has an address").port();
        drop(free);
        let child = python
            .command()
            .args([
                "-m",
                "gunicorn",
                "--workers",
                WORKERS,
                "--preload",
                "--bind",
                &format!("127.0.0.1:{port}"),
                "obvious:app",
            ])
            .current_dir(folder.path())
            .env(
                "OBVIOUS_STORE",
                format!("postgresql+psycopg2://postgres@/obvious?host={}", postgres.folder().display()),
            )
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let begun = Self { child, port, _folder: folder };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Some(begun)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/resultsdb/api/v2.0", self.port)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Obvious {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The program, at home in that folder.
fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).stdin(Stdio::null());
    command
}

/// Ends a process in peace, with its children.
fn end(child: &mut Child) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id fits"));
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
    let _ = child.wait();
}
