//! The gate's HTTP interfaces: handlers that parse, ask the store, and render.
//!
//! Each mount is a router of its own, which the program nests where the interface is to be found. Who sends a request is
//! for the program to know: it hands in [`Callers`].

mod answer;
mod caller;
mod import;
mod jsonp;
mod native;
mod problem;
mod records;
mod request;
mod resultsdb_v2;
mod resultsdb_v3;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use tidegate_platform::store::Db;

use crate::accept::{Arriving, Rules, Telling};
use crate::compat::render::Links;
use crate::compat::resultsdb_v2::Acceptance;
use crate::model::{NewResult, StoredResult};
use crate::permission::Permission;
use crate::store::{self, AcceptError, Accepting};

pub use caller::{Caller, Callers, Known, NotKnown};
pub use request::Origin;

/// What the interfaces work with.
pub struct Gate {
    /// The store.
    pub db: Db,
    /// How results are understood.
    pub rules: Rules,
    /// The most results on one page.
    pub max_limit: usize,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// So far ahead of the clock a result may claim to be.
    pub max_future: Duration,
    /// So long a list may take.
    pub query_timeout: Duration,
    /// Whether the second interface takes results from anybody.
    pub open_writes: bool,
    /// Who may send which results to the third interface.
    pub v3_permissions: Vec<Permission>,
    /// Where messages say that things are found.
    pub public: Links,
    /// Who sends a request.
    pub callers: Arc<dyn Callers>,
}

impl Gate {
    /// A gate over that store, as it is without any configuration.
    pub fn new(db: Db, public: Links, callers: Arc<dyn Callers>) -> Self {
        Self {
            db,
            rules: Rules::default(),
            max_limit: 1_000,
            max_body: 4 * 1024 * 1024,
            max_future: Duration::from_secs(3_600),
            query_timeout: Duration::from_secs(5),
            open_writes: false,
            v3_permissions: Vec::new(),
            public,
            callers,
        }
    }

    fn acceptance(&self) -> Acceptance {
        Acceptance {
            outcomes: self.rules.outcomes.clone(),
            item_keys: self.rules.item_keys.clone(),
            now: self.db.now(),
            max_future: self.max_future,
        }
    }

    /// Stores one result with all that follows from it.
    async fn accept(&self, result: NewResult, caller: &Caller) -> Result<StoredResult, AcceptError> {
        let accepting =
            Accepting { rules: &self.rules, links: &self.public, actor: caller.actor.clone(), telling: Telling::All };
        let (accepting, result) = (&accepting, &result);
        let mut stored = self
            .db
            .write("results.post", |tx| {
                tidegate_platform::store::in_tx(async move {
                    let arriving = Arriving { result: result.clone(), id: None, submitter: caller.submitter() };
                    store::accept(tx, accepting, vec![arriving]).await
                })
            })
            .await?;
        Ok(stored.swap_remove(0))
    }
}

/// ResultsDB as its clients find it below `/resultsdb`, or at the root of a host: `/api/v2.0` and `/api/v3`.
pub fn resultsdb(gate: Arc<Gate>) -> Router {
    let both = resultsdb_v2::router().merge(resultsdb_v3::router());
    let both = both.fallback(answer::not_found).method_not_allowed_fallback(answer::method_not_allowed);
    both.layer(middleware::from_fn(jsonp::wrap)).with_state(gate)
}

/// Our own interface, with its whole paths: `/api/v1/results/…`.
pub fn native(gate: Arc<Gate>) -> Router {
    native::router().with_state(gate)
}
