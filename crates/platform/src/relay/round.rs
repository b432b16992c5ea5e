//! What follows from one round of sending, without any I/O.
//!
//! A round sends *lanes*: rows that keep their order, of one key, or for an ordered sink all of a batch. A lane is either
//! *fresh*, rows behind the position, or a *repeat*, rows that have a delivery row already. What comes out is where the
//! position stands, and how the delivery rows change.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_kernel::{MessageId, Rng, Timestamp};

use super::sink::{Policy, Sent, Trouble};
use crate::outbox::Entry;

/// Rows that keep their order.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) entries: Vec<Entry>,
    /// How often the first was tried before.
    pub(super) tries: u32,
    pub(super) is_repeat: bool,
}

/// How a row that did not go through stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// First of its key, tried again at its time.
    Waiting,
    /// Behind another of its key.
    Parked,
    /// Given up until somebody says otherwise.
    SetAside,
}

/// A change of a delivery row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// It went through.
    Through { no: i64 },
    /// It is as this now.
    Stands { no: i64, key: String, state: State, attempts: u32, next_at: Option<Timestamp>, error: Option<String> },
}

/// A row that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aside {
    pub(super) no: i64,
    pub(super) id: MessageId,
    pub(super) title: String,
    pub(super) key: String,
    pub(super) attempts: u32,
    pub(super) error: String,
}

/// What follows from a round.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// Up to here all rows went through or have a delivery row.
    pub(super) position: i64,
    pub(super) changes: Vec<Change>,
    pub(super) asides: Vec<Aside>,
    /// Why the receiver takes nothing now.
    pub(super) gone: Option<Trouble>,
    /// Until when an ordered sink waits for the row that holds up all others.
    pub(super) pause: Option<Timestamp>,
    /// Whether it took something.
    pub(super) took: bool,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::SetAside => "set_aside",
        }
    }
}

/// The rows of a batch in lanes. Rows of keys that are held back are not sent but stand behind those that hold them: they
/// come back as changes.
pub(super) fn lanes(entries: Vec<Entry>, held: &BTreeSet<String>) -> (Vec<Lane>, Vec<Change>) {
    let mut by_key: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut order = Vec::new();
    let mut parked = Vec::new();
    for entry in entries {
        let key = entry.key().as_str();
        if held.contains(key) {
            parked.push(stands(&entry, State::Parked, 0, None, None));
            continue;
        }
        if !by_key.contains_key(key) {
            order.push(key.to_owned());
        }
        by_key.entry(key.to_owned()).or_default().push(entry);
    }
    let lane = |key: String| by_key.remove(&key).map(|entries| Lane { entries, tries: 0, is_repeat: false });
    (order.into_iter().filter_map(lane).collect(), parked)
}

/// What a round ends with.
pub(super) struct Decider<'d> {
    pub(super) policy: Policy,
    pub(super) now: Timestamp,
    pub(super) rng: &'d dyn Rng,
}

impl Decider<'_> {
    /// Settles lanes that were sent. The batch was read from behind the position through `through`; what is in no lane and
    /// has no delivery row is not for this sink.
    pub(super) fn settle(&self, position: i64, through: i64, lanes: Vec<(Lane, Sent)>, parked: Vec<Change>) -> Settled {
        let mut settled = Settled { position: through, changes: parked, ..Settled::default() };
        // the first fresh row that neither went through nor has a delivery row
        let mut open: Option<i64> = None;
        for (lane, sent) in lanes {
            settled.took |= sent.through > 0;
            // a fresh row has a delivery row only if it was tried before
            let had_rows = if lane.is_repeat { sent.through } else { sent.through.min(usize::from(lane.tries > 0)) };
            settled.changes.extend(lane.entries[..had_rows].iter().map(|entry| Change::Through { no: entry.no }));
            let Some(first) = lane.entries.get(sent.through) else { continue };
            let trouble = sent.trouble.unwrap_or_else(|| Trouble::gone("it was not sent"));
            let tries = if sent.through == 0 { lane.tries } else { 0 } + 1;
            let rest = &lane.entries[sent.through + 1..];
            if let Some(aside) = self.gives_up(first, &trouble, tries) {
                settled.took |= !matches!(trouble, Trouble::Gone { .. });
                settled.changes.push(stands(first, State::SetAside, tries, None, Some(trouble.error())));
                settled.asides.push(aside);
                self.go_on(rest, lane.is_repeat, &mut settled, &mut open);
                if matches!(trouble, Trouble::Gone { .. }) {
                    settled.gone.get_or_insert(trouble);
                }
                continue;
            }
            match trouble {
                Trouble::Gone { .. } => {
                    if !lane.is_repeat {
                        open = Some(open.map_or(first.no, |open| open.min(first.no)));
                    }
                    settled.gone.get_or_insert(trouble);
                }
                Trouble::Later(error) | Trouble::Refused(error) => {
                    settled.took = true;
                    let next_at = self.now.later(self.policy.later.jittered(tries, self.rng));
                    settled.changes.push(stands(first, State::Waiting, tries, Some(next_at), Some(&error)));
                    if self.policy.ordered {
                        if !lane.is_repeat {
                            open = Some(open.map_or(first.no, |open| open.min(first.no)));
                            settled.pause = Some(next_at);
                        }
                    } else if !lane.is_repeat {
                        settled.changes.extend(rest.iter().map(|entry| stands(entry, State::Parked, 0, None, None)));
                    }
                }
            }
        }
        if let Some(open) = open {
            settled.position = (open - 1).max(position);
            let behind = settled.position;
            // what lies behind the gap is read again, but for the row that made it and is counted
            settled.changes.retain(|change| match change {
                Change::Through { .. } => true,
                Change::Stands { no, .. } => *no <= behind || (self.policy.ordered && *no == open),
            });
            settled.asides.retain(|aside| aside.no <= behind);
        }
        settled
    }

    /// Rows behind one that was set aside: the store lets the first of them go on at once.
    fn go_on(&self, rest: &[Entry], is_repeat: bool, settled: &mut Settled, open: &mut Option<i64>) {
        let Some(next) = rest.first().filter(|_| !is_repeat) else { return };
        if self.policy.ordered {
            *open = Some(open.map_or(next.no, |open| open.min(next.no)));
        } else {
            settled.changes.extend(rest.iter().map(|entry| stands(entry, State::Parked, 0, None, None)));
        }
    }

    fn gives_up(&self, entry: &Entry, trouble: &Trouble, tries: u32) -> Option<Aside> {
        let is_old = self.policy.oldest.is_some_and(|oldest| entry.at().later(oldest) <= self.now);
        let is_over = match trouble {
            Trouble::Refused(_) => true,
            Trouble::Later(_) => is_old || self.policy.tries.is_some_and(|most| tries >= most),
            Trouble::Gone { .. } => is_old,
        };
        is_over.then(|| Aside {
            no: entry.no,
            id: entry.id(),
            title: entry.title().to_owned(),
            key: entry.key().as_str().to_owned(),
            attempts: tries,
            error: trouble.error().to_owned(),
        })
    }
}

fn stands(entry: &Entry, state: State, attempts: u32, next_at: Option<Timestamp>, error: Option<&str>) -> Change {
    let (no, key) = (entry.no, entry.key().as_str().to_owned());
    Change::Stands { no, key, state, attempts, next_at, error: error.map(str::to_owned) }
}

#[cfg(test)]
mod tests;
