//! Asking for tests, so that each is asked for once whatever happens.
//!
//! A request is written down, then published, then confirmed. A run that ends in between leaves it written down, and the next
//! one publishes it again with the same id. All requests of a run are written down together: thousands of them cost as many
//! renames as one.

use std::io;

use super::journal::{Book, Entry, JOURNAL};
use super::message::{Message, queue_of};
use super::queue;
use crate::compat::britney::config::Config;
use crate::compat::britney::state::{PENDING_TESTS, TEST_RESULTS, render_pending_tests, render_test_results};
use crate::files::{self, FileError, Repair};
use crate::policy::autopkgtest::request::{PendingTests, TestRequest};
use crate::policy::autopkgtest::results::TestResults;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Requests that are new, as queue, source and triggers.
    pub new: Vec<String>,
    /// Requests of earlier runs that were published again, because nobody knew whether they had reached their queue.
    pub again: usize,
    /// Why requests have not reached their queue, or may not have; the next run publishes them again.
    pub warnings: Vec<String>,
}

/// Asks for tests that were not asked for yet, and saves what is known and what is open.
///
/// # Errors
/// What prevents that a test is asked for twice cannot be saved. Nothing was published then, or what was published is
/// published again by the next run, with the same id.
pub fn ask(
    config: &Config,
    now: i64,
    requests: &[&TestRequest],
    results: &TestResults,
    pending: &mut PendingTests,
) -> Result<Asked, FileError> {
    let mut journal = files::journal(config, Repair::NEVER)?;
    journal.keep(pending);
    let mut asked = Asked::default();
    let queue = &config.autopkgtest.queue;
    if queue.is_none() && !requests.is_empty() {
        asked.warnings.push(format!("ADT_AMQP is not set: {} tests are not asked for", requests.len()));
    }
    for request in requests.iter().filter(|_| queue.is_some()) {
        let Some(trigger) = request.triggers.first() else { continue };
        if pending.insert(trigger, &request.source, &request.arch) {
            let entry = entry(config, now, request, trigger);
            asked.new.push(format!("{}: {} for {}", entry.queue, entry.source, request.triggers.join(" ")));
            journal.insert(entry);
        }
    }
    let book = Book::open(&config.state_file(JOURNAL), &journal)?;
    files::save(&config.state_file(PENDING_TESTS), &render_pending_tests(pending), "requests.pending")?;
    if config.autopkgtest.shared_results_cache.is_none() {
        files::save(&config.state_file(TEST_RESULTS), &render_test_results(results), "results.cache")?;
    }
    let Some(queue) = queue else { return Ok(asked) };
    let open: Vec<&Entry> = journal.unconfirmed().collect();
    asked.again = open.len().saturating_sub(asked.new.len());
    let mut unsaved = None;
    let mut confirm = |ids: &[&str]| {
        book.confirm(ids).map_err(|error| {
            unsaved = Some(error);
            io::Error::other("a confirmation cannot be saved")
        })
    };
    let published = queue::publish(queue, &open, asked.again > 0, &mut confirm);
    if let Some(error) = unsaved {
        return Err(error);
    }
    if let Err(why) = published {
        asked.warnings.push(format!("{why}; what has not reached its queue is published again by the next run"));
    }
    Ok(asked)
}

fn entry(config: &Config, now: i64, request: &TestRequest, trigger: &str) -> Entry {
    let ppas = &config.autopkgtest.ppas;
    let queue = queue_of(request, &config.series, ppas);
    let message = Message::new(request, &queue, ppas, now);
    Entry {
        id: message.content.request_id.clone(),
        body: message.body(),
        queue,
        queued: false,
        trigger: trigger.to_owned(),
        source: request.source.clone(),
        arch: request.arch.clone(),
    }
}
