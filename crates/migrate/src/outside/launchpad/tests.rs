use proptest::prelude::*;

use super::*;

/// Pages by URL; every question is remembered.
#[derive(Default)]
struct Pages {
    pages: BTreeMap<String, Result<String, String>>,
    asked: Vec<String>,
}

impl Web for Pages {
    fn get(&mut self, url: &str) -> Result<Option<String>, String> {
        self.asked.push(url.to_owned());
        self.pages.get(url).cloned().transpose()
    }
}

const PUBLISHED: &str = "http://lp/ubuntu/+archive/primary?ws.op=getPublishedSources&distro_series=%2Fubuntu%2Fnoble\
                         &exact_match=true&order_by_date=true&pocket=Proposed&source_name=foo&version=1%3A2%2B3";

fn launchpad() -> Launchpad {
    Launchpad {
        url: "http://lp".to_owned(),
        keyserver: "http://keys".to_owned(),
        distribution: "ubuntu".to_owned(),
        series: "noble".to_owned(),
        people: BTreeMap::new(),
    }
}

impl Pages {
    fn page(mut self, url: &str, text: &str) -> Self {
        self.pages.insert(url.to_owned(), Ok(text.to_owned()));
        self
    }

    /// The publications of foo 1:2+3, newest first.
    fn published(self, entries: &str) -> Self {
        let entries = entries.replace('~', "http://lp/~");
        self.page(PUBLISHED, &format!("{{\"total_size\": 1, \"entries\": [{entries}]}}"))
    }

    /// A person with one key, whose index has these uid lines.
    fn person(self, name: &str, fingerprint: &str, uids: &str) -> Self {
        let keys = format!("{{\"entries\": [{{\"fingerprint\": \"{fingerprint}\"}}]}}");
        let search = format!("http://keys/pks/lookup?op=index&options=mr&exact=on&search=0x{fingerprint}");
        self.page(&format!("http://lp/~{name}/gpg_keys"), &keys)
            .page(&search, &format!("info:1:1\npub:{fingerprint}:1:4096:1400000000::\n{uids}"))
    }

    fn uploaders(mut self) -> Result<String, String> {
        launchpad().uploaders(&mut self, "foo", "1:2+3").map(|addresses| addresses.join(" "))
    }
}

const ANN: &str = "uid:Ann <ann@x.org>:1:::\n";
const BEN: &str = "uid:Ben <ben@x.org>:1:::\n";

fn people() -> Pages {
    Pages::default().person("ann", "AA", ANN).person("ben", "BB", BEN)
}

#[test]
fn signer_sponsor_and_creator_are_told() {
    let of = |entry: &str| people().published(entry).uploaders().unwrap();
    assert_eq!(of(r#"{"package_signer_link": "~ann", "package_creator_link": "~ben"}"#), "ann@x.org ben@x.org");
    assert_eq!(
        of(r#"{"package_signer_link": "~ann", "creator_link": "~ann", "package_creator_link": "~ben"}"#),
        "ann@x.org"
    );
    assert_eq!(of(r#"{"sponsor_link": "~ann", "creator_link": "~ben"}"#), "ann@x.org ben@x.org");
    let by_bot = r#"{"package_signer_link": "~ci-train-bot", "creator_link": "~ann", "package_creator_link": "~ben"}"#;
    assert_eq!(of(by_bot), "ann@x.org ben@x.org");
    let sync =
        r#"{"package_signer_link": null, "creator_link": "~ubuntu-archive-robot", "package_creator_link": "~ben"}"#;
    assert_eq!(of(sync), "", "an automatic sync has nobody");
}

#[test]
fn the_oldest_publication_counts() {
    let entries = r#"{"creator_link": "~katie"}, {"creator_link": "~ann"}"#;
    assert_eq!(people().published(entries).uploaders().unwrap(), "ann@x.org");
    assert_eq!(people().published("").uploaders().unwrap(), "");
    assert_eq!(people().uploaders().unwrap(), "", "404");
}

#[test]
fn the_distributions_own_address_comes_first() {
    let of = |uids: &str| {
        let pages = Pages::default().person("ann", "AA", uids).published(r#"{"creator_link": "~ann"}"#);
        pages.uploaders().unwrap()
    };
    let all = "uid:A <a@x>:1:::\nuid:A <a@canonical.com>:1:::\nuid:A <a@ubuntu.com>:1:::\n";
    assert_eq!(of(all), "a@ubuntu.com");
    assert_eq!(of(&all.replace("a@ubuntu.com>:1::", "a@ubuntu.com>:1::r")), "a@canonical.com");
    assert_eq!(of("uid:A <a@x>:1::e\nuid:A %3Cb%40x%3E:1:::\n"), "b@x");
    assert_eq!(of("uid:a@x:1:::\n"), "a@x");
    assert_eq!(of("uid:no address:1:::\npub:x\nuid\n\n"), "");
}

#[test]
fn a_person_is_looked_up_once_a_run() {
    let mut pages = people().published(r#"{"creator_link": "~ann"}"#);
    let mut launchpad = launchpad();
    for _ in 0..3 {
        launchpad.uploaders(&mut pages, "foo", "1:2+3").unwrap();
    }
    assert_eq!(pages.asked.iter().filter(|url| url.contains("~ann")).count(), 1);
    assert_eq!(pages.asked.iter().filter(|url| url.contains("pks")).count(), 1);
}

#[test]
fn a_failure_is_no_empty_answer() {
    let mut pages = people().published(r#"{"creator_link": "~ann"}"#);
    pages.pages.insert("http://lp/~ann/gpg_keys".to_owned(), Err("503".to_owned()));
    assert_eq!(pages.uploaders(), Err("503".to_owned()));
    let nonsense = Pages::default().page(PUBLISHED, "<html>").uploaders().unwrap_err();
    assert!(nonsense.contains("not understood"), "{nonsense}");
}

#[test]
fn links_elsewhere_are_not_followed() {
    for link in ["http://elsewhere/~ann", "http://lpx/~ann", "file:///etc/passwd", "http://lp/~ann?x#y"] {
        let mut pages =
            Pages::default().page(PUBLISHED, &format!("{{\"entries\": [{{\"creator_link\": \"{link}\"}}]}}"));
        assert_eq!(launchpad().uploaders(&mut pages, "foo", "1:2+3"), Ok(Vec::new()), "{link}");
        assert_eq!(pages.asked.len(), 1, "{:?}", pages.asked);
    }
}

#[test]
fn an_updates_bugs_stand_in_its_changes() {
    let entry = r#"{"entries": [{"self_link": "http://lp/ubuntu/+archive/primary/+sourcepub/7"}]}"#;
    let changes = "Format: 1.8\nSource: foo\nLaunchpad-Bugs-Fixed: 12 345\nFiles:\n x\n";
    let mut pages = Pages::default()
        .page(PUBLISHED, entry)
        .page("http://lp/ubuntu/+archive/primary/+sourcepub/7?ws.op=changesFileUrl", "\"http://lp/foo.changes\"")
        .page("http://lp/foo.changes", changes);
    assert_eq!(launchpad().bugs(&mut pages, "foo", "1:2+3"), Ok(vec![12, 345]));
    let mut pages = pages.page("http://lp/ubuntu/+archive/primary/+sourcepub/7?ws.op=changesFileUrl", "null");
    assert_eq!(launchpad().bugs(&mut pages, "foo", "1:2+3"), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(text in any::<String>()) {
        let _ = uids(&text).count();
        let _ = bugs_fixed(&text);
        let mut pages = Pages::default().page(PUBLISHED, &text);
        let _ = launchpad().uploaders(&mut pages, "foo", "1:2+3");
    }

    #[test]
    fn what_is_escaped_comes_back(text in any::<String>()) {
        prop_assert_eq!(unescape(&escape(&text)), text);
    }
}
