//! What became of an item, for whoever asks by its name.

use serde::Serialize;
use tidegate_kernel::Blocker;

use super::core::{Explainer, Fault, Run};
use super::explanation::Explanation;
use super::holds::{blocker_of, blockers_of};
use super::sentences::full_stop;
use super::tree::Tree;
use crate::diagnostic::suggest;
use crate::excuses::Excuse;
use crate::model::{Item, SuiteId};

/// So many items are offered where the one that is asked for is not there.
const MOST_NEAR: usize = 5;

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
        Ok(self.without_excuse(asked))
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
            Self::Unknown { asked, near } if near.is_empty() => format!("There is no item {asked}.\n"),
            Self::Unknown { asked, near } => format!("There is no item {asked}; near it: {}.\n", near.join(", ")),
        }
    }
}

fn lines(head: &str, rest: impl IntoIterator<Item = String>) -> String {
    rest.into_iter().fold(format!("{head}\n"), |text, line| text + "  " + &line + "\n")
}
