//! The service as a process: how it starts, what it says, how it ends.

mod command_line;
mod durability;
mod events;
mod faults;
mod local;
mod operating;
mod secrets;
mod setup;
mod standing;
mod stopping;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_kernel::{RandomIds, SystemClock};
use tidegate_platform::chance::SystemRng;
use tidegate_platform::store::{Db, Place, StoreOptions, Surroundings};
use tidegate_testkit::{Kind, TestDb};

/// Where a service keeps its data, on one of the databases.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    store: Option<String>,
}

/// A running service.
pub(crate) struct Service {
    child: Running,
    /// Where it listens: an address of loopback with the port that was free.
    pub(crate) at: String,
    /// What it says on standard error, line by line.
    lines: Receiver<String>,
    heard: String,
}

/// A process that ends with the test, also where that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the test with the service on SQLite, and then on PostgreSQL.
pub(crate) fn both(test: impl Fn(&House)) {
    test(&House::sqlite());
    on_postgres(test);
}

/// Runs the test with the service on PostgreSQL, where it may be several processes.
pub(crate) fn on_postgres(test: impl Fn(&House)) {
    TestDb::on(Kind::Postgres, &[], async |t| {
        let Place::Postgres(url) = &t.options().place else { unreachable!() };
        let folder = TempDir::new().expect("a folder can be made");
        test(&House { folder, store: Some(url.clone()) });
    });
}

impl House {
    pub(crate) fn sqlite() -> Self {
        Self { folder: TempDir::new().expect("a folder can be made"), store: None }
    }

    /// The program with the environment of this house and no other.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = program(self.folder.path(), words);
        command.env("TIDEGATE_DATA_DIR", self.folder.path().join("data"));
        if let Some(store) = &self.store {
            // its server writes nothing to the disk at a commit, as it is for tests
            command.env("TIDEGATE_STORE__URL", store).env("TIDEGATE_TEST__WAIVE_FSYNC", "true");
        }
        command.env("TIDEGATE_HTTP__DRAIN", "0s");
        command
    }

    /// Works on the store of this house, which no service has open on SQLite.
    pub(crate) fn in_store<T: Send>(&self, work: impl AsyncFn(&Db) -> T + Sync) -> T {
        let in_folder = || Place::Sqlite(self.folder.path().join("data/tidegate.sqlite"));
        let place = self.store.clone().map_or_else(in_folder, Place::Postgres);
        let options = StoreOptions { place, pool: NonZeroU32::MIN, waive_fsync: true };
        let (clock, rng, ids) = (Arc::new(SystemClock), Arc::new(SystemRng), Arc::new(RandomIds(SystemRng)));
        let work = async || {
            let db = Db::open(&options, Surroundings { clock, rng, ids }).await.expect("nobody else has it");
            let done = work(&db).await;
            db.close().await;
            done
        };
        // the test may be within a runtime of its own
        let in_runtime = || tokio::runtime::Runtime::new().expect("a runtime starts").block_on(work());
        std::thread::scope(|scope| scope.spawn(in_runtime).join()).expect("the work is done")
    }

    /// One with that store.
    pub(crate) fn with_store(url: &str) -> Self {
        Self { store: Some(url.to_owned()), ..Self::sqlite() }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.store.is_none()
    }

    pub(crate) fn serve(&self, environment: &[(&str, &str)]) -> Service {
        self.serve_at("0", environment)
    }

    /// At that port, which was free a moment ago: for who looks for the same service again.
    pub(crate) fn serve_at(&self, port: &str, environment: &[(&str, &str)]) -> Service {
        self.serve_as(&["serve", "--port", port], environment)
    }

    /// The service by that command, when it says that it is ready.
    pub(crate) fn serve_as(&self, words: &[&str], environment: &[(&str, &str)]) -> Service {
        Self::serve_by(self.command(words), environment)
    }

    /// As that command, which runs the program in the end.
    pub(crate) fn serve_by(mut command: Command, environment: &[(&str, &str)]) -> Service {
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Running(command.spawn().expect("the program starts"));
        let errors = BufReader::new(child.0.stderr.take().expect("it is piped"));
        let (say, lines) = channel();
        std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        let mut answers = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
        let first = answers.next().and_then(Result::ok).unwrap_or_default();
        let ready = first.strip_prefix("ready: ").map(|at| at.strip_prefix("http://").unwrap_or(at));
        let Some(at) = ready else {
            let _ = child.0.wait();
            panic!("it is not ready: {}", lines.iter().collect::<Vec<_>>().join("\n"));
        };
        Service { at: at.to_owned(), child, lines, heard: String::new() }
    }
}

/// The program in that folder, which is its home too.
pub(crate) fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(words).current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command
}

pub(crate) fn run(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

impl Service {
    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it runs");
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.id()).expect("a process id fits")
    }

    /// Waits for its end, and gives what it said on standard error.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.0.wait().expect("it ends");
        for line in self.lines {
            self.heard += &(line + "\n");
        }
        (status, self.heard)
    }

    /// What it said since somebody last asked, for a test that fails.
    pub(crate) fn says(&self) -> String {
        self.lines.try_iter().collect::<Vec<_>>().join("\n")
    }

    /// The one-time token of a service without users.
    pub(crate) fn setup_token(&mut self) -> String {
        loop {
            let line = self.lines.recv().expect("a setup line is said");
            self.heard.push_str(&line);
            self.heard.push('\n');
            if line.starts_with("setup: ") {
                let begin = line.find("tgs_").expect("a token is in it");
                return line[begin..begin + 4 + 64].to_owned();
            }
        }
    }

    /// The token of the first admin, who is called ann.
    pub(crate) fn set_up(&mut self) -> String {
        let token = self.setup_token();
        let body = serde_json::json!({"token": token, "name": "ann", "password": "spring tide"});
        let (status, made) = self.post("/api/v1/platform/setup", &body);
        assert_eq!(status, 201, "{made}");
        made["token"].as_str().expect("it is shown").to_owned()
    }

    pub(crate) fn stop(self) -> (ExitStatus, String) {
        self.signal(Signal::SIGTERM);
        self.ended()
    }

    /// Asks, and gives status and body; nothing where the connection broke off.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        ask(&self.at, method, path, headers, body)
    }

    /// The whole answer to a GET, as a text.
    pub(crate) fn text(&self, path: &str) -> String {
        let mut text = String::new();
        let mut stream = send(&self.at, "GET", path, &[], None).expect("the service answers");
        stream.read_to_string(&mut text).expect("answers are text");
        text
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, &[], Some(body)).expect("the service answers")
    }
}

pub(crate) fn ask(
    at: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    send(at, method, path, headers, body).and_then(answer)
}

/// Sends a request whose answer is read later.
pub(crate) fn send(
    at: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    let length = body.len().to_string();
    request.extend(["content-type: application/json\r\ncontent-length: ", &length, "\r\n\r\n", &body]);
    stream.write_all(request.as_bytes()).ok()?;
    Some(stream)
}

/// Status and body of the answer; nothing where the connection broke off.
pub(crate) fn answer(mut stream: TcpStream) -> Option<(u16, Value)> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
