//! Where a command's words go: answers to standard output, everything else to standard error.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::upgrade::Progress;

/// The global options that concern what is said, and where.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Voice {
    /// Answers as JSON.
    pub json: bool,
    /// Nothing but answers.
    pub quiet: bool,
    /// More.
    pub verbose: bool,
    /// No progress, terminal or not.
    pub no_progress: bool,
}

/// A command's outlets.
pub struct Console<'a> {
    /// The global options.
    pub voice: Voice,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Console<'a> {
    /// Outlets with the options of the command line.
    pub fn new(voice: Voice, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self { voice, out, err }
    }

    /// A line of the answer.
    ///
    /// # Errors
    /// The outlet is closed.
    pub fn answer(&mut self, line: &str) -> std::io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// The answer as JSON, on one line.
    ///
    /// # Errors
    /// The outlet is closed.
    pub fn json(&mut self, value: &impl serde::Serialize) -> std::io::Result<()> {
        let text = serde_json::to_string(value).map_err(std::io::Error::other)?;
        self.answer(&text)
    }

    /// A line that is no part of the answer.
    ///
    /// # Errors
    /// The outlet is closed.
    pub fn say(&mut self, line: &str) -> std::io::Result<()> {
        if self.voice.quiet { Ok(()) } else { writeln!(self.err, "{line}") }
    }

    /// A line that is no part of the answer and that nobody may miss.
    ///
    /// # Errors
    /// The outlet is closed.
    pub fn warn(&mut self, line: &str) -> std::io::Result<()> {
        writeln!(self.err, "{line}")
    }

    /// A line of the answer without its end, shown at once.
    ///
    /// # Errors
    /// The outlet is closed.
    pub fn prompt(&mut self, text: &str) -> std::io::Result<()> {
        write!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Progress of long work; shown only on a terminal.
    pub fn progress(&self, what: &'static str) -> Bar {
        let shown = !self.voice.quiet && !self.voice.no_progress && std::io::stderr().is_terminal();
        if !shown {
            return Bar { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        Bar { bar }
    }
}

/// One line of progress, gone when it is dropped.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// What is being done now.
    pub fn step(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// How far the upgrade is.
    pub fn upgrade(&self, progress: Progress) {
        if progress.trials.is_multiple_of(64) && !self.bar.is_hidden() {
            let Progress { trials, accepted, candidates } = progress;
            self.bar.set_message(format!("{accepted} of {candidates} candidates moved, {trials} trials"));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
