//! The letters of a run: sent after it was checked and before its outputs appear.

use super::log::Log;
use super::run::Finished;
use super::{CliError, Console};
use crate::compat::britney::config::Config;
use crate::excuses::Excuse;
use crate::explain;
use crate::outside::letters::{Letters, Said};

/// Sends them, and logs what became of each.
pub(super) fn send(
    console: &mut Console<'_>,
    log: Log,
    config: &Config,
    done: &Finished<'_>,
    dry_run: bool,
) -> Result<(), CliError> {
    let mut logged = Ok(());
    let mut say = |said: Said| {
        let one = match &said {
            Said::Done(text) => log.info(console, text),
            Said::Trouble(text) => log.warn(console, text),
        };
        if logged.is_ok() {
            logged = one;
        }
    };
    let mut why = |excuse: &Excuse| why(done, excuse);
    let (session, excuses) = (done.session, done.excuses);
    Letters { config, session, excuses, why: &mut why, dry_run, say: &mut say }.carry_out()?;
    logged
}

/// Why an item is as it is, in sentences for its uploader.
fn why(done: &Finished<'_>, excuse: &Excuse) -> Vec<String> {
    let context = done.session.context();
    let blockers = explain::blockers_of(context, excuse);
    let mut sentences: Vec<String> = blockers.iter().map(|blocker| blocker.text().to_owned()).collect();
    let Some(outcome) = done.outcome.filter(|_| excuse.is_valid()) else { return sentences };
    if outcome.accepted.contains(&excuse.item) {
        sentences.push("Nothing any more: it migrated in the run that wrote this mail.".to_owned());
    } else if outcome.stayed.contains(&excuse.item) {
        let kept = &done.session.keep_installable;
        // A reason that does not stand up to its check is left out here; a run that explains says so.
        let found = explain::explain_stayed(context, kept, done.excuses, outcome, &excuse.item);
        sentences.extend(found.map(|found| found.sentences()).unwrap_or_default());
    }
    sentences
}
