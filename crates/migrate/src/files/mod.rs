//! The gate's I/O on files, all of it: suites, hints and state in; results out, whole or not at all.

mod input;
mod known_tests;
mod ledger;
mod output;
mod repair;
mod save;
mod target;
mod ubuntu;

use std::path::{Path, PathBuf};

pub(crate) use input::NO_FEED;
pub use input::{Inputs, RunOptions, config, inputs, load, text};
pub use known_tests::{journal, known_tests};
pub use ledger::{Found, Ledger, OpenLedger};
pub(crate) use output::beside;
pub use output::{Staged, ensure_directory};
pub use repair::Repair;
pub use save::save;
pub use target::target_indices;

use crate::diagnostic::Diagnostic;
use crate::load::LoadError;
use crate::model::MOST_ARCHITECTURES;

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
    /// More architectures than any archive has.
    #[error(
        "there are {count} architectures; no more than {MOST_ARCHITECTURES} can be decided on: narrow ARCHITECTURES"
    )]
    TooManyArchitectures {
        /// How many there are.
        count: usize,
    },
    /// The indices cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file of state that must not be guessed at is damaged.
    #[error("{} is damaged: {problem}; {}", path.display(), where_now(.moved.as_deref()))]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// Where it was moved.
        moved: Option<PathBuf>,
    },
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
    /// Contradictory static input.
    #[error("{}", list(.0))]
    Static(Vec<Diagnostic>),
}

fn where_now(to: Option<&Path>) -> String {
    match to {
        Some(to) => format!(
            "it was moved to {}: mend it and put it back, or run again without what it remembered",
            to.display()
        ),
        None => "mend it, or move it away to go on without what it remembered".to_owned(),
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
