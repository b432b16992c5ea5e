//! What follows from results that arrive: what is told, and what is known from now on.
//!
//! All roads end here, one result or thousands. The store locks the rows of all keys, gives the results their ids, and
//! hands both in; what comes out is written as it is.

use std::collections::{BTreeMap, HashMap};

use tidegate_kernel::Timestamp;

use crate::announce::taskotron::{OldNews, identity, old_news};
use crate::announce::{
    Announcement, FanOut, Incoming, Key, KeyHash, Said, State, TooManyBuilds, Via, fan_out, net, step,
};
use crate::latest::{Combination, combinations, is_newer};
use crate::model::{ExtraData, NewResult, Outcome, Outcomes, Position, ResultId, StoredResult};
use crate::query::Limits;

/// What is told of results that arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Telling {
    /// Everything, as of a single result.
    #[default]
    All,
    /// For each key the change that all of them make together.
    Changes,
    /// Nothing. What they change counts as said.
    Nothing,
}

/// How results are understood, as configured.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The outcomes that are known.
    pub outcomes: Outcomes,
    /// For whom a result is news.
    pub fan_out: FanOut,
    /// The keys by which subject types name their items, beside `item`.
    pub item_keys: Vec<String>,
    /// The keys whose values are looked up.
    pub index_keys: Vec<String>,
    /// Whether the stream for old consumers is fed.
    pub old_stream: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            outcomes: Outcomes::default(),
            fan_out: FanOut::default(),
            item_keys: vec!["item".to_owned()],
            index_keys: Limits::default().index_keys,
            old_stream: false,
        }
    }
}

impl Rules {
    /// Which results can be looked up.
    pub fn limits(&self) -> Limits {
        let mut index_keys = self.index_keys.clone();
        index_keys.extend(self.item_keys.iter().filter(|key| !self.index_keys.contains(key)).cloned());
        let builds = self.fan_out.build_keys.iter().filter(|key| index_keys.contains(key));
        let mut item_keys = self.item_keys.clone();
        item_keys.extend(builds.filter(|key| !self.item_keys.contains(key)).cloned());
        Limits { item_keys, index_keys }
    }
}

/// A result on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arriving {
    /// What was sent.
    pub result: NewResult,
    /// The id that it shall keep; `None`: the next.
    pub id: Option<ResultId>,
    /// Who sent it.
    pub submitter: Option<String>,
}

/// The keys for which one result is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// With their hashes.
    pub keys: Vec<(KeyHash, Key)>,
    /// Where it is announced for builds: for what else it was sent.
    pub via: Option<Via>,
}

/// Something that is told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its place among the results that arrived.
    pub place: usize,
    /// For what.
    pub key: Key,
    /// What.
    pub announcement: Announcement,
    /// On the way from what.
    pub via: Option<Via>,
    /// Whether a message says it; else it only counts as said.
    pub aloud: bool,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consequences {
    /// The states of all keys.
    pub states: BTreeMap<KeyHash, (Key, State)>,
    /// What is told, in the order in which it is told.
    pub told: Vec<Told>,
    /// The newest of each combination among those that arrived.
    pub latest: BTreeMap<KeyHash, (Combination, Position, Outcome)>,
}

/// For whom a result is news; `known_builds` are those of its updates.
///
/// # Errors
///
/// It names more builds than one result may.
pub fn address(rules: &Rules, result: &NewResult, known_builds: &[String]) -> Result<Addressed, TooManyBuilds> {
    let spread = fan_out(&rules.fan_out, &result.testcase.name, &result.data, known_builds)?;
    let keys = spread.keys.into_iter().map(|key| (key.hash(), key)).collect();
    Ok(Addressed { keys, via: spread.via })
}

/// The times of results, of which those without one get the clock's, raised above what is known of their keys.
pub fn stamp_all(
    clock: Timestamp,
    arriving: &[Arriving],
    addressed: &[Addressed],
    states: &BTreeMap<KeyHash, State>,
) -> Vec<Timestamp> {
    let known = states.iter().filter_map(|(hash, state)| Some((*hash, state.newest_any?.submit_time)));
    let mut newest: HashMap<KeyHash, Timestamp> = known.collect();
    let mut times = Vec::with_capacity(arriving.len());
    for (arriving, Addressed { keys, .. }) in arriving.iter().zip(addressed) {
        let of_keys = keys.iter().filter_map(|(hash, _)| newest.get(hash).copied());
        let time = arriving.result.submit_time.unwrap_or_else(|| crate::announce::stamp(clock, of_keys));
        for (hash, _) in keys {
            let held = newest.entry(*hash).or_insert(time);
            *held = time.max(*held);
        }
        times.push(time);
    }
    times
}

/// What follows from these results, which were addressed in the same order. `states` are those of all keys before.
pub fn decide(
    rules: &Rules,
    telling: Telling,
    stored: &[StoredResult],
    addressed: Vec<Addressed>,
    states: BTreeMap<KeyHash, State>,
    now: Timestamp,
) -> Consequences {
    let mut news = News { states, keys: BTreeMap::new(), incoming: BTreeMap::new() };
    let mut told = Vec::new();
    for (place, (result, addressed)) in stored.iter().zip(addressed).enumerate() {
        let stage = rules.outcomes.stage(&result.outcome);
        let incoming = Incoming { at: result.position(), outcome: result.outcome.clone(), stage };
        for (hash, key) in addressed.keys {
            if telling == Telling::All {
                let said = news.step(hash, &incoming, now);
                told.extend(said.announcement().cloned().map(|announcement| Told {
                    place,
                    key: key.clone(),
                    announcement,
                    via: addressed.via.clone(),
                    aloud: true,
                }));
            } else {
                news.incoming.entry(hash).or_default().push((place, incoming.clone(), addressed.via.clone()));
            }
            news.keys.entry(hash).or_insert(key);
        }
    }
    if telling != Telling::All {
        told = news.net(telling, now);
    }
    let News { mut states, keys, .. } = news;
    let with_key = |(hash, key)| {
        let state = states.remove(&hash).unwrap_or_default();
        (hash, (key, state))
    };
    Consequences { states: keys.into_iter().map(with_key).collect(), told, latest: newest(rules, stored) }
}

/// The states as they change.
struct News {
    states: BTreeMap<KeyHash, State>,
    keys: BTreeMap<KeyHash, Key>,
    incoming: BTreeMap<KeyHash, Vec<(usize, Incoming, Option<Via>)>>,
}

impl News {
    fn step(&mut self, hash: KeyHash, incoming: &Incoming, now: Timestamp) -> Said {
        let state = self.states.entry(hash).or_default();
        let (next, said) = step(state, incoming, now);
        *state = next;
        said
    }

    /// What each key has to tell after all of them.
    fn net(&mut self, telling: Telling, now: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        for (hash, all) in std::mem::take(&mut self.incoming) {
            let state = self.states.entry(hash).or_default();
            let results: Vec<_> = all.iter().map(|(_, incoming, _)| incoming.clone()).collect();
            let (next, announcement) = net(state, &results, now);
            *state = next;
            let Some(announcement) = announcement else { continue };
            let by = all.into_iter().find(|(_, incoming, _)| incoming.at.id == announcement.result_id);
            let Some((place, _, via)) = by else { continue };
            let aloud = telling == Telling::Changes;
            told.push(Told { place, key: self.keys[&hash].clone(), announcement, via, aloud });
        }
        told
    }
}

fn newest(rules: &Rules, stored: &[StoredResult]) -> BTreeMap<KeyHash, (Combination, Position, Outcome)> {
    let mut latest: BTreeMap<KeyHash, (Combination, Position, Outcome)> = BTreeMap::new();
    for result in stored {
        let keys = rules.item_keys.iter().map(String::as_str);
        // too many were refused when the body was read
        for combination in combinations(&result.testcase.name, &result.data, keys).unwrap_or_default() {
            let hash = combination.hash();
            if is_newer(latest.get(&hash).map(|(_, at, _)| *at), result.position()) {
                latest.insert(hash, (combination, result.position(), result.outcome.clone()));
            }
        }
    }
    latest
}

/// What the old stream says of a result, given what was the newest of its [`identity`], and whether it is the newest
/// itself now.
pub fn tell_old(before: Option<(Position, Outcome)>, result: &StoredResult) -> (Option<OldNews>, bool) {
    match before {
        Some((at, _)) if at >= result.position() => (None, false),
        before => (old_news(before.map(|(_, outcome)| outcome).as_ref(), &result.outcome), true),
    }
}

/// What the old stream takes a result for.
pub fn old_identity(result: &StoredResult) -> KeyHash {
    identity(&result.testcase.name, &result.data)
}

/// The rows by which a result is found: each value under a key that has an index, once.
pub fn index_rows<'a>(rules: &'a Rules, data: &'a ExtraData) -> impl Iterator<Item = (&'a str, &'a str)> {
    let keys = rules.index_keys.iter().chain(rules.item_keys.iter().filter(|key| !rules.index_keys.contains(key)));
    keys.flat_map(|key| {
        let values: std::collections::BTreeSet<_> = data.values(key).iter().map(String::as_str).collect();
        values.into_iter().map(|value| (key.as_str(), value))
    })
}

#[cfg(test)]
#[path = "accept_tests.rs"]
mod tests;
