//! The kinds of hints and who may use them.

use std::fmt;
use std::str::FromStr;

/// What a hint asks for.
///
/// `approve` is a kind of its own only where rights are granted: a parsed hint has [`HintKind::Unblock`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HintKind {
    /// `easy`: several items together, all or nothing.
    Easy,
    /// `hint`: items together, then everything else is tried.
    Hint,
    /// `force-hint`: items together, whatever breaks.
    ForceHint,
    /// `force`: a candidate in spite of the policies.
    Force,
    /// `remove`: out of the target, and no updates into it.
    Remove,
    /// `block`: needs approval.
    Block,
    /// `block-udeb`: needs approval by the installer's people.
    BlockUdeb,
    /// `block-all`: a freeze.
    BlockAll,
    /// `unblock`, and `approve` in hint files: lifts `block` and `block-all`, approves items of additional suites.
    Unblock,
    /// `unblock-udeb`: lifts `block-udeb`.
    UnblockUdeb,
    /// `approve`, in lists of rights only.
    Approve,
    /// `urgent`: the required age is zero.
    Urgent,
    /// `age-days N`: the required age is N days.
    AgeDays,
    /// `ignore-rc-bugs n,n`: these bugs don't count.
    IgnoreRcBugs,
    /// `ignore-piuparts`: what piuparts found doesn't count.
    IgnorePiuparts,
    /// `force-badtest`: failures of this source's own tests don't count.
    ForceBadtest,
    /// `force-skiptest`: results of the tests that this version triggers don't count.
    ForceSkiptest,
    /// `force-reset-test`: passes up to this version make no later failure a regression.
    ForceResetTest,
    /// `allow-uninst`: this binary may become uninstallable.
    AllowUninst,
    /// `allow-smooth-update`: libraries of this source stay while needed, in any section.
    AllowSmoothUpdate,
    /// `allow-archall-maintainer-upload`: architecture-independent binaries may be built by the maintainer.
    AllowArchallMaintainerUpload,
    /// `remark`: nothing.
    Remark,
}

use HintKind::{
    AgeDays, AllowArchallMaintainerUpload, AllowSmoothUpdate, AllowUninst, Approve, Block, BlockAll, BlockUdeb, Easy,
    Force, ForceBadtest, ForceHint, ForceResetTest, ForceSkiptest, Hint, IgnorePiuparts, IgnoreRcBugs, Remark, Remove,
    Unblock, UnblockUdeb, Urgent,
};

impl HintKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Easy,
        Hint,
        ForceHint,
        Force,
        Remove,
        Block,
        BlockUdeb,
        BlockAll,
        Unblock,
        UnblockUdeb,
        Approve,
        Urgent,
        AgeDays,
        IgnoreRcBugs,
        IgnorePiuparts,
        ForceBadtest,
        ForceSkiptest,
        ForceResetTest,
        AllowUninst,
        AllowSmoothUpdate,
        AllowArchallMaintainerUpload,
        Remark,
    ];

    /// The word that begins the hint's line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Easy => "easy",
            Hint => "hint",
            ForceHint => "force-hint",
            Force => "force",
            Remove => "remove",
            Block => "block",
            BlockUdeb => "block-udeb",
            BlockAll => "block-all",
            Unblock => "unblock",
            UnblockUdeb => "unblock-udeb",
            Approve => "approve",
            Urgent => "urgent",
            AgeDays => "age-days",
            IgnoreRcBugs => "ignore-rc-bugs",
            IgnorePiuparts => "ignore-piuparts",
            ForceBadtest => "force-badtest",
            ForceSkiptest => "force-skiptest",
            ForceResetTest => "force-reset-test",
            AllowUninst => "allow-uninst",
            AllowSmoothUpdate => "allow-smooth-update",
            AllowArchallMaintainerUpload => "allow-archall-maintainer-upload",
            Remark => "remark",
        }
    }

    /// Whether the hint's items are tried together; any other hint speaks of one package.
    pub const fn is_group(self) -> bool {
        matches!(self, Easy | Hint | ForceHint)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for HintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not the name of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no hint has this name")]
pub struct UnknownHint;

impl FromStr for HintKind {
    type Err = UnknownHint;

    fn from_str(word: &str) -> Result<Self, UnknownHint> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(UnknownHint)
    }
}

/// The kinds of hints that a user may give.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct HintRights(u32);

impl HintRights {
    /// No hint at all.
    pub const NONE: Self = Self(0);

    /// The role `HELPERS`: what helps one package along, or holds it.
    pub const HELPERS: Self = Self::of(&[
        Easy,
        Hint,
        Remove,
        Block,
        BlockUdeb,
        Unblock,
        UnblockUdeb,
        Approve,
        Remark,
        IgnorePiuparts,
        IgnoreRcBugs,
        ForceSkiptest,
        ForceBadtest,
    ]);

    /// The role `STANDARD`: that of helpers, and ages.
    pub const STANDARD: Self = Self(Self::HELPERS.0 | Self::of(&[Urgent, AgeDays]).0);

    /// The role `ALL`: every hint.
    pub const ALL: Self = Self::of(&HintKind::ALL);

    /// The rights to exactly these kinds.
    pub const fn of(kinds: &[HintKind]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= kinds[index].bit();
            index += 1;
        }
        Self(bits)
    }

    /// The rights of a role (`HELPERS`, `STANDARD`, `ALL`) or of a single hint's name.
    ///
    /// # Errors
    ///
    /// The word is neither.
    pub fn of_word(word: &str) -> Result<Self, UnknownHint> {
        match word {
            "ALL" => Ok(Self::ALL),
            "STANDARD" => Ok(Self::STANDARD),
            "HELPERS" => Ok(Self::HELPERS),
            name => name.parse().map(|kind: HintKind| Self::of(&[kind])),
        }
    }

    /// Both sets of rights together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether hints of this kind are permitted. `approve` and `unblock` are one right, whichever of them was granted.
    pub const fn allow(self, kind: HintKind) -> bool {
        let asked = match kind {
            Approve | Unblock => Approve.bit() | Unblock.bit(),
            _ => kind.bit(),
        };
        self.0 & asked != 0
    }

    /// The granted kinds, in the order of the documentation.
    pub fn kinds(self) -> impl Iterator<Item = HintKind> {
        HintKind::ALL.into_iter().filter(move |kind| self.0 & kind.bit() != 0)
    }
}

impl fmt::Debug for HintRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_named_once() {
        for kind in HintKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        let bits: std::collections::BTreeSet<u32> = HintKind::ALL.iter().map(|kind| kind.bit()).collect();
        assert_eq!(bits.len(), HintKind::ALL.len());
        assert_eq!("Easy".parse::<HintKind>(), Err(UnknownHint));
        assert_eq!("finished".parse::<HintKind>(), Err(UnknownHint));
    }

    #[test]
    fn roles_grow() {
        assert!(HintRights::HELPERS.allow(Easy) && HintRights::HELPERS.allow(ForceBadtest));
        assert!(!HintRights::HELPERS.allow(AgeDays) && !HintRights::HELPERS.allow(Force));
        assert!(
            HintRights::STANDARD.allow(AgeDays)
                && HintRights::STANDARD.allow(Urgent)
                && HintRights::STANDARD.allow(Remove)
        );
        assert!(!HintRights::STANDARD.allow(ForceHint) && !HintRights::STANDARD.allow(BlockAll));
        assert!(HintKind::ALL.into_iter().all(|kind| HintRights::ALL.allow(kind)));
        assert!(!HintKind::ALL.into_iter().any(|kind| HintRights::NONE.allow(kind)));
    }

    #[test]
    fn rights_are_made_of_words() {
        let rights = HintRights::of_word("block").unwrap().and(HintRights::of_word("block-all").unwrap());
        assert_eq!(rights.kinds().collect::<Vec<_>>(), [Block, BlockAll]);
        assert_eq!(HintRights::of_word("HELPERS"), Ok(HintRights::HELPERS));
        assert_eq!(HintRights::of_word("EVERYTHING"), Err(UnknownHint));
    }

    #[test]
    fn approve_and_unblock_are_one_right() {
        assert!(HintRights::of(&[Approve]).allow(Unblock));
        assert!(HintRights::of(&[Unblock]).allow(Approve));
        assert!(!HintRights::of(&[UnblockUdeb]).allow(Unblock));
    }
}
