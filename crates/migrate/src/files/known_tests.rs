//! What is known of tests before anything is fetched.

use std::fs;
use std::path::Path;

use super::repair::Repair;
use super::{FileError, read_error};
use crate::compat::britney::config::Config;
use crate::compat::britney::state::{self, PENDING_TESTS, TEST_RESULTS};
use crate::diagnostic::{Diagnostic, Place};
use crate::facts::Facts;
use crate::outside::journal::{JOURNAL, Journal};

/// Reads requests without an answer and known results. Damaged requests stop the run, for without them tests would be asked
/// for twice; damaged results are fetched again. A request that may not have reached its queue has no answer either.
///
/// # Errors
/// What prevents that a test is asked for twice cannot be read.
pub fn known_tests(
    config: &Config,
    facts: &mut Facts,
    repair: Repair,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), FileError> {
    let path = config.state_file(PENDING_TESTS);
    if let Some(text) = read(&path)? {
        facts.pending_tests = match text.and_then(|text| state::parse_pending_tests(&text)) {
            Ok(pending) => pending,
            Err(problem) => return Err(FileError::State { moved: repair.move_aside(&path)?, path, problem }),
        };
    }
    for entry in journal(config, repair)?.unconfirmed() {
        facts.pending_tests.insert(&entry.trigger, &entry.source, &entry.arch);
    }
    let shared = config.autopkgtest.shared_results_cache.as_ref();
    let path = shared.cloned().unwrap_or_else(|| config.state_file(TEST_RESULTS));
    let Some(text) = read(&path)? else { return Ok(()) };
    let file = path.display().to_string();
    match text.and_then(|text| state::parse_test_results(&text, &file)) {
        Ok((results, said)) => {
            facts.test_results = results;
            warnings.extend(said);
        }
        Err(problem) => {
            // Of another instance, the file is only read.
            let moved = if shared.is_some() { None } else { repair.move_aside(&path)? };
            let place = Place { file: &file, line: 1, column: 1 };
            let moved = moved.map_or_else(String::new, |to| format!(", and the file was moved to {}", to.display()));
            let message = format!("the known test results are damaged ({problem}); they are fetched again{moved}");
            warnings.push(place.warning("state-damaged", message));
        }
    }
    Ok(())
}

/// Reads the journal of requests.
///
/// # Errors
/// It cannot be read or is damaged.
pub fn journal(config: &Config, repair: Repair) -> Result<Journal, FileError> {
    let path = config.state_file(JOURNAL);
    let Some(text) = read(&path)? else { return Ok(Journal::default()) };
    match text.and_then(|text| Journal::parse(&text)) {
        Ok(journal) => Ok(journal),
        Err(problem) => Err(FileError::State { moved: repair.move_aside(&path)?, path, problem }),
    }
}

/// The text of a file that need not be there, or what is wrong with it.
fn read(path: &Path) -> Result<Option<Result<String, String>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => {
            Ok(Some(String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {}", error.utf8_error()))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(read_error(path)(error)),
    }
}
