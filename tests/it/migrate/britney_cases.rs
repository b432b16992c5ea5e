//! The acceptance suite of britney2 itself, as far as it lies beside the repository. Nothing of it is kept here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::case::{NOON, PROGRAM, TODAY};
use super::run::Run;
use super::snapshot::shared;

/// How many runs a case may need until two of them agree.
const MOST_RUNS: usize = 10;

/// A copy of one case, made ready to run.
struct Copy {
    folder: tempfile::TempDir,
    /// The fields of `test-data`, by name in lower case.
    settings: BTreeMap<String, String>,
}

/// A line of a result: name, version and architecture, or `source`.
type Line = (String, String, String);

impl Copy {
    fn of(case: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(case, folder.path())?;
        let text = fs::read_to_string(case.join("test-data")).unwrap_or_default();
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        let settings = fields.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let copy = Self { folder, settings };
        copy.add_what_is_missing()?;
        copy.write_config()?;
        copy.run_hook()?;
        Ok(copy)
    }

    fn data(&self, path: &str) -> PathBuf {
        self.folder.path().join("var/data").join(path)
    }

    fn setting<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.settings.get(name).map_or(default, String::as_str)
    }

    fn add_what_is_missing(&self) -> io::Result<()> {
        fs::create_dir_all(self.data("output"))?;
        let additional = "testing-proposed-updates";
        let mut files = ["testing/BugsV", "unstable/BugsV"].map(str::to_owned).to_vec();
        files.extend([format!("{additional}/BugsV"), format!("{additional}/Sources")]);
        let architectures = self.setting("architectures", "i386").split_whitespace();
        files.extend(architectures.map(|arch| format!("{additional}/Packages_{arch}")));
        for file in files {
            create(&self.data(&file))?;
        }
        create(&self.folder.path().join("hints/test-hints"))?;
        let hints = self.data("unstable/Hints");
        if !hints.exists() {
            symlink(self.folder.path().join("hints"), hints)?;
        }
        let [dates, urgencies] = ["testing/Dates", "testing/Urgency"].map(|name| self.data(name));
        if !dates.exists() && !urgencies.exists() {
            let (mut days, mut urgent) = (String::new(), String::new());
            for (source, version, day, urgency) in self.uploads()? {
                let _ = writeln!(days, "{source} {version} {day}");
                let _ = writeln!(urgent, "{source} {version} {urgency}");
            }
            fs::write(dates, days)?;
            fs::write(urgencies, urgent)?;
        }
        Ok(())
    }

    /// Every upload in unstable with its day and urgency: long ago and low, unless the case says otherwise.
    fn uploads(&self) -> io::Result<Vec<(String, String, String, String)>> {
        let mut special = BTreeMap::new();
        let changes = fs::read_to_string(self.data("testing/Test-urgency.in")).unwrap_or_default();
        for line in changes.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let &[upload, day, urgency] = words.as_slice() else { panic!("`{line}` in Test-urgency.in") };
            let day = match (day, day.strip_prefix("age=")) {
                ("*", _) => "1".to_owned(),
                (_, Some(age)) => (TODAY - age.parse::<i64>().expect("an age is a number")).to_string(),
                (day, None) => day.to_owned(),
            };
            special.insert(upload.to_owned(), (day, urgency.to_owned()));
        }
        let components = self.setting("components", "").split_whitespace();
        let mut indices: Vec<PathBuf> =
            components.map(|name| self.data(&format!("unstable/{name}/source/Sources"))).collect();
        if indices.is_empty() {
            indices.push(self.data("unstable/Sources"));
        }
        let mut uploads = Vec::new();
        for index in indices {
            let text = fs::read_to_string(index)?;
            for source in tidegate_archive::index::sources(&text) {
                let source = source.expect("an index is whole");
                let default = || ("1".to_owned(), "low".to_owned());
                let upload = format!("{}/{}", source.name, source.version);
                let (day, urgency) = special.get(&upload).cloned().unwrap_or_else(default);
                uploads.push((source.name.to_owned(), source.version.to_owned(), day, urgency));
            }
        }
        Ok(uploads)
    }

    fn write_config(&self) -> io::Result<()> {
        let mut config = String::new();
        let mut set = |key: &str, value: &str| {
            let _ = writeln!(config, "{key} = {value}");
        };
        for (key, folder) in [("TESTING", "testing"), ("UNSTABLE", "unstable"), ("TPU", "testing-proposed-updates")] {
            set(key, &self.data(folder).to_string_lossy());
        }
        for (key, file) in [
            ("NONINST_STATUS", "non-installable-status"),
            ("EXCUSES_OUTPUT", "excuses.html"),
            ("UPGRADE_OUTPUT", "output.txt"),
            ("HEIDI_OUTPUT", "HeidiResult"),
            ("EXCUSES_YAML_OUTPUT", "excuses.yaml"),
        ] {
            set(key, &self.data("output").join(file).to_string_lossy());
        }
        for (key, name, default) in [
            ("COMPONENTS", "components", ""),
            ("ARCHITECTURES", "architectures", "i386"),
            ("NOBREAKALL_ARCHES", "no-break-architectures", "i386"),
            ("FUCKED_ARCHES", "fucked-architectures", ""),
            ("BREAK_ARCHES", "break-architectures", ""),
        ] {
            set(key, self.setting(name, default));
        }
        set("NEW_ARCHES", "");
        for (urgency, days) in [("LOW", "10"), ("MEDIUM", "5"), ("HIGH", "2"), ("CRITICAL", "0"), ("EMERGENCY", "0")] {
            set(&format!("MINDAYS_{urgency}"), days);
        }
        set("DEFAULT_URGENCY", "low");
        set("HINTS_TEST-HINTS", "ALL");
        set("SMOOTH_UPDATES", "libs oldlibs");
        fs::write(self.folder.path().join("britney.conf"), config)
    }

    fn run_hook(&self) -> io::Result<()> {
        let hook = self.folder.path().join("hooks/post-setup");
        if hook.exists() {
            let status = Command::new(hook).arg(self.folder.path()).status()?;
            assert!(status.success(), "the case's own hook: {status}");
        }
        Ok(())
    }

    /// Runs the program under the name and with the arguments that britney2 has, and returns what it made.
    fn run(&self) -> Result<BTreeSet<Line>, String> {
        let britney = self.folder.path().join("britney");
        if !britney.exists() {
            symlink(PROGRAM, &britney).map_err(|error| error.to_string())?;
        }
        let config = self.folder.path().join("britney.conf");
        let output = Command::new(britney)
            .arg("-c")
            .arg(config)
            .args(["--control-files", "-v", "--now", NOON])
            .output()
            .map_err(|error| error.to_string())?;
        let run = Run::new(&output, &self.data("output"));
        if run.code != Some(0) || !run.stderr.is_empty() {
            return Err(format!("it ended with {:?}: {}", run.code, run.words()));
        }
        Ok(run.lines().iter().map(|line| self::line(line)).collect())
    }

    /// The result of the case: of one run, or of as many as it takes until two agree.
    fn result(&self) -> Result<BTreeSet<Line>, String> {
        let mut last = self.run()?;
        if self.setting("fixed-point", "no") != "yes" {
            return Ok(last);
        }
        for _ in 0..MOST_RUNS {
            let next = self.run()?;
            if next == last {
                return Ok(next);
            }
            last = next;
        }
        Err(format!("no two of {MOST_RUNS} runs agree"))
    }
}

pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, target)?;
        } else {
            // The content alone: the originals may not be written, and copies must be.
            fs::write(&target, fs::read(entry.path())?)?;
            if to.ends_with("hooks") {
                fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            }
        }
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("a file has a folder"))?;
    if path.exists() { Ok(()) } else { fs::write(path, "") }
}

fn line(text: &str) -> Line {
    let mut words = text.split_whitespace().map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    (next(), next(), next())
}

/// What is wrong with our result of a case, if anything.
fn failure(case: &Path) -> Option<String> {
    let copy = Copy::of(case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let result = match copy.result() {
        Ok(result) => result,
        Err(why) => return Some(why),
    };
    if copy.setting("ignore-expected", "no") == "yes" {
        return None;
    }
    let text = fs::read_to_string(case.join("expected")).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let expected: BTreeSet<Line> = lines.map(line).collect();
    let list = |lines: &mut dyn Iterator<Item = &Line>| {
        lines.map(|(name, version, arch)| format!("{name} {version} {arch}")).collect::<Vec<_>>().join(", ")
    };
    let missing = list(&mut expected.difference(&result));
    let superfluous = list(&mut result.difference(&expected));
    (!missing.is_empty() || !superfluous.is_empty()).then(|| format!("not there: {missing}; too much: {superfluous}"))
}

/// Scenario 3.
#[test]
fn every_case_of_britneys_own_suite_has_its_result() {
    let Some(folder) = shared("britney-cases") else { return };
    let entries = fs::read_dir(&folder).expect("the folder can be read");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    let mut failures = Vec::new();
    for case in &cases {
        if let Some(why) = failure(case) {
            failures.push(format!("{}: {why}", case.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    println!("{} cases, {} failed", cases.len(), failures.len());
    assert!(!cases.is_empty(), "{} is empty", folder.display());
    assert_eq!(failures, Vec::<String>::new(), "of {} cases", cases.len());
}
