//! A state that prevents repeats: what was mailed. It survives an end of the program at any instant.
//!
//! Three files. `NAME` is the state of the last complete run. While a run sends, only `NAME.new` is written: what this run
//! did so far, replaced whole after each letter. `.tidegate-NAME-intent` names the letter that is being handed over: it is
//! there from before the text goes out until the server has confirmed it. At the end `NAME.new` holds the complete state
//! and is renamed to `NAME`. Whatever of this an aborted run leaves, the next one merges before it sends anything.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tidegate_platform::step::reach;

use super::input::optional_text;
use super::output::folder_of;
use super::repair::Repair;
use super::save::{save, scratch};
use super::{FileError, ensure_directory, write_error};
use crate::compat::britney::state::MailState;

/// Where a state is kept.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
    /// The name in front of its points.
    unit: &'static str,
}

/// A state as it was found.
#[derive(Debug, Clone, Default)]
pub struct Found<S> {
    /// The last complete state, with what an aborted run did over it.
    pub state: S,
    /// The letter that an aborted run was handing over.
    pub unconfirmed: Option<String>,
}

/// A state while letters are sent.
#[derive(Debug)]
pub struct OpenLedger<S> {
    ledger: Ledger,
    /// What the run did so far.
    done: S,
    before_intent: S,
}

impl Ledger {
    /// The reminders of a source suite.
    pub fn reminders(suite: &Path) -> Self {
        Self { path: suite.join("EmailCache"), unit: "email-cache" }
    }

    /// The regressions of stable updates that were told.
    pub fn regressions(suite: &Path) -> Self {
        Self { path: suite.join("sru_regress_inform_state"), unit: "sru-state" }
    }

    fn new_path(&self) -> PathBuf {
        with_ending(&self.path, ".new")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".tidegate-{name}-{ending}"))
    }

    fn at(&self, point: &str) -> Result<(), FileError> {
        reach(&format!("{}.{point}", self.unit)).map_err(write_error(&self.path))
    }

    /// Reads the state. Changes nothing but the name of a damaged file.
    ///
    /// # Errors
    /// A file cannot be read or understood: [`FileError::State`].
    pub fn read<S: MailState>(&self, repair: Repair) -> Result<Found<S>, FileError> {
        let parse = |path: &Path| -> Result<Option<S>, FileError> {
            let Some(text) = optional_text(path)? else { return Ok(None) };
            match S::parse(&text) {
                Ok(state) => Ok(Some(state)),
                Err(error) => {
                    let (problem, moved) = (error.to_string(), repair.move_aside(path)?);
                    Err(FileError::State { path: path.to_owned(), problem, moved })
                }
            }
        };
        let mut state = parse(&self.path)?.unwrap_or_default();
        let Some(newer) = parse(&self.new_path())? else { return Ok(Found { state, unconfirmed: None }) };
        // The intent counts if the state that it announces came to be.
        let announced = optional_text(&self.beside("intent"))?;
        let announced = announced.as_deref().and_then(|text| text.split_once('\n'));
        let unconfirmed = announced.filter(|(_, text)| *text == newer.render()).map(|(letter, _)| letter.to_owned());
        state.overlay(newer);
        Ok(Found { state, unconfirmed })
    }

    /// Begins to send: what an aborted run left is merged for good.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn open<S: MailState>(&self, found: &Found<S>) -> Result<OpenLedger<S>, FileError> {
        let folder = folder_of(&self.path);
        ensure_directory(folder)?;
        if self.new_path().exists() {
            self.at("merge.before")?;
            self.replace(&self.path, &found.state.render())?;
            self.remove(&self.new_path())?;
            self.at("merge.after")?;
        }
        self.remove(&self.beside("intent"))?;
        for path in [self.path.clone(), self.new_path(), self.beside("intent")] {
            // Half written when a run was killed, and of no use to anyone.
            self.remove(&scratch(&path))?;
        }
        Ok(OpenLedger { ledger: self.clone(), done: S::default(), before_intent: S::default() })
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), FileError> {
        save(path, text, self.unit)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        fs::rename(from, to).map_err(write_error(to))?;
        self.sync_folder()
    }

    fn remove(&self, path: &Path) -> Result<(), FileError> {
        match fs::remove_file(path) {
            Ok(()) => self.sync_folder(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(write_error(path)(error)),
        }
    }

    /// Has renames and removals on the disk.
    fn sync_folder(&self) -> Result<(), FileError> {
        let folder = folder_of(&self.path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(write_error(folder))
    }
}

impl<S: MailState> OpenLedger<S> {
    /// Notes something that needs no letter.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note(&mut self, change: impl FnOnce(&mut S)) -> Result<(), FileError> {
        change(&mut self.done);
        self.ledger.replace(&self.ledger.new_path(), &self.done.render())
    }

    /// Notes a letter as sent, just before its text goes out.
    ///
    /// # Errors
    /// A file cannot be written; then the text must not go out.
    pub fn intend(&mut self, letter: &str, change: impl FnOnce(&mut S)) -> Result<(), FileError> {
        self.before_intent = self.done.clone();
        self.ledger.at("intent.before")?;
        change(&mut self.done);
        let text = self.done.render();
        self.ledger.replace(&self.ledger.beside("intent"), &format!("{letter}\n{text}"))?;
        self.ledger.replace(&self.ledger.new_path(), &text)?;
        self.ledger.at("intent.after")
    }

    /// The server has the letter, or nobody can know whether it has.
    ///
    /// # Errors
    /// The intent cannot be removed.
    pub fn confirm(&mut self) -> Result<(), FileError> {
        self.ledger.at("confirm.before")?;
        self.ledger.remove(&self.ledger.beside("intent"))?;
        self.ledger.at("confirm.after")
    }

    /// The server surely does not have the letter.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn take_back(&mut self) -> Result<(), FileError> {
        self.ledger.at("take-back.before")?;
        self.done = self.before_intent.clone();
        self.ledger.replace(&self.ledger.new_path(), &self.done.render())?;
        self.ledger.remove(&self.ledger.beside("intent"))?;
        self.ledger.at("take-back.after")
    }

    /// Ends the run: the complete state takes the place of the old one. `found` is what the run began with, `keep` drops
    /// what does not count any more. A state that says the same is not written again.
    ///
    /// # Errors
    /// A file cannot be written; the old one is whole then.
    pub fn close(self, found: S, keep: impl FnOnce(&mut S)) -> Result<(), FileError> {
        let Self { ledger, done, .. } = self;
        let mut complete = found;
        complete.overlay(done);
        keep(&mut complete);
        let text = complete.render();
        let old = optional_text(&ledger.path)?;
        if old.as_deref() == Some(&text) || old.is_none() && complete == S::default() {
            return ledger.remove(&ledger.new_path());
        }
        ledger.at("close.before")?;
        ledger.replace(&ledger.new_path(), &text)?;
        ledger.rename(&ledger.new_path(), &ledger.path)?;
        ledger.at("close.after")
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
