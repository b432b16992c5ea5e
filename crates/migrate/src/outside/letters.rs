//! Carries letters out: who gets them, over which server, and what is remembered of it.
//!
//! For each letter in the order of the excuses: the addresses, then the mail, with the intent on disk between the server's
//! yes to the recipients and the text ([`Ledger`]). What fails outside is said and never ends the run; what cannot be
//! remembered does, for then nothing may be sent.

use lettre::Address;
use lettre::message::Mailbox;

use super::addresses::Addresses;
use super::mail::{Delivery, MailServer, seal};
use crate::compat::britney::config::{Config, Switch};
use crate::compat::britney::state::{MailRecord, MailRecords, MailState, RegressionsTold};
use crate::excuses::{Excuse, Excuses};
use crate::files::{FileError, Found, Ledger, OpenLedger, Repair};
use crate::model::SuiteId;
use crate::policy::email::text::{Occasion, Words, write};
use crate::policy::letter::{Letter, LetterKind};
use crate::policy::sru_regression;
use crate::rules::PolicyName;
use crate::session::Session;

/// What is said while letters are carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// As it should be.
    Done(String),
    /// Something that a person should see to.
    Trouble(String),
}

/// The letters of a run, and what they are written from.
pub struct Letters<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What was decided on.
    pub session: &'a Session,
    /// The excuses with their letters.
    pub excuses: &'a Excuses,
    /// Says in sentences why an item is as it is.
    pub why: &'a mut dyn FnMut(&Excuse) -> Vec<String>,
    /// Send nothing and write nothing, whatever the configuration says.
    pub dry_run: bool,
    /// Takes what is said.
    pub say: &'a mut dyn FnMut(Said),
}

/// What carries a letter.
struct Carrier {
    server: MailServer,
    from: Mailbox,
    addresses: Addresses,
}

/// One letter, ready but for its recipients.
struct Ready<'a> {
    letter: &'a Letter,
    words: Words,
}

impl Letters<'_> {
    /// Sends every letter that is to be sent.
    ///
    /// # Errors
    /// What was sent cannot be remembered, or what was remembered cannot be read.
    pub fn carry_out(mut self) -> Result<(), FileError> {
        let (email, rules) = (&self.config.email, &self.session.rules);
        let mut carrier = Carrier {
            server: MailServer::new(&email.host, email.port),
            from: email.from.clone().unwrap_or_else(machine),
            addresses: Addresses::new(email, rules),
        };
        if rules.policies.contains(&PolicyName::SruAdtRegression) {
            self.regressions(&mut carrier)?;
        }
        if rules.policies.contains(&PolicyName::Email) {
            self.reminders(&mut carrier)?;
        }
        carrier.server.close();
        Ok(())
    }

    fn reminders(&mut self, carrier: &mut Carrier) -> Result<(), FileError> {
        let ledger = Ledger::reminders(&self.config.primary);
        let (found, mut book) = self.begin::<MailRecords>(&ledger, self.config.email.enable)?;
        for (excuse, letter) in letters(self.excuses) {
            let LetterKind::Reminder { due } = letter.kind else { continue };
            let (source, version) = (&letter.source, &letter.version);
            let record = found.state.get(source, version).cloned().unwrap_or_default();
            if record.last_sent >= due {
                continue;
            }
            let addresses = if record.addresses.is_empty() {
                carrier.addresses.uploaders(source, version)
            } else {
                Ok(record.addresses.clone())
            };
            let addresses = match addresses {
                Ok(addresses) => addresses,
                Err(why) => {
                    self.trouble(
                        letter,
                        &format!("it is not known who uploaded it: {why}; asked again in the next run"),
                    );
                    continue;
                }
            };
            let why = (self.why)(excuse);
            let ready = Ready { letter, words: self.words(letter, &why) };
            if addresses.is_empty() {
                (self.say)(Said::Done(format!("{}: nobody is known to send it to", title(letter))));
                if let Some(book) = &mut book {
                    book.note(|state| state.insert(source, version, record))?;
                }
                continue;
            }
            let sent = MailRecord { addresses: addresses.clone(), last_sent: due };
            self.hand_over(carrier, book.as_mut(), &ready, &addresses, |state| state.insert(source, version, sent))?;
        }
        let distribution = &self.session.distribution;
        let is_there = |source: &str, version: &str| {
            let source = distribution.find_name(source).and_then(|name| distribution.source(SuiteId::PRIMARY, name));
            source.is_some_and(|source| !source.fake && distribution.text(source.version) == version)
        };
        book.map_or(Ok(()), |book| book.close(found.state, |state| state.retain(is_there)))
    }

    fn regressions(&mut self, carrier: &mut Carrier) -> Result<(), FileError> {
        let ledger = Ledger::regressions(&self.config.primary);
        let (found, mut book) = self.begin::<RegressionsTold>(&ledger, self.config.sru_regression_email)?;
        let (name, series) = (self.session.rules.distribution_name(), self.session.rules.series.as_str());
        for (excuse, letter) in letters(self.excuses).filter(|(_, letter)| letter.kind == LetterKind::Regression) {
            let (source, version) = (&letter.source, &letter.version);
            if found.state.get(name, series, source) == Some(version) {
                continue;
            }
            let bugs = match carrier.addresses.bugs(source, version) {
                Ok(bugs) => bugs,
                Err(why) => {
                    self.trouble(
                        letter,
                        &format!("it is not known which bugs it is for: {why}; asked again in the next run"),
                    );
                    continue;
                }
            };
            if bugs.is_empty() {
                (self.say)(Said::Done(format!("{}: no bug of it is known", title(letter))));
                continue;
            }
            let failures = sru_regression::tests(excuse).filter(|test| test.status == "REGRESSION");
            let failures: Vec<String> = failures.map(|test| test.to_string()).collect();
            let ready = Ready { letter, words: self.words(letter, &failures) };
            self.hand_over(carrier, book.as_mut(), &ready, &bugs, |state| state.insert(name, series, source, version))?;
        }
        let distribution = &self.session.distribution;
        let is_there = |source: &str, _: &str| {
            distribution.find_name(source).and_then(|name| distribution.source(SuiteId::PRIMARY, name)).is_some()
        };
        book.map_or(Ok(()), |book| book.close(found.state, |state| state.retain(name, series, is_there)))
    }

    /// The state as it is, and, if something may be sent, open for what will be.
    fn begin<S: MailState>(
        &mut self,
        ledger: &Ledger,
        switch: Switch,
    ) -> Result<(Found<S>, Option<OpenLedger<S>>), FileError> {
        let found = ledger.read(Repair::NEVER)?;
        if let Some(letter) = &found.unconfirmed {
            let text =
                format!("{letter}: the run before ended while it was sent; it may have arrived and counts as sent");
            (self.say)(Said::Trouble(text));
        }
        let real = switch == Switch::Yes && !self.dry_run;
        let book = real.then(|| ledger.open(&found)).transpose()?;
        Ok((found, book))
    }

    fn words(&self, letter: &Letter, why: &[String]) -> Words {
        let rules = &self.session.rules;
        let email = &self.config.email;
        let page = email.url.replace("{source}", &letter.source).replace("{version}", &letter.version);
        let page = page.replace("{series}", &rules.series);
        let (distribution, series) = (rules.distribution_name(), rules.series.as_str());
        write(letter, Occasion { distribution, series, page: &page, help: &email.help, why })
    }

    /// Sends a letter and remembers it; without a book, says what would be sent.
    fn hand_over<S: MailState>(
        &mut self,
        carrier: &mut Carrier,
        book: Option<&mut OpenLedger<S>>,
        ready: &Ready<'_>,
        addresses: &[String],
        change: impl FnOnce(&mut S),
    ) -> Result<(), FileError> {
        let Ready { letter, words } = ready;
        let (to, unusable) = usable(addresses);
        for address in unusable {
            self.trouble(letter, &format!("{} is no address", crate::diagnostic::quote(address)));
        }
        let names: Vec<&str> = to.iter().map(AsRef::as_ref).collect();
        let names = names.join(", ");
        let Some(book) = book else {
            (self.say)(Said::Done(format!("would send to {names}: {}", words.subject)));
            return Ok(());
        };
        if to.is_empty() {
            return Ok(());
        }
        let mail = match seal(words, &carrier.from, &to, self.session.rules.now) {
            Ok(mail) => mail,
            Err(why) => {
                self.trouble(letter, &format!("it cannot be written as a mail: {why}"));
                return Ok(());
            }
        };
        let mut change = Some(change);
        let mut intended = false;
        let delivery = carrier.server.send(&mail, &mut || {
            intended = true;
            change.take().map_or(Ok(()), |change| book.intend(&title(letter), change))
        })?;
        match delivery {
            Delivery::Delivered { refused } => {
                book.confirm()?;
                (self.say)(Said::Done(format!("sent to {names}: {}", words.subject)));
                for refusal in refused {
                    self.trouble(letter, &format!("not all get it: {refusal}"));
                }
            }
            Delivery::Refused(why) => {
                if let Some(change) = change.take() {
                    book.note(change)?;
                } else {
                    book.confirm()?;
                }
                self.trouble(letter, &format!("it was refused for good and counts as sent: {why}"));
            }
            Delivery::Later(why) => {
                if intended {
                    book.take_back()?;
                }
                self.trouble(letter, &format!("not sent, tried again in the next run: {why}"));
            }
            Delivery::Uncertain(why) => {
                book.confirm()?;
                self.trouble(letter, &format!("it may have arrived and counts as sent: {why}"));
            }
        }
        Ok(())
    }

    fn trouble(&mut self, letter: &Letter, why: &str) {
        (self.say)(Said::Trouble(format!("{}: {why}", title(letter))));
    }
}

fn letters(excuses: &Excuses) -> impl Iterator<Item = (&Excuse, &Letter)> {
    excuses.values().flat_map(|excuse| excuse.letters.iter().map(move |letter| (excuse, letter)))
}

/// What a letter is called in the log, on one line.
fn title(letter: &Letter) -> String {
    let Letter { source, version, .. } = letter;
    let title = match letter.kind {
        LetterKind::Reminder { due } => format!("the reminder of day {due} about {source} {version}"),
        LetterKind::Regression => format!("the note on regressions of {source} {version}"),
    };
    title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Addresses to which a mail can be sent, each once, and those to which none can.
fn usable(addresses: &[String]) -> (Vec<Address>, Vec<&String>) {
    let mut to: Vec<Address> = Vec::new();
    let mut unusable = Vec::new();
    for text in addresses {
        match text.parse::<Address>() {
            Ok(address) if text.is_ascii() => {
                if !to.contains(&address) {
                    to.push(address);
                }
            }
            Ok(_) | Err(_) => unusable.push(text),
        }
    }
    (to, unusable)
}

/// The sender where none is configured: this machine.
fn machine() -> Mailbox {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let address = name.and_then(|name| Address::new("noreply", name).ok());
    let local = || Address::new("noreply", "localhost").expect("it is an address");
    Mailbox::new(Some("Proposed migration".to_owned()), address.unwrap_or_else(local))
}
