//! What holds up the platform itself.

use tidegate_kernel::{BlockerCode, Level, WhoKind};

/// The platform's own codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformCode {
    /// A job failed three times in a row or more.
    JobFailing,
    /// Somebody paused a job.
    JobPaused,
    /// A receiver does not take what was announced, or what came cannot have its effect.
    MessageSetAside,
    /// The bus is gone.
    BusUnreachable,
    /// The mail server is gone.
    MailUnreachable,
    /// The target of a hook, or another receiver, is gone.
    HookUnreachable,
    /// The disk of the store takes no more.
    DiskFull,
    /// The store takes no writes.
    StoreReadOnly,
    /// A gate is switched off.
    GateOff,
}

impl BlockerCode for PlatformCode {
    const GATE: &'static str = "platform";

    fn all() -> &'static [Self] {
        &[
            Self::JobFailing,
            Self::JobPaused,
            Self::MessageSetAside,
            Self::BusUnreachable,
            Self::MailUnreachable,
            Self::HookUnreachable,
            Self::DiskFull,
            Self::StoreReadOnly,
            Self::GateOff,
        ]
    }

    fn code(&self) -> &'static str {
        match self {
            Self::JobFailing => "job-failing",
            Self::JobPaused => "job-paused",
            Self::MessageSetAside => "message-set-aside",
            Self::BusUnreachable => "bus-unreachable",
            Self::MailUnreachable => "mail-unreachable",
            Self::HookUnreachable => "hook-unreachable",
            Self::DiskFull => "disk-full",
            Self::StoreReadOnly => "store-read-only",
            Self::GateOff => "gate-off",
        }
    }

    fn level(&self) -> Level {
        match self {
            // somebody wanted it so
            Self::GateOff => Level::Note,
            Self::JobFailing
            | Self::JobPaused
            | Self::MessageSetAside
            | Self::BusUnreachable
            | Self::MailUnreachable
            | Self::HookUnreachable
            | Self::DiskFull
            | Self::StoreReadOnly => Level::Hold,
        }
    }

    fn sentence(&self) -> &'static str {
        match self {
            Self::JobFailing => "A job fails again and again.",
            Self::JobPaused => "A job is paused.",
            Self::MessageSetAside => "A message was tried in vain and set aside.",
            Self::BusUnreachable => "The bus cannot be reached.",
            Self::MailUnreachable => "The mail server cannot be reached.",
            Self::HookUnreachable => "A receiver cannot be reached.",
            Self::DiskFull => "The disk of the store is full.",
            Self::StoreReadOnly => "The store takes no writes.",
            Self::GateOff => "A gate is switched off.",
        }
    }

    fn who_kinds(&self) -> &'static [WhoKind] {
        &[WhoKind::Role]
    }

    fn ends_with(&self) -> &'static str {
        match self {
            Self::JobFailing => "the job's next success",
            Self::JobPaused => "resuming the job",
            Self::MessageSetAside => "trying again what was set aside, or dropping it",
            Self::BusUnreachable | Self::MailUnreachable | Self::HookUnreachable => {
                "the first sending that goes through"
            }
            Self::DiskFull | Self::StoreReadOnly => "the first write that is committed",
            Self::GateOff => "a start with the gate switched on",
        }
    }
}
