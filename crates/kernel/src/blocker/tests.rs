use super::*;

#[derive(Clone, Copy)]
enum Code {
    TestFailed,
    WaiverEnds,
}

impl BlockerCode for Code {
    const GATE: &'static str = "results";

    fn all() -> &'static [Self] {
        &[Self::TestFailed, Self::WaiverEnds]
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TestFailed => "test-failed",
            Self::WaiverEnds => "waiver-ends",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::TestFailed => Level::Hold,
            Self::WaiverEnds => Level::Note,
        }
    }

    fn sentence(&self) -> &'static str {
        "Something was found."
    }

    fn who_kinds(&self) -> &'static [WhoKind] {
        &[WhoKind::Team, WhoKind::Nobody]
    }

    fn ends_with(&self) -> &'static str {
        "a better result"
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn failed(subject: &str) -> Blocker {
    let who = Who::new(WhoKind::Team, "nethack-ci", "mend it and run the test again").with_mail("ci@example.org");
    let look_again = LookAgain::on("resultsdb.result.new").or_on("waiverdb.waiver.new");
    Blocker::new(Code::TestFailed, subject.parse().unwrap(), "dist.rpmdeplint failed on x86_64.", who, look_again)
}

fn numbered(number: usize) -> Evidence {
    Evidence::new(EvidenceKind::Result, number.to_string(), "FAILED")
}

#[test]
fn json_has_every_field_in_the_form_that_clients_know() {
    let blocker = failed("build:nethack-9-1.fc44")
        .with_evidence(
            Evidence::new(EvidenceKind::Result, "111", "FAILED")
                .with_url("/results/records/111")
                .with_at(at("2026-11-21T08:04:12.847042Z")),
        )
        .with_since(at("2026-11-21T08:04:12.896617Z"))
        .with_action(
            Action::page("Waive", "/results/waivers/new?result_id=111").or_command("tidegate results waive 111"),
        )
        .with_detail("result_id", 111);
    let expected = r#"{"id":"246a4eb168a9495e","code":"results.test-failed","level":"hold","subject":"build:nethack-9-1.fc44","text":"dist.rpmdeplint failed on x86_64.","evidence":[{"kind":"result","id":"111","text":"FAILED","url":"/results/records/111","at":"2026-11-21T08:04:12.847042Z"}],"since":"2026-11-21T08:04:12.896617Z","who":[{"kind":"team","name":"nethack-ci","mail":"ci@example.org","can":"mend it and run the test again"}],"look_again":{"at":null,"on":["resultsdb.result.new","waiverdb.waiver.new"]},"actions":[{"title":"Waive","url":"/results/waivers/new?result_id=111","command":"tidegate results waive 111"}],"details":{"result_id":111}}"#;
    let json = serde_json::to_string(&blocker).unwrap();
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<Blocker>(&json).unwrap(), blocker);
}

#[test]
fn empty_fields_are_there_too() {
    let who = Who::nobody("the waiver ends by itself");
    let look_again = LookAgain::at(at("2026-12-01T00:00:00Z"));
    let note = Blocker::new(Code::WaiverEnds, Subject::source("hello", "2.10-5"), "The waiver ends.", who, look_again)
        .with_evidence(numbered(1));
    let expected = r#"{"id":"44b5c139ac85cfb9","code":"results.waiver-ends","level":"note","subject":"source:hello/2.10-5","text":"The waiver ends.","evidence":[{"kind":"result","id":"1","text":"FAILED","url":null,"at":null}],"since":null,"who":[{"kind":"nobody","name":"nobody","mail":null,"can":"the waiver ends by itself"}],"look_again":{"at":"2026-12-01T00:00:00.000000Z","on":[]},"actions":[],"details":{}}"#;
    assert_eq!(serde_json::to_string(&note).unwrap(), expected);
}

#[test]
fn the_id_follows_code_subject_and_discriminator_alone() {
    let plain = failed("build:nethack-9-1.fc44");
    let dressed = failed("build:nethack-9-1.fc44").with_evidence(numbered(1)).with_detail("arch", "x86_64");
    assert_eq!(plain.id(), dressed.id());

    let ids: std::collections::BTreeSet<_> = [
        plain.id(),
        failed("build:nethack-9-2.fc44").id(),
        plain.clone().with_discriminator("x86_64").id(),
        plain.clone().with_discriminator("aarch64").id(),
    ]
    .into();
    assert_eq!(ids.len(), 4);
    assert_eq!(plain.clone().with_discriminator("").id(), plain.id());
}

#[test]
fn an_id_is_16_hex_digits_and_comes_back() {
    for id in [BlockerId(0), BlockerId(0x00ab), BlockerId(u64::MAX)] {
        assert_eq!(id.to_string().len(), 16);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    for text in ["", "ab", "00000000000000AB", "+0000000000000ab", "00000000000000000"] {
        assert!(text.parse::<BlockerId>().is_err(), "{text:?}");
    }
}

#[test]
fn a_text_is_one_line_of_at_most_200_characters() {
    let text = |text: &str| Sentence::from(text).to_string();
    assert_eq!(text(&"ä".repeat(200)), "ä".repeat(200));
    assert_eq!(text(&"ä".repeat(201)), format!("{}…", "ä".repeat(199)));
    assert_eq!(text(&format!("{} bc", "a".repeat(198))).chars().count(), 199, "no blank before the ellipsis");
    assert_eq!(text(" two\nlines\tand\u{2028}more "), "two lines and more");
    assert_eq!(text(""), "");
}

#[test]
fn of_many_pieces_of_evidence_20_are_kept_and_all_are_counted() {
    let with = |count: usize| (0..count).fold(failed("item:x"), |blocker, n| blocker.with_evidence(numbered(n)));
    assert_eq!((with(20).evidence().len(), with(20).evidence_total()), (20, 20));
    assert_eq!((with(23).evidence().len(), with(23).evidence_total()), (20, 23));
    assert!(!serde_json::to_string(&with(20)).unwrap().contains("evidence_total"));
    assert!(serde_json::to_string(&with(23)).unwrap().contains(r#""evidence_total":23"#));
}

#[test]
fn holds_come_before_notes_then_code_then_subject() {
    let note = |subject: &str| {
        let look_again = LookAgain::on("results.waivers");
        Blocker::new(Code::WaiverEnds, subject.parse().unwrap(), "Soon.", Who::nobody("time"), look_again)
    };
    let mut list = [note("item:a"), failed("item:b"), failed("item:a"), failed("build:z")];
    list.sort_by(Blocker::listing_order);
    let order: Vec<_> = list.iter().map(|blocker| format!("{} {}", blocker.code(), blocker.subject())).collect();
    assert_eq!(
        order,
        [
            "results.test-failed build:z",
            "results.test-failed item:a",
            "results.test-failed item:b",
            "results.waiver-ends item:a",
        ]
    );
}

#[test]
fn what_breaks_a_rule_is_not_read() {
    let json = serde_json::to_value(failed("item:x")).unwrap();
    let refusal = |field: &str, value: Value| {
        let mut json = json.clone();
        json[field] = value;
        serde_json::from_value::<Blocker>(json).unwrap_err().to_string()
    };
    assert_eq!(refusal("who", serde_json::json!([])), "invalid length 0, expected at least one who can act");
    assert_eq!(
        refusal("look_again", serde_json::json!({"at": null, "on": []})),
        "look_again has neither a time in `at` nor a name in `on`"
    );
    let evidence = serde_json::to_value(vec![numbered(1); 21]).unwrap();
    assert_eq!(refusal("evidence", evidence), "invalid length 21, expected at most 20 pieces of evidence");
    assert!(refusal("id", "zz".into()).contains("is no blocker id"));
}
