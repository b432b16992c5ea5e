//! Recorded runs of Ubuntu's britney, as far as they lie beside the repository. Nothing of them is kept here.
//!
//! Each run is copied, the program is called as britney was, and what it left is compared with what britney left. Compared
//! are decisions and state, not words: texts are ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::britney_cases::copy;
use super::case::PROGRAM;
use super::run::{Run, in_order, yaml};
use super::snapshot::shared;
use tidegate_testkit::MailServer;

/// How many runs there are, so that none is overlooked.
const RUNS: usize = 20;

/// One recorded run: what was there before and after.
struct Recorded {
    name: String,
    folder: PathBuf,
}

/// A copy of what was there before, on which the program runs.
struct Copy {
    folder: TempDir,
}

impl Recorded {
    /// A text that britney left; none if it left none.
    fn left(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.folder.join("after").join(path)).ok()
    }

    /// The text as it was when britney had run, changed or not.
    fn at_the_end(&self, path: &str) -> Option<String> {
        self.left(path).or_else(|| fs::read_to_string(self.folder.join("before").join(path)).ok())
    }

    fn excuses(&self) -> Value {
        yaml(&self.left("output/excuses.yaml").expect("every run wrote excuses"))
    }

    /// The second in which it ran.
    fn now(&self) -> String {
        let excuses = self.excuses();
        let time = excuses["generated-date"].as_str().expect("a file says when it was made");
        let second = time.split('.').next().unwrap_or(time);
        format!("{}Z", second.replace(' ', "T"))
    }

    fn copy(&self) -> Copy {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        copy(&self.folder.join("before"), folder.path()).expect("a run can be copied");
        let copy = Copy { folder };
        copy.replace_placeholders(copy.folder.path());
        copy.add_empty_files();
        symlink(PROGRAM, copy.folder.path().join("britney")).expect("a link can be made");
        copy
    }

    fn run(&self, copy: &Copy) -> Run {
        let argv = fs::read_to_string(self.folder.join("argv")).expect("a run has its arguments");
        let here = copy.folder.path().to_string_lossy().into_owned();
        let mut arguments: Vec<String> = argv.lines().map(|word| word.replace("@DIR@", &here)).collect();
        arguments.extend(["--now".to_owned(), self.now()]);
        let output = std::process::Command::new(copy.folder.path().join("britney"))
            .args(&arguments)
            .current_dir(copy.folder.path())
            .env_remove("BRITNEY_DEBUG")
            .output()
            .expect("the program can be started");
        Run::new(&output, &copy.folder.path().join("output"))
    }
}

impl Copy {
    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Writes the copy's own path for its placeholder.
    fn replace_placeholders(&self, folder: &Path) {
        let here = self.folder.path().to_string_lossy().into_owned();
        for entry in fs::read_dir(folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                self.replace_placeholders(&path);
            } else if let Ok(text) = fs::read_to_string(&path)
                && text.contains("@DIR@")
            {
                fs::write(&path, text.replace("@DIR@", &here)).expect("a copy can be written");
            }
        }
    }

    /// Files that the configuration names and that are missing were empty.
    fn add_empty_files(&self) {
        let config = self.text("britney.conf").expect("a run has its configuration");
        let value = |key: &str| {
            let line = config.lines().find(|line| line.split('=').next().unwrap_or_default().trim() == key);
            line.and_then(|line| line.split_once('=')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let mut files = Vec::new();
        for suite in [value("TESTING"), value("UNSTABLE")] {
            files.push(format!("{suite}/Sources"));
            files.extend(value("ARCHITECTURES").split_whitespace().map(|arch| format!("{suite}/Packages_{arch}")));
        }
        if let Some(database) = value("ADT_DB_URL").strip_prefix("file://") {
            files.push(database.to_owned());
            files.push(format!("{database}.sha256"));
        }
        files.push(value("ADT_SHARED_RESULTS_CACHE"));
        for file in files.iter().filter(|file| !file.is_empty()) {
            let path = self.path(file);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
            fs::OpenOptions::new().create(true).append(true).open(path).expect("a file can be made");
        }
        fs::create_dir_all(self.path("output")).expect("a folder can be made");
    }

    /// The sources of the source suite, each as `name/version`.
    fn versions_in_source(&self) -> BTreeSet<String> {
        let text = self.text("data/unstable/Sources").expect("a run has a source suite");
        let field = |stanza: &str, name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
        };
        let stanzas = text.split("\n\n").filter(|stanza| !stanza.trim().is_empty());
        stanzas.map(|stanza| format!("{}/{}", field(stanza, "Package:"), field(stanza, "Version:"))).collect()
    }

    /// Has mail sent to this place, and nobody else asked.
    fn talk_only_to(&self, host: &str) {
        let config = self.text("britney.conf").expect("a run has its configuration");
        let mut lines: Vec<&str> = config.lines().filter(|line| !line.starts_with("EMAIL_HOST")).collect();
        let host = format!("EMAIL_HOST = {host}");
        lines.extend([host.as_str(), "LAUNCHPAD_URL = none", ""]);
        fs::write(self.path("britney.conf"), lines.join("\n")).expect("it can be written");
    }
}

/// Every recorded run by name.
fn recorded() -> Option<Vec<Recorded>> {
    let folder = shared("ubuntu-runs")?;
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).expect("a folder can be read");
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders
    };
    let runs = folders(&folder).into_iter().flat_map(|case| folders(&case));
    let named = |run: PathBuf| {
        let name = run.strip_prefix(&folder).expect("it lies below").to_string_lossy().into_owned();
        Recorded { name, folder: run }
    };
    Some(runs.map(named).collect())
}

/// What was decided of an item, without words.
fn decision(excuse: &Value) -> Value {
    let keys = ["is-candidate", "migration-policy-verdict", "old-version", "new-version", "source", "maintainer"];
    let mut decision: serde_json::Map<String, Value> =
        keys.iter().map(|&key| (key.to_owned(), excuse[key].clone())).collect();
    for list in ["reason", "hints", "missing-builds", "old-binaries"] {
        decision.insert(list.to_owned(), in_order(&excuse[list]));
    }
    Value::Object(decision)
}

fn by_item(excuses: &Value) -> BTreeMap<String, Value> {
    let all = excuses["sources"].as_array().expect("sources is a list");
    all.iter().map(|excuse| (excuse["item-name"].as_str().unwrap_or_default().to_owned(), excuse.clone())).collect()
}

/// Where the recorded value is not part of ours.
fn missing(path: &str, recorded: &Value, ours: &Value, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for (key, value) in recorded {
                missing(&format!("{path}.{key}"), value, ours.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (recorded, ours) if recorded.as_f64().is_some() && recorded.as_f64() == ours.as_f64() => {}
        (recorded, ours) if recorded == ours => {}
        _ => found.push(format!("{path}: recorded {recorded}, ours {ours}")),
    }
}

/// The test requests of a file, by queue and without the time.
fn requests(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut requests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let (queue, request) = line.split_once(':').expect("a request has a queue");
        let (source, body) = request.split_once(' ').expect("a request has a body");
        let mut body: Value = serde_json::from_str(body).expect("a body is JSON");
        let body = body.as_object_mut().expect("a body is an object");
        for key in ["submit-time", "request-id"] {
            body.remove(key);
        }
        let new =
            requests.entry(queue.to_owned()).or_default().insert(format!("{source} {}", Value::Object(body.clone())));
        assert!(new, "asked for twice: {line}");
    }
    requests
}

fn state(text: Option<String>) -> Value {
    let text = text.filter(|text| !text.trim().is_empty());
    text.map_or(Value::Null, |text| serde_json::from_str(&text).expect("a state file is JSON"))
}

/// The uninstallable names by label, as sets.
fn uninstallable(status: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let lines = status.lines().filter(|line| !line.starts_with("Built on:") && !line.starts_with("Last update:"));
    let split = lines.filter_map(|line| line.split_once(':'));
    split.map(|(label, names)| (label, names.split_whitespace().collect())).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, recorded: &T, ours: &T, found: &mut Vec<String>) {
    if recorded != ours {
        found.push(format!("{what}: recorded {recorded:?}, ours {ours:?}"));
    }
}

/// Every difference between what britney left and what we left.
fn differences(recorded: &Recorded, copy: &Copy, run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    if run.code != Some(0) || !run.stderr.is_empty() {
        return vec![format!("it ended with {:?}: {}", run.code, run.words())];
    }
    let (theirs, ours) = (by_item(&recorded.excuses()), by_item(&run.excuses()));
    let items = |excuses: &BTreeMap<String, Value>| excuses.keys().cloned().collect::<Vec<_>>();
    same("items", &items(&theirs), &items(&ours), &mut found);
    for (item, theirs) in &theirs {
        let Some(ours) = ours.get(item) else { continue };
        missing(item, &decision(theirs), &decision(ours), &mut found);
        if let policies @ Value::Object(_) = &theirs["policy_info"] {
            missing(&format!("{item}.policy_info"), policies, &ours["policy_info"], &mut found);
        }
    }
    same(
        "requests",
        &requests(&recorded.at_the_end("amqp").unwrap_or_default()),
        &requests(&copy.text("amqp").unwrap_or_default()),
        &mut found,
    );
    for file in [
        "data/testing/state/autopkgtest-pending.json",
        "data/testing/state/autopkgtest-results.cache",
        "data/unstable/SourcePPA",
        "shared_results.cache",
    ] {
        same(file, &state(recorded.at_the_end(file)), &state(copy.text(file)), &mut found);
    }
    let cache = "data/unstable/EmailCache";
    let (mut theirs, there) = (records(&state(recorded.at_the_end(cache))), copy.versions_in_source());
    theirs.retain(|version, _| there.contains(version));
    same(cache, &theirs, &records(&state(copy.text(cache))), &mut found);
    let dates = "data/testing/state/age-policy-dates";
    same(dates, &recorded.at_the_end(dates), &copy.text(dates), &mut found);
    let result = "output/HeidiResult";
    same(result, &recorded.at_the_end(result), &copy.text(result), &mut found);
    let delta = |text: Option<String>| text.map(|text| text.lines().map(str::to_owned).collect::<BTreeSet<_>>());
    let path = "output/HeidiResultDelta";
    same(path, &delta(recorded.at_the_end(path)), &delta(copy.text(path)), &mut found);
    let status = recorded.at_the_end("data/testing/non-installable-status").expect("every run has it");
    let our_status = copy.text("data/testing/non-installable-status").unwrap_or_default();
    same("non-installable-status", &uninstallable(&status), &uninstallable(&our_status), &mut found);
    found
}

/// The mail records by version, in the form that is written today: an old one says only that there was a mail, which is then
/// the first.
fn records(cache: &Value) -> BTreeMap<String, Value> {
    let mut records = BTreeMap::new();
    for (source, versions) in cache.as_object().into_iter().flatten() {
        for (version, record) in versions.as_object().into_iter().flatten() {
            let record = if record == &json!(true) { json!([[], 1]) } else { record.clone() };
            records.insert(format!("{source}/{version}"), record);
        }
    }
    records
}

#[test]
fn every_recorded_run_comes_out_equal() {
    let Some(all) = recorded() else { return };
    assert_eq!(all.len(), RUNS);
    let mut failures = Vec::new();
    for recorded in &all {
        let server = MailServer::start();
        let copy = recorded.copy();
        copy.talk_only_to(&server.host());
        let run = recorded.run(&copy);
        let mut found = differences(recorded, &copy, &run);
        let mails: Vec<(String, String)> =
            server.taken().iter().map(|mail| (mail.to.join(" "), mail.subject())).collect();
        let subject = "[proposed-migration] libc6 2 stuck in testing-proposed for 6 days.";
        let sent = recorded.name.starts_with("email_sent/").then(|| ("foo@bar.com".to_owned(), subject.to_owned()));
        same("mails", &Vec::from_iter(sent), &mails, &mut found);
        if !found.is_empty() {
            failures.push(format!("{}:\n  {}", recorded.name, found.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} of {} runs differ\n{}", failures.len(), all.len(), failures.join("\n"));
}
