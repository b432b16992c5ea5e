//! To whom reminders go: Launchpad knows who uploaded a version, a keyserver how mail reaches them.

use std::net::TcpListener;

use serde_json::{Map, Value, json};

use super::case::Case;
use super::reminders::{record, stuck};
use crate::doubles::launchpad::Launchpad;
use tidegate_testkit::MailServer;
use tidegate_testkit::{Answer, WebFault};

/// A case in which Launchpad need not be asked whence sources came: nothing was copied.
fn not_copied(case: Case) -> Case {
    let sources: Map<String, Value> = (1..=9).map(|number| (format!("a{number:02}"), json!({"2": ""}))).collect();
    case.file("unstable/SourcePPA", &Value::Object(sources).to_string())
}

/// A case whose uploaders Launchpad is asked for.
fn asks(case: Case, launchpad: &Launchpad) -> Case {
    not_copied(case)
        .unset("EMAIL_ADDRESSES")
        .set("LAUNCHPAD_URL", &launchpad.url())
        .set("KEYSERVER_URL", &launchpad.keyserver())
}

/// Ann, Ben and Cat, with an address each.
fn people(launchpad: &Launchpad) {
    for (name, uid) in [("ann", "Ann <ann@example.org>"), ("ben", "Ben <ben@example.org>"), ("cat", "cat@example.org")]
    {
        launchpad.person(name, &format!("uid:{uid}:1400000000::"));
    }
}

/// The recipients of each mail.
fn recipients(server: &MailServer) -> Vec<String> {
    server.taken().iter().map(|mail| format!("{}: {}", &mail.subject()[21..24], mail.to.join(" "))).collect()
}

fn recorded(case: &Case) -> Value {
    if case.path("unstable/EmailCache").exists() { record(case, "a01", "2") } else { Value::Null }
}

#[test]
fn who_signed_sponsored_or_copied_is_told_and_no_bot() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    people(&launchpad);
    let all = r#"{"package_signer_link": "@/~ann", "sponsor_link": "@/~ben", "creator_link": "@/~cat",
                  "package_creator_link": "@/~dan"}"#;
    let only_signed = r#"{"package_signer_link": "@/~ann", "package_creator_link": "@/~ben"}"#;
    let by_bot =
        r#"{"package_signer_link": "@/~bileto-bot", "creator_link": "@/~cat", "package_creator_link": "@/~ben"}"#;
    let sync = r#"{"package_signer_link": null, "sponsor_link": null, "creator_link": "@/~katie",
                   "package_creator_link": "@/~ben"}"#;
    let promoted =
        r#"{"creator_link": "@/~ubuntu-archive-robot"}, {"creator_link": "@/~ben"}, {"creator_link": "@/~cat"}"#;
    let same_twice =
        r#"{"package_signer_link": "@/~ann", "sponsor_link": "@/~ann", "creator_link": "@/~ci-train-bot"}"#;
    for (source, entries) in [
        ("a01", all),
        ("a02", only_signed),
        ("a03", by_bot),
        ("a04", sync),
        ("a05", promoted),
        ("a06", same_twice),
        ("a07", ""),
    ] {
        launchpad.published(source, "2", entries);
    }
    let case = asks(stuck(8, 1, &server.host()), &launchpad);
    let run = case.run();
    assert_eq!(
        recipients(&server),
        [
            "a01: ann@example.org ben@example.org cat@example.org",
            "a02: ann@example.org ben@example.org",
            "a03: cat@example.org ben@example.org",
            "a05: cat@example.org",
            "a06: ann@example.org",
        ]
    );
    for nobody in ["a04", "a07", "a08"] {
        run.said(&[nobody, "nobody is known to send it to"]);
        assert_eq!(record(&case, nobody, "2"), json!([[], 0]));
    }
    assert_eq!(record(&case, "a06", "2"), json!([["ann@example.org"], 1]));
    let asked = launchpad.asked();
    for person in ["/lp/~ann/gpg_keys", "/lp/~ben/gpg_keys", "/lp/~cat/gpg_keys"] {
        assert_eq!(asked.iter().filter(|question| *question == person).count(), 1, "{person} in {asked:?}");
    }
    assert_eq!(asked.iter().filter(|question| question.starts_with("/keys/")).count(), 3, "{asked:?}");
    assert!(
        !asked.iter().any(|question| ["~dan", "~katie", "bot"].iter().any(|it| question.contains(it))),
        "{asked:?}"
    );
    // Who has an address is not looked up again; who has none is.
    case.run();
    let asked = launchpad.asked();
    assert!(asked.iter().all(|question| ["a04", "a07", "a08"].iter().any(|it| question.contains(it))), "{asked:?}");
    assert_eq!((asked.len(), server.taken().len()), (3, 5));
}

#[test]
fn the_best_address_of_a_person_is_taken() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    launchpad.person(
        "ann",
        "uid:Ann <ann@example.org>:1::\nuid:Ann <old@ubuntu.com>:1::r\nuid:Ann <older@ubuntu.com>:1::e\n\
         uid:Ann <ann@canonical.com>:1::\nuid:Ann %3Cann@ubuntu.com%3E:1::",
    );
    launchpad.person("ben", "uid:Ben <ben@example.org>:1::\nuid:Ben <ben@canonical.com>:1::");
    launchpad.published("a01", "2", r#"{"package_signer_link": "@/~ann", "creator_link": "@/~ben"}"#);
    asks(stuck(1, 1, &server.host()), &launchpad).run();
    assert_eq!(recipients(&server), ["a01: ann@ubuntu.com ben@canonical.com"]);
}

/// 404 and 410 are answers: nobody is there.
#[test]
fn who_is_gone_has_no_address() {
    for (part, status) in [("getPublishedSources", 404), ("gpg_keys", 410), ("pks/lookup", 404), ("pks/lookup", 410)] {
        let (server, launchpad) = (MailServer::start(), Launchpad::start());
        people(&launchpad);
        launchpad.published("a01", "2", r#"{"creator_link": "@/~ann"}"#);
        launchpad.web.spoil(part, WebFault::Answer(Answer::status(status)), 1);
        let case = asks(stuck(1, 1, &server.host()), &launchpad);
        case.run().said(&["a01 2", "nobody is known"]);
        assert_eq!((server.connections(), recorded(&case)), (0, json!([[], 0])), "{part} {status}");
        case.run();
        assert_eq!(
            (recipients(&server).join(""), recorded(&case)),
            ("a01: ann@example.org".to_owned(), json!([["ann@example.org"], 1]))
        );
    }
}

#[test]
fn a_busy_server_is_asked_five_times_and_no_more_in_a_run() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    people(&launchpad);
    for source in ["a01", "a02"] {
        launchpad.published(source, "2", r#"{"creator_link": "@/~ann"}"#);
    }
    let case = asks(stuck(2, 1, &server.host()), &launchpad).env("TIDEGATE_HASTE", "100");
    // Four times busy, and the fifth answer counts.
    launchpad.web.spoil("a01", WebFault::Answer(Answer::status(503)), 2);
    launchpad.web.spoil("a01", WebFault::Answer(Answer::status(502)), 2);
    let dry = case.run_with(&["--dry-run"]).succeeded();
    dry.said(&["would send to ann@example.org"]);
    assert_eq!(launchpad.asked().iter().filter(|question| question.contains("a01")).count(), 5);
    // Five times: it is not known who uploaded either of them, and nothing is noted.
    launchpad.web.spoil("getPublishedSources", WebFault::Answer(Answer::status(503)), 5);
    let run = case.run();
    run.said(&["a01 2", "not known who uploaded it", "503", "5 tries", "asked again in the next run"]);
    run.said(&["a02 2", "not known who uploaded it", "failed before in this run"]);
    assert_eq!((launchpad.asked().len(), server.connections(), recorded(&case)), (5, 0, Value::Null));
    case.run();
    assert_eq!(recipients(&server), ["a01: ann@example.org", "a02: ann@example.org"]);
}

/// What is no answer and not worth another try: each question is asked once.
#[test]
fn a_server_that_talks_nonsense_is_not_believed() {
    let faults = [
        ("getPublishedSources", WebFault::Answer(Answer::status(500)), "500"),
        ("getPublishedSources", WebFault::Answer(Answer::ok("<html>")), "not understood"),
        ("getPublishedSources", WebFault::Answer(Answer::ok([0xFF, 0xFE])), "no UTF-8"),
        ("getPublishedSources", WebFault::Redirect("http://127.0.0.1:1/".to_owned()), "302"),
        ("gpg_keys", WebFault::Cut, "breaks off"),
        ("pks/lookup", WebFault::Endless, "more than"),
        ("pks/lookup", WebFault::Answer(Answer::status(403)), "403"),
    ];
    for (part, fault, why) in faults {
        let (server, launchpad) = (MailServer::start(), Launchpad::start());
        people(&launchpad);
        launchpad.published("a01", "2", r#"{"creator_link": "@/~ann"}"#);
        launchpad.web.spoil(part, fault, 1);
        let case = asks(stuck(1, 1, &server.host()), &launchpad);
        case.run().said(&["a01 2", "not known who uploaded it", why]);
        let asked = launchpad.asked();
        assert_eq!(asked.iter().filter(|question| question.contains(part)).count(), 1, "{asked:?}");
        assert_eq!((server.connections(), recorded(&case)), (0, Value::Null), "{part}");
        case.run();
        assert_eq!(recipients(&server), ["a01: ann@example.org"]);
    }
}

#[test]
fn a_server_that_hangs_or_is_away_costs_little() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    people(&launchpad);
    for number in 1..=9 {
        launchpad.published(&format!("a{number:02}"), "2", r#"{"creator_link": "@/~ann"}"#);
    }
    launchpad.web.spoil("gpg_keys", WebFault::Hang, 5);
    let case = asks(stuck(9, 1, &server.host()), &launchpad).env("TIDEGATE_HASTE", "100");
    let run = case.run();
    run.said(&["a01 2", "no answer within 30 seconds", "5 tries"]);
    assert_eq!(run.stdout.matches("it is not known who uploaded it").count(), 9, "{}", run.stdout);
    assert_eq!(launchpad.asked().len(), 1 + 5, "nobody else is waited for");
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").port();
    let away = case.set("LAUNCHPAD_URL", &format!("http://127.0.0.1:{port}"));
    let run = away.run();
    run.said(&["a01 2", "not known who uploaded it", "no connection"]).said(&["a09 2", "failed before in this run"]);
    assert_eq!((server.connections(), recorded(&away)), (0, Value::Null));
    let case = away.set("LAUNCHPAD_URL", &launchpad.url());
    case.run();
    assert_eq!(server.taken().len(), 9);
}

/// A link that leads elsewhere could have the gate ask what it should not.
#[test]
fn links_elsewhere_are_not_followed() {
    let (server, launchpad, elsewhere) = (MailServer::start(), Launchpad::start(), Launchpad::start());
    elsewhere.person("ann", "uid:Ann <ann@example.org>:1::");
    launchpad.published("a01", "2", &format!(r#"{{"creator_link": "{}/~ann"}}"#, elsewhere.url()));
    let case = asks(stuck(1, 1, &server.host()), &launchpad);
    case.run().said(&["a01 2", "nobody is known"]);
    assert_eq!((elsewhere.asked().len(), server.connections()), (0, 0));
}

/// What the administrator keeps comes first; the rest is asked for if `LAUNCHPAD_URL` is set too.
#[test]
fn a_file_of_addresses_comes_first() {
    let (server, launchpad) = (MailServer::start(), Launchpad::start());
    people(&launchpad);
    for source in ["a01", "a02"] {
        launchpad.published(source, "2", r#"{"creator_link": "@/~ann"}"#);
    }
    let addresses = r#"{"a01": {"2": ["kept@example.org"]}, "a02": {"1": ["old@example.org"], "2": []}}"#;
    let case = not_copied(stuck(2, 1, &server.host())).file("addresses.json", addresses);
    let case = case.set("KEYSERVER_URL", &launchpad.keyserver());
    case.run().said(&["a02 2", "nobody is known"]);
    assert_eq!(recipients(&server), ["a01: kept@example.org"]);
    case.set("LAUNCHPAD_URL", &launchpad.url()).run();
    assert_eq!(recipients(&server), ["a01: kept@example.org", "a02: ann@example.org"]);
    assert!(!launchpad.asked().iter().any(|question| question.contains("a01")));
}
