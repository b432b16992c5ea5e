//! What became of the example: in words for a person, as data, and whether it is what it should be.
//!
//! The example is fixed and so is the time of its run, so the same changes can be named every time: one that moved with
//! others, one that is held, one that stays. [`Story::faults`] notices if that is no longer so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;
use tidegate_migrate::blockers::Code;
use tidegate_migrate::cli::{CliError, Finished};
use tidegate_migrate::excuses::Excuse;
use tidegate_migrate::explain::{self, Explanation, Why};
use tidegate_migrate::model::Item;

use super::example;

/// A change that could not move alone, and did move.
pub(super) const TOGETHER: &str = "linux";
/// A change that is held.
pub(super) const HELD: &str = "mesa";
/// A candidate that stays.
pub(super) const STAYS: &str = "gedit";
/// A source of the target whose removal would let others move.
pub(super) const REMOVE: &str = "php-slim";

/// So many reasons have a line of their own.
const MOST_CODES: usize = 4;

/// What became of the example.
#[derive(Debug, Default, Serialize)]
pub(super) struct Story {
    /// Packages in the target, before.
    packages: usize,
    /// Changes that have an excuse.
    items: usize,
    /// Those of them that moved.
    moved: usize,
    /// Those of them that may move and did not.
    stayed: usize,
    /// Those of them that are held, by what holds them in the first place.
    held: BTreeMap<Code, usize>,
    /// Packages of the target that cannot be installed, before and after.
    uninstallable: (usize, usize),
    /// What moved together with [`TOGETHER`], itself included.
    together: Vec<String>,
    /// What holds [`HELD`].
    holds: Vec<String>,
    /// Why [`STAYS`] stays.
    stays: Option<String>,
    /// Old libraries that the target keeps.
    kept: Vec<String>,
    /// The names of the items.
    #[serde(skip)]
    names: Vec<String>,
    microseconds: i64,
}

impl Story {
    pub(super) fn of(done: &Finished<'_>, microseconds: i64) -> Result<Self, CliError> {
        let Finished { session, excuses, .. } = *done;
        let none = || CliError::Fault("the run tried nothing".to_owned());
        let outcome = done.outcome.ok_or_else(none)?;
        let moved: BTreeSet<Item> = outcome.accepted.iter().copied().collect();
        let valid = excuses.values().filter(|excuse| excuse.is_valid());
        let mut held: BTreeMap<Code, usize> = BTreeMap::new();
        for code in excuses.values().filter_map(held_by) {
            *held.entry(code).or_default() += 1;
        }
        let stays = match excuses.get(STAYS).filter(|excuse| outcome.stayed.contains(&excuse.item)) {
            None => None,
            Some(excuse) => {
                let keep = &session.keep_installable;
                let why = explain::explain_stayed(session.context(), keep, excuses, outcome, &excuse.item);
                Some(because(&why.map_err(|fault| CliError::Fault(fault.to_string()))?))
            }
        };
        let held_texts = |excuse: &Excuse| excuse.holds.iter().map(|hold| hold.text.clone()).collect();
        let architectures = || session.distribution.arch_ids();
        let count = |sets: &[BTreeSet<_>]| sets.iter().map(BTreeSet::len).sum();
        Ok(Self {
            packages: architectures().map(|arch| session.target.installability(arch).present().count()).sum(),
            items: excuses.len(),
            moved: valid.filter(|excuse| moved.contains(&excuse.item)).count(),
            stayed: outcome.stayed.len(),
            held,
            uninstallable: (count(&outcome.before.ports), count(&outcome.after.ports)),
            together: together(&outcome.report),
            holds: excuses.get(HELD).map(held_texts).unwrap_or_default(),
            stays,
            kept: kept(&outcome.report),
            names: excuses.keys().cloned().collect(),
            microseconds,
        })
    }

    /// About fifteen lines.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let (before, after) = self.uninstallable;
        let (packages, items, seconds) = (Grouped(self.packages), Grouped(self.items), Seconds(self.microseconds));
        let _ = writeln!(
            text,
            "A slice of Debian, amd64, as it was on 2026-11-21: testing has {packages} packages, and {items} changes \
             wait in\nunstable. Which of them may come in? It took {seconds} s to decide, explain and check:\n"
        );
        let whole = match (before, after) {
            (0, 0) => "moved; all that testing has can be installed, as before".to_owned(),
            _ => format!("moved; {after} packages of testing cannot be installed, {before} could not before"),
        };
        let _ = writeln!(text, "{:5}  {whole}", self.moved);
        let _ = writeln!(text, "{:5}  may move, and stay, for that would break something", self.stayed);
        let _ = writeln!(text, "{:5}  are held:", self.held.values().sum::<usize>());
        let mut codes: Vec<(Code, usize)> = self.held.iter().map(|(&code, &count)| (code, count)).collect();
        codes.sort_by_key(|&(code, count)| (std::cmp::Reverse(count), code));
        let (most, others) = codes.split_at(codes.len().min(MOST_CODES));
        for &(code, count) in most {
            let _ = writeln!(text, "{count:11}  {}", words(code));
        }
        if !others.is_empty() {
            let _ = writeln!(text, "{:11}  for other reasons", others.iter().map(|(_, count)| count).sum::<usize>());
        }
        let _ = writeln!(text, "\nTogether  {}: neither could move alone", self.together.join(" and "));
        let _ = writeln!(text, "Held      {HELD}: {}", self.holds.join(" "));
        let _ = writeln!(text, "Stays     {STAYS}: {}", self.stays.as_deref().unwrap_or_default());
        let some = self.kept.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" and ");
        let _ =
            writeln!(text, "Kept      {} old libraries while something needs them, such as {some}", self.kept.len());
        text
    }

    /// One line.
    pub(super) fn in_short(&self) -> String {
        let held: usize = self.held.values().sum();
        let Self { items, moved, stayed, .. } = self;
        format!("{items} changes: {moved} moved, {stayed} stay, {held} are held; all is as it should be")
    }

    /// What is not as it should be, in the story and in what the run wrote. That every package of the new target which
    /// counts as installable has a certificate was checked by the run itself, which fails otherwise.
    pub(super) fn faults(&self, folder: &Path) -> Vec<String> {
        let mut faults = Vec::new();
        let mut expect = |is_so: bool, what: &str| {
            if !is_so {
                faults.push(what.to_owned());
            }
        };
        let held: usize = self.held.values().sum();
        expect(self.packages > 0 && self.items > 0, "there is nothing to decide");
        expect(self.moved > 0, "nothing moved");
        expect(self.stayed > 0, "no candidate stayed");
        expect(self.moved + self.stayed + held == self.items, "some changes neither moved nor stayed nor are held");
        expect(self.uninstallable.1 <= self.uninstallable.0, "more of the target cannot be installed than before");
        for code in [Code::Age, Code::Block, Code::MissingBuild, Code::DependsOnInvalid] {
            expect(self.held.contains_key(&code), &format!("nothing is held for being {}", words(code)));
        }
        expect(self.together.len() > 1, &format!("{TOGETHER} did not move with others"));
        expect(!self.holds.is_empty(), &format!("{HELD} is not held"));
        expect(self.stays.is_some(), &format!("{STAYS} did not stay"));
        expect(!self.kept.is_empty(), "no old library was kept");
        faults.extend(OUTPUTS.iter().filter_map(|output| self.fault_of(folder, output)));
        faults
    }

    fn fault_of(&self, folder: &Path, output: &Output) -> Option<String> {
        let path = folder.join(output.path);
        match fs::read_to_string(&path) {
            Err(error) => Some(format!("{} cannot be read: {error}", path.display())),
            Ok(text) => (!(output.is_whole)(self, &text)).then(|| format!("{} is not whole", path.display())),
        }
    }
}

/// A file that the run wrote.
struct Output {
    path: &'static str,
    is_whole: fn(&Story, &str) -> bool,
}

const OUTPUTS: &[Output] = &[
    Output {
        path: example::PAGE,
        is_whole: |story, text| {
            let has = |name: &String| text.contains(&format!("id=\"{name}\""));
            text.trim_end().ends_with("</html>") && story.names.iter().all(has)
        },
    },
    Output {
        path: "out/excuses.yaml",
        is_whole: |story, text| {
            let named = text.lines().filter_map(|line| line.strip_prefix("- item-name: "));
            let named: BTreeSet<&str> = named.map(|name| name.trim_matches(['"', '\''])).collect();
            story.names.iter().all(|name| named.contains(name.as_str())) && named.len() == story.items
        },
    },
    Output {
        path: "out/HeidiResult",
        is_whole: |_, text| !text.is_empty() && text.lines().all(|line| line.split(' ').count() == 4),
    },
    Output {
        path: "out/HeidiResultDelta",
        is_whole: |story, text| text.starts_with("#HeidiDelta\n") && text.lines().count() > story.moved,
    },
    Output { path: "out/update_output.txt", is_whole: |_, text| text.contains("\nSUCCESS") },
    Output { path: "out/non-installable-status", is_whole: |_, text| text.contains("amd64") },
];

/// What holds an item in the first place: something of its own before something of another's.
fn held_by(excuse: &Excuse) -> Option<Code> {
    let rank = |code: Code| (code == Code::DependsOnInvalid, code == Code::Unsatisfiable);
    let holding = excuse.holds.iter().filter(|hold| hold.verdict.is_rejected());
    let first = holding.min_by_key(|hold| (rank(hold.code), std::cmp::Reverse(hold.verdict)));
    first.map(|hold| hold.code).filter(|_| !excuse.is_valid())
}

/// A code in a few words, as the end of "it is held: …".
fn words(code: Code) -> &'static str {
    match code {
        Code::Age => "too young for their urgency",
        Code::Bugs => "they would bring release-critical bugs",
        Code::Piuparts => "installing or removing them leaves traces",
        Code::TestsRunning => "tests have not ended",
        Code::TestsRegression => "tests fail that passed before",
        Code::Block => "blocked by hand",
        Code::NeedsApproval => "nobody has approved them",
        Code::MissingBuild => "not built everywhere",
        Code::OldBinaries => "old binaries are left of them",
        Code::WrongSource => "built from another version",
        Code::Downgrade => "older than what testing has",
        Code::Unsatisfiable => "what they need is nowhere",
        Code::DependsOnInvalid => "they need another change that is held",
        Code::BuildDepends => "what they are built with is nowhere",
        Code::BuiltUsing => "built with a source that is gone",
        Code::HintRemove => "to be removed, and so not updated",
        Code::NewerInTarget => "testing has a newer version",
        Code::NoBinaries => "without any binaries",
        Code::PolicyDepends => "what they need is nowhere, or where they may not need it",
        Code::PolicyImplicitDeps => "they would break something that nothing mends",
        Code::PolicyBuiltOnBuildd => "not built by build daemons",
        Code::PolicyBlockBugs => "blocked by a bug",
        Code::PolicyLinux => "kernels without their meta package",
        Code::Uninstallable => "they would break something",
        Code::TrialOrder => "tried too early",
    }
}

/// Why a candidate stays, in one line.
fn because(explanation: &Explanation) -> String {
    let Why::Breaks(breakage) = &explanation.why else { return explanation.summary() };
    let others = match breakage.names.len() {
        0 | 1 => String::new(),
        several => format!(" and {} more", several - 1),
    };
    let remedy = breakage.remedies.first();
    let remedy = remedy.map(|remedy| format!(", unless {} {} comes with it", remedy.item, remedy.version));
    format!("it would break {}{others}{}", breakage.broken.name, remedy.unwrap_or_default())
}

/// The items that were accepted in one go with [`TOGETHER`].
fn together(report: &str) -> Vec<String> {
    let accepted = report.lines().filter_map(|line| line.strip_prefix("accepted: "));
    let mut groups = accepted.map(|names| names.split(' ').map(str::to_owned).collect::<Vec<_>>());
    groups.find(|group| group.iter().any(|name| name == TOGETHER)).unwrap_or_default()
}

/// The old libraries that the report lists at its end, each as ` name: architectures`.
fn kept(report: &str) -> Vec<String> {
    let listed = report.lines().skip_while(|line| !line.starts_with("List of old libraries")).skip(1);
    listed.filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name.to_owned()).collect()
}

/// A number with commas between the thousands.
pub(super) struct Grouped(pub(super) usize);

impl std::fmt::Display for Grouped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (0, rest) => write!(f, "{rest}"),
            (thousands, rest) => write!(f, "{},{rest:03}", Grouped(thousands)),
        }
    }
}

/// Microseconds, shown as seconds with two digits behind the point.
struct Seconds(i64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hundredths = (self.0 + 5_000) / 10_000;
        write!(f, "{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_story_is_full_of_faults() {
        let folder = tempfile::tempdir().unwrap();
        let faults = Story::default().faults(folder.path());
        for part in ["nothing moved", "linux did not move", "mesa is not held", "gedit did not stay", "cannot be read"]
        {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part} in {faults:?}");
        }
    }

    #[test]
    fn a_half_written_page_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join(example::PAGE), "<html><li id=\"a\">").unwrap();
        let story = Story { names: vec!["a".to_owned()], ..Story::default() };
        let faults = story.faults(folder.path());
        assert!(faults.iter().any(|fault| fault.ends_with("excuses.html is not whole")), "{faults:?}");
    }

    #[test]
    fn the_report_is_read() {
        let report = "trying: a\naccepted: a\ntrying: linux b/amd64\naccepted: linux b/amd64\nSUCCESS (1/1)\n\n\
                      List of old libraries in the target suite (1):\n libold1: amd64\n";
        assert_eq!(together(report), ["linux", "b/amd64"]);
        assert_eq!(kept(report), ["libold1"]);
        assert_eq!((together("accepted: linux-base\n"), kept("")), (Vec::<String>::new(), Vec::new()));
    }

    #[test]
    fn numbers_are_grouped() {
        let shown = [0, 999, 1_000, 12_131, 1_000_001].map(|number| Grouped(number).to_string());
        assert_eq!(shown, ["0", "999", "1,000", "12,131", "1,000,001"]);
    }

    #[test]
    fn seconds_are_rounded() {
        let shown = [0, 4_999, 5_000, 1_234_567, 61_999_999].map(|microseconds| Seconds(microseconds).to_string());
        assert_eq!(shown, ["0.00", "0.00", "0.01", "1.23", "62.00"]);
    }
}
