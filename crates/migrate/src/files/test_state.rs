//! What runs remember of tests, on disk.

use std::path::{Path, PathBuf};

use super::input::optional_text;
use super::{FileError, save};
use crate::compat::britney::config::Config;
use crate::compat::britney::state;
use crate::outside::journal::Journal;
use crate::policy::autopkgtest::request::PendingTests;
use crate::policy::autopkgtest::results::TestResults;

/// Where the memory of tests lies.
#[derive(Debug, Clone)]
pub struct TestFiles {
    folder: PathBuf,
    shared: Option<PathBuf>,
}

/// The memory of tests.
#[derive(Debug, Clone, Default)]
pub struct TestState {
    /// Results that were taken.
    pub results: TestResults,
    /// Requests without an answer, with those that may not have reached the queue.
    pub pending: PendingTests,
    /// What could not be read and is made anew.
    pub warnings: Vec<String>,
}

impl TestFiles {
    /// The places of a configuration. Without a folder for state, the target's folder serves.
    pub fn of(config: &Config) -> Self {
        let folder = config.state_dir.clone().unwrap_or_else(|| config.target.clone());
        Self { folder, shared: config.autopkgtest.shared_results_cache.clone() }
    }

    /// The folder of what is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The journal of requests.
    pub fn journal(&self) -> PathBuf {
        self.folder.join(".tidegate-requests")
    }

    fn results(&self) -> PathBuf {
        self.shared.clone().unwrap_or_else(|| self.folder.join("autopkgtest-results.cache"))
    }

    fn pending(&self) -> PathBuf {
        self.folder.join("autopkgtest-pending.json")
    }

    /// Reads everything. With a time, what is damaged is moved aside under a name with that time, so that the next run can go on.
    ///
    /// # Errors
    /// What prevents that a test is asked for twice cannot be read or is damaged.
    pub fn read(&self, mend: Option<i64>) -> Result<TestState, FileError> {
        let mut state = TestState::default();
        let path = self.pending();
        if let Some(text) = optional_text(&path)? {
            let pending = state::parse_pending_tests(&text);
            state.pending = pending.map_err(|why| damaged(&path, why, mend))?;
        }
        for entry in self.read_journal(mend)?.unconfirmed() {
            state.pending.insert(&entry.trigger, &entry.source, &entry.arch);
        }
        let path = self.results();
        if let Some(text) = optional_text(&path)? {
            match state::parse_test_results(&text) {
                Ok(results) => state.results = results,
                Err(why) => {
                    let mend = mend.filter(|_| self.shared.is_none());
                    state.warnings.push(format!("{}; results are looked up anew", damaged(&path, why, mend)));
                }
            }
        }
        Ok(state)
    }

    /// Reads the journal of requests.
    ///
    /// # Errors
    /// It cannot be read or is damaged.
    pub fn open_journal(&self) -> Result<Journal, FileError> {
        self.read_journal(None)
    }

    fn read_journal(&self, mend: Option<i64>) -> Result<Journal, FileError> {
        let path = self.journal();
        let text = optional_text(&path)?.unwrap_or_default();
        Journal::parse(&text).map_err(|why| damaged(&path, why, mend))
    }

    /// Saves the requests without an answer.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_pending(&self, pending: &PendingTests) -> Result<(), FileError> {
        save(&self.pending(), &state::render_pending_tests(pending), "requests.pending")
    }

    /// Saves the results, unless they are another instance's.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_results(&self, results: &TestResults) -> Result<(), FileError> {
        if self.shared.is_some() {
            return Ok(());
        }
        save(&self.results(), &state::render_test_results(results), "results.cache")
    }
}

/// Says that a file is damaged, and moves it aside if there is a time to name it by.
fn damaged(path: &Path, why: String, mend: Option<i64>) -> FileError {
    let moved = mend.and_then(|time| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-{time}"));
        let to = PathBuf::from(name);
        std::fs::rename(path, &to).ok().map(|()| to)
    });
    FileError::Damaged { path: path.to_owned(), why, moved }
}
