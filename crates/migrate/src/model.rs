//! The vocabulary of the gate: dense ids, verdicts and items. Plain data, no I/O.
//!
//! Every text that comes out of an archive is interned once ([`Interner`]); what the engine passes around are the
//! small ids below. A [`BinaryId`] is dense *per architecture*: an `Architecture: all` binary has one id on each.

use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! dense_ids {
    ($($(#[$doc:meta])* $name:ident($repr:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $repr);

        impl $name {
            /// The id as an index into the table that it numbers.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the table's entry `index`.
            ///
            /// # Panics
            /// If a table grows past the id's range, which the size limits of the input rule out.
            #[inline]
            pub fn at(index: usize) -> Self {
                Self(<$repr>::try_from(index).expect("inputs are bounded far below this"))
            }
        }
    )*};
}

dense_ids! {
    /// An interned package name: source, binary or virtual.
    NameId(u32);
    /// Any other interned text: a version, a section, the text of a relation.
    TextId(u32);
    /// One configured architecture, in the order of the configuration.
    ArchId(u8);
    /// One suite of the distribution: [`SuiteId::TARGET`], [`SuiteId::PRIMARY`], then the additional ones.
    SuiteId(u8);
    /// A binary package (name, version) on one architecture, whichever suites hold it.
    BinaryId(u32);
    /// One relation group (`a | b (>= 1)`), told apart by its text.
    GroupId(u32);
    /// A set of binaries of which one is needed, on one architecture.
    ClauseId(u32);
    /// A binary's entry in one suite's index of one architecture.
    EntryId(u32);
    /// A source package's entry in the distribution's list of sources.
    SourceId(u32);
}

/// No archive has more architectures; an [`ArchId`] has room for no more than 256.
pub const MOST_ARCHITECTURES: usize = 200;

impl SuiteId {
    /// Where things go.
    pub const TARGET: Self = Self(0);
    /// Where uploads land.
    pub const PRIMARY: Self = Self(1);
}

/// Texts, each kept once and named by a dense id.
#[derive(Debug, Clone, Default)]
pub struct Interner {
    bytes: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

const HASH: FixedState = FixedState::with_seed(0x7469_6465_6761_7465);

impl Interner {
    /// The id of `text`, which is remembered if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = HASH.hash_one(text);
        if let Some(&id) = self.table.find(hash, |&id| self.get(id) == text) {
            return id;
        }
        let id = u32::try_from(self.ends.len()).expect("inputs are bounded far below this");
        self.bytes.push_str(text);
        self.ends.push(u32::try_from(self.bytes.len()).expect("inputs are bounded far below 4 GiB of distinct text"));
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.table.insert_unique(hash, id, |&id| HASH.hash_one(slice(bytes, ends, id)));
        id
    }

    /// The id of `text` if it was interned.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.table.find(HASH.hash_one(text), |&id| self.get(id) == text).copied()
    }

    /// The text of an id that this interner gave out.
    #[inline]
    pub fn get(&self, id: u32) -> &str {
        slice(&self.bytes, &self.ends, id)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text yet.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[inline]
fn slice<'a>(bytes: &'a str, ends: &[u32], id: u32) -> &'a str {
    let index = id as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &bytes[start..ends[index] as usize]
}

/// What is decided about one item; ordered, the worst finding wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// No policy had anything to say.
    NotApplicable,
    /// May migrate.
    Pass,
    /// May migrate because a hint says so.
    PassHinted,
    /// Time alone will end it.
    RejectedTemporarily,
    /// Depends on an item that is rejected, but not blocked.
    RejectedWaitingForAnotherItem,
    /// Depends on an item that is blocked.
    RejectedBlockedByAnotherItem,
    /// A person must approve it.
    RejectedNeedsApproval,
    /// Something is missing that may still come.
    RejectedCannotDetermineIfPermanent,
    /// Stays until somebody changes something.
    RejectedPermanently,
}

impl Verdict {
    /// Rejected for whatever reason: no candidate.
    pub fn is_rejected(self) -> bool {
        self >= Self::RejectedTemporarily
    }

    /// Rejected, and waiting alone will not help.
    pub fn is_blocked(self) -> bool {
        self >= Self::RejectedBlockedByAnotherItem
    }

    /// The name as in excuses.yaml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Pass => "PASS",
            Self::PassHinted => "PASS_HINTED",
            Self::RejectedTemporarily => "REJECTED_TEMPORARILY",
            Self::RejectedWaitingForAnotherItem => "REJECTED_WAITING_FOR_ANOTHER_ITEM",
            Self::RejectedBlockedByAnotherItem => "REJECTED_BLOCKED_BY_ANOTHER_ITEM",
            Self::RejectedNeedsApproval => "REJECTED_NEEDS_APPROVAL",
            Self::RejectedCannotDetermineIfPermanent => "REJECTED_CANNOT_DETERMINE_IF_PERMANENT",
            Self::RejectedPermanently => "REJECTED_PERMANENTLY",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that may migrate.
///
/// Its text without version, the *uvname*, is `foo`, `foo/amd64`, `-foo`, `-libfoo1/amd64`, with `_tpu` or `_pu`
/// behind the name of an item of an additional suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The source's name; for [`Scope::Cruft`] the binary's.
    pub name: NameId,
    /// What of it moves, and how.
    pub scope: Scope,
    /// The suite that it comes from; removals belong to the primary source suite.
    pub suite: SuiteId,
    /// The source's version (for a removal the target's); for [`Scope::Cruft`] the binary's.
    pub version: TextId,
}

/// What an [`Item`] moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The source with its binaries on every architecture.
    Source,
    /// Only the binaries of one architecture; the source stays as it is.
    Arch(ArchId),
    /// The source and its binaries leave the target.
    Removal,
    /// One left-over binary leaves the target.
    Cruft(ArchId),
}

impl Scope {
    /// The one architecture that is touched, if it is one.
    pub fn architecture(self) -> Option<ArchId> {
        match self {
            Self::Source | Self::Removal => None,
            Self::Arch(arch) | Self::Cruft(arch) => Some(arch),
        }
    }

    /// Whether something leaves and nothing comes.
    pub fn is_removal(self) -> bool {
        match self {
            Self::Source | Self::Arch(_) => false,
            Self::Removal | Self::Cruft(_) => true,
        }
    }
}
