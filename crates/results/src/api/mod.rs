//! The gate's HTTP interfaces: handlers that parse, ask the store, and render.
//!
//! Who sends a request, its limits and the form of errors are the platform's; [`ResultsDb`] says how errors look to the
//! clients of ResultsDB.

mod announcements;
mod answer;
mod import;
mod named;
mod native;
mod records;
mod rehearsal;
mod request;
mod resultsdb_v2;
mod resultsdb_v3;
mod subjects;
mod updates;

use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::Actor;
use tidegate_platform::fault::Fault;
use tidegate_platform::http::{Answer, Caller, Platform, Routes};
use tidegate_platform::store::{Db, StoreError, in_tx};

use crate::accept::{Arriving, Rules, Telling};
use crate::compat::render::Links;
use crate::compat::resultsdb_v2::Acceptance;
use crate::config::{ResultsConfig, Writes};
use crate::model::{NewResult, StoredResult};
use crate::permission::Permission;
use crate::store::{self, Accepting};
use answer::Failure;

pub use answer::ResultsDb;
pub use rehearsal::Rehearsal;

/// Where clients of ResultsDB find it.
pub const RESULTSDB: &str = "/resultsdb";

/// What its clients ask for below that, and at the root of a host of its own.
pub const RESULTSDB_PATHS: &[&str] = &["/", "/api/v2.0", "/api/v3", "/auth"];

/// What the interfaces work with.
pub struct Gate {
    /// The service that they are part of.
    pub platform: Platform,
    /// How results are understood.
    pub rules: Rules,
    /// The most results on one page.
    pub max_limit: usize,
    /// So far ahead of the clock a result may claim to be.
    pub max_future: Duration,
    /// So long a list may take.
    pub query_timeout: Duration,
    /// Whether the second interface takes results from anybody.
    pub open_writes: bool,
    /// Who may send which results to the third interface.
    pub v3_permissions: Vec<Permission>,
    /// What test suites switch; nothing in a service for people.
    pub rehearsal: Option<Rehearsal>,
    /// Where messages say that things are found.
    pub public: Links,
}

type Shared = axum::extract::State<Arc<Gate>>;

impl Gate {
    /// A gate of that service, which is found there: `https://gate.example.org`.
    pub fn new(platform: Platform, url: &str, config: &ResultsConfig) -> Self {
        Self {
            platform,
            rules: config.rules(),
            max_limit: config.max_limit(),
            max_future: config.max_future,
            query_timeout: config.query_timeout,
            open_writes: config.v2_writes == Writes::Open,
            v3_permissions: config.v3_permissions(),
            rehearsal: None,
            public: Links::at(format!("{url}{RESULTSDB}/api/v2.0")),
        }
    }

    /// The same for test suites: it takes results from anybody, and has the routes below `/test`.
    #[must_use]
    pub fn for_tests(self, identity: &str, bus: Fault) -> Self {
        let rehearsal = Rehearsal::new(self.db().clone(), identity, bus);
        let platform = self.platform.over(rehearsal.faulty_store());
        Self { platform, open_writes: true, rehearsal: Some(rehearsal), ..self }
    }

    /// Who may send which results to the third interface now.
    fn permissions(&self) -> Vec<Permission> {
        let replaced = self.rehearsal.as_ref().and_then(Rehearsal::permissions);
        replaced.unwrap_or_else(|| self.v3_permissions.clone())
    }

    /// The answer, unless it takes longer than a list may.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, Failure> {
        let answer = tokio::time::timeout(self.query_timeout, work).await.map_err(|_| answer::too_slow())?;
        Ok(answer?)
    }

    fn db(&self) -> &Db {
        self.platform.db()
    }

    fn acceptance(&self) -> Acceptance {
        Acceptance {
            outcomes: self.rules.outcomes.clone(),
            item_keys: self.rules.item_keys.clone(),
            now: self.db().now(),
            max_future: self.max_future,
        }
    }

    /// Stores one result with all that follows from it, and answers it with these links.
    async fn accept(&self, result: &NewResult, caller: &Caller, links: &Links) -> Result<Answer, Failure> {
        let submitter = caller.principal().user().map(|user| user.name.as_str());
        self.accept_of(result, submitter, caller, links).await
    }

    /// The same of that submitter.
    async fn accept_of(
        &self,
        result: &NewResult,
        submitter: Option<&str>,
        caller: &Caller,
        links: &Links,
    ) -> Result<Answer, Failure> {
        let actor = submitter.map_or_else(|| caller.principal().actor(), Actor::user);
        let accepting = &Accepting { rules: &self.rules, links: &self.public, actor, telling: Telling::All };
        let write = caller.write(&self.platform, "results.post", |tx| {
            in_tx(async move {
                let submitter = submitter.map(str::to_owned);
                let arriving = Arriving { result: result.clone(), id: None, submitter };
                let stored = store::accept(tx, accepting, vec![arriving]).await?;
                Ok::<_, Failure>(stored.first().map_or_else(Answer::done, |stored| created(links, stored)))
            })
        });
        write.await
    }
}

fn created(links: &Links, stored: &StoredResult) -> Answer {
    Answer::created(format!("/api/v1/results/records/{}", stored.id), &links.result(stored))
}

/// All routes of the gate: ResultsDB below [`RESULTSDB`], our own below `/api/v1/results`, and for test suites `/test`.
pub fn routes(gate: Arc<Gate>) -> Routes {
    let is_rehearsal = gate.rehearsal.is_some();
    let routes = resultsdb_v2::routes().and(resultsdb_v3::routes(is_rehearsal)).and(native::routes());
    let routes = if is_rehearsal { routes.and(rehearsal::routes()) } else { routes };
    routes.with_state(gate)
}
