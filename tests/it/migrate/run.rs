//! What a run of the program left: its exit code, its words, and its output files as they were when it ended.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

/// Name and version of a package.
type Package = (String, String);

/// One ended run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// The files of the output folder by name, temporary ones included.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Run {
    pub(super) fn new(output: &Output, folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry of a folder can be read").path();
            if path.is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.insert(name, fs::read(&path).expect("a file can be read"));
            }
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr), files }
    }

    /// The run, which has to have succeeded; on its standard error a program in a cron job says nothing then.
    pub(super) fn succeeded(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self
    }

    /// The run, which has to have ended with this code and without a panic.
    pub(super) fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.words());
        assert!(!self.words().contains("panicked"), "{}", self.words());
        self
    }

    /// All that it said.
    pub(super) fn words(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts that something was said in which all these parts stand, in one line and in this order.
    #[track_caller]
    pub(super) fn said(&self, parts: &[&str]) -> &Self {
        let words = self.words();
        let has_all = |line: &str| {
            parts.iter().try_fold(line, |rest, part| rest.find(part).map(|at| &rest[at + part.len()..])).is_some()
        };
        assert!(words.lines().any(has_all), "no line with {parts:?} in:\n{words}");
        self
    }

    /// The text of an output file.
    #[track_caller]
    pub(super) fn text(&self, name: &str) -> String {
        let bytes = self.files.get(name).unwrap_or_else(|| panic!("there is no {name}; {}", self.words()));
        String::from_utf8(bytes.clone()).expect("an output is UTF-8")
    }

    /// `HeidiResult`.
    #[track_caller]
    pub(super) fn result(&self) -> String {
        self.text("HeidiResult")
    }

    /// Name and version of the new target's binaries on an architecture, in the order of `HeidiResult`. That names no
    /// architecture for `all`: where names begin anew, the next architecture begins.
    #[track_caller]
    pub(super) fn binaries_on(&self, arch: &str) -> Vec<Package> {
        let mut blocks: Vec<(Option<String>, Vec<Package>)> = Vec::new();
        for line in self.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let &[name, version, label] = words.as_slice() else { panic!("`{line}` in HeidiResult") };
            if label == "source" {
                break;
            }
            let label = Some(label).filter(|&label| label != "all");
            let goes_on = blocks.last().is_some_and(|(arch, pairs)| {
                let same = label.is_none() || arch.is_none() || arch.as_deref() == label;
                same && pairs.last().is_some_and(|(last, _)| last.as_str() < name)
            });
            if !goes_on {
                blocks.push((None, Vec::new()));
            }
            let (arch, pairs) = blocks.last_mut().expect("there is a block");
            *arch = arch.take().or(label.map(str::to_owned));
            pairs.push((name.to_owned(), version.to_owned()));
        }
        blocks.into_iter().find(|(block, _)| block.as_deref() == Some(arch)).map_or_else(Vec::new, |(_, pairs)| pairs)
    }

    /// The lines of `HeidiResult` without their section: `foo 2 amd64`.
    #[track_caller]
    pub(super) fn lines(&self) -> Vec<String> {
        let result = self.result();
        let without_section = |line: &str| line.rsplit_once(' ').map(|(rest, _)| rest.to_owned());
        result.lines().filter_map(without_section).collect()
    }

    /// The new target's binaries on an architecture: `bar 1, foo 2`.
    #[track_caller]
    pub(super) fn binaries(&self, arch: &str) -> String {
        self.binaries_on(arch).iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", ")
    }

    /// The new target's sources: `bar 1, foo 2`.
    #[track_caller]
    pub(super) fn sources(&self) -> String {
        let result = self.result();
        let lines = result.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let sources = lines.filter(|words| words[2] == "source").map(|words| format!("{} {}", words[0], words[1]));
        sources.collect::<Vec<_>>().join(", ")
    }

    /// What moved, in that order: `foo 2, -libfoo1 1 amd64`.
    #[track_caller]
    pub(super) fn moved(&self) -> String {
        let delta = self.text("HeidiResultDelta");
        let mut lines = delta.lines();
        assert_eq!(lines.next(), Some("#HeidiDelta"));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// The whole of `excuses.yaml`.
    #[track_caller]
    pub(super) fn excuses(&self) -> Value {
        yaml(&self.text("excuses.yaml"))
    }

    /// The items that have an excuse, in the order of the file.
    #[track_caller]
    pub(super) fn items(&self) -> String {
        let excuses = self.excuses();
        let all = excuses["sources"].as_array().expect("sources is a list");
        all.iter().filter_map(|excuse| excuse["item-name"].as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The excuse of an item.
    #[track_caller]
    pub(super) fn excuse(&self, item: &str) -> Value {
        let excuses = self.excuses();
        let all = excuses["sources"].as_array().expect("sources is a list");
        let found = all.iter().find(|excuse| excuse["item-name"] == item);
        found.unwrap_or_else(|| panic!("{item} has no excuse, only {}", self.items())).clone()
    }

    /// Verdict and reasons of an item: `PASS`, `REJECTED_TEMPORARILY age`.
    #[track_caller]
    pub(super) fn verdict(&self, item: &str) -> String {
        let excuse = self.excuse(item);
        let verdict = excuse["migration-policy-verdict"].as_str().expect("an excuse has a verdict").to_owned();
        assert_eq!(excuse["is-candidate"].as_bool(), Some(!verdict.starts_with("REJECTED")), "{item}: {verdict}");
        let reasons = excuse["reason"].as_array().expect("an excuse has reasons");
        let reasons = reasons.iter().map(|reason| reason.as_str().expect("a reason is a word").to_owned());
        [verdict].into_iter().chain(reasons).collect::<Vec<_>>().join(" ")
    }

    /// A part of what a policy noted about an item.
    #[track_caller]
    pub(super) fn policy(&self, item: &str, policy: &str) -> Value {
        self.excuse(item)["policy_info"][policy].clone()
    }

    /// `update_output`.
    #[track_caller]
    pub(super) fn report(&self) -> String {
        self.text("output.txt")
    }

    /// A line of `non-installable-status`: the names behind its label.
    #[track_caller]
    pub(super) fn uninstallable(&self, label: &str) -> String {
        let status = self.text("non-installable-status");
        let label = format!("{label}:");
        let line = status.lines().find_map(|line| line.strip_prefix(&label));
        line.unwrap_or_else(|| panic!("no line {label} in:\n{status}")).trim().to_owned()
    }
}

/// A YAML text as untyped data.
#[track_caller]
pub(super) fn yaml(text: &str) -> Value {
    let all = serde_saphyr::budget! {
        max_events: usize::MAX,
        max_nodes: usize::MAX,
        max_total_scalar_bytes: usize::MAX,
    };
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { budget: all })
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The value with the words of its lists in order.
pub(super) fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(in_order).collect();
            list.sort_by_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), in_order(value))).collect(),
        other => other.clone(),
    }
}
