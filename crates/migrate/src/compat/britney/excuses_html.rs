//! `excuses.html`: every excuse, for people. One list entry each, with the item's name as its anchor.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::excuses_yaml::in_order;
use crate::distribution::Distribution;
use crate::excuses::{Excuse, Excuses};
use crate::model::{Item, Verdict};

#[derive(Template)]
#[template(path = "excuses.html")]
struct Page<'a> {
    generated: &'a str,
    total: usize,
    candidates: usize,
    moved: Option<usize>,
    verdicts: Vec<(&'static str, usize)>,
    excuses: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'a str,
    old: &'a str,
    new: &'a str,
    valid: bool,
    state: &'static str,
    notes: &'a [String],
    waits: Vec<String>,
}

/// The text of the page. `moved`: the items that a run moved, if there was one.
///
/// # Errors
/// Only if the template cannot be filled, which is a fault of ours.
pub fn render(
    distribution: &Distribution,
    excuses: &Excuses,
    moved: Option<&BTreeSet<Item>>,
    generated: &str,
) -> Result<String, askama::Error> {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for excuse in excuses.values() {
        *verdicts.entry(excuse.verdict).or_default() += 1;
    }
    let moves = |excuse: &Excuse| moved.is_some_and(|moved| moved.contains(&excuse.item));
    let page = Page {
        generated,
        total: excuses.len(),
        candidates: excuses.values().filter(|excuse| excuse.is_valid()).count(),
        moved: moved.map(|_| excuses.values().filter(|excuse| moves(excuse)).count()),
        verdicts: verdicts.into_iter().map(|(verdict, count)| (verdict.as_str(), count)).collect(),
        excuses: in_order(excuses)
            .into_iter()
            .map(|(name, excuse)| row(distribution, name, excuse, moved.is_some(), moves(excuse)))
            .collect(),
    };
    page.render()
}

fn row<'a>(distribution: &'a Distribution, name: &'a str, excuse: &'a Excuse, ran: bool, moved: bool) -> Row<'a> {
    let version = |version: Option<_>| version.map_or("(none)", |version| distribution.text(version));
    let mut waits: Vec<String> = excuse
        .dependencies
        .iter()
        .flat_map(|dependency| &dependency.any_of)
        .map(|on| distribution.key_text(on))
        .collect();
    waits.sort_unstable();
    waits.dedup();
    Row {
        name,
        old: version(excuse.old),
        new: version(excuse.new),
        valid: excuse.is_valid(),
        state: state(excuse, ran, moved),
        notes: &excuse.notes,
        waits,
    }
}

fn state(excuse: &Excuse, ran: bool, moved: bool) -> &'static str {
    match excuse.verdict {
        Verdict::NotApplicable | Verdict::Pass | Verdict::PassHinted if moved => "moved",
        Verdict::NotApplicable | Verdict::Pass | Verdict::PassHinted if ran => "may move, but would break something",
        Verdict::NotApplicable | Verdict::Pass | Verdict::PassHinted => "may move",
        Verdict::RejectedTemporarily => "held for now",
        Verdict::RejectedWaitingForAnotherItem => "waits for another item",
        Verdict::RejectedBlockedByAnotherItem => "blocked by another item",
        Verdict::RejectedNeedsApproval => "needs an approval",
        Verdict::RejectedCannotDetermineIfPermanent => "something is missing",
        Verdict::RejectedPermanently => "held",
    }
}
