//! What a run hears of tests before it decides, and asks for after.

use super::log::Log;
use super::{CliError, Console};
use crate::compat::britney::config::{Autopkgtest, Config, Switch};
use crate::excuses::Excuses;
use crate::files::TestFiles;
use crate::outside::requests::Asking;
use crate::outside::results::Search;
use crate::policy::autopkgtest;
use crate::policy::autopkgtest::request::TestRequest;
use crate::session::Session;

/// How a run deals with tests.
pub(super) struct Evidence {
    config: Autopkgtest,
    series: String,
    files: TestFiles,
    now: i64,
    dry_run: bool,
}

impl Evidence {
    /// None if tests have no say in this run: the policy is off, or no excuses are made.
    pub(super) fn of(config: &Config, session: &Session, only_actions: bool, dry_run: bool) -> Option<Self> {
        let is_on = config.autopkgtest.enable != Switch::No && !only_actions;
        is_on.then(|| Self {
            config: config.autopkgtest.clone(),
            series: config.series.clone(),
            files: TestFiles::of(config),
            now: session.rules.now,
            dry_run,
        })
    }

    /// Looks for results of the tests that the excuses will be about, and says what does not count.
    pub(super) fn look(&self, session: &mut Session) -> Result<Vec<String>, CliError> {
        let wanted = autopkgtest::wanted(session.context());
        let folder = (!self.dry_run).then(|| self.files.folder());
        let search = Search { config: &self.config, series: &self.series, folder, now: self.now };
        let facts = &mut session.facts;
        let mut warnings = search.look(wanted, &mut facts.test_results, &mut facts.pending_tests)?;
        warnings.extend(autopkgtest::useless_hints(session.context()));
        Ok(warnings)
    }

    /// Asks for the tests that the excuses lack, unless the run is dry.
    pub(super) fn ask(
        &self,
        session: &mut Session,
        excuses: &Excuses,
        log: Log,
        console: &mut Console<'_>,
    ) -> Result<(), CliError> {
        let requests: Vec<&TestRequest> = excuses.values().flat_map(|excuse| &excuse.requests).collect();
        if self.dry_run {
            return log.detail(console, &format!("{} tests would be asked for", requests.len()));
        }
        let asking = Asking { config: &self.config, series: &self.series, files: &self.files, now: self.now };
        let results = autopkgtest::kept_results(session.context());
        let asked = asking.ask(&requests, &results, &mut session.facts.pending_tests)?;
        for request in &asked.new {
            log.detail(console, &format!("asked for a test in {request}"))?;
        }
        if asked.again > 0 {
            let text =
                format!("{} requests of an earlier run may not have reached their queue: published again", asked.again);
            log.info(console, &text)?;
        }
        for warning in &asked.warnings {
            log.warn(console, warning)?;
        }
        Ok(())
    }
}
