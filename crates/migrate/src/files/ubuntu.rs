//! The files that only policies of the ubuntu dialect read. All are optional.

use super::FileError;
use super::input::optional_text;
use super::repair::Repair;
use crate::compat::britney::config::Config;
use crate::compat::britney::state;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::Facts;

/// Reads them into `facts`. A file that is damaged is no data, loudly.
pub(super) fn facts(
    config: &Config,
    facts: &mut Facts,
    repair: Repair,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), FileError> {
    let in_source = |name: &str| config.primary.join(name);
    for (path, bugs) in
        [(in_source("Blocks"), &mut facts.block_bugs), (in_source("ExcuseBugs"), &mut facts.excuse_bugs)]
    {
        if let Some(text) = optional_text(&path)? {
            let (parsed, odd) = state::parse_bug_times(&text, &path.display().to_string());
            *bugs = parsed;
            warnings.extend(odd);
        }
    }
    let path = config.source_ppas();
    if let Some(text) = optional_text(&path)? {
        let parsed = state::parse_source_ppas(&text, &path.display().to_string());
        if parsed.is_err() {
            // A new one takes its place at the end of the run.
            repair.move_aside(&path)?;
        }
        facts.source_ppas = known(parsed, warnings);
    }
    if let Some(folder) = config.state_dir.as_ref().filter(|_| config.check_buildd) {
        let path = folder.join("signers.json");
        if let Some(text) = optional_text(&path)? {
            facts.signers = known(state::parse_signers(&text, &path.display().to_string()), warnings);
        }
    }
    Ok(())
}

/// What a reader made of a text, nothing where it is damaged.
fn known<T: Default>(parsed: Result<(T, Vec<Diagnostic>), Diagnostic>, warnings: &mut Vec<Diagnostic>) -> T {
    match parsed {
        Ok((parsed, odd)) => {
            warnings.extend(odd);
            parsed
        }
        Err(damage) => {
            warnings.push(Diagnostic { severity: Severity::Warning, ..damage });
            T::default()
        }
    }
}
