//! Who uploaded a version and whence it was copied, by Launchpad, and where mail reaches people, by a keyserver.
//!
//! Links in an answer are followed only below Launchpad's own URL. Each person is looked up once a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::web::Web;
use crate::compat::britney::config::Email;
use crate::rules::Rules;

/// People that no reminder helps.
const BOTS: [&str; 4] = ["ci-train-bot", "bileto-bot", "ubuntu-archive-robot", "katie"];

/// No person has more keys than are looked at.
const MOST_KEYS: usize = 20;

/// Which archive is asked about.
#[derive(Debug, Clone)]
pub(super) struct Launchpad {
    pub(super) url: String,
    pub(super) keyserver: String,
    pub(super) distribution: String,
    pub(super) series: String,
    /// The address of each person that was looked up.
    pub(super) people: BTreeMap<String, Option<String>>,
}

/// A list of Launchpad's.
#[derive(Debug, Deserialize)]
struct Collection<T> {
    entries: Vec<T>,
}

/// One publication of a source.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Publication {
    #[serde(rename = "self_link")]
    itself: Option<String>,
    #[serde(rename = "package_signer_link")]
    signer: Option<String>,
    #[serde(rename = "sponsor_link")]
    sponsor: Option<String>,
    #[serde(rename = "creator_link")]
    creator: Option<String>,
    #[serde(rename = "package_creator_link")]
    package_creator: Option<String>,
    #[serde(rename = "copy_source_archive_link")]
    copied_from: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Key {
    fingerprint: String,
}

impl Launchpad {
    /// As configured; none if nobody is to be asked.
    pub(super) fn configured(email: &Email, rules: &Rules) -> Option<Self> {
        let url = email.launchpad.clone()?;
        let (distribution, series) = (rules.distribution_name().to_owned(), rules.series.clone());
        Some(Self { url, keyserver: email.keyserver.clone(), distribution, series, people: BTreeMap::new() })
    }

    /// The archive from which a version was copied; empty if it was copied from none.
    pub(super) fn copied_from(&self, web: &mut dyn Web, source: &str, version: &str) -> Result<String, String> {
        let publication = self.publication(web, source, version)?;
        Ok(publication.and_then(|publication| publication.copied_from).unwrap_or_default())
    }

    /// The addresses of those who uploaded, sponsored or copied a version.
    pub(super) fn uploaders(&mut self, web: &mut dyn Web, source: &str, version: &str) -> Result<Vec<String>, String> {
        let Some(publication) = self.publication(web, source, version)? else { return Ok(Vec::new()) };
        let mut addresses = Vec::new();
        for person in self.people(&publication) {
            let address = if let Some(known) = self.people.get(&person) {
                known.clone()
            } else {
                let found = self.address(web, &person)?;
                self.people.insert(person, found.clone());
                found
            };
            addresses.extend(address.filter(|address| !addresses.contains(address)));
        }
        Ok(addresses)
    }

    /// The bugs that an update says it mends: `Launchpad-Bugs-Fixed` of its `.changes` file.
    pub(super) fn bugs(&mut self, web: &mut dyn Web, source: &str, version: &str) -> Result<Vec<u64>, String> {
        let link = self.publication(web, source, version)?.and_then(|publication| publication.itself);
        let Some(link) = link.filter(|link| self.is_ours(link)) else { return Ok(Vec::new()) };
        let changes: Option<Option<String>> = ask(web, &format!("{link}?ws.op=changesFileUrl"))?;
        let Some(changes) = changes.flatten() else { return Ok(Vec::new()) };
        if !changes.starts_with("https://") && !self.is_ours(&changes) {
            return Err(format!("the changes of {source} {version} are nowhere that is asked: {changes:?}"));
        }
        Ok(web.get(&changes)?.map_or_else(Vec::new, |text| bugs_fixed(&text)))
    }

    /// The oldest publication of a version: a promotion makes newer ones.
    fn publication(&self, web: &mut dyn Web, source: &str, version: &str) -> Result<Option<Publication>, String> {
        let Self { url, distribution, series, .. } = self;
        let query = format!(
            "{url}/{}/+archive/primary?ws.op=getPublishedSources&distro_series={}&exact_match=true&order_by_date=true\
             &pocket=Proposed&source_name={}&version={}",
            escape(distribution),
            escape(&format!("/{distribution}/{series}")),
            escape(source),
            escape(version),
        );
        let found: Option<Collection<Publication>> = ask(web, &query)?;
        Ok(found.and_then(|found| found.entries.into_iter().next_back()))
    }

    /// Whom a publication names, in their order, each once.
    fn people(&self, publication: &Publication) -> Vec<String> {
        let Publication { signer, sponsor, creator, package_creator, .. } = publication;
        let signed_by_bot = signer.as_deref().is_some_and(is_bot);
        let nobody_copied = creator.is_none() && sponsor.is_none();
        let also = package_creator.as_ref().filter(|_| signed_by_bot || nobody_copied);
        let links = [signer.as_ref(), sponsor.as_ref(), creator.as_ref(), also];
        let mut seen = BTreeSet::new();
        let people = links.into_iter().flatten().filter(|link| !is_bot(link) && self.is_ours(link));
        people.filter(|&link| seen.insert(link)).cloned().collect()
    }

    fn is_ours(&self, link: &str) -> bool {
        let below = link.strip_prefix(self.url.as_str()).and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|rest| !rest.contains(char::is_whitespace) && !rest.contains(['?', '#']))
    }

    fn address(&self, web: &mut dyn Web, person: &str) -> Result<Option<String>, String> {
        let keys: Option<Collection<Key>> = ask(web, &format!("{person}/gpg_keys"))?;
        let mut addresses = Vec::new();
        for key in keys.into_iter().flat_map(|keys| keys.entries).take(MOST_KEYS) {
            if key.fingerprint.is_empty() || !key.fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            let search = format!("0x{}", key.fingerprint);
            let url = format!("{}/pks/lookup?op=index&options=mr&exact=on&search={search}", self.keyserver);
            addresses.extend(web.get(&url)?.iter().flat_map(|index| uids(index)).collect::<Vec<_>>());
        }
        let at = |domain: &str| addresses.iter().find(|address| address.ends_with(domain));
        Ok(at("@ubuntu.com").or_else(|| at("@canonical.com")).or(addresses.first()).cloned())
    }
}

fn ask<T: DeserializeOwned>(web: &mut dyn Web, url: &str) -> Result<Option<T>, String> {
    let Some(text) = web.get(url)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| format!("{url} answers what is not understood: {error}"))
}

fn is_bot(link: &str) -> bool {
    link.rsplit_once("/~").is_some_and(|(_, name)| BOTS.contains(&name))
}

/// The addresses of a key's uids that are neither expired nor revoked, as a machine-readable index has them.
fn uids(index: &str) -> impl Iterator<Item = String> {
    index.lines().filter_map(|line| {
        let fields: Vec<&str> = line.trim_end().split(':').collect();
        let &["uid", uid, ..] = fields.as_slice() else { return None };
        if fields.get(4).is_some_and(|flags| flags.contains(['e', 'r'])) {
            return None;
        }
        let uid = unescape(uid);
        let address = match uid.rsplit_once('<') {
            Some((_, rest)) => rest.split_once('>')?.0,
            None => uid.as_str(),
        };
        (address.contains('@') && !address.contains(char::is_whitespace)).then(|| address.to_owned())
    })
}

fn bugs_fixed(changes: &str) -> Vec<u64> {
    let line = changes.lines().find_map(|line| line.strip_prefix("Launchpad-Bugs-Fixed:"));
    line.into_iter().flat_map(str::split_whitespace).filter_map(|number| number.parse().ok()).collect()
}

/// Percent-encodes all but what needs it nowhere.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = (byte == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
