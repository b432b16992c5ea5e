//! The whole of Debian: what britney2 decided on a real archive, decided again.
//!
//! The snapshot lies beside the repository and not in it; without it these tests say so and do nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{fs, io};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidegate_archive::compression::{Compression, decompress};

use super::case::{NOON, PROGRAM};
use super::run::{Run, in_order, yaml};

/// Set by who wants larger samples; then the run over two architectures is made with several threads too.
const LONG: &str = "TIDEGATE_LONG";

/// A folder of real data, if it is there.
pub(super) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: 1 test, as there is no ../shared/data/{folder}");
    None
}

/// The run over amd64, made once for all tests that look at it.
static AMD64: LazyLock<Option<Run>> = LazyLock::new(|| Some(run(&shared("debian")?, "amd64", &[])));

fn run(data: &Path, architectures: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = |name: &str| folder.path().join(name);
    for suite in ["testing", "unstable"] {
        symlink(data.join(suite), path(suite)).expect("a link can be made");
    }
    for name in ["hints", "state"] {
        fs::create_dir(path(name)).expect("the folder is new");
    }
    let config = fs::read_to_string(data.join("britney.conf")).expect("it has its configuration");
    let overridden = format!("ARCHITECTURES = {architectures}\nNOBREAKALL_ARCHES = {architectures}\n");
    fs::write(path("britney.conf"), overridden + &config).expect("the folder can be written");
    let output = Command::new(PROGRAM)
        .args(["migrate", "run", "-c", "britney.conf", "--now", NOON])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the program starts");
    Run::new(&output, &path("out")).succeeded()
}

fn golden(folder: &str, name: &str) -> Option<String> {
    let path = shared("debian")?.join(folder).join(format!("{name}.zst"));
    let bytes = fs::read(&path).unwrap_or_else(|error: io::Error| panic!("{}: {error}", path.display()));
    let text = decompress(Compression::Zstd, &bytes, 1 << 30).expect("it is whole");
    Some(String::from_utf8(text).expect("it is text"))
}

fn sha256(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What was decided about each item. Its dependencies are left out: ours are more where it cannot be built without them.
fn decisions(excuses: &Value) -> BTreeMap<String, String> {
    let all = excuses["sources"].as_array().expect("sources is a list");
    let plain = ["source", "component", "old-version", "new-version", "is-candidate", "migration-policy-verdict"];
    let sorted = ["reason", "forced-reason", "missing-builds", "old-binaries", "hints", "invalidated-by-other-package"];
    let decision = |excuse: &Value| {
        let mut decision = String::new();
        for key in plain.into_iter().chain(sorted) {
            let _ = write!(decision, "{} ", in_order(&excuse[key]));
        }
        let policies = excuse["policy_info"].as_object().into_iter().flatten();
        // Without a summary piuparts is not asked here, and has nothing against anything there.
        for (policy, info) in policies.filter(|(policy, _)| *policy != "piuparts") {
            let _ = write!(decision, "{policy} {} ", in_order(info));
        }
        decision
    };
    all.iter().map(|excuse| (excuse["item-name"].to_string(), decision(excuse))).collect()
}

fn verdicts(excuses: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for excuse in excuses["sources"].as_array().expect("sources is a list") {
        let verdict = excuse["migration-policy-verdict"].as_str().expect("a verdict is a word");
        *counts.entry(verdict.to_owned()).or_default() += 1;
    }
    counts
}

/// A few of the items that were decided in different ways.
fn difference(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) -> Vec<String> {
    let items: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = items.into_iter().filter(|item| ours.get(*item) != theirs.get(*item));
    let short = |decision: Option<&String>| decision.map(|text| text.chars().take(400).collect::<String>());
    differ.take(20).map(|item| format!("{item}: {:?}, {:?}", short(ours.get(item)), short(theirs.get(item)))).collect()
}

/// The uninstallable names by label, as sets.
fn uninstallable(status: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let lines = status.lines().filter(|line| !line.starts_with("Built on:") && !line.starts_with("Last update:"));
    let split = lines.filter_map(|line| line.split_once(':'));
    split.map(|(label, names)| (label, names.split_whitespace().collect())).collect()
}

/// The items of a delta without their versions, of which britney2 leaves out some.
fn items(delta: &str) -> BTreeSet<String> {
    let lines = delta.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let (name, _) = (words.next().unwrap_or_default(), words.next());
            words.fold(name.to_owned(), |item, word| format!("{item} {word}"))
        })
        .collect()
}

/// Scenario 1: the new target.
#[test]
fn the_new_target_is_britneys_byte_for_byte() {
    let (Some(run), Some(golden)) = (&*AMD64, golden("golden-amd64", "HeidiResult")) else { return };
    assert_eq!(sha256(&golden), "01671893dcbe745ee41ce0bf14d2e42d60ef194bdde1f3e7b1ed82aa2b7c4cb2");
    assert_eq!(golden.lines().count(), 117_169);
    let result = run.result();
    let first = result.lines().zip(golden.lines()).find(|(ours, theirs)| ours != theirs);
    assert_eq!(first, None, "the first line that differs, ours and britney2's");
    assert_eq!(result.len(), golden.len());
}

/// Scenario 1: the excuses.
#[test]
fn every_item_has_britneys_verdict() {
    let (Some(run), Some(golden)) = (&*AMD64, golden("golden-amd64", "excuses.yaml")) else { return };
    let (ours, theirs) = (run.excuses(), yaml(&golden));
    assert_eq!(difference(&decisions(&ours), &decisions(&theirs)), Vec::<String>::new());
    let counts = [
        ("PASS", 2836),
        ("REJECTED_BLOCKED_BY_ANOTHER_ITEM", 19),
        ("REJECTED_CANNOT_DETERMINE_IF_PERMANENT", 21),
        ("REJECTED_PERMANENTLY", 58),
    ];
    assert_eq!(verdicts(&ours), counts.map(|(verdict, count)| (verdict.to_owned(), count)).into());
}

/// Scenario 1: what moved, and what cannot be installed.
#[test]
fn the_same_items_are_accepted() {
    let (Some(run), Some(golden_delta)) = (&*AMD64, golden("golden-amd64", "HeidiResultDelta")) else { return };
    let delta = run.text("HeidiResultDelta");
    assert!(!delta.contains("None"), "every line has its version");
    let (ours, theirs) = (items(&delta), items(&golden_delta));
    let only_ours: Vec<&String> = ours.difference(&theirs).take(20).collect();
    let only_theirs: Vec<&String> = theirs.difference(&ours).take(20).collect();
    assert_eq!((only_ours, only_theirs), (vec![], vec![]));
    let golden_status = golden("golden-amd64", "non-installable-status").expect("it is beside the others");
    assert_eq!(uninstallable(&run.text("non-installable-status")), uninstallable(&golden_status));
}

/// Scenario 1, on two architectures.
#[test]
fn on_two_architectures_it_is_britneys_result_too() {
    let Some(data) = shared("debian") else { return };
    let run = run(&data, "amd64 arm64", &[]);
    let result = run.result();
    assert_eq!(result.lines().count(), 191_301);
    assert_eq!(sha256(&result), "1360ca001f75ab8693ba0915cddeda66540cd13eacc29f395afb94d91c78ef3e");
    let golden = |name| golden("golden-amd64-arm64", name).expect("it is beside the others");
    let ours = run.excuses();
    assert_eq!(difference(&decisions(&ours), &decisions(&yaml(&golden("excuses.yaml")))), Vec::<String>::new());
    let counts = [
        ("PASS", 2860),
        ("REJECTED_BLOCKED_BY_ANOTHER_ITEM", 19),
        ("REJECTED_CANNOT_DETERMINE_IF_PERMANENT", 25),
        ("REJECTED_PERMANENTLY", 53),
    ];
    assert_eq!(verdicts(&ours), counts.map(|(verdict, count)| (verdict.to_owned(), count)).into());
    assert_eq!(uninstallable(&run.text("non-installable-status")), uninstallable(&golden("non-installable-status")));
}

/// Scenario 2.
#[test]
fn the_number_of_threads_changes_no_byte() {
    let (Some(data), Some(run_before)) = (shared("debian"), &*AMD64) else { return };
    for threads in ["1", "8"] {
        let run = run(&data, "amd64", &["--threads", threads]);
        let differing = run.files.iter().filter(|(name, bytes)| run_before.files.get(*name) != Some(*bytes));
        assert_eq!(differing.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<&String>::new(), "{threads} threads");
        assert_eq!(run.files.len(), run_before.files.len());
    }
    if std::env::var_os(LONG).is_some() {
        let both = ["1", "8"].map(|threads| run(&data, "amd64 arm64", &["--threads", threads]));
        assert!(both[0].files == both[1].files, "1 and 8 threads on two architectures");
    }
}
