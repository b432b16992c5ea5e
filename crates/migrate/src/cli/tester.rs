//! The hint tester: a prompt that tries hints on the distribution as it is.

use std::io::BufRead as _;

use super::{CliError, Console, Exit};
use crate::compat::britney::hints;
use crate::hint::{HintKind, HintSet, ItemNames};
use crate::session::Session;
use crate::upgrade::Plan;

/// Reads lines until the end: hints that try items are tried, any other is added and the excuses are made again.
pub(super) fn tester(mut session: Session, console: &mut Console<'_>) -> Result<Exit, CliError> {
    let suites: Vec<String> = session.distribution.suites.iter().filter_map(|suite| suite.short.clone()).collect();
    let architectures = session.distribution.architectures.clone();
    let mut excuses = session.excuses();
    let stdin = std::io::stdin();
    loop {
        console.prompt("britney> ")?;
        let mut line = String::new();
        if stdin.lock().read_line(&mut line)? == 0 || matches!(line.trim(), "quit" | "exit") {
            console.answer("")?;
            return Ok(Exit::Yes);
        }
        let names = ItemNames { architectures: &architectures, suites: &suites };
        let (found, odd) = hints::parse_command_line(line.trim(), names);
        for diagnostic in odd {
            console.answer(&diagnostic.to_string())?;
        }
        for hint in found {
            let tries = matches!(hint.kind, HintKind::Easy | HintKind::Hint | HintKind::ForceHint);
            if tries {
                let kept = std::mem::take(&mut session.hints);
                session.hints = HintSet::new([hint]).0;
                let outcome = session.upgrade(&excuses, Plan::Hints, &|_| {});
                session.hints = kept;
                console.answer(outcome.report.trim_end())?;
                session.target = outcome.target;
            } else {
                if let Some(warning) = session.hints.add(hint) {
                    console.answer(&warning.to_string())?;
                }
                excuses = session.excuses();
                let candidates = excuses.values().filter(|excuse| excuse.is_valid()).count();
                console.answer(&format!("{} items, {candidates} candidates", excuses.len()))?;
            }
        }
    }
}
