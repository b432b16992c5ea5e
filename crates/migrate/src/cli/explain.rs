//! `migrate explain` and `migrate causes`: why items stay, and what would move them.

use std::collections::BTreeSet;

use clap::Args;
use comfy_table::Table;
use serde::Serialize;
use tidegate_kernel::{BlockerCode as _, Clock};

use super::{CliError, Console, Exit, Source};
use crate::explain::{Answer, Cause, Explainer, leaves, without};
use crate::model::Item;
use crate::session::Session;
use crate::what_if::Decision;

/// The arguments of an explanation.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The item: foo, foo/amd64, -foo, -libfoo1/amd64
    #[arg(allow_hyphen_values = true)]
    item: String,
    #[command(flatten)]
    source: Source,
}

/// The arguments of a ranking of causes.
#[derive(Debug, Args)]
pub struct CausesArgs {
    #[command(flatten)]
    source: Source,
    /// Show so many
    #[arg(long, default_value_t = 25)]
    limit: usize,
}

pub(super) fn explain(args: &ExplainArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let session = args.source.session(console, clock)?;
    let bar = console.progress("deciding");
    let decision = session.decide();
    let mut explainer = explainer(&session, &decision);
    drop(bar);
    let answer = explainer.item(&args.item).map_err(|fault| CliError::Fault(fault.to_string()))?;
    if console.voice.json {
        console.json(&answer)?;
    } else {
        console.answer(answer.to_text().trim_end())?;
    }
    Ok(if matches!(answer, Answer::Unknown { .. }) { Exit::No } else { Exit::Yes })
}

pub(super) fn explainer<'a>(session: &'a Session, decision: &'a Decision) -> Explainer<'a> {
    Explainer::new(session.context(), &session.keep_installable, &decision.excuses, &decision.outcome)
}

/// A cause with what it alone holds back.
#[derive(Debug, Serialize)]
pub(super) struct Ranked {
    #[serde(flatten)]
    cause: Cause,
    /// Items that would move without it.
    would_move: BTreeSet<String>,
    /// Items that would become candidates without it.
    would_be_candidates: BTreeSet<String>,
}

/// Every root cause, the one that holds most back first. One what-if each.
pub(super) fn ranked(session: &Session, progress: &dyn Fn(usize, usize)) -> Vec<Ranked> {
    let context = session.context();
    let now = session.decide();
    let moved: BTreeSet<Item> = now.outcome.accepted.iter().copied().collect();
    let causes = leaves(context, &now.excuses);
    let total = causes.len();
    let mut ranked = Vec::new();
    for (number, (cause, candidates)) in causes.into_iter().enumerate() {
        progress(number, total);
        let mut would_move = BTreeSet::new();
        if !candidates.is_empty() {
            let excuses = without(context, &now.excuses, &cause);
            let then = session.upgrade(&excuses, crate::upgrade::Plan::Everything, &|_| {});
            let newly = then.accepted.iter().filter(|item| !moved.contains(item));
            would_move.extend(newly.map(|item| session.distribution.uvname(item)));
            // A source that comes without binaries is taken out again at the end as obsolete: nothing moved.
            let bare = would_move.iter().filter_map(|name| name.strip_prefix('-'));
            let emptied: Vec<String> = bare.filter(|&name| would_move.contains(name)).map(str::to_owned).collect();
            for name in emptied {
                would_move.remove(&format!("-{name}"));
                would_move.remove(&name);
            }
        }
        ranked.push(Ranked { cause, would_move, would_be_candidates: candidates });
    }
    ranked.sort_by(|a, b| {
        let key = |one: &Ranked| (one.would_move.len(), one.would_be_candidates.len());
        key(b).cmp(&key(a)).then_with(|| a.cause.cmp(&b.cause))
    });
    ranked
}

pub(super) fn causes(args: &CausesArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let session = args.source.session(console, clock)?;
    let bar = console.progress("deciding");
    let ranked = ranked(&session, &|done, total| bar.step(format!("cause {} of {total}", done + 1)));
    drop(bar);
    let total = ranked.len();
    let shown: Vec<Ranked> = ranked.into_iter().take(args.limit).collect();
    if console.voice.json {
        console.json(&shown)?;
        return Ok(Exit::Yes);
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_BORDERS_ONLY);
    table.set_header(["held item", "cause", "would move", "candidates", "such as"]);
    for one in &shown {
        let others = one.would_move.iter().filter(|name| **name != one.cause.item).take(3);
        let others: Vec<&str> = others.map(String::as_str).collect();
        table.add_row([
            one.cause.item.clone(),
            one.cause.code.qualified(),
            one.would_move.len().to_string(),
            one.would_be_candidates.len().to_string(),
            others.join(", "),
        ]);
    }
    console.answer(&table.to_string())?;
    console.say(&format!("{} of {total} causes; `tidegate migrate explain ITEM` says more", shown.len()))?;
    Ok(Exit::Yes)
}
