//! The repository as files.

use std::fs;
use std::path::{Path, PathBuf};

/// Names of what is made, not written.
const MADE: [&str; 6] = [".git", "artifacts", "book", "corpus", "coverage", "target"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).expect("the crate lies in crates/ under the root").to_owned()
}

/// All written files below that folder of the repository, by path relative to the root, in order.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let entry = entry.expect("an entry of a folder can be read");
            if MADE.iter().any(|made| entry.file_name() == *made) {
                continue;
            }
            if entry.file_type().expect("an entry has a type").is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path().strip_prefix(&root).expect("it is below the root").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// All written files of that extension.
pub(crate) fn files_ending_in(extension: &str) -> Vec<PathBuf> {
    let mut files = files_below("");
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files
}

/// The text of a file; `None` if it is not UTF-8.
pub(crate) fn text_of(path: &Path) -> Option<String> {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).ok()
}
