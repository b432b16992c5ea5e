//! Launchpad and a keyserver, as far as the gate asks them: publications, people's keys, the names of keys, changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tidegate_testkit::{Answer, Web};

/// Where links begin in what a test writes: `@/~ann`.
const OWN: &str = "@/";

/// Both services, on one server. A page that nobody put there is 404.
pub(crate) struct Launchpad {
    pub(crate) web: Web,
    pages: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Launchpad {
    pub(crate) fn start() -> Self {
        let pages: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        let own = Arc::new(OnceLock::new());
        let (all, base): (_, Arc<OnceLock<String>>) = (Arc::clone(&pages), Arc::clone(&own));
        let web = Web::start(move |request| {
            let Some(page) = page(&request.path, &request.query) else { return Answer::status(400) };
            let pages = all.lock().unwrap_or_else(PoisonError::into_inner);
            let base = base.get().expect("nobody asks before it has a name");
            pages.get(&page).map_or(Answer::status(404), |text| Answer::ok(text.replace(OWN, &format!("{base}/"))))
        });
        own.set(web.url("lp")).expect("it is set once");
        Self { web, pages }
    }

    /// `LAUNCHPAD_URL`.
    pub(crate) fn url(&self) -> String {
        self.web.url("lp")
    }

    /// `KEYSERVER_URL`.
    pub(crate) fn keyserver(&self) -> String {
        self.web.url("keys")
    }

    fn page(&self, name: &str, text: &str) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), text.to_owned());
    }

    /// The publications of a version, newest first: JSON objects with commas between them.
    pub(crate) fn published(&self, source: &str, version: &str, entries: &str) -> &Self {
        self.page(&format!("published {source} {version}"), &format!("{{\"entries\": [{entries}]}}"));
        self
    }

    /// A person with one key, of these uid lines.
    pub(crate) fn person(&self, name: &str, uids: &str) -> &Self {
        let fingerprint = name.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
        self.page(&format!("/lp/~{name}/gpg_keys"), &format!(r#"{{"entries": [{{"fingerprint": "{fingerprint}"}}]}}"#));
        self.page(
            &format!("key 0x{fingerprint}"),
            &format!("info:1:1\npub:{fingerprint}:1:4096:1400000000::\n{uids}\n"),
        );
        self
    }

    /// A version with a changes file that mends these bugs.
    pub(crate) fn mends(&self, source: &str, version: &str, bugs: &str) -> &Self {
        let publication = format!("+sourcepub/{source}-{version}");
        self.published(source, version, &format!(r#"{{"self_link": "@/{publication}"}}"#));
        self.page(&format!("/lp/{publication} changes"), &format!("\"@/{source}_{version}.changes\""));
        let text = format!("Format: 1.8\nSource: {source}\nLaunchpad-Bugs-Fixed: {bugs}\n");
        self.page(&format!("/lp/{source}_{version}.changes"), &text);
        self
    }

    /// What was asked since the last time that this was called.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.web.asked()
    }
}

/// The name of the page that is asked for; none if a question is not as the services know it.
fn page(path: &str, query: &BTreeMap<String, String>) -> Option<String> {
    let get = |key: &str| query.get(key).map(String::as_str);
    let is = |expected: &[(&str, &str)]| expected.iter().all(|(key, value)| get(key) == Some(value));
    match path {
        "/lp/ubuntu/+archive/primary" => {
            let expected = [
                ("ws.op", "getPublishedSources"),
                ("distro_series", "/ubuntu/testing"),
                ("exact_match", "true"),
                ("order_by_date", "true"),
                ("pocket", "Proposed"),
            ];
            is(&expected).then(|| Some(format!("published {} {}", get("source_name")?, get("version")?)))?
        }
        "/keys/pks/lookup" => {
            let expected = [("op", "index"), ("options", "mr"), ("exact", "on")];
            is(&expected).then(|| Some(format!("key {}", get("search")?)))?
        }
        _ if get("ws.op") == Some("changesFileUrl") => Some(format!("{path} changes")),
        _ => Some(path.to_owned()),
    }
}
