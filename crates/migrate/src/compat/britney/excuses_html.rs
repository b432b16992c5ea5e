//! `excuses.html`: every excuse, for people. One list entry each, with the item's name as its anchor.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use tidegate_kernel::{Blocker, Level, WhoKind};

use super::excuses_yaml::in_order;
use crate::distribution::Distribution;
use crate::excuses::{Excuse, Excuses};
use crate::explain::Explanation;
use crate::model::{Item, Verdict};

/// So many notes are shown at once; of more, the last ones are folded away.
const MOST_NOTES: usize = 8;

/// What a run knows of items beside their excuses, by their names.
#[derive(Debug)]
pub struct Known<'a> {
    /// The items that moved, if anything was tried.
    pub moved: Option<BTreeSet<Item>>,
    /// What holds items.
    pub blockers: &'a BTreeMap<String, Vec<Blocker>>,
    /// Why candidates stayed, if that was found out.
    pub explained: &'a BTreeMap<String, Explanation>,
}

/// Where an item stands, those first that somebody has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Stayed,
    NeedsApproval,
    Held,
    Missing,
    Blocked,
    Waits,
    ForNow,
    MayMove,
    Moved,
}

impl State {
    fn of(excuse: &Excuse, known: &Known<'_>) -> Self {
        match (excuse.verdict, &known.moved) {
            (Verdict::NotApplicable | Verdict::Pass | Verdict::PassHinted, None) => Self::MayMove,
            (Verdict::NotApplicable | Verdict::Pass | Verdict::PassHinted, Some(moved)) => {
                if moved.contains(&excuse.item) { Self::Moved } else { Self::Stayed }
            }
            (Verdict::RejectedTemporarily, _) => Self::ForNow,
            (Verdict::RejectedWaitingForAnotherItem, _) => Self::Waits,
            (Verdict::RejectedBlockedByAnotherItem, _) => Self::Blocked,
            (Verdict::RejectedNeedsApproval, _) => Self::NeedsApproval,
            (Verdict::RejectedCannotDetermineIfPermanent, _) => Self::Missing,
            (Verdict::RejectedPermanently, _) => Self::Held,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Stayed => "may move, but would break something",
            Self::NeedsApproval => "needs an approval",
            Self::Held => "held until somebody changes something",
            Self::Missing => "something is missing that may still come",
            Self::Blocked => "blocked by another item",
            Self::Waits => "waits for another item",
            Self::ForNow => "held for now: time will end it",
            Self::MayMove => "may move",
            Self::Moved => "moved",
        }
    }

    /// The class that gives it its colour; the text says the same.
    fn class(self) -> &'static str {
        match self {
            Self::Moved | Self::MayMove => "moves",
            Self::ForNow | Self::Waits => "waits",
            Self::Stayed => "stays",
            Self::NeedsApproval | Self::Held | Self::Missing | Self::Blocked => "held",
        }
    }

    fn is_held(self) -> bool {
        match self {
            Self::Moved | Self::MayMove | Self::Stayed => false,
            Self::ForNow | Self::Waits | Self::NeedsApproval | Self::Held | Self::Missing | Self::Blocked => true,
        }
    }
}

#[derive(Template)]
#[template(path = "excuses.html")]
struct Page<'a> {
    generated: &'a str,
    total: usize,
    moved: Option<usize>,
    stayed: usize,
    candidates: usize,
    held: usize,
    states: Vec<Group<'a>>,
    excuses: Vec<Row<'a>>,
}

/// The items of one state.
struct Group<'a> {
    text: &'static str,
    class: &'static str,
    verdicts: String,
    names: Vec<&'a str>,
}

struct Row<'a> {
    name: &'a str,
    old: &'a str,
    new: &'a str,
    state: &'static str,
    class: &'static str,
    verdict: &'static str,
    /// What holds it, or why it stayed.
    why: Vec<Note>,
    notes: Vec<Note>,
    /// Notes that are folded away.
    more: Vec<Note>,
    /// Who can act, and what they can do.
    who: Vec<(String, &'a str)>,
    /// The day on which it is looked at again, if time alone can end it.
    again: Option<String>,
    waits: Vec<String>,
}

/// A sentence in pieces, so that addresses can be followed and relations stand out.
type Note = Vec<Piece>;

/// A part of a sentence.
enum Piece {
    Text(String),
    Link(String),
    Code(String),
}

/// The text of the page.
///
/// # Errors
/// Only if the template cannot be filled, which is a fault of ours.
pub fn render(
    distribution: &Distribution,
    excuses: &Excuses,
    known: &Known<'_>,
    generated: &str,
) -> Result<String, askama::Error> {
    let ordered = in_order(excuses);
    let mut states: BTreeMap<State, Vec<(&str, Verdict)>> = BTreeMap::new();
    for &(name, excuse) in &ordered {
        states.entry(State::of(excuse, known)).or_default().push((name, excuse.verdict));
    }
    let count = |wanted: &dyn Fn(State) -> bool| {
        states.iter().filter(|(state, _)| wanted(**state)).map(|(_, names)| names.len()).sum::<usize>()
    };
    let page = Page {
        generated,
        total: excuses.len(),
        moved: known.moved.as_ref().map(|_| count(&|state| state == State::Moved)),
        stayed: count(&|state| state == State::Stayed),
        candidates: count(&|state| !state.is_held()),
        held: count(&State::is_held),
        states: states.iter().map(|(&state, items)| group(state, items)).collect(),
        excuses: ordered.into_iter().map(|(name, excuse)| row(distribution, name, excuse, known)).collect(),
    };
    page.render()
}

fn group<'a>(state: State, items: &[(&'a str, Verdict)]) -> Group<'a> {
    let verdicts: BTreeSet<Verdict> = items.iter().map(|&(_, verdict)| verdict).collect();
    let mut names: Vec<&str> = items.iter().map(|&(name, _)| name).collect();
    names.sort_unstable();
    Group {
        text: state.text(),
        class: state.class(),
        verdicts: verdicts.into_iter().map(Verdict::as_str).collect::<Vec<_>>().join(", "),
        names,
    }
}

fn row<'a>(distribution: &'a Distribution, name: &'a str, excuse: &'a Excuse, known: &'a Known<'_>) -> Row<'a> {
    let version = |version: Option<_>| version.map_or("(none)", |version| distribution.text(version));
    let mut waits: Vec<String> = excuse
        .dependencies
        .iter()
        .flat_map(|dependency| &dependency.any_of)
        .map(|on| distribution.key_text(on))
        .collect();
    waits.sort_unstable();
    waits.dedup();
    let state = State::of(excuse, known);
    let blockers = known.blockers.get(name).map_or(&[][..], Vec::as_slice);
    let holding = || blockers.iter().filter(|blocker| blocker.level() == Level::Hold);
    let mut who: Vec<(String, &str)> = Vec::new();
    for one in holding().flat_map(Blocker::who) {
        let actor = match one.kind {
            WhoKind::Source => format!("the maintainers of {}", one.name),
            WhoKind::User | WhoKind::Team | WhoKind::Role => one.name.clone(),
            WhoKind::Nobody => "nobody needs to".to_owned(),
        };
        let said = (actor, one.can.as_str());
        if !who.contains(&said) {
            who.push(said);
        }
    }
    let again = holding().filter_map(|blocker| blocker.look_again().instant()).min();
    let is_hold = |note: &&String| excuse.holds.iter().any(|hold| hold.text == **note);
    let mut why: Vec<Note> = excuse.notes.iter().filter(is_hold).map(|note| pieces(note)).collect();
    let explained = known.explained.get(name).map(Explanation::sentences).unwrap_or_default();
    why.extend(explained.iter().map(|sentence| pieces(sentence)));
    let mut notes: Vec<Note> = excuse.notes.iter().filter(|note| !is_hold(note)).map(|note| pieces(note)).collect();
    let more = if notes.len() > MOST_NOTES { notes.split_off(MOST_NOTES - 1) } else { Vec::new() };
    Row {
        name,
        old: version(excuse.old),
        new: version(excuse.new),
        state: state.text(),
        class: state.class(),
        verdict: excuse.verdict.as_str(),
        why,
        notes,
        more,
        who,
        again: again.map(|instant| instant.to_jiff().strftime("%-d %B %Y").to_string()),
        waits,
    }
}

fn pieces(sentence: &str) -> Note {
    let mut pieces = Vec::new();
    // Relations stand between backticks, and no address does.
    for (number, part) in sentence.split('`').enumerate() {
        if number % 2 == 1 {
            pieces.push(Piece::Code(part.to_owned()));
            continue;
        }
        let mut rest = part;
        while let Some(start) = rest.find("https://").or_else(|| rest.find("http://")) {
            let (before, from) = rest.split_at(start);
            let word = from.split(char::is_whitespace).next().unwrap_or_default();
            let link = word.trim_end_matches(['.', ',', ';', ')']);
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Link(link.to_owned()));
            rest = &from[link.len()..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_relations_are_told_from_text() {
        let shown = |sentence: &str| -> String {
            let shown = pieces(sentence).into_iter().map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Link(text) => format!("[{text}]"),
                Piece::Code(text) => format!("<{text}>"),
            });
            shown.collect()
        };
        for (sentence, expected) in [
            ("", ""),
            ("old", "old"),
            ("see https://a.example/?x=1&y", "see [https://a.example/?x=1&y]"),
            ("(see http://b; http://c), too.", "(see [http://b]; [http://c]), too."),
            ("b needs `a (<< 2)`, which is gone", "b needs <a (<< 2)>, which is gone"),
            ("odd ` one", "odd < one>"),
        ] {
            assert_eq!(shown(sentence), expected);
        }
    }
}
