//! `migrate what-if`: the same decision under other conditions, and how it differs.

use clap::Args;
use serde_json::json;
use tidegate_kernel::Clock;

use super::{CliError, Console, Exit, Source, counted};
use crate::compat::britney::hints;
use crate::hint::{ItemNames, ItemRef};
use crate::model::SuiteId;
use crate::session::Session;
use crate::what_if::{Assumption, Difference};

/// The arguments of a what-if.
#[derive(Debug, Args)]
pub struct WhatIfArgs {
    #[command(flatten)]
    source: Source,
    /// A hint that would be given, such as 'easy a/1 b/2'
    #[arg(long, value_name = "HINT")]
    hint: Vec<String>,
    /// A hint line that would not count
    #[arg(long, value_name = "HINT")]
    without_hint: Vec<String>,
    /// A source that would be removed
    #[arg(long, value_name = "SOURCE")]
    remove: Vec<String>,
    /// An item that would be forced in
    #[arg(long, value_name = "ITEM")]
    force: Vec<String>,
    /// So many days later, such as +3
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true, default_value_t = 0)]
    days: i64,
    /// A policy that would not be asked
    #[arg(long, value_name = "POLICY")]
    policy_off: Vec<String>,
    /// An architecture that might break
    #[arg(long = "break", value_name = "ARCH")]
    may_break: Vec<String>,
}

pub(super) fn what_if(args: &WhatIfArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let session = args.source.session(console, clock)?;
    let assumption = assumption(args, &session)?;
    let bar = console.progress("deciding as things are");
    let now = session.decide();
    bar.step("deciding as they might be");
    let then = session.decide_if(&assumption);
    drop(bar);
    let difference = session.difference(&now, &then);
    let stuck: Vec<String> = assumption
        .removed()
        .map(|source| format!("-{source}"))
        .filter(|name| then.excuses.get(name).is_none_or(|excuse| then.outcome.stayed.contains(&excuse.item)))
        .collect();
    let refused: Vec<&String> =
        then.outcome.refused_hints.iter().filter(|hint| !now.outcome.refused_hints.contains(hint)).collect();
    if console.voice.json {
        let answer = json!({"difference": difference, "removals_that_stay": stuck, "refused_hints": refused});
        console.json(&answer)?;
    } else {
        for hint in refused {
            console.answer(hint)?;
        }
        print(console, &difference)?;
        for name in stuck {
            console.answer(&format!("{name} would stay: what needs it would break"))?;
        }
    }
    Ok(Exit::Yes)
}

fn assumption(args: &WhatIfArgs, session: &Session) -> Result<Assumption, CliError> {
    let distribution = &session.distribution;
    let suites: Vec<String> = distribution.suites.iter().filter_map(|suite| suite.short.clone()).collect();
    let names = ItemNames { architectures: &distribution.architectures, suites: &suites };
    let mut lines = args.hint.clone();
    for source in &args.remove {
        let name = distribution.find_name(source).and_then(|name| distribution.source(SuiteId::TARGET, name));
        let known = name.ok_or_else(|| CliError::Usage(format!("--remove {source}: the target has no such source")))?;
        lines.push(format!("remove {source}/{}", distribution.text(known.version)));
    }
    for item in &args.force {
        let usage = |why: String| CliError::Usage(format!("--force {item}: {why}"));
        let reference = ItemRef::parse(item, names).map_err(|error| usage(error.to_string()))?;
        let found = session.context().item(&reference).map_err(usage)?;
        lines.push(format!("force {}", distribution.item_text(&found)));
    }
    let mut assumption = Assumption { days: args.days, ..Assumption::default() };
    for line in &lines {
        let (found, odd) = hints::parse_command_line(line, names);
        if let Some(diagnostic) = odd.first() {
            return Err(CliError::Usage(format!("{line}: {}", diagnostic.message)));
        }
        for hint in found {
            assumption.hints.add(hint);
        }
    }
    assumption.ignored = args.without_hint.iter().cloned().collect();
    for name in &args.policy_off {
        let policy = session.rules.policies.iter().copied().find(|policy| policy.as_str() == name);
        let known: Vec<&str> = session.rules.policies.iter().map(|policy| policy.as_str()).collect();
        let policy = policy
            .ok_or_else(|| CliError::Usage(format!("--policy-off {name}: there is only {}", known.join(", "))))?;
        assumption.policies_off.push(policy);
    }
    for name in &args.may_break {
        let arch = distribution.find_arch(name).ok_or_else(|| {
            CliError::Usage(format!("--break {name}: there is only {}", distribution.architectures.join(", ")))
        })?;
        assumption.may_break.push(arch);
    }
    Ok(assumption)
}

fn print(console: &mut Console<'_>, difference: &Difference) -> Result<(), CliError> {
    if *difference == Difference::default() {
        console.answer("Nothing would change.")?;
        return Ok(());
    }
    for (title, items) in
        [("would move", &difference.newly_moving), ("would not move any more", &difference.newly_staying)]
    {
        if !items.is_empty() {
            console.answer(&format!("{} {title}:", items.len()))?;
            for item in items {
                console.answer(&format!("  {item}"))?;
            }
        }
    }
    if !difference.verdicts.is_empty() {
        console.answer(&format!("{} would change:", counted(difference.verdicts.len(), "verdict")))?;
        for (item, (from, to)) in &difference.verdicts {
            console.answer(&format!("  {item}: {} -> {}", from.unwrap_or("(none)"), to.unwrap_or("(none)")))?;
        }
    }
    for (title, lists) in [
        ("would become uninstallable", &difference.newly_uninstallable),
        ("would not become uninstallable", &difference.no_longer_uninstallable),
    ] {
        for (arch, names) in lists {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            console.answer(&format!("{} {title} on {arch}: {}", names.len(), names.join(", ")))?;
        }
    }
    Ok(())
}
