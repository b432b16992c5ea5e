//! Uploaders are reminded of what is stuck: when, of what, and what is remembered of it.

use serde_json::{Value, json};

use super::case::Case;
use tidegate_testkit::MailServer;

/// 2026-11-21, noon, in seconds since 1970; an upload that was seen some days ago is that many whole days old.
const NOON: i64 = 1_795_262_400;

/// Versions that are missing a build: `a1` to `aN` in version 2, seen that many days ago.
pub(super) fn stuck(count: usize, days_ago: i64, host: &str) -> Case {
    let names: Vec<String> = (1..=count).map(|number| format!("a{number:02}")).collect();
    let each = |line: &dyn Fn(&String) -> String| names.iter().map(line).collect::<Vec<_>>().join("\n");
    let addresses = names.iter().map(|name| (name.clone(), json!({"2": [format!("{name}@example.org")]})));
    let versions: Vec<String> = names.iter().map(|name| format!("{name} 2")).collect();
    let seen: Vec<(&str, i64)> = versions.iter().map(|version| (version.as_str(), days_ago)).collect();
    Case::new()
        .testing(&each(&|name| format!("{name} 1")))
        .unstable(&each(&|name| format!("source {name} 2\n+ {name} 1; from=1")))
        .seen(&seen)
        .set("EMAIL_ENABLE", "yes")
        .set("EMAIL_HOST", host)
        .set("EMAIL_FROM", "Gate <gate@example.org>")
        .set("EMAIL_ADDRESSES", "addresses.json")
        .file("addresses.json", &Value::Object(addresses.collect()).to_string())
}

/// What `EmailCache` says of one version.
pub(super) fn record(case: &Case, source: &str, version: &str) -> Value {
    cache(case)[source][version].clone()
}

fn cache(case: &Case) -> Value {
    serde_json::from_str(&case.text("unstable/EmailCache")).expect("it is JSON")
}

/// The case some hours after noon.
fn after(case: Case, hours: i64) -> Case {
    case.now(&(NOON + hours * 3_600).to_string())
}

/// Scenario 47, and the form of a mail.
#[test]
fn a_reminder_names_the_package_its_age_and_what_holds_it() {
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host());
    let run = case.run();
    run.said(&["sent to a01@example.org", "a01 2 stuck in testing-proposed for 1 day."]);
    let [mail] = server.taken().try_into().expect("one mail");
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("gate@example.org", &["a01@example.org".to_owned()][..]));
    assert_eq!(mail.subject(), "[proposed-migration] a01 2 stuck in testing-proposed for 1 day.");
    assert_eq!(mail.header("X-Proposed-Migration"), "notice");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("From"), "Gate <gate@example.org>");
    assert_eq!(mail.header("To"), "a01@example.org");
    assert_eq!(mail.header("Date"), "Sat, 21 Nov 2026 12:00:00 +0000");
    assert!(mail.header("Message-ID").starts_with("<reminder."));
    assert!(mail.body().contains("Not built on amd64"), "{}", mail.body());
    assert!(mail.body().contains("testing/update_excuses.html#a01"), "{}", mail.body());
    assert_eq!(record(&case, "a01", "2"), json!([["a01@example.org"], 1]));
    let info = json!({"verdict": "PASS", "due": 1, "last-sent": 0, "stuck": true});
    assert_eq!(run.policy("a01", "email"), info);
    assert!(!case.path("unstable/EmailCache.new").exists());
}

/// Scenario 47: what holds a valid item are trials, and those have five days.
#[test]
fn a_valid_item_has_five_days() {
    let of = |days_ago: i64| {
        let server = MailServer::start();
        let case = Case::new()
            .testing("foo 1\nbar 1; Depends: foo (<< 2)")
            .unstable("foo 2\nbar 1; Depends: foo (<< 2)")
            .seen(&[("foo 2", days_ago)])
            .set("IMPLICIT_DEPS", "no")
            .set("EMAIL_ENABLE", "yes")
            .set("EMAIL_HOST", &server.host())
            .file("unstable/EmailCache", r#"{"foo": {"2": [["foo@example.org"], 0]}}"#);
        let run = case.run();
        assert_eq!((run.verdict("foo").as_str(), run.moved().as_str()), ("PASS", ""));
        server.taken()
    };
    assert_eq!(of(4).len(), 0);
    let mails = of(5);
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject().ends_with("for 5 days."), "{}", mails[0].subject());
    assert!(mails[0].body().contains("bar"), "{}", mails[0].body());
}

/// The recorded run `email_sent`: what only a policy rejects counts as valid, so at age 6 the reminder of age 5 is due. Here
/// the policy rc-bugs rejects.
#[test]
fn what_only_a_policy_rejects_counts_as_valid() {
    let server = MailServer::start();
    let case = Case::new()
        .testing("foo 1")
        .unstable("foo 2")
        .seen(&[("foo 2", 6)])
        .file("state/rc-bugs-unstable", "src:foo 123\n")
        .set("EMAIL_ENABLE", "yes")
        .set("EMAIL_HOST", &server.host())
        .file("unstable/EmailCache", r#"{"foo": {"2": [["foo@example.org"], 0]}}"#);
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY buggy");
    assert_eq!(server.subjects(), ["foo 2 stuck in testing-proposed for 6 days."]);
    assert_eq!(record(&case, "foo", "2"), json!([["foo@example.org"], 5]));
}

/// The recorded run `email_not_sent_blocked`.
#[test]
fn who_is_blocked_is_not_reminded() {
    let server = MailServer::start();
    let case = stuck(1, 6, &server.host()).hints("block a01\n");
    case.file("unstable/EmailCache", r#"{"a01": {"2": [["foo@bar.com"], 0]}}"#).run();
    assert_eq!(server.connections(), 0);
}

/// Scenario 20.
#[test]
fn an_old_package_is_reminded_once() {
    let server = MailServer::start();
    let case = stuck(1, 100, &server.host());
    case.run();
    assert_eq!(record(&case, "a01", "2"), json!([["a01@example.org"], 91]));
    after(case, 1).run();
    assert_eq!(server.subjects(), ["a01 2 stuck in testing-proposed for 100 days."]);
}

/// Scenario 18, for an item that is not valid and for one that is: 5,000 hours, of which a run judges those around each
/// due age and some in between. That every hour gives the same is shown where the policy decides.
#[test]
fn five_thousand_hours_bring_each_reminder_once() {
    let server = MailServer::start();
    let mut case = stuck(1, 0, &server.host())
        .testing("a01 1\nfoo 1\nbar 1; Depends: foo (<< 2)")
        .unstable("source a01 2\n+ a01 1; from=1\nfoo 2\nbar 1; Depends: foo (<< 2)")
        .set("IMPLICIT_DEPS", "no")
        .file("state/age-policy-dates", &format!("a01 2 {NOON}\nfoo 2 {NOON}\n"))
        .file("addresses.json", r#"{"a01": {"2": ["a01@example.org"]}, "foo": {"2": ["foo@example.org"]}}"#);
    let invalid = [1, 3, 7, 15, 31, 61, 91, 121, 151, 181];
    let valid = [5, 7, 11, 19, 35, 65, 95, 125, 155, 185];
    let around = invalid.iter().chain(&valid).flat_map(|due| [due * 24 - 1, due * 24, due * 24 + 1]);
    let between = (0..5_000).step_by(331);
    let hours: std::collections::BTreeSet<i64> = around.chain(between).collect();
    for hour in hours {
        case = after(case, hour);
        case.run();
    }
    let told = |name: &str| -> Vec<String> {
        let all = server.subjects().into_iter();
        all.filter_map(|subject| {
            subject.strip_prefix(name).map(|rest| rest.replace("stuck in testing-proposed for ", ""))
        })
        .collect()
    };
    let days = |ages: &[i64]| -> Vec<String> {
        ages.iter().map(|age| if *age == 1 { "1 day.".to_owned() } else { format!("{age} days.") }).collect()
    };
    assert_eq!(told("a01 2 "), days(&invalid));
    assert_eq!(told("foo 2 "), days(&valid));
    assert_eq!(
        cache(&case),
        json!({"a01": {"2": [["a01@example.org"], 181]}, "foo": {"2": [["foo@example.org"], 185]}})
    );
}

/// Scenario 23.
#[test]
fn who_waits_for_tests_is_not_reminded_until_they_fail() {
    let server = MailServer::start();
    let story = |version| format!("foo {version}; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo");
    let result = |outcome: &str, version: &str| json!({"amd64": [outcome, version, "20261121_000000@", NOON - 3_600]});
    let before = json!({"bar/1": {"bar": result("PASS", "1")}});
    let case = Case::new()
        .testing(&story(1))
        .unstable(&story(2))
        .seen(&[("foo 2", 10)])
        .set("ADT_ENABLE", "yes")
        .set("ADT_ARCHES", "amd64")
        .set("ADT_AMQP", "file://requests")
        .file("state/autopkgtest-results.cache", &before.to_string())
        .set("EMAIL_ENABLE", "yes")
        .set("EMAIL_HOST", &server.host())
        .file("unstable/EmailCache", r#"{"foo": {"2": [["foo@example.org"], 5]}}"#);
    for _ in 0..2 {
        let run = case.run();
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
        assert_eq!((server.connections(), record(&case, "foo", "2")), (0, json!([["foo@example.org"], 5])));
    }
    let ended = json!({
        "bar/1": {"bar": result("PASS", "1")},
        "foo/2": {"foo": result("PASS", "2"), "bar": result("FAIL", "1")},
    });
    let case =
        case.file("state/autopkgtest-results.cache", &ended.to_string()).file("state/autopkgtest-pending.json", "{}");
    for _ in 0..2 {
        assert_eq!(case.run().verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
        assert_eq!(server.subjects(), ["foo 2 stuck in testing-proposed for 10 days."]);
        assert_eq!(record(&case, "foo", "2"), json!([["foo@example.org"], 7]));
    }
    assert!(
        server.taken()[0].body().contains("autopkgtest for bar/1: amd64: regression"),
        "{}",
        server.taken()[0].body()
    );
}

/// Scenario 19.
#[test]
fn after_a_pause_there_is_one_mail_and_then_the_usual_ones() {
    let server = MailServer::start();
    let mut case =
        stuck(1, 33, &server.host()).file("unstable/EmailCache", r#"{"a01": {"2": [["x@example.org"], 3]}}"#);
    for hours in [0, 1, 2, 24, 27 * 24, 27 * 24 + 7, 28 * 24, 28 * 24 + 1] {
        case = after(case, hours);
        case.run();
    }
    let days = ["33", "61"].map(|days| format!("a01 2 stuck in testing-proposed for {days} days."));
    assert_eq!(server.subjects()[0], days[0]);
    assert_eq!(server.subjects().len(), 2);
    assert_eq!(record(&case, "a01", "2"), json!([["x@example.org"], 61]));
}

/// Scenarios 21 and 46.
#[test]
fn a_dry_run_says_what_it_would_send_and_changes_nothing() {
    let (cache, new) = (r#"{"a01": {"2": [["x@example.org"], 0.5]}}"#, r#"{"a02": {"2": [["y@example.org"], 1]}}"#);
    for (key, arguments) in [("dry-run", &[][..]), ("yes", &["--dry-run"][..])] {
        let server = MailServer::start();
        let case = stuck(2, 1, &server.host()).set("EMAIL_ENABLE", key);
        let case = case.file("unstable/EmailCache", cache).file("unstable/EmailCache.new", new);
        for _ in 0..2 {
            let run = case.run_with(arguments).succeeded();
            run.said(&["would send to x@example.org", "a01 2 stuck in testing-proposed for 1 day."]);
            assert!(!run.stdout.contains("a02 2 stuck"), "{}", run.stdout);
        }
        assert_eq!(server.connections(), 0);
        assert_eq!(
            (case.text("unstable/EmailCache").as_str(), case.text("unstable/EmailCache.new").as_str()),
            (cache, new)
        );
    }
}

#[test]
fn without_the_policy_nothing_is_touched() {
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host()).set("EMAIL_ENABLE", "no").file("unstable/EmailCache", "not read");
    let run = case.run();
    assert_eq!(run.policy("a01", "email"), Value::Null);
    assert_eq!((server.connections(), case.text("unstable/EmailCache").as_str()), (0, "not read"));
}

#[test]
fn runs_that_move_nothing_remind_and_runs_of_actions_do_not() {
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host());
    case.run_with(&["--actions", "a01/2"]).succeeded();
    assert_eq!(server.connections(), 0);
    case.run_with(&["--no-compute-migrations"]).succeeded();
    assert_eq!(server.subjects().len(), 1);
}

/// Scenario 42.
#[test]
fn an_old_record_is_read_in_whole_days() {
    let server = MailServer::start();
    let case = stuck(1, 6, &server.host()).file("unstable/EmailCache", r#"{"a01": {"2": [["a@b.org"], 3.72]}}"#);
    case.run();
    assert_eq!((server.connections(), record(&case, "a01", "2")), (0, json!([["a@b.org"], 3])));
    let case = after(case, 24);
    case.run();
    assert_eq!((server.subjects().len(), record(&case, "a01", "2")), (1, json!([["a@b.org"], 7])));
    after(case, 25).run();
    assert_eq!(server.subjects().len(), 1);
}

/// Scenario 45.
#[test]
fn a_new_version_has_its_own_schedule() {
    let server = MailServer::start();
    let case = stuck(1, 40, &server.host());
    case.run();
    assert_eq!(record(&case, "a01", "2"), json!([["a01@example.org"], 31]));
    let case = case
        .unstable("source a01 3\n+ a01 1; from=1")
        .seen(&[("a01 3", 3)])
        .file("addresses.json", r#"{"a01": {"3": ["new@example.org"]}}"#);
    case.run();
    assert_eq!(cache(&case), json!({"a01": {"3": [["new@example.org"], 3]}}));
    assert_eq!(server.subjects()[1], "a01 3 stuck in testing-proposed for 3 days.");
}

#[test]
fn records_stay_while_their_version_does() {
    let server = MailServer::start();
    let kept =
        r#"{"a01": {"2": [["x@example.org"], 1]}, "a02": {"2": [["y@example.org"], 31]}, "gone": {"1": [[], 7]}}"#;
    // Too young, blocked, or moved meanwhile: none of it is forgotten.
    let case = stuck(2, 1, &server.host()).hints("block a02\n").file("unstable/EmailCache", kept);
    case.run();
    assert_eq!(cache(&case), json!({"a01": {"2": [["x@example.org"], 1]}, "a02": {"2": [["y@example.org"], 31]}}));
    let case = case.testing("a01 2\na02 1").unstable("a01 2\nsource a02 2\n+ a02 1; from=1");
    case.run();
    assert_eq!(record(&case, "a01", "2"), json!([["x@example.org"], 1]));
    assert_eq!(server.connections(), 0);
}

#[test]
fn who_has_no_address_is_looked_up_again() {
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host()).file("addresses.json", "{}");
    case.run().said(&["a01 2", "nobody is known"]);
    assert_eq!((server.connections(), record(&case, "a01", "2")), (0, json!([[], 0])));
    let case = case.file("addresses.json", r#"{"a01": {"2": ["late@example.org"]}}"#);
    case.run();
    assert_eq!((server.subjects().len(), record(&case, "a01", "2")), (1, json!([["late@example.org"], 1])));
}

#[test]
fn a_damaged_list_of_addresses_is_no_empty_one() {
    let server = MailServer::start();
    let case = stuck(1, 1, &server.host()).file("addresses.json", "{\"a01\":");
    case.run().said(&["not known who", "addresses.json", "expected {source: {version: [address…]}}"]);
    assert!(!case.path("unstable/EmailCache").exists());
}

#[test]
fn names_cannot_add_headers_nor_recipients() {
    let server = MailServer::start();
    let addresses =
        r#"{"a01": {"2": ["a@b.org\r\nRCPT TO:<evil@example.org>", "ok@example.org", "@", "ok@example.org"]}}"#;
    let case = stuck(1, 1, &server.host()).file("addresses.json", addresses);
    case.run().said(&["is no address"]);
    assert!(!server.commands().iter().any(|command| command.contains("evil")), "{:?}", server.commands());
    assert_eq!(server.taken()[0].to, ["ok@example.org"]);
}

#[test]
fn a_damaged_record_stops_the_run_before_anything_is_sent() {
    for name in ["EmailCache", "EmailCache.new"] {
        let server = MailServer::start();
        let case = stuck(1, 1, &server.host()).file(&format!("unstable/{name}"), "{\"a01\": [[");
        let run = case.run_with(&["--dry-run"]).failed(1);
        run.said(&[name, "mend it"]);
        assert!(case.path(&format!("unstable/{name}")).exists(), "a dry run moves nothing");
        let run = case.run_with(&[]).failed(1);
        run.said(&[name, ".corrupt-20261121T120000Z", "mend it and put it back"]);
        assert!(run.files.is_empty());
        assert_eq!(server.connections(), 0);
        let mut names = std::fs::read_dir(case.path("unstable")).expect("it is a folder");
        let aside = format!("{name}.corrupt-");
        assert!(names.any(|entry| entry.expect("an entry").file_name().to_string_lossy().starts_with(&aside)));
        assert!(!case.path(&format!("unstable/{name}")).exists());
        case.run();
        assert_eq!(server.subjects().len(), 1);
    }
}
