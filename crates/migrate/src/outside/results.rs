//! Looking for test results before the excuses are made.
//!
//! Every pair of a source and an architecture is looked at once a run, several at a time. The answer is data; a failure
//! anywhere is an error for the whole, because what is not known must not be asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use reqwest::Url;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::database::{Database, NAME};
use super::debci;
use super::found::Found;
use super::http::{Http, Patience};
use super::swift::Swift;
use super::{FeedError, waiting_room};
use crate::compat::britney::config::{Config, Location};
use crate::policy::autopkgtest::request::PendingTests;
use crate::policy::autopkgtest::results::TestResults;

/// So many questions are open at one server at the same time.
const AT_ONCE: usize = 8;

/// What is looked at: a source on an architecture.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) source: String,
    pub(super) arch: String,
    /// The newest run that is known; older ones need not be listed.
    pub(super) newest: Option<String>,
    /// All runs that are known.
    pub(super) known: BTreeSet<String>,
}

/// Where results come from.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Whether a database that is fetched is kept for later runs.
    pub keep: bool,
    /// The instant of the run, in seconds since 1970.
    pub now: i64,
}

impl Search<'_> {
    /// Looks for new results of these sources on these architectures and takes them. Says what does not count, and why.
    ///
    /// # Errors
    /// A server, a file or a database is not what it should be: nothing was taken.
    pub fn look(
        &self,
        wanted: BTreeSet<(String, String)>,
        results: &mut TestResults,
        pending: &mut PendingTests,
    ) -> Result<Vec<String>, FeedError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = self.pairs(wanted, results);
        let found = match (&self.config.autopkgtest.database, &self.config.autopkgtest.results) {
            (Some(place), _) => self.in_database(place, &pairs)?,
            (None, Some(place)) => self.on_servers(place, pairs)?,
            (None, None) => Vec::new(),
        };
        let mut warnings = Vec::new();
        for found in found {
            for (trigger, source, arch) in &found.running {
                pending.insert(trigger, source, arch);
            }
            for run in &found.runs {
                results.take(pending, run);
            }
            warnings.extend(found.warnings);
        }
        Ok(warnings)
    }

    /// The pairs with their known runs. A cache of others says nothing about which of its runs we would have taken, so with
    /// one everything is listed.
    fn pairs(&self, wanted: BTreeSet<(String, String)>, results: &TestResults) -> Vec<Pair> {
        let mut known: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (source, archs) in results.by_trigger.values().flatten() {
            for (arch, run) in archs {
                known.entry((source, arch)).or_default().extend(run.run_id.as_deref());
            }
        }
        let pair = |(source, arch): (String, String)| {
            let runs = known.get(&(source.as_str(), arch.as_str()));
            let known: BTreeSet<String> = runs.into_iter().flatten().map(|&run| run.to_owned()).collect();
            let newest = known.last().filter(|_| self.config.autopkgtest.shared_results_cache.is_none()).cloned();
            Pair { source, arch, newest, known }
        };
        wanted.into_iter().map(pair).collect()
    }

    fn in_database(&self, place: &Location, pairs: &[Pair]) -> Result<Vec<Found>, FeedError> {
        let copy = self.keep.then(|| self.config.state_file(NAME));
        waiting_room()?.block_on(async {
            let database = Database::fetch(place, copy.as_deref()).await?;
            database.look(&self.config.series, pairs).await
        })
    }

    fn on_servers(&self, place: &Location, pairs: Vec<Pair>) -> Result<Vec<Found>, FeedError> {
        let url = match place {
            Location::File(path) => return Ok(vec![debci::read_file(path, &self.config.series, self.now, &pairs)?]),
            Location::Http(url) => parse(url)?,
        };
        waiting_room()?.block_on(async {
            let http = Http::new(Patience::Always)?;
            if Path::new(url.path()).extension().is_some_and(|ending| ending == "json") {
                return Ok(vec![debci::fetch(&http, &url, &self.config.series, self.now, &pairs).await?]);
            }
            let swift = Swift::new(http, &url, &self.config.series, &self.config.autopkgtest.ppas);
            all(&swift, pairs).await
        })
    }
}

/// Looks at every pair, some at a time; the answers come in the order of the pairs.
async fn all(swift: &Swift, pairs: Vec<Pair>) -> Result<Vec<Found>, FeedError> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (number, pair) in pairs.into_iter().enumerate() {
        let (swift, places) = (swift.clone(), Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire().await;
            (number, swift.look(&pair).await)
        });
    }
    let mut found = BTreeMap::new();
    while let Some(task) = tasks.join_next().await {
        let (number, answer) = task.map_err(std::io::Error::other)?;
        found.insert(number, answer?);
    }
    Ok(found.into_values().collect())
}

pub(super) fn parse(url: &str) -> Result<Url, FeedError> {
    let parsed = Url::parse(url).ok().filter(|url| url.has_host() && ["http", "https"].contains(&url.scheme()));
    // What cannot be read cannot be shown without its password either.
    parsed.ok_or_else(|| FeedError::Unusable {
        place: "the place of test results".to_owned(),
        why: "its URL cannot be read; expected http://HOST[:PORT]/PATH or https://…".to_owned(),
    })
}
