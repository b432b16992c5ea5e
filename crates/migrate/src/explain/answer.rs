//! What became of an item, for whoever asks by its name.

use std::collections::BTreeSet;

use serde::Serialize;
use tidegate_kernel::Blocker;

use super::core::{Explainer, Fault, Run};
use super::explanation::Explanation;
use super::holds::{blocker_of, blockers_of};
use super::sentences::full_stop;
use super::tree::Tree;
use crate::diagnostic::suggest;
use crate::excuses::{Context, Excuse};
use crate::model::{Item, SuiteId};

/// So many items are offered where the one that is asked for is not there.
const MOST_NEAR: usize = 5;

/// So many users of a left-over binary are named.
const MOST_USERS: usize = 10;

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Answer {
    /// It moved.
    Moved {
        /// Its uvname.
        item: String,
        /// The version that the target had.
        old: Option<String>,
        /// The version that it has; none after a removal.
        new: Option<String>,
        /// What a hint or policy said on the way.
        notes: Vec<String>,
    },
    /// It may move, and did not.
    Stayed {
        /// Why.
        explanation: Explanation,
        /// The same as blockers, and notes.
        blockers: Vec<Blocker>,
    },
    /// It may not move.
    Invalid {
        /// Its uvname.
        item: String,
        /// Why.
        tree: Tree,
        /// The same as blockers, and notes.
        blockers: Vec<Blocker>,
    },
    /// There is nothing to move: the target has what the source suites have.
    Same {
        /// The source.
        source: String,
        /// Its version.
        version: String,
    },
    /// A left-over binary stays in the target.
    Kept {
        /// The item that would remove it.
        item: String,
        /// Its version.
        version: String,
        /// What in the target needs it, a few of them.
        needed_by: Vec<String>,
        /// How many need it.
        needed_by_total: usize,
    },
    /// There is no such item.
    Unknown {
        /// What was asked for.
        asked: String,
        /// Items that may have been meant.
        near: Vec<String>,
    },
}

impl Explainer<'_> {
    /// What became of the item with that uvname; a version behind it is allowed.
    ///
    /// # Errors
    /// A reason that does not stand up to its check.
    pub fn item(&mut self, asked: &str) -> Result<Answer, Fault> {
        let asked = asked.trim();
        let Run { context, excuses, outcome, .. } = self.run;
        let distribution = context.distribution;
        let excuse = excuses.get(asked).or_else(|| {
            let (uvname, version) = asked.rsplit_once('/')?;
            excuses.get(uvname).filter(|excuse| distribution.text(excuse.item.version) == version)
        });
        if let Some(excuse) = excuse {
            return self.judged(excuse);
        }
        let named = |item: &&Item| distribution.uvname(item) == asked || distribution.item_text(item) == asked;
        if let Some(item) = outcome.accepted.iter().find(named) {
            return Ok(Answer::Moved {
                item: distribution.uvname(item),
                old: Some(distribution.text(item.version).to_owned()),
                new: (!item.scope.is_removal()).then(|| distribution.text(item.version).to_owned()),
                notes: Vec::new(),
            });
        }
        Ok(self.kept(asked).unwrap_or_else(|| self.without_excuse(asked)))
    }

    /// What keeps a left-over binary, asked for as `-name/arch`.
    fn kept(&self, asked: &str) -> Option<Answer> {
        let Run { context, outcome, .. } = self.run;
        let Context { distribution, universe, .. } = context;
        let target = &outcome.target;
        let mut parts = asked.strip_prefix('-')?.split('/');
        let (name, arch) = (distribution.find_name(parts.next()?)?, distribution.find_arch(parts.next()?)?);
        let entry = target.entry(arch, name)?;
        let listed = distribution.entry(arch, entry);
        let source = target.source(listed.source).map(|source| distribution.sources[source.index()].version);
        if source == Some(listed.source_version) {
            return None;
        }
        let id = listed.binary;
        let port = universe.port(arch);
        let others = |clause| port.literals(clause).filter(|&other| other != id).any(|other| target.holds(arch, other));
        let users = port.satisfies(id).filter(|&clause| !others(clause)).flat_map(|clause| port.users(clause));
        let installability = target.installability(arch);
        let users: BTreeSet<String> = users
            .filter(|&user| user != id && installability.is_alive(user))
            .map(|user| distribution.binary_text(arch, user))
            .collect();
        Some(Answer::Kept {
            item: format!("-{}/{}", distribution.name(name), distribution.arch_name(arch)),
            version: distribution.text(distribution.entry_binary(arch, entry).version).to_owned(),
            needed_by_total: users.len(),
            needed_by: users.into_iter().take(MOST_USERS).collect(),
        })
    }

    fn judged(&mut self, excuse: &Excuse) -> Result<Answer, Fault> {
        let Run { context, excuses, .. } = self.run;
        let distribution = context.distribution;
        let item = distribution.uvname(&excuse.item);
        let mut blockers = blockers_of(context, excuse);
        if !excuse.is_valid() {
            let tree = Tree::of(context, excuses, excuse);
            return Ok(Answer::Invalid { item, tree, blockers });
        }
        if !self.run.waits(excuse) {
            let text = |version| distribution.text(version).to_owned();
            let notes = excuse.notes.clone();
            return Ok(Answer::Moved { item, old: excuse.old.map(text), new: excuse.new.map(text), notes });
        }
        let explanation = self.stayed(&excuse.item)?;
        blockers.insert(0, blocker_of(context, excuse, &explanation));
        Ok(Answer::Stayed { explanation, blockers })
    }

    fn without_excuse(&self, asked: &str) -> Answer {
        let Run { context, excuses, .. } = self.run;
        let distribution = context.distribution;
        let mut near: Vec<String> = Vec::new();
        if let Some(name) = distribution.find_name(asked) {
            let version =
                |suite| distribution.source(suite, name).filter(|source| !source.fake).map(|source| source.version);
            let of_name = |excuse: &&Excuse| excuse.item.name == name;
            near.extend(excuses.values().filter(of_name).map(|excuse| distribution.uvname(&excuse.item)));
            let target = version(SuiteId::TARGET);
            if let Some(version) = target.filter(|_| near.is_empty() && target == version(SuiteId::PRIMARY)) {
                return Answer::Same { source: asked.to_owned(), version: distribution.text(version).to_owned() };
            }
            // A binary's name: the items of the sources that build it.
            let entries = distribution.arch_ids().flat_map(|arch| {
                let suites = (0..distribution.suites.len()).map(SuiteId::at);
                suites.filter_map(move |suite| distribution.entry_of(suite, arch, name).map(|entry| (arch, entry)))
            });
            for source in entries.map(|(arch, entry)| distribution.entry(arch, entry).source) {
                let of_source = excuses.values().filter(|excuse| excuse.item.name == source);
                near.extend(of_source.map(|excuse| distribution.uvname(&excuse.item)));
            }
        }
        near.extend(suggest(asked, excuses.keys().map(String::as_str)).map(str::to_owned));
        let parts = excuses.keys().filter(|key| !asked.is_empty() && key.contains(asked)).cloned();
        near.extend(parts.take(MOST_NEAR));
        let mut seen = std::collections::BTreeSet::new();
        near.retain(|name| seen.insert(name.clone()));
        near.truncate(MOST_NEAR);
        Answer::Unknown { asked: asked.to_owned(), near }
    }
}

impl Answer {
    /// The answer in short sentences, indented where something belongs to the line above.
    pub fn to_text(&self) -> String {
        match self {
            Self::Moved { item, old, new, notes } => {
                let head = match (old, new) {
                    (None, Some(new)) => format!("{item} moved: {new} is new in the target."),
                    (Some(old), Some(new)) if old != new => {
                        format!("{item} moved: the target had {old} and has {new}.")
                    }
                    (_, Some(new)) => format!("{item} moved: its binaries of {new} are in the target."),
                    (Some(old), None) => format!("{item} moved: {old} left the target."),
                    (None, None) => format!("{item} moved."),
                };
                lines(&head, notes.iter().map(|note| full_stop(note)))
            }
            Self::Stayed { explanation, .. } => {
                let head = format!("{} {} may migrate, and stayed.", explanation.item, explanation.version);
                lines(&head, explanation.sentences())
            }
            Self::Invalid { tree, .. } => tree.to_text(),
            Self::Same { source, version } => {
                format!("{source} {version} is in the target and in the source suite: there is nothing to migrate.\n")
            }
            Self::Kept { item, version, needed_by, needed_by_total } => {
                let head = format!("{item} did not go: {version} is in the target.");
                let more = needed_by_total - needed_by.len();
                let users = needed_by.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() };
                let why = if needed_by.is_empty() {
                    "Nothing in the target needs it by itself.".to_owned()
                } else {
                    format!("Nothing else in the target can stand in for it for {users}.")
                };
                lines(&head, [why])
            }
            Self::Unknown { asked, near } if near.is_empty() => format!("There is no item {asked}.\n"),
            Self::Unknown { asked, near } => format!("There is no item {asked}; near it: {}.\n", near.join(", ")),
        }
    }
}

fn lines(head: &str, rest: impl IntoIterator<Item = String>) -> String {
    rest.into_iter().fold(format!("{head}\n"), |text, line| text + "  " + &line + "\n")
}
