//! The demo as whoever tries the program first meets it, and the example that it runs on.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_archive::compression::{Compression, decompress};

use crate::serve::{ask, send};
use crate::tree::{files_below, root};

/// The compressed indices of the example may not be larger than this, together.
const MOST_BYTES: u64 = 3_000_000;

const INDICES: [&str; 4] = ["testing/Sources", "testing/Packages_amd64", "unstable/Sources", "unstable/Packages_amd64"];

/// A machine on which nothing is but the program: an empty folder to start it in, and an empty one for temporary files.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("tmp")).expect("the folder is new");
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.folder.path()).env("TMPDIR", self.folder.path().join("tmp")).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// What the program answers; nothing else may be said, and all has to go well.
    #[track_caller]
    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        let (answer, said) = (text(output.stdout), text(output.stderr));
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{answer}");
        answer
    }

    fn temporary(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("tmp")).expect("the folder is there");
        entries.map(|entry| entry.expect("an entry can be read").path()).collect()
    }
}

/// A demo that goes on until it is ended.
struct Running {
    child: Child,
    /// Its answer until it waits for results.
    said: String,
    /// Where its service is.
    url: String,
}

impl Running {
    fn new(machine: &Machine, arguments: &[&str]) -> Self {
        let mut command = machine.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut said = String::new();
        while !said.contains("Ctrl-C ends the demo") {
            let Some(Ok(line)) = lines.next() else { break };
            said += &(line + "\n");
        }
        if said.contains("to go on with it:") {
            said.extend(lines.next().and_then(Result::ok));
        }
        let url = said.split(['\n', ',', ' ']).find(|word| word.starts_with("http://127.0.0.1:"));
        let url = url.unwrap_or_else(|| panic!("it says where it is: {said}")).to_owned();
        Self { child, said, url }
    }

    /// Ends it as Ctrl-C does, and gives its exit code and what it said besides its answer.
    fn interrupt(self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("it runs");
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn the_demo_is_as_it_should_be_and_leaves_nothing_behind() {
    let machine = Machine::new();
    let answer = machine.answer(&["demo", "--check"]);
    assert!(answer.ends_with("all is as it should be\n"), "{answer}");
    assert_eq!(machine.temporary(), Vec::<PathBuf>::new());
}

#[test]
fn an_interrupt_ends_the_demo_and_removes_its_folder() {
    let machine = Machine::new();
    let demo = Running::new(&machine, &["demo", "--port", "0"]);
    assert_eq!(machine.temporary().len(), 1);
    let at = demo.url.trim_start_matches("http://").to_owned();
    assert_eq!(ask(&at, "GET", "/readyz", &[], None).map(|(status, _)| status), Some(200));
    // a stream that begins now has only what comes
    let stream = [("accept", "text/event-stream")];
    let stream = send(&at, "GET", "/api/v1/events?topic=resultsdb.result.new", &stream, None).expect("it listens");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "event: resultsdb.result.new"), "results go on to come");
    drop(lines);
    assert_eq!(demo.interrupt(), (Some(0), String::new()));
    assert_eq!(machine.temporary(), Vec::<PathBuf>::new());
}

#[test]
fn a_kept_folder_stays_and_every_command_that_is_offered_works() {
    let machine = Machine::new();
    let demo = Running::new(&machine, &["demo", "--port", "0", "--keep", "kept"]);
    let folder = machine.folder.path().join("kept");
    let mode = fs::metadata(folder.join("admin.token")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let elsewhere = Machine::new();
    let offered = |first: &str| -> Vec<Vec<String>> {
        let lines = demo.said.lines().filter(|line| line.starts_with("     "));
        let words = lines.map(|line| line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>());
        words.filter(|words| words.first().is_some_and(|word| word == first)).collect()
    };
    let migrate = offered("migrate");
    let verbs: Vec<&str> = migrate.iter().map(|words| words[1].as_str()).collect();
    assert_eq!(verbs, ["explain", "causes", "what-if"], "{}", demo.said);
    for words in migrate {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = elsewhere.run(&words);
        let answer = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let about = if words[1] == "what-if" { "guzzle" } else { "gedit" };
        assert!(answer.contains(about), "{words:?}: {answer}");
    }
    let asked = offered("--server");
    let [follow, resume] = asked.as_slice() else { panic!("{}", demo.said) };
    let words: Vec<&str> = resume.iter().map(String::as_str).collect();
    assert_eq!(elsewhere.answer(&words), "platform.retention goes on\n");
    assert!(follow.contains(&"follow".to_owned()));

    assert_eq!(demo.interrupt(), (Some(0), String::new()));
    for path in ["tidegate.toml", "data/tidegate.sqlite", "migrate/out/excuses.html"] {
        assert!(folder.join(path).is_file(), "{path}");
    }
    let (file, words) = (folder.join("tidegate.toml"), ["config", "check"]);
    let checked = elsewhere.answer(&[&["--config", file.to_str().expect("it is UTF-8")][..], &words].concat());
    assert!(checked.ends_with("is good\n"), "{checked}");
}

#[test]
fn a_port_in_use_is_named_with_its_remedy() {
    let machine = Machine::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port().to_string();
    let output = machine.run(&["demo", "--port", &port]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port} cannot be listened on")) && said.contains("--port"), "{said}");
    assert_eq!(machine.temporary(), Vec::<PathBuf>::new());
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let machine = Machine::new();
    let output = machine.run(&["demo", "--keep", "."]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--keep .: there is something in it"), "{said}");
    assert!(!machine.folder.path().join("migrate").exists());
}

#[test]
fn the_example_shows_what_can_happen() {
    let answer = Machine::new().answer(&["--json", "demo", "--check"]);
    let tour: Value = serde_json::from_str(&answer).expect("it is JSON");
    let story = &tour["migration"];
    assert!(tour["history"].as_u64().is_some_and(|results| results > 500), "{tour}");
    let count = |pointer: &str| story.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    assert!(count("/items") >= 500 && count("/moved") >= 300 && count("/stayed") >= 20, "{story}");
    for code in ["age", "block", "missing-build", "build-depends", "built-using", "no-binaries", "depends-on-invalid"] {
        assert!(count(&format!("/held/migrate.{code}")) > 0, "{code} in {story}");
    }
    let list = |pointer: &str| story.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
    assert!(list("/kept") > 0 && list("/together") > 1, "{story}");
    assert_eq!((count("/uninstallable/0"), count("/uninstallable/1")), (0, 0));
}

#[test]
fn the_example_is_small() {
    let sizes =
        files_below("examples/debian").into_iter().filter(|path| path.extension().is_some_and(|end| end == "xz"));
    let sizes = sizes.map(|path| fs::metadata(root().join(path)).expect("the file is there").len());
    let total: u64 = sizes.sum();
    assert!((1..=MOST_BYTES).contains(&total), "{total} bytes");
}

/// The stanzas of the example's index, or of the snapshot's.
fn stanzas(path: &Path, kind: Compression) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = decompress(kind, &bytes, 1 << 30).expect("it is whole");
    let text = String::from_utf8(text).expect("it is text");
    text.split("\n\n").filter(|stanza| !stanza.trim().is_empty()).map(|stanza| stanza.trim_end().to_owned()).collect()
}

#[test]
fn the_example_is_a_part_of_the_snapshot() {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/debian");
    if !snapshot.is_dir() {
        println!("skipped: 1 test, as there is no ../shared/data/debian");
        return;
    }
    for index in INDICES {
        let example = stanzas(&root().join(format!("examples/debian/{index}.xz")), Compression::Xz);
        let whole = stanzas(&snapshot.join(format!("{index}.zst")), Compression::Zstd);
        let chosen: HashSet<&str> = example.iter().map(String::as_str).collect();
        let in_order: Vec<&String> = whole.iter().filter(|stanza| chosen.contains(stanza.as_str())).collect();
        assert!(in_order.into_iter().eq(&example), "{index} is not the snapshot's stanzas in their order");
    }
}
