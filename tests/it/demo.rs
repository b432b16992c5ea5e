//! The demo as whoever tries the program first meets it, and the example that it runs on.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tidegate_archive::compression::{Compression, decompress};

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

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path().join("tmp"))
            .output()
            .expect("the program starts")
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

#[test]
fn the_demo_is_as_it_should_be_and_leaves_nothing_behind() {
    let machine = Machine::new();
    let answer = machine.answer(&["demo", "--check"]);
    assert!(answer.ends_with("all is as it should be\n"), "{answer}");
    assert_eq!(machine.temporary(), Vec::<PathBuf>::new());
}

#[test]
fn the_page_outlives_the_demo() {
    let machine = Machine::new();
    let answer = machine.answer(&["demo"]);
    let folders = machine.temporary();
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    let page = folder.join("out/excuses.html");
    assert!(answer.contains(&page.display().to_string()), "{answer}");
    assert!(page.is_file());
    assert!(answer.lines().count() <= 26, "{answer}");
}

#[test]
fn every_command_that_the_demo_offers_works_from_another_folder() {
    let machine = Machine::new();
    let answer = machine.answer(&["demo", "--keep", "kept"]);
    let offered: Vec<Vec<&str>> = answer
        .lines()
        .filter_map(|line| line.split_once(" migrate "))
        .map(|(_, rest)| ["migrate"].into_iter().chain(rest.split(' ')).collect())
        .collect();
    let elsewhere = Machine::new();
    let verbs: Vec<&str> = offered.iter().map(|words| words[1]).collect();
    assert_eq!(verbs, ["explain", "causes", "what-if"]);
    for words in offered {
        let output = elsewhere.run(&words);
        let answer = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let about = if words[1] == "what-if" { "guzzle" } else { "gedit" };
        assert!(answer.contains(about), "{words:?}: {answer}");
    }
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let machine = Machine::new();
    let output = machine.run(&["demo", "--keep", "."]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--keep .: there is something in it"), "{said}");
    assert!(!machine.folder.path().join("britney.conf").exists());
}

#[test]
fn the_example_shows_what_can_happen() {
    let answer = Machine::new().answer(&["--json", "demo", "--check"]);
    let story: Value = serde_json::from_str(&answer).expect("it is JSON");
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
