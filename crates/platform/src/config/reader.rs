//! Reads tables into structs and gathers every mistake on the way, instead of ending at the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::file::Sources;
use super::issue::{ConfigErrors, Issue, Known, Standing};
use super::setting::Setting;
use super::tree::{Entry, Node, Origin, Value};
use crate::secret::Secret;

/// A table that is read into a struct; made by [`section!`](crate::section).
pub trait Section: Sized {
    /// What the table is about.
    const ABOUT: &'static str;

    /// Reads it; `None` if a key that must be there is not or is mistaken. What is wrong is in the report either way.
    fn read(table: &mut Table<'_, '_>) -> Option<Self>;
}

/// Reads the tables of one configuration.
pub struct Reader<'s> {
    sources: &'s Sources,
    asked: BTreeSet<String>,
    report: Report,
}

#[derive(Default)]
struct Report {
    issues: Vec<Issue>,
    known: Vec<Known>,
}

/// One table that is being read.
pub struct Table<'t, 's> {
    /// `http`, `merge.project.web`
    path: String,
    place: Origin,
    entries: Option<&'s BTreeMap<String, Entry>>,
    asked: BTreeSet<String>,
    report: &'t mut Report,
    folder: &'s Path,
    standing: Standing,
}

impl<'s> Reader<'s> {
    /// Reads what these sources say.
    pub fn new(sources: &'s Sources) -> Self {
        let report = Report { issues: sources.issues.clone(), known: Vec::new() };
        Self { sources, asked: BTreeSet::new(), report }
    }

    /// The table of that name.
    pub fn table<T: Section>(&mut self, name: &'static str) -> Option<T> {
        self.top(|top| top.table(name))
    }

    /// What stands above all tables.
    pub(super) fn top<T>(&mut self, read: impl FnOnce(&mut Table<'_, '_>) -> T) -> T {
        let Value::Table(entries) = &self.sources.tree.value else { unreachable!("a document is a table") };
        let mut top = Table {
            path: String::new(),
            place: Origin::Default,
            entries: Some(entries),
            asked: std::mem::take(&mut self.asked),
            report: &mut self.report,
            folder: &self.sources.folder,
            standing: Standing::Fixed,
        };
        let read = read(&mut top);
        self.asked = top.asked;
        read
    }

    /// A mistake that only shows when several keys are looked at together.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.report.issues.push(Issue { at: Origin::Default, text: text.into() });
    }

    /// The configuration, unless anything in the sources is mistaken; and every key that is known.
    ///
    /// # Errors
    ///
    /// All mistakes, those of keys that nobody asked for too.
    pub fn finish<T>(mut self, config: T) -> Result<(T, Vec<Known>), ConfigErrors> {
        let asked = std::mem::take(&mut self.asked);
        self.top(|top| {
            top.asked = asked;
            top.refuse_unknown();
        });
        if self.report.issues.is_empty() {
            Ok((config, self.report.known))
        } else {
            Err(ConfigErrors::sorted(self.report.issues))
        }
    }
}

impl<'s> Table<'_, 's> {
    /// A key with a default, which is given as TOML.
    pub fn value<T: Setting>(&mut self, key: &'static str, doc: &'static str, default: &'static str) -> Option<T> {
        self.look_up::<T>(key, doc, Some(default)).unwrap_or_else(|| {
            let read = T::read(&super::tree::of_variable("the default", default));
            Some(read.unwrap_or_else(|error| panic!("the default of {}: {error}", self.path_of(key))))
        })
    }

    /// A key that may be left out.
    pub fn optional<T: Setting>(&mut self, key: &'static str, doc: &'static str) -> Option<Option<T>> {
        match self.look_up::<T>(key, doc, None) {
            Some(read) => read.map(Some),
            None => Some(None),
        }
    }

    /// A key that must be there.
    pub fn required<T: Setting>(&mut self, key: &'static str, doc: &'static str) -> Option<T> {
        let read = self.look_up::<T>(key, doc, None);
        if read.is_none() && self.standing != Standing::Example {
            let text = format!("{} lacks \"{key}\": expected {}", self.name(), T::EXPECTED);
            self.report.issues.push(Issue { at: self.place.clone(), text });
        }
        read.flatten()
    }

    /// A secret: a file's name under a key that ends in `_file`, or by the environment under the key without that end.
    pub fn secret(&mut self, key: &'static str, doc: &'static str) -> Option<Option<Secret>> {
        let plain = key.strip_suffix("_file").unwrap_or(key);
        if let Some(entry) = self.entry(plain) {
            self.asked.insert(plain.to_owned());
            self.asked.insert(key.to_owned());
            return match (&entry.at, entry.node.text()) {
                (Origin::Environment(_), Some(text)) => {
                    self.know(key, doc, None, Some("\"***\"".to_owned()), entry.at.clone());
                    Some(Some(Secret::new(text)))
                }
                (at, _) => {
                    let variable = variable_of(&self.path_of(plain));
                    let text = format!(
                        "a secret does not stand in this file: name a file by \"{key}\", or set {variable} in the environment"
                    );
                    self.report.issues.push(Issue { at: at.clone(), text });
                    None
                }
            };
        }
        match self.look_up::<std::path::PathBuf>(key, doc, None) {
            None => Some(None),
            Some(None) => None,
            Some(Some(path)) => match super::file::secret(&self.folder.join(path)) {
                Ok(secret) => Some(Some(secret)),
                Err(text) => {
                    let at = self.entry(key).map_or(Origin::Default, |entry| entry.node.origin.clone());
                    self.report.issues.push(Issue { at, text });
                    None
                }
            },
        }
    }

    /// A table below this one.
    pub fn table<T: Section>(&mut self, key: &'static str) -> Option<T> {
        self.asked.insert(key.to_owned());
        let entry = self.entry(key);
        let (at, entries) = match entry {
            None => (Origin::Default, None),
            Some(Entry { at, node: Node { value: Value::Table(entries), .. } }) => (at.clone(), Some(entries)),
            Some(Entry { at, node }) => {
                self.refuse_kind(at, key, node, &format!("a table: [{}]", self.path_of(key)));
                return None;
            }
        };
        self.below(self.path_of(key), at, entries, self.standing).read()
    }

    /// Tables with names of the operator's choice.
    pub fn named<T: Section>(&mut self, key: &'static str) -> Option<BTreeMap<String, T>> {
        self.asked.insert(key.to_owned());
        let path = self.path_of(key);
        let _ = self.below(format!("{path}.<name>"), Origin::Default, None, Standing::Example).read::<T>();
        let Some(entry) = self.entry(key) else { return Some(BTreeMap::new()) };
        let Value::Table(entries) = &entry.node.value else {
            self.refuse_kind(&entry.at, key, &entry.node, &format!("tables: [{path}.<name>]"));
            return None;
        };
        let mut read = Some(BTreeMap::new());
        for (name, Entry { at, node }) in entries {
            let Value::Table(entries) = &node.value else {
                self.refuse_kind(at, name, node, &format!("a table: [{path}.{name}]"));
                continue;
            };
            let one = self.below(format!("{path}.{name}"), at.clone(), Some(entries), Standing::Named).read::<T>();
            read = read.zip(one).map(|(mut all, one)| {
                all.insert(name.clone(), one);
                all
            });
        }
        read
    }

    /// An array of tables.
    pub fn list<T: Section>(&mut self, key: &'static str) -> Option<Vec<T>> {
        self.asked.insert(key.to_owned());
        let path = self.path_of(key);
        let _ = self.below(format!("{path}[]"), Origin::Default, None, Standing::Example).read::<T>();
        let Some(entry) = self.entry(key) else { return Some(Vec::new()) };
        let Value::Array(items) = &entry.node.value else {
            self.refuse_kind(&entry.at, key, &entry.node, &format!("an array of tables: [[{path}]]"));
            return None;
        };
        let mut read = Some(Vec::new());
        for (at, node) in items.iter().enumerate() {
            let Value::Table(entries) = &node.value else {
                self.refuse_kind(&node.origin, key, node, &format!("a table: [[{path}]]"));
                continue;
            };
            let one =
                self.below(format!("{path}[{at}]"), node.origin.clone(), Some(entries), Standing::Named).read::<T>();
            read = read.zip(one).map(|(mut all, one)| {
                all.push(one);
                all
            });
        }
        read
    }

    /// What the key holds: nothing if it is not set, and nothing in it if it is mistaken.
    #[expect(clippy::option_option, reason = "not set is another thing than mistaken")]
    fn look_up<T: Setting>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        default: Option<&'static str>,
    ) -> Option<Option<T>> {
        self.asked.insert(key.to_owned());
        let Some(entry) = self.entry(key) else {
            self.know(key, doc, default, default.map(str::to_owned), Origin::Default);
            return None;
        };
        self.know(key, doc, default, Some(T::shown(&entry.node)), entry.node.origin.clone());
        match T::read(&entry.node) {
            Ok(value) => Some(Some(value)),
            Err(error) => {
                let text = format!("{}: {error}", self.path_of(key));
                self.report.issues.push(Issue { at: entry.node.origin.clone(), text });
                Some(None)
            }
        }
    }

    fn know(
        &mut self,
        key: &str,
        doc: &'static str,
        default: Option<&'static str>,
        value: Option<String>,
        origin: Origin,
    ) {
        let (key, standing) = (self.path_of(key), self.standing);
        self.report.known.push(Known { key, doc, default, value, origin, standing });
    }

    fn entry(&self, key: &str) -> Option<&'s Entry> {
        self.entries.and_then(|entries| entries.get(key))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn name(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("[{}]", self.path) }
    }

    fn below<'b>(
        &'b mut self,
        path: String,
        place: Origin,
        entries: Option<&'s BTreeMap<String, Entry>>,
        standing: Standing,
    ) -> Table<'b, 's> {
        let folder = self.folder;
        Table { path, place, entries, asked: BTreeSet::new(), report: self.report, folder, standing }
    }

    fn read<T: Section>(mut self) -> Option<T> {
        let read = T::read(&mut self);
        self.refuse_unknown();
        read
    }

    fn refuse_kind(&mut self, at: &Origin, key: &str, node: &Node, expected: &str) {
        let text = format!("{key} = {} is not what stands here: expected {expected}", node.to_toml());
        self.report.issues.push(Issue { at: at.clone(), text });
    }

    fn refuse_unknown(&mut self) {
        let Some(entries) = self.entries else { return };
        for (key, entry) in entries.iter().filter(|(key, _)| !self.asked.contains(*key)) {
            let what = if matches!(entry.node.value, Value::Table(_)) && self.path.is_empty() {
                format!("unknown table [{key}]")
            } else {
                format!("unknown key \"{key}\" in {}", self.name())
            };
            let text = match nearest(key, self.asked.iter().map(String::as_str)) {
                Some(near) => format!("{what}; did you mean \"{near}\"?"),
                None => what,
            };
            self.report.issues.push(Issue { at: entry.at.clone(), text });
        }
    }
}

/// The environment variable of a key: `TIDEGATE_BUS__PASSWORD`.
fn variable_of(path: &str) -> String {
    format!("TIDEGATE_{}", path.replace('.', "__").to_uppercase())
}

/// The word that was probably meant: at most a third of its letters differ.
pub(crate) fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let distance = |known: &str| strsim::damerau_levenshtein(word, known);
    let near = known.map(|known| (distance(known), known)).min()?;
    let most = (word.chars().count().max(near.1.chars().count()) / 3).max(1);
    (near.0 <= most).then_some(near.1)
}
