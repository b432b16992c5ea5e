//! All hints of a run, with the look-ups that policies need.
//!
//! A later hint replaces an earlier one only where both can't be meant. The rule of the file format is: same type, same
//! package, same architecture, for `block`, `block-all`, `unblock`, `force`, `urgent`, `remove` and `age-days`. In our words:
//!
//! - *Package* is the name with its suite and its leading `-`, for `foo`, `foo_tpu` and `-foo` are different things. For
//!   `block-all` it is what the hint holds, `source` or `new-source`.
//! - Of two `unblock` hints for one package the higher version counts, whichever comes later. This set doesn't compare
//!   versions: it keeps both and the policy chooses. So for `unblock` only the same version is a repetition.
//! - A `block` may name a version (ours). A block of one version doesn't lift the block of all versions, so here too only the
//!   same version, or none twice, is a repetition.
//! - All other kinds stand side by side: groups are tried in turn, bugs add up, and the policies on tests look at versions.

use std::collections::BTreeMap;

use super::{Freeze, Hint, HintKind, ItemRef};
use crate::diagnostic::{Diagnostic, Place, quote};

/// The hints in force, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct HintSet {
    slots: Vec<Option<Hint>>,
    by_kind: BTreeMap<HintKind, BTreeMap<String, Vec<usize>>>,
    unique: BTreeMap<Claim, usize>,
    superseded: Vec<Hint>,
}

/// What two hints have in common if the later replaces the earlier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Freeze(Freeze),
    Item(HintKind, ItemRef),
}

impl HintSet {
    /// The set of these hints, and a warning for each that replaced an earlier one.
    pub fn new(hints: impl IntoIterator<Item = Hint>) -> (Self, Vec<Diagnostic>) {
        let mut set = Self::default();
        let warnings = hints.into_iter().filter_map(|hint| set.add(hint)).collect();
        (set, warnings)
    }

    /// Adds a hint behind all others; a warning if it replaces an earlier one.
    pub fn add(&mut self, hint: Hint) -> Option<Diagnostic> {
        let slot = self.slots.len();
        let earlier =
            claim(&hint).and_then(|claim| self.unique.insert(claim, slot)).and_then(|slot| self.slots[slot].take());
        let warning = earlier.map(|earlier| {
            let warning = override_warning(&hint, &earlier);
            self.superseded.push(earlier);
            warning
        });
        let by_name = self.by_kind.entry(hint.kind).or_default();
        let name = hint.item().map_or("", |item| &item.name);
        match by_name.get_mut(name) {
            Some(slots) => slots.push(slot),
            None => drop(by_name.insert(name.to_owned(), vec![slot])),
        }
        self.slots.push(Some(hint));
        warning
    }

    /// All hints in force, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Hint> {
        self.slots.iter().flatten()
    }

    /// The hints of one kind, in the order in which they came.
    pub fn of_kind(&self, kind: HintKind) -> impl Iterator<Item = &Hint> {
        self.iter().filter(move |hint| hint.kind == kind)
    }

    /// The hints of one kind that speak of the one package `name`, in the order in which they came: with and without suite,
    /// architecture, version and leading `-`. Groups and `block-all` are never among them.
    pub fn find(&self, kind: HintKind, name: &str) -> impl Iterator<Item = &Hint> {
        let slots = self.by_kind.get(&kind).and_then(|by_name| by_name.get(name)).filter(|_| !name.is_empty());
        slots.into_iter().flatten().filter_map(|&slot| self.slots[slot].as_ref())
    }

    /// Hints that a later one replaced, in the order in which that happened.
    pub fn superseded(&self) -> &[Hint] {
        &self.superseded
    }

    /// Number of hints in force.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether no hint is in force.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The code of the warning that nothing is blocked.
    pub const NOTHING_BLOCKED: &'static str = "no-block-hints";

    /// A warning if nothing is blocked at all: a freeze file that is not read looks just like that. `directory` is where the
    /// hint files are.
    pub fn warn_if_nothing_blocked(&self, directory: &str) -> Option<Diagnostic> {
        let blocks = |hint: &Hint| matches!(hint.kind, HintKind::Block | HintKind::BlockUdeb | HintKind::BlockAll);
        let place = Place { file: directory, line: 1, column: 1 };
        (!self.iter().any(blocks)).then(|| {
            place.warning(
                Self::NOTHING_BLOCKED,
                "no hint blocks anything; if that is not meant, check that the hint files are there and permitted",
            )
        })
    }
}

fn claim(hint: &Hint) -> Option<Claim> {
    use HintKind::{AgeDays, Block, BlockAll, Force, Remove, Unblock, Urgent};
    if hint.kind == BlockAll {
        return hint.freeze.map(Claim::Freeze);
    }
    let mut item = hint.item()?.clone();
    match hint.kind {
        Block | Unblock => {}
        Force | Urgent | Remove | AgeDays => item.version = None,
        _ => return None,
    }
    Some(Claim::Item(hint.kind, item))
}

fn override_warning(hint: &Hint, earlier: &Hint) -> Diagnostic {
    let place = Place { file: &hint.file, line: hint.line, column: 1 };
    let (now, before) = (quote(&hint.to_string()), quote(&earlier.to_string()));
    let message = format!(
        "{now} of {} replaces {before} of {} ({}:{}); remove one of them",
        hint.user, earlier.user, earlier.file, earlier.line
    );
    place.warning("hint-overridden", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::britney::hints::parse_file;
    use crate::hint::{HintRights, ItemNames};

    /// A set of one user's lines, with what was said about them.
    fn set(lines: &str) -> (HintSet, Vec<String>) {
        let architectures = ["amd64".to_owned(), "arm64".to_owned()];
        let suites = ["tpu".to_owned()];
        let names = ItemNames { architectures: &architectures, suites: &suites };
        let (hints, mistakes) = parse_file(lines.as_bytes(), "hints/ann", "ann", HintRights::ALL, names);
        assert_eq!(mistakes, []);
        let (set, warnings) = HintSet::new(hints);
        (set, warnings.iter().map(ToString::to_string).collect())
    }

    /// The hints that are left of these lines.
    fn left(lines: &str) -> Vec<String> {
        set(lines).0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hints_are_found_by_kind_and_package() {
        let (set, _) = set("unblock foo/1 bar/2\nblock foo\neasy foo/1 bar/2\nblock-all source\nunblock foo_tpu/3\n");
        let found = |kind, name| set.find(kind, name).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(found(HintKind::Unblock, "foo"), ["unblock foo/1", "unblock foo_tpu/3"]);
        assert_eq!(found(HintKind::Unblock, "baz"), [""; 0]);
        assert_eq!(found(HintKind::Block, "foo"), ["block foo"]);
        assert_eq!(found(HintKind::Easy, "foo"), [""; 0]);
        assert_eq!(found(HintKind::BlockAll, ""), [""; 0]);
        assert_eq!(set.of_kind(HintKind::Easy).count(), 1);
        assert_eq!(set.of_kind(HintKind::BlockAll).next().unwrap().freeze, Some(Freeze::Source));
        assert_eq!((set.len(), set.is_empty(), set.superseded().len()), (6, false, 0));
        assert!(HintSet::default().is_empty());
    }

    #[test]
    fn a_later_hint_for_the_same_package_replaces_the_earlier_with_a_warning() {
        let (set, warnings) = set("age-days 9 foo/1\n\nage-days 4 foo/2\n");
        assert_eq!(
            set.find(HintKind::AgeDays, "foo").map(ToString::to_string).collect::<Vec<_>>(),
            ["age-days 4 foo/2"]
        );
        assert_eq!(
            warnings,
            [
                "hints/ann:3:1: \"age-days 4 foo/2\" of ann replaces \"age-days 9 foo/1\" of ann (hints/ann:1); remove one of them"
            ]
        );
        assert_eq!(set.superseded()[0].days, Some(9));
        for kind in ["force", "urgent", "remove"] {
            assert_eq!(left(&format!("{kind} foo/1\n{kind} foo/2")), [format!("{kind} foo/2")]);
        }
        assert_eq!(left("block foo\nblock foo"), ["block foo"]);
        assert_eq!(left("block-all source\nblock-all source"), ["block-all source"]);
    }

    #[test]
    fn what_speaks_of_different_things_stays() {
        for lines in [
            "force foo/1\nforce bar/1",
            "force foo/1\nforce foo_tpu/1",
            "force foo/1\nurgent foo/1",
            "block foo\nblock -foo",
            "block foo\nblock foo/amd64\nblock foo/source\nblock foo/arm64",
            "block-all source\nblock-all new-source",
        ] {
            assert_eq!(left(lines).join("\n"), lines);
        }
    }

    #[test]
    fn unblocks_of_two_versions_stay_for_the_policy_to_choose() {
        assert_eq!(left("unblock foo/1\nunblock foo/2").len(), 2);
        assert_eq!(left("unblock foo/1\nunblock foo/amd64/1").len(), 2);
        assert_eq!(left("unblock foo/1\napprove foo/1"), ["unblock foo/1"]);
    }

    #[test]
    fn a_block_of_one_version_does_not_lift_the_block_of_all() {
        assert_eq!(left("block foo\nblock foo/2"), ["block foo", "block foo/2"]);
        assert_eq!(left("block foo/2\nblock foo/2"), ["block foo/2"]);
    }

    #[test]
    fn other_kinds_are_never_replaced() {
        for line in [
            "easy foo/1 bar/1",
            "hint foo/1",
            "block-udeb foo",
            "unblock-udeb foo/1",
            "ignore-rc-bugs 1 foo/1",
            "ignore-piuparts foo/1",
            "force-badtest foo/1",
            "force-skiptest foo/1",
            "force-reset-test foo/1",
            "allow-uninst foo",
        ] {
            assert_eq!(left(&format!("{line}\n{line}")).len(), 2, "{line}");
        }
    }

    #[test]
    fn a_hint_can_be_added_to_a_set() {
        let (mut hints, _) = set("force foo/1");
        let (more, _) = set("force foo/2");
        let warning = more.iter().next().cloned().and_then(|hint| hints.add(hint));
        assert_eq!(warning.unwrap().code, "hint-overridden");
        assert_eq!(hints.len(), 1);
    }

    #[test]
    fn nothing_blocked_is_worth_a_warning() {
        let warning = |lines| set(lines).0.warn_if_nothing_blocked("hints").map(|warning| warning.code);
        assert_eq!(warning("force foo/1"), Some("no-block-hints"));
        assert_eq!(warning("block foo"), None);
        assert_eq!(warning("block-udeb foo"), None);
        assert_eq!(warning("block-all source"), None);
    }
}
