//! To whom letters go: a file that the administrator keeps, else Launchpad.

use std::collections::BTreeMap;
use std::path::Path;

use super::launchpad::Launchpad;
use super::web::Services;
use crate::compat::britney::config::Email;
use crate::files;
use crate::rules::Rules;

/// Addresses by source and version, as in `EMAIL_ADDRESSES`.
type Known = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Finds addresses; each question is asked once a run.
pub(super) struct Addresses {
    file: Result<Known, String>,
    launchpad: Option<Launchpad>,
    /// Made when it is first needed.
    web: Option<Services>,
    bug_address: String,
}

impl Addresses {
    pub(super) fn new(email: &Email, rules: &Rules) -> Self {
        let launchpad = Launchpad::configured(email, rules);
        let file = email.addresses.as_deref().map_or_else(|| Ok(Known::new()), read);
        Self { file, launchpad, web: None, bug_address: email.bug_address.clone() }
    }

    /// Who is reminded of a version; empty if there is nobody.
    ///
    /// # Errors
    /// One sentence: it is not known who that is.
    pub(super) fn uploaders(&mut self, source: &str, version: &str) -> Result<Vec<String>, String> {
        let known = self.file.as_ref().map_err(Clone::clone)?;
        let known = known.get(source).and_then(|versions| versions.get(version));
        match known.filter(|addresses| !addresses.is_empty()) {
            Some(addresses) => Ok(addresses.clone()),
            None => self.ask(|launchpad, web| launchpad.uploaders(web, source, version)),
        }
    }

    /// The addresses of the bugs that a stable update is for.
    ///
    /// # Errors
    /// One sentence: it is not known which bugs.
    pub(super) fn bugs(&mut self, source: &str, version: &str) -> Result<Vec<String>, String> {
        let bugs = self.ask(|launchpad, web| launchpad.bugs(web, source, version))?;
        Ok(bugs.into_iter().map(|bug| self.bug_address.replace("{bug}", &bug.to_string())).collect())
    }

    fn ask<T>(
        &mut self,
        question: impl FnOnce(&mut Launchpad, &mut Services) -> Result<Vec<T>, String>,
    ) -> Result<Vec<T>, String> {
        let Some(launchpad) = &mut self.launchpad else { return Ok(Vec::new()) };
        if self.web.is_none() {
            self.web = Some(Services::new()?);
        }
        match &mut self.web {
            Some(web) => question(launchpad, web),
            None => Ok(Vec::new()),
        }
    }
}

fn read(path: &Path) -> Result<Known, String> {
    let text = files::text(path).map_err(|error| error.to_string())?;
    let expected = "expected {source: {version: [address…]}}";
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}; {expected}", path.display()))
}
