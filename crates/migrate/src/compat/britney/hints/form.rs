//! What each hint may say of an item: the table of the file format, as data.

use crate::diagnostic::quote;
use crate::hint::{HintKind, ItemRef};

/// What stands between the hint's name and its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// The line has no meaning.
    Nothing,
    /// Items at once.
    Items,
    /// `source` or `new-source`, and no item.
    Freeze,
    /// A number of days.
    Days,
    /// Bug numbers with commas.
    Bugs,
}

/// Whether a part of an item has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Required,
    Optional,
    Never,
}

/// The form of a hint's line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// How to write it, for messages.
    pub(super) example: &'static str,
    pub(super) argument: Argument,
    /// How many items a group needs.
    pub(super) at_least: usize,
    version: Part,
    architecture: Part,
    /// Whether an item may begin with `-`.
    removal: bool,
}

/// The form of one kind's lines.
pub(super) fn form(kind: HintKind) -> Form {
    use Part::{Never, Optional, Required};
    match kind {
        HintKind::Easy => Form { at_least: 2, ..group("easy foo/1.2 bar/3.4") },
        HintKind::Hint => group("hint foo/1.2 bar/3.4"),
        HintKind::ForceHint => group("force-hint foo/1.2 bar/3.4"),
        HintKind::Force => package("force foo/1.2", Required, Never),
        HintKind::Remove => package("remove foo/1.2", Required, Never),
        HintKind::Block => Form { removal: true, ..package("block foo", Optional, Optional) },
        HintKind::BlockUdeb => Form { removal: true, ..package("block-udeb foo", Optional, Optional) },
        HintKind::BlockAll => {
            Form { argument: Argument::Freeze, ..package("block-all source or block-all new-source", Never, Never) }
        }
        HintKind::Unblock => package("unblock foo/1.2", Required, Optional),
        HintKind::UnblockUdeb => package("unblock-udeb foo/1.2", Required, Optional),
        HintKind::Approve => package("approve foo/1.2", Required, Optional),
        HintKind::Urgent => package("urgent foo/1.2", Required, Never),
        HintKind::AgeDays => Form { argument: Argument::Days, ..package("age-days 5 foo/1.2", Required, Never) },
        HintKind::IgnoreRcBugs => {
            Form { argument: Argument::Bugs, ..package("ignore-rc-bugs 123,456 foo/1.2", Required, Never) }
        }
        HintKind::IgnorePiuparts => package("ignore-piuparts foo/1.2", Required, Never),
        HintKind::ForceBadtest => package("force-badtest foo/1.2, foo/amd64/1.2 or foo/all", Required, Optional),
        HintKind::ForceSkiptest => package("force-skiptest foo/1.2", Required, Never),
        HintKind::ForceResetTest => package("force-reset-test foo/1.2 or foo/amd64/1.2", Required, Optional),
        HintKind::AllowUninst => package("allow-uninst libfoo1 or libfoo1/amd64", Never, Optional),
        HintKind::AllowSmoothUpdate => package("allow-smooth-update foo", Never, Never),
        HintKind::AllowArchallMaintainerUpload => package("allow-archall-maintainer-upload foo", Never, Never),
        HintKind::Remark => Form { argument: Argument::Nothing, ..package("remark any words", Never, Never) },
    }
}

const fn group(example: &'static str) -> Form {
    Form { removal: true, ..package(example, Part::Required, Part::Optional) }
}

const fn package(example: &'static str, version: Part, architecture: Part) -> Form {
    Form { example, argument: Argument::Items, at_least: 1, version, architecture, removal: false }
}

impl Form {
    /// The item as this hint means it, or why it can't be one of this hint's.
    pub(super) fn check(self, kind: HintKind, mut item: ItemRef) -> Result<ItemRef, String> {
        let example = self.example;
        if item.removal && !self.removal {
            return Err(format!("{kind} can't speak of a removal; write {example}"));
        }
        match (self.version, item.version.as_deref()) {
            (Part::Required, None) => return Err(format!("the version is missing; write {example}")),
            (Part::Never, Some(_)) => return Err(format!("{kind} takes no version; write {example}")),
            (_, Some(version)) if !is_version(kind, version) => {
                return Err(format!(
                    "{} is neither a version nor an architecture of this run; write {example}",
                    quote(version)
                ));
            }
            (Part::Required | Part::Optional, Some(_)) | (Part::Optional | Part::Never, None) => {}
        }
        if self.architecture == Part::Never {
            if item.binary_architecture().is_some() {
                return Err(format!("{kind} takes no architecture; write {example}"));
            }
            item.architecture = None;
        }
        Ok(item)
    }
}

/// Every version has a digit; what has none is a misspelt architecture. The words for "any version" are those of `force-badtest`.
fn is_version(kind: HintKind, version: &str) -> bool {
    let any = kind == HintKind::ForceBadtest && matches!(version, "all" | "blacklisted");
    any || version.contains(|c: char| c.is_ascii_digit())
}
