//! One archive on disk with everything that a run reads, and the program run on it.
//!
//! A [`Case`] is a temporary folder: `testing`, `unstable`, perhaps `tpu`, `hints`, `state`, `static` and `output`, with a
//! `britney.conf` of relative paths. The program is started in that folder. Indices and configuration are written before
//! every run, all other files at once, so that what a run keeps is there for the next.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::notation::Suite;
use super::run::Run;

/// The instant of a run of which nothing else is said.
pub(super) const NOON: &str = "2026-11-21T12:00:00Z";

/// The number of the day that holds [`NOON`]: days begin at 19:00 UTC.
pub(super) const TODAY: i64 = 20_777;

/// The program under test.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");

/// The folders and keys of a case without stories. Every urgency is old enough at once.
const SETTINGS: [(&str, &str); 17] = [
    ("TESTING", "testing"),
    ("UNSTABLE", "unstable"),
    ("NONINST_STATUS", "output/non-installable-status"),
    ("EXCUSES_OUTPUT", "output/excuses.html"),
    ("EXCUSES_YAML_OUTPUT", "output/excuses.yaml"),
    ("UPGRADE_OUTPUT", "output/output.txt"),
    ("HEIDI_OUTPUT", "output/HeidiResult"),
    ("STATE_DIR", "state"),
    ("HINTSDIR", "hints"),
    ("HINTS_RELEASE", "ALL"),
    ("SMOOTH_UPDATES", "libs oldlibs"),
    ("MINDAYS_LOW", "0"),
    ("MINDAYS_MEDIUM", "0"),
    ("MINDAYS_HIGH", "0"),
    ("MINDAYS_CRITICAL", "0"),
    ("MINDAYS_EMERGENCY", "0"),
    ("DEFAULT_URGENCY", "medium"),
];

/// An archive with its configuration.
pub(super) struct Case {
    folder: TempDir,
    architectures: Vec<String>,
    suites: BTreeMap<&'static str, Suite>,
    settings: BTreeMap<String, String>,
    config_lines: String,
    /// Files that a story wrote itself; no index is written over them.
    written: RefCell<BTreeSet<PathBuf>>,
    now: String,
    environment: BTreeMap<String, String>,
}

impl Case {
    /// A case with empty suites on amd64.
    pub(super) fn new() -> Self {
        let case = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            architectures: Vec::new(),
            suites: BTreeMap::from([("testing", Suite::default()), ("unstable", Suite::default())]),
            settings: SETTINGS.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
            config_lines: String::new(),
            written: RefCell::default(),
            now: NOON.to_owned(),
            environment: BTreeMap::new(),
        };
        for folder in ["hints", "state", "output"] {
            fs::create_dir(case.path(folder)).expect("the folder is new");
        }
        case.architectures("amd64")
    }

    /// The architectures of the run. Architecture-independent packages count on each.
    pub(super) fn architectures(mut self, names: &str) -> Self {
        self.architectures = names.split_whitespace().map(str::to_owned).collect();
        self.set("ARCHITECTURES", names).set("NOBREAKALL_ARCHES", names)
    }

    /// What the target has.
    pub(super) fn testing(self, story: &str) -> Self {
        self.suite("testing", story)
    }

    /// What the primary source suite has.
    pub(super) fn unstable(self, story: &str) -> Self {
        self.suite("unstable", story)
    }

    /// What the additional suite `tpu` has; without this there is none.
    pub(super) fn tpu(self, story: &str) -> Self {
        self.suite("tpu", story).set("TPU", "tpu")
    }

    fn suite(mut self, name: &'static str, story: &str) -> Self {
        self.suites.insert(name, Suite::parse(story));
        self
    }

    /// Lines of the hint file of a user who may give any hint.
    pub(super) fn hints(self, lines: &str) -> Self {
        self.file("hints/release", lines)
    }

    /// When versions were first seen: `source version` and how many days before [`NOON`].
    pub(super) fn seen(self, versions: &[(&str, i64)]) -> Self {
        let mut lines = String::new();
        for (version, days_ago) in versions {
            let _ = writeln!(lines, "{version} {}", TODAY - days_ago);
        }
        self.file("state/age-policy-dates", &lines)
    }

    /// Required ages as in Debian: low 10, medium 5, high 2, others 0.
    pub(super) fn with_ages(self) -> Self {
        self.set("MINDAYS_LOW", "10").set("MINDAYS_MEDIUM", "5").set("MINDAYS_HIGH", "2")
    }

    /// A constraint: these packages, one a line, must stay installable.
    pub(super) fn constraint(self, name: &str, packages: &str) -> Self {
        let mut text = format!("Fake-Package-Name: {name}\nConstraint: present-and-installable\nPackage-List:\n");
        for package in packages.lines().map(str::trim) {
            let _ = writeln!(text, " {package}");
        }
        self.file("static/constraints", &text).set("STATIC_INPUT_DIR", "static")
    }

    /// A file of the case, by its path in it.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    /// A file of any content.
    pub(super) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        write(&self.path(path), bytes);
        self.written.borrow_mut().insert(path.into());
        self
    }

    /// Sets a key of the configuration.
    pub(super) fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Takes a key out of the configuration.
    pub(super) fn unset(mut self, key: &str) -> Self {
        self.settings.remove(key).unwrap_or_else(|| panic!("{key} is not set"));
        self
    }

    /// Adds lines behind the configuration's.
    pub(super) fn config_lines(mut self, lines: &str) -> Self {
        self.config_lines.push_str(lines);
        self
    }

    /// Sets the clock.
    pub(super) fn now(mut self, time: &str) -> Self {
        time.clone_into(&mut self.now);
        self
    }

    /// Sets a variable of the environment.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A path in the case's folder.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The text of a file of the case.
    pub(super) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Makes the target what a run made of it.
    pub(super) fn publish(mut self, run: &Run) -> Self {
        let mut target = Suite::default();
        let suites = || ["unstable", "tpu", "testing"].into_iter().filter_map(|name| self.suites.get(name));
        for line in run.result().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let &[name, version, "source", _] = words.as_slice() else { continue };
            let found = suites().flat_map(|suite| &suite.sources).find(|it| it.name == name && it.version == version);
            target.sources.push(found.unwrap_or_else(|| panic!("no suite has the source of `{line}`")).clone());
        }
        for arch in &self.architectures {
            for (name, version) in run.binaries_on(arch) {
                let here = |it: &&super::notation::Binary| {
                    it.name == name && it.version == version && it.on.as_ref().is_none_or(|on| on.contains(arch))
                };
                let found = suites().flat_map(|suite| &suite.binaries).find(here);
                let mut binary = found.unwrap_or_else(|| panic!("no suite has {name} {version} on {arch}")).clone();
                binary.on = Some(vec![arch.clone()]);
                target.binaries.push(binary);
            }
        }
        self.suites.insert("testing", target);
        self
    }

    /// The call of `tidegate migrate run` with these arguments behind the configuration and the clock.
    pub(super) fn run_with(&self, arguments: &[&str]) -> Run {
        let mut call = vec!["migrate", "run", "-c", "britney.conf", "--now", &self.now];
        call.extend(arguments);
        self.call(PROGRAM, &call, "")
    }

    /// A run that has to succeed.
    pub(super) fn run(&self) -> Run {
        self.run_with(&[]).succeeded()
    }

    /// The points that a run with these arguments reaches at which it can be ended, in order. Behind each is how often it was
    /// reached by then: `requests.publish.before#2`.
    pub(super) fn points(self, arguments: &[&str]) -> Vec<String> {
        let case = self.env("TIDEGATE_STEPS", "record:points");
        case.run_with(arguments).succeeded();
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        let text = case.text("points");
        let number = |name| {
            let count = counts.entry(name).or_default();
            *count += 1;
            format!("{name}#{count}")
        };
        text.lines().map(number).collect()
    }

    /// A call of a program in the case's folder, after indices and configuration were written.
    pub(super) fn call(&self, program: impl AsRef<Path>, arguments: &[&str], input: &str) -> Run {
        self.write_inputs();
        let mut child = Command::new(program.as_ref())
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("BRITNEY_DEBUG")
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // A program that never reads has closed the pipe, which is its right.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the program can be waited for");
        Run::new(&output, &self.path("output"))
    }

    /// Writes configuration and indices, as every call does before it starts the program.
    pub(super) fn write_inputs(&self) {
        let mut config = String::new();
        for (key, value) in &self.settings {
            let _ = writeln!(config, "{key} = {value}");
        }
        self.put("britney.conf", (config + &self.config_lines).as_bytes());
        for (name, suite) in &self.suites {
            self.put(&format!("{name}/Sources"), suite.sources_index().as_bytes());
            for arch in &self.architectures {
                self.put(&format!("{name}/Packages_{arch}"), suite.packages_index(arch).as_bytes());
            }
        }
    }

    /// Writes a file unless the story did.
    fn put(&self, path: &str, bytes: &[u8]) {
        if !self.written.borrow().contains(Path::new(path)) {
            write(&self.path(path), bytes);
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file has a folder");
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
