//! The example archive, brought along in the program: a slice of Debian, with configuration, hints and state.

use std::fs;
use std::io;
use std::path::Path;

use tidegate_migrate::cli::CliError;

/// Where it lies in the folder of the demo.
pub(super) const FOLDER: &str = "migrate";

/// The configuration, in that folder.
pub(super) const CONFIG: &str = "britney.conf";

/// The page of the excuses, which a run writes.
pub(super) const PAGE: &str = "out/excuses.html";

macro_rules! files {
    ($($path:literal)*) => {
        &[$(($path, include_bytes!(concat!("../../../../examples/debian/", $path)))),*]
    };
}

/// `examples/debian`, file by file.
const FILES: &[(&str, &[u8])] = files! {
    "README.md"
    "britney.conf"
    "hints/release-team"
    "state/age-policy-dates"
    "state/age-policy-urgencies"
    "state/rc-bugs-testing"
    "state/rc-bugs-unstable"
    "testing/Packages_amd64.xz"
    "testing/Sources.xz"
    "unstable/Packages_amd64.xz"
    "unstable/Sources.xz"
};

/// Makes a folder, or makes sure that there is nothing in it.
pub(super) fn make_empty(folder: &Path) -> Result<(), CliError> {
    let refused = |why: &str| CliError::Usage(format!("--keep {}: {why}", folder.display()));
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("there is something in it; name an empty folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(|error| refused(&error.to_string()))
        }
        Err(error) => Err(refused(&error.to_string())),
    }
}

/// Writes the example into a folder. Its configuration then names that folder, so that it can be used from anywhere.
pub(super) fn unpack(folder: &Path) -> Result<(), CliError> {
    for &(path, bytes) in FILES {
        let place = folder.join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        if path == CONFIG {
            let text = String::from_utf8_lossy(bytes);
            fs::write(place, text.replace("= ./", &format!("= {}/", folder.display())))?;
        } else {
            fs::write(place, bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn every_file_of_the_example_is_brought_along() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/debian");
        let mut there = BTreeSet::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_dir() {
                    there.insert(path.strip_prefix(&root).unwrap().to_owned());
                } else if !path.ends_with("out") {
                    folders.push(path);
                }
            }
        }
        let brought: BTreeSet<PathBuf> = FILES.iter().map(|(path, _)| PathBuf::from(path)).collect();
        assert_eq!(brought, there);
    }

    #[test]
    fn what_is_unpacked_names_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        let config = fs::read_to_string(folder.path().join(CONFIG)).unwrap();
        let paths = config.lines().filter_map(|line| line.split_once('=')).filter(|(_, value)| value.contains('/'));
        let paths: Vec<&str> = paths.map(|(_, value)| value.trim()).collect();
        assert!(paths.len() > 5, "{config}");
        assert!(paths.iter().all(|path| Path::new(path).starts_with(folder.path())), "{paths:?}");
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        make_empty(folder.path()).unwrap();
        make_empty(&folder.path().join("a/b")).unwrap();
        let refused = make_empty(folder.path()).unwrap_err();
        assert!(refused.to_string().ends_with("there is something in it; name an empty folder"), "{refused}");
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(make_empty(&folder.path().join("file")).is_err());
    }
}
