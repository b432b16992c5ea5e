//! Outputs that appear together: each is written beside its place, and all are put there at the end.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tidegate_archive::compression::{Compression, compress};
use tidegate_platform::step::reach;

use super::save::scratch;
use super::{FileError, write_error};

/// Files that are written and not yet in place. Dropping it leaves the old ones untouched and nothing behind.
#[derive(Debug, Default)]
pub struct Staged {
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl Staged {
    /// Writes one file beside its place. A name that ends in `.gz` or `.xz` is compressed.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn write(&mut self, path: &Path, text: &str) -> Result<(), FileError> {
        ensure_directory(folder_of(path))?;
        if path.is_dir() {
            let error = std::io::Error::new(std::io::ErrorKind::IsADirectory, "a folder stands in its place");
            return Err(FileError::Write { path: path.to_owned(), error });
        }
        let bytes = match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => compress(Compression::Gzip, text.as_bytes()),
            Some("xz") => compress(Compression::Xz, text.as_bytes()),
            _ => Ok(text.as_bytes().to_vec()),
        };
        let bytes = bytes.map_err(|error| write_error(path)(std::io::Error::other(error.to_string())))?;
        let put = || {
            reach("output.write.before")?;
            let mut file = beside(path)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            reach("output.write.after")?;
            Ok(file)
        };
        self.files.push((put().map_err(write_error(path))?, path.to_owned()));
        Ok(())
    }

    /// Puts every file in its place, in the order in which they were written.
    ///
    /// # Errors
    /// A file cannot be renamed; those before it are in place.
    pub fn publish(self) -> Result<(), FileError> {
        for (file, path) in self.files {
            let put = || {
                reach("output.publish.before")?;
                file.persist(&path).map_err(|error| error.error)?;
                reach("output.publish.after")
            };
            put().map_err(write_error(&path))?;
        }
        Ok(())
    }
}

/// A file that is to take this place, and vanishes unless it does; whoever may read the others there may read it.
pub(crate) fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let scratch = scratch(path);
    match fs::remove_file(&scratch) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        // A killed run may have left it.
        _ => {}
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(scratch.file_name().unwrap_or_default()).rand_bytes(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// The folder in which a file lies.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder, with its parents, unless it is there. Modes of what is there are left alone.
///
/// # Errors
/// A file stands in the way, or the folder cannot be made.
pub fn ensure_directory(path: &Path) -> Result<(), FileError> {
    for place in path.ancestors().filter(|place| !place.as_os_str().is_empty()) {
        match fs::metadata(place) {
            Ok(metadata) if metadata.is_dir() => break,
            Ok(_) => return Err(FileError::NotADirectory { path: place.to_owned() }),
            Err(_) => {}
        }
    }
    fs::create_dir_all(path).map_err(write_error(path))
}
