//! The codes of what can hold an item, with their columns. `blockers.toml` beside the crate's manifest lists them and
//! is made from here; a code is stable for ever.
//!
//! What makes blockers of excuses is [`crate::explain`]; this module knows only what a code means.

use serde::{Serialize, Serializer};
use tidegate_kernel::{BlockerCode, Level, WhoKind};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident;)*) => {
        /// A stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    /// `age`
    Age;
    /// `bugs`
    Bugs;
    /// `piuparts`
    Piuparts;
    /// `tests-running`
    TestsRunning;
    /// `tests-regression`
    TestsRegression;
    /// `block`
    Block;
    /// `needs-approval`
    NeedsApproval;
    /// `missing-build`
    MissingBuild;
    /// `old-binaries`
    OldBinaries;
    /// `wrong-source`
    WrongSource;
    /// `downgrade`
    Downgrade;
    /// `unsatisfiable`: a note. It rejects nothing; what cannot be installed fails in its trial.
    Unsatisfiable;
    /// `depends-on-invalid`
    DependsOnInvalid;
    /// `build-depends`
    BuildDepends;
    /// `built-using`
    BuiltUsing;
    /// `hint-remove`
    HintRemove;
    /// `newer-in-target`
    NewerInTarget;
    /// `no-binaries`
    NoBinaries;
    /// `policy-depends`
    PolicyDepends;
    /// `policy-implicit-deps`
    PolicyImplicitDeps;
    /// `policy-builtonbuildd`
    PolicyBuiltOnBuildd;
    /// `policy-block-bugs`
    PolicyBlockBugs;
    /// `policy-linux`
    PolicyLinux;
    /// `uninstallable`
    Uninstallable;
    /// `trial-order`
    TrialOrder;
}

/// What the gate declares of a code.
struct Columns {
    code: &'static str,
    level: Level,
    says: &'static str,
    who: &'static [WhoKind],
    ends_with: &'static str,
}

const fn hold(code: &'static str, says: &'static str, who: &'static [WhoKind], ends_with: &'static str) -> Columns {
    Columns { code, level: Level::Hold, says, who, ends_with }
}

impl Code {
    #[expect(clippy::too_many_lines, reason = "one table, a row a code")]
    const fn columns(self) -> Columns {
        use WhoKind::{Nobody, Role, Source};
        match self {
            Self::Age => hold(
                "age",
                "The version is younger than its urgency asks for.",
                &[Nobody, Role],
                "the instant at which it is old enough, or a hint `age-days` or `urgent`",
            ),
            Self::Bugs => hold(
                "bugs",
                "The version would bring release-critical bugs into the target that it does not have.",
                &[Source, Role],
                "a version without them, a corrected bug record, or a hint `ignore-rc-bugs`",
            ),
            Self::Piuparts => hold(
                "piuparts",
                "Piuparts fails where it did not in the target, or has not tested the version yet.",
                &[Source, Nobody, Role],
                "a result that passes, or a hint `ignore-piuparts`",
            ),
            Self::TestsRunning => hold(
                "tests-running",
                "A test of the item, or of what depends on it, has not ended yet or cannot begin yet.",
                &[Nobody, Role],
                "the result, or a hint `force-skiptest`",
            ),
            Self::TestsRegression => hold(
                "tests-regression",
                "A test of the item, or of what depends on it, fails where it passed before.",
                &[Source, Role],
                "a result that passes, or a hint `force-badtest` or `force-skiptest`",
            ),
            Self::Block => hold(
                "block",
                "A hint blocks the item.",
                &[Role],
                "a hint `unblock` for this version, or the end of the block",
            ),
            Self::NeedsApproval => hold(
                "needs-approval",
                "The item comes from an additional suite and nobody has approved it.",
                &[Role],
                "a hint `approve` for this version",
            ),
            Self::MissingBuild => hold(
                "missing-build",
                "The version is not built on an architecture that has older binaries.",
                &[Source, Nobody],
                "the missing build",
            ),
            Self::OldBinaries => hold(
                "old-binaries",
                "Binaries of an older version are left in the source suite.",
                &[Source],
                "their removal from the source suite",
            ),
            Self::WrongSource => hold(
                "wrong-source",
                "A binary of the source suite is built from another version than the one that the target has.",
                &[Source],
                "a build of the right version, or the migration of the source",
            ),
            Self::Downgrade => hold(
                "downgrade",
                "The target has a newer binary or source than the item would bring.",
                &[Source],
                "an upload with a higher version",
            ),
            Self::Unsatisfiable => Columns {
                code: "unsatisfiable",
                level: Level::Note,
                says: "A binary of the item has a relation that no suite can satisfy.",
                who: &[Source],
                ends_with: "an upload that satisfies the relation or drops it",
            },
            Self::DependsOnInvalid => hold(
                "depends-on-invalid",
                "The item needs another one that may not migrate.",
                &[Source],
                "the other item becoming a candidate",
            ),
            Self::BuildDepends => hold(
                "build-depends",
                "No suite satisfies one of the source's build dependencies.",
                &[Source],
                "an upload that satisfies the relation or drops it",
            ),
            Self::BuiltUsing => hold(
                "built-using",
                "A binary was built with a source that no suite has any more.",
                &[Source],
                "a rebuild of the binary",
            ),
            Self::HintRemove => hold(
                "hint-remove",
                "A hint asks for the source's removal from the target, so it is not updated.",
                &[Role],
                "the removal, or the end of the hint",
            ),
            Self::NewerInTarget => hold(
                "newer-in-target",
                "The target has a newer version of the source.",
                &[Source],
                "an upload of a newer version to the source suite",
            ),
            Self::NoBinaries => {
                hold("no-binaries", "The source has no binaries on any architecture.", &[Source], "its builds")
            }
            Self::PolicyDepends => hold(
                "policy-depends",
                "No suite satisfies a relation of one of its binaries, or only a component that it may not need.",
                &[Source],
                "an upload that satisfies the relation or drops it",
            ),
            Self::PolicyImplicitDeps => hold(
                "policy-implicit-deps",
                "It would make something of the target uninstallable that nothing on its way mends.",
                &[Source],
                "an upload of what would break, or one that does not break it",
            ),
            Self::PolicyBuiltOnBuildd => hold(
                "policy-builtonbuildd",
                "A binary was not built by a build daemon, or nobody knows by whom.",
                &[Source, Role],
                "a build by a daemon, or a hint `allow-archall-maintainer-upload`",
            ),
            Self::PolicyBlockBugs => hold(
                "policy-block-bugs",
                "A bug blocks the source.",
                &[Source],
                "the bug being closed, or marked so that it does not block",
            ),
            Self::PolicyLinux => hold(
                "policy-linux",
                "A kernel waits for a new version of its meta package.",
                &[Source],
                "an upload of the meta package",
            ),
            Self::Uninstallable => hold(
                "uninstallable",
                "Moving the item would leave more of the target uninstallable, or break what must stay installable.",
                &[Source, Role],
                "the move of what would mend it, or a hint that moves both together",
            ),
            Self::TrialOrder => hold(
                "trial-order",
                "The item could not move when it was tried, and could at the end of the run.",
                &[Nobody],
                "the next run",
            ),
        }
    }
}

impl BlockerCode for Code {
    const GATE: &'static str = "migrate";

    fn all() -> &'static [Self] {
        Self::ALL
    }

    fn code(&self) -> &'static str {
        self.columns().code
    }

    fn level(&self) -> Level {
        self.columns().level
    }

    fn sentence(&self) -> &'static str {
        self.columns().says
    }

    fn who_kinds(&self) -> &'static [WhoKind] {
        self.columns().who
    }

    fn ends_with(&self) -> &'static str {
        self.columns().ends_with
    }
}

impl Serialize for Code {
    /// With the gate's prefix, as everywhere outside of the program.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.qualified())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_list_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/blockers.toml");
        let made = tidegate_kernel::catalogue::catalogue::<Code>();
        let written = std::fs::read_to_string(path).unwrap_or_default();
        if made != written {
            std::fs::write(path, &made).unwrap();
        }
        assert!(made == written, "{path} was not what the code says; it is now, read the difference");
    }

    #[test]
    fn codes_are_kebab_case_and_distinct() {
        let codes: std::collections::BTreeSet<_> = Code::ALL.iter().map(Code::code).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in codes {
            assert!(code.chars().all(|character| character.is_ascii_lowercase() || character == '-'), "{code}");
        }
    }
}
