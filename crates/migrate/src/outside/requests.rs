//! Asking for tests, so that each is asked for once whatever happens.
//!
//! A request is written down, then published, then confirmed. A run that ends in between leaves it written down, and the next
//! one publishes it again with the same id. All requests of a run are written down together: thousands of them cost as many
//! renames as one.

use std::io;

use super::journal::{Book, Entry};
use super::message::{Message, queue_of};
use super::queue;
use crate::compat::britney::config::{Autopkgtest, Switch};
use crate::files::{FileError, TestFiles};
use crate::policy::autopkgtest::request::{PendingTests, TestRequest};
use crate::policy::autopkgtest::results::TestResults;

/// Where and when tests are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The keys `ADT_…`.
    pub config: &'a Autopkgtest,
    /// The name of what the target will be.
    pub series: &'a str,
    /// The memory of tests.
    pub files: &'a TestFiles,
    /// The instant of the run, in seconds since 1970.
    pub now: i64,
}

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Requests that are new, as queue and source.
    pub new: Vec<String>,
    /// Requests of earlier runs that were published again, because nobody knew whether they had reached their queue.
    pub again: usize,
    /// Why requests have not reached their queue, or may not have; the next run publishes them again.
    pub warnings: Vec<String>,
}

impl Asking<'_> {
    /// Asks for tests that were not asked for yet, and saves what is known and what is open.
    ///
    /// # Errors
    /// What prevents that a test is asked for twice cannot be saved. Nothing was published then, or what was published is
    /// published again by the next run.
    pub fn ask(
        &self,
        requests: &[&TestRequest],
        results: &TestResults,
        pending: &mut PendingTests,
    ) -> Result<Asked, FileError> {
        let mut journal = self.files.open_journal()?;
        journal.keep(pending);
        let mut asked = Asked::default();
        let mut known = pending.clone();
        for (request, trigger) in requests.iter().filter_map(|request| Some((request, request.triggers.first()?))) {
            if !known.insert(trigger, &request.source, &request.arch) {
                continue;
            }
            let entry = self.entry(request, trigger);
            asked.new.push(format!("{}: {} for {}", entry.queue, entry.source, request.triggers.join(" ")));
            journal.insert(entry);
        }
        let queue = self.config.queue.as_ref().filter(|_| self.config.enable == Switch::Yes);
        if queue.is_none() {
            // Nobody is asked, so nothing is open.
            journal = self.files.open_journal()?;
            journal.keep(pending);
            if self.config.enable == Switch::Yes && !asked.new.is_empty() {
                asked.warnings.push(format!("ADT_AMQP is not set: {} tests are not asked for", asked.new.len()));
            }
        } else {
            *pending = known;
        }
        let book = Book::open(&self.files.journal(), &journal)?;
        self.files.save_pending(pending)?;
        self.files.save_results(results)?;
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

    fn entry(&self, request: &TestRequest, trigger: &str) -> Entry {
        let ppas = &self.config.ppas;
        let queue = queue_of(request, self.series, ppas);
        let message = Message::new(request, &queue, ppas, self.now);
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
}
