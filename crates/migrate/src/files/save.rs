//! Files that hold what must not be lost or done twice: each is replaced as a whole and is on disk when it is.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tidegate_platform::step;

use super::output::folder_of;
use super::{FileError, ensure_directory, write_error};

/// Replaces a file: written beside it, synced, renamed, the folder synced. `unit` names the points before and after.
///
/// # Errors
/// The folder or the file cannot be written; the old file is still there.
pub fn save(path: &Path, text: &str, unit: &str) -> Result<(), FileError> {
    let folder = folder_of(path);
    ensure_directory(folder)?;
    let scratch = scratch(path);
    let put = || {
        step::reach(&format!("{unit}.write.before"))?;
        let mut file = File::create(&scratch)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        step::reach(&format!("{unit}.rename.before"))?;
        fs::rename(&scratch, path)?;
        File::open(folder)?.sync_all()?;
        step::reach(&format!("{unit}.rename.after"))
    };
    put().map_err(write_error(path))
}

/// Where a file is written before it takes its place. Always the same name: what a killed run left there is written over by
/// the next.
pub(super) fn scratch(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".tidegate-{}-new", name.trim_start_matches(".tidegate-")))
}
