//! The gate's I/O on files, all of it: suites, hints and state in; results out, whole or not at all.

mod input;
mod ledger;
mod output;
mod target;

use std::path::{Path, PathBuf};

pub use input::{Inputs, RunOptions, config, inputs, load, text};
pub use ledger::{Found, Ledger, OpenLedger, set_aside};
pub use output::{Staged, ensure_directory};
pub use target::target_indices;

use crate::diagnostic::Diagnostic;
use crate::load::LoadError;

/// Why files could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The configuration cannot be used.
    #[error("{}", list(.0))]
    Config(Vec<Diagnostic>),
    /// A file could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that has to be there is not.
    #[error("{} is missing (so are its .gz, .xz and .zst forms); {remedy}", path.display())]
    Missing {
        /// The file, without the endings of compressed forms.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// A compressed file is damaged.
    #[error("{}: {error}", path.display())]
    Decompress {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: tidegate_archive::compression::DecompressError,
    },
    /// A text is damaged.
    #[error("{}: {error}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong, where.
        error: tidegate_archive::deb822::ScanError,
    },
    /// A Release file is damaged.
    #[error("{}: {error}", path.display())]
    Release {
        /// The file.
        path: PathBuf,
        /// What is wrong, where.
        error: tidegate_archive::index::IndexError,
    },
    /// Nothing says which architectures there are.
    #[error("no architectures: set ARCHITECTURES, or add a Release file with `Architectures` to {}", path.display())]
    NoArchitectures {
        /// The target's folder.
        path: PathBuf,
    },
    /// The indices cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file could not be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something that is no folder stands where one is needed.
    #[error("{} is needed as a folder, but it is a file; move it away", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A state that prevents repeats cannot be understood.
    #[error("{}: {why}; {}", path.display(), corrupt_remedy(aside.as_deref()))]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// Where it was moved; none if it is where it was.
        aside: Option<PathBuf>,
    },
    /// Contradictory static input.
    #[error("{}", list(.0))]
    Static(Vec<Diagnostic>),
}

fn corrupt_remedy(aside: Option<&Path>) -> String {
    match aside {
        Some(aside) => format!(
            "it is now {}. Mend it and move it back, or the next run begins without it and may repeat what it kept from \
             being repeated",
            aside.display()
        ),
        None => "mend it, or move it away".to_owned(),
    }
}

fn list(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    |error| FileError::Read { path: path.to_owned(), error }
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    |error| FileError::Write { path: path.to_owned(), error }
}
