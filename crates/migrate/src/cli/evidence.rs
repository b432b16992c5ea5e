//! What a run hears of tests before it decides, and asks for after.

use super::log::Log;
use super::{CliError, Console};
use crate::compat::britney::config::{Config, Switch};
use crate::excuses::Excuses;
use crate::outside::requests::ask;
use crate::outside::results::Search;
use crate::policy::autopkgtest;
use crate::policy::autopkgtest::request::TestRequest;
use crate::session::Session;

/// How a run deals with tests.
pub(super) struct Evidence<'a> {
    config: &'a Config,
    dry_run: bool,
}

impl<'a> Evidence<'a> {
    /// None if tests have no say in this run: the policy is off, or no excuses are made.
    pub(super) fn of(config: &'a Config, only_actions: bool, dry_run: bool) -> Option<Self> {
        let is_on = config.autopkgtest.enable != Switch::No && !only_actions;
        is_on.then_some(Self { config, dry_run })
    }

    /// Looks for results of the tests that the excuses will be about, and says what does not count.
    pub(super) fn look(&self, session: &mut Session) -> Result<Vec<String>, CliError> {
        let wanted = autopkgtest::wanted(session.context());
        let search = Search { config: self.config, keep: !self.dry_run, now: session.rules.now };
        let facts = &mut session.facts;
        Ok(search.look(wanted, &mut facts.test_results, &mut facts.pending_tests)?)
    }

    /// Asks for the tests that the excuses lack, unless the run is dry or the policy is only tried.
    pub(super) fn ask(
        &self,
        session: &mut Session,
        excuses: &Excuses,
        log: Log,
        console: &mut Console<'_>,
    ) -> Result<(), CliError> {
        if self.dry_run || self.config.autopkgtest.enable != Switch::Yes {
            return Ok(());
        }
        let requests: Vec<&TestRequest> = excuses.values().flat_map(|excuse| &excuse.requests).collect();
        let results = autopkgtest::kept_results(session.context());
        let now = session.rules.now;
        let asked = ask(self.config, now, &requests, &results, &mut session.facts.pending_tests)?;
        for request in &asked.new {
            log.detail(console, &format!("asked for a test in {request}"))?;
        }
        if asked.again > 0 {
            let (count, text) = (asked.again, "requests of an earlier run may not have reached their queue");
            log.info(console, &format!("{count} {text}: published again"))?;
        }
        for warning in &asked.warnings {
            log.warn(console, warning)?;
        }
        Ok(())
    }
}
