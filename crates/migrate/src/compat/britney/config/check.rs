//! What values must not say together.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::Entry;
use super::reader::{Reader, entry_words};
use super::{Config, Dialect, Switch, key};
use crate::diagnostic::{did_you_mean, quote};

/// Words that stand for something else where an architecture's name stands.
const NOT_ARCHITECTURES: [&str; 2] = ["all", "source"];

pub(super) fn all(reader: &mut Reader<'_>, config: &Config) {
    architectures(reader);
    unknown_architectures(reader);
    new_but_strict(reader, config);
    same_twice(reader, &["TESTING", "UNSTABLE", "TPU", "PU"], "suite");
    let outputs = [
        "NONINST_STATUS",
        "EXCUSES_OUTPUT",
        "EXCUSES_YAML_OUTPUT",
        "UPGRADE_OUTPUT",
        "HEIDI_OUTPUT",
        "HEIDI_DELTA_OUTPUT",
    ];
    same_twice(reader, &outputs, "output");
    two_names(reader, "OUTOFSYNC_ARCHES", "FUCKED_ARCHES");
    two_names(reader, "PARTIAL_UNSTABLE", "PARTIAL_SOURCE");
    penalties(reader, config);
    if config.consistency_level > 3
        && let Some(entry) = reader.get("CHECK_CONSISTENCY_LEVEL")
    {
        let message = format!("CHECK_CONSISTENCY_LEVEL is {}; expected a number from 0 to 3", quote(&entry.value));
        reader.error(&entry, "unusable-value", message);
    }
    if config.autopkgtest.enable == Switch::DryRun
        && config.dialect == Dialect::Debian
        && let Some(entry) = reader.get("ADT_ENABLE")
    {
        reader.error(
            &entry,
            "unusable-value",
            "ADT_ENABLE is \"dry-run\", which the debian dialect doesn't have; expected yes or no",
        );
    }
    other_dialect(reader, config.dialect);
}

fn architectures(reader: &mut Reader<'_>) {
    for name in [
        "ARCHITECTURES",
        "NOBREAKALL_ARCHES",
        "OUTOFSYNC_ARCHES",
        "FUCKED_ARCHES",
        "BREAK_ARCHES",
        "NEW_ARCHES",
        "ADT_ARCHES",
    ] {
        let Some(entry) = reader.get(name) else { continue };
        for (column, word) in entry_words(&entry) {
            let name_like = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !name_like || NOT_ARCHITECTURES.contains(&word) {
                let message = format!("{} in {name} can't be the name of an architecture", quote(word));
                reader.error(&Entry { column, ..entry.clone() }, "unusable-value", message);
            }
        }
    }
}

/// Keys that name architectures. An unknown one has no effect, so it is worth a warning and stops nothing.
const LISTS_OF_ARCHITECTURES: [&str; 7] = [
    "NOBREAKALL_ARCHES",
    "OUTOFSYNC_ARCHES",
    "FUCKED_ARCHES",
    "BREAK_ARCHES",
    "NEW_ARCHES",
    "ALL_BUILDARCH",
    "ADT_ARCHES",
];

/// Architectures that the run doesn't have. Where `--architectures` narrows the run, the file's own list says what is known.
fn unknown_architectures(reader: &mut Reader<'_>) {
    let Some(entry) = reader.get("ARCHITECTURES") else { return };
    let in_file = if entry.in_file { Some(&entry) } else { reader.entries.beaten.get("ARCHITECTURES") };
    let Some(in_file) = in_file else { return };
    let words = entry_words(in_file).chain(entry_words(&entry));
    let known: BTreeSet<String> = words.map(|(_, word)| word.to_owned()).collect();
    for name in LISTS_OF_ARCHITECTURES {
        let Some(entry) = reader.get(name) else { continue };
        for (column, word) in entry_words(&entry) {
            if known.contains(word) || NOT_ARCHITECTURES.contains(&word) {
                continue;
            }
            let meant = did_you_mean(word, known.iter().take(64).map(String::as_str));
            let message =
                format!("{} in {name} is not one of ARCHITECTURES; add it there or remove it here{meant}", quote(word));
            let entry = Entry { column, ..entry.clone() };
            reader.warn(&entry, "unknown-architecture", message);
        }
    }
}

/// An architecture that is new but may not get worse is treated like any other.
fn new_but_strict(reader: &mut Reader<'_>, config: &Config) {
    let Some(entry) = reader.get("NEW_ARCHES") else { return };
    for (column, word) in entry_words(&entry) {
        let new = config.new_arches.iter().any(|new| new == word);
        if new && !config.break_arches.iter().any(|may_break| may_break == word) {
            let message = format!("{} in NEW_ARCHES has no effect without BREAK_ARCHES; add it there too", quote(word));
            reader.warn(&Entry { column, ..entry.clone() }, "no-effect", message);
        }
    }
}

/// Keys of which no two may name the same path.
fn same_twice(reader: &mut Reader<'_>, names: &[&'static str], what: &str) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let Some(entry) = reader.get(name) else { continue };
        let path = entry.value.trim_end_matches('/').trim_start_matches("./").to_owned();
        if let Some(first) = seen.insert(path, name) {
            let message = format!("{name} and {first} are both {}; give each {what} its own path", quote(&entry.value));
            reader.error(&entry, "contradiction", message);
        }
    }
}

/// Two names of one key with different values.
fn two_names(reader: &mut Reader<'_>, name: &str, other: &str) {
    if let (Some(a), Some(b)) = (reader.get(name), reader.get(other))
        && a.value != b.value
    {
        let message =
            format!("{other} is another name of {name}, which has another value in line {}; keep one of them", a.line);
        reader.error(&b, "contradiction", message);
    }
}

fn penalties(reader: &mut Reader<'_>, config: &Config) {
    let Some(entry) = reader.get("NO_PENALTIES") else { return };
    for (column, word) in entry_words(&entry) {
        if !config.min_days.contains_key(&word.to_lowercase()) {
            let meant = did_you_mean(word, config.min_days.keys().map(String::as_str));
            let message =
                format!("no MINDAYS key has the urgency {}, so it has no effect in NO_PENALTIES{meant}", quote(word));
            reader.warn(&Entry { column, ..entry.clone() }, "unknown-urgency", message);
        }
    }
}

fn other_dialect(reader: &mut Reader<'_>, dialect: Dialect) {
    let set: Vec<String> = reader.entries.of.keys().cloned().collect();
    for name in set {
        if let Some(other) = key(&name).and_then(|key| key.dialect)
            && other != dialect
            && let Some(entry) = reader.get(&name)
        {
            let message =
                format!("{name} has no effect in the {} dialect, only in {}'s", dialect.as_str(), other.as_str());
            reader.warn(&entry, "no-effect", message);
        }
    }
}
