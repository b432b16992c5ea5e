//! The codes of what can hold an item.

/// A stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// `age`
    Age,
    /// `bugs`
    Bugs,
    /// `piuparts`
    Piuparts,
    /// `block`
    Block,
    /// `needs-approval`
    NeedsApproval,
    /// `missing-build`
    MissingBuild,
    /// `old-binaries`
    OldBinaries,
    /// `wrong-source`
    WrongSource,
    /// `downgrade`
    Downgrade,
    /// `depends-on-invalid`
    DependsOnInvalid,
    /// `build-depends`
    BuildDepends,
    /// `built-using`
    BuiltUsing,
    /// `hint-remove`
    HintRemove,
    /// `newer-in-target`
    NewerInTarget,
    /// `no-binaries`
    NoBinaries,
}
