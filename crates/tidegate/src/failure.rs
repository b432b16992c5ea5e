//! Why a command did not do its work, and what it exits with.

use tidegate_kernel::Classified;
use tidegate_migrate::cli::CliError;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 1 no, 2 usage or configuration, 3 unknown, 4 our own fault.
    pub(crate) exit: u8,
    /// What is said.
    pub(crate) text: String,
    /// Whoever reads the answer has seen enough, which is no error.
    pub(crate) is_closed_pipe: bool,
}

impl Failure {
    /// The exit code of what is not known.
    pub(crate) const UNKNOWN: u8 = 3;

    fn new(exit: u8, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), is_closed_pipe: false }
    }

    /// The answer is no.
    pub(crate) fn no(text: impl Into<String>) -> Self {
        Self::new(1, text)
    }

    /// The command line or the configuration is mistaken.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text)
    }

    /// It is not known: a server is not reached, or not in time.
    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Self::new(Self::UNKNOWN, text)
    }

    /// It is our own fault.
    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self::new(4, text)
    }
}

impl<E: Classified> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.class().exit_code(), error.to_string())
    }
}

/// What a gate's command failed with.
pub(crate) fn of_gate(error: &CliError) -> Failure {
    let is_closed_pipe = matches!(error, CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe);
    Failure { is_closed_pipe, ..Failure::new(error.exit() as u8, error.to_string()) }
}

/// The answer could not be written.
pub(crate) fn of_output(error: &std::io::Error) -> Failure {
    let is_closed_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
    Failure { is_closed_pipe, ..Failure::no(format!("cannot write the answer: {error}")) }
}
