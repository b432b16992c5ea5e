//! Excuses in the form that all gates share.

use tidegate_kernel::{Blocker, BlockerCode, WhoKind, catalogue::departures};

use super::super::{blockers, blockers_of};
use super::{Archive, Ran, archive};
use crate::blockers::Code;
use crate::policy::autopkgtest::results::Outcome as TestOutcome;

/// An archive in which every code appears, but for `trial-order`.
fn everything() -> Archive {
    archive()
        .source("young 2", &["young"])
        .days_old("young 2", 2)
        .source("buggy 2", &["buggy"])
        .bug("buggy", "42,43")
        .source("dirty 2", &["dirty"])
        .source("untested 2", &["untested"])
        .piuparts(
            r#"{"_id": "Piuparts Package Test Results Summary", "_version": "1.0", "packages": {
                "dirty": {"sid": ["F", "0 x", "https://piuparts.example.org/dirty"]},
                "untested": {"sid": ["W", "0 x", "https://piuparts.example.org/untested"]}}}"#,
        )
        .config("ADT_ENABLE = yes\nADT_ARCHES = amd64\nADT_CI_URL = https://ci.example.org")
        .source("awaited 2; Testsuite: autopkgtest", &["awaited"])
        .tested("old/1", "awaited", TestOutcome::Pass)
        .source("broken 2; Testsuite: autopkgtest", &["broken"])
        .tested("old/1", "broken", TestOutcome::Pass)
        .tested("broken/2", "broken", TestOutcome::Fail)
        .source("blocked 2", &["blocked"])
        .hint("block blocked")
        .tpu("fix 2", &["fix"])
        .target("late 1", &["late"])
        .source("late 2", &["late; Source: late (1); Version: 1"])
        .target("left 1", &["left"])
        .source("left 2", &["left", "left-old; Source: left (1); Version: 1"])
        .target("stray 2", &["stray"])
        .source("stray 2", &["stray", "stray-new", "stray-extra; Source: stray (1); Version: 1"])
        .target("down 2", &["down; Version: 3"])
        .source("down 2", &["down; Version: 2", "down-new"])
        .source("lost 2", &["lost; Depends: gone"])
        .source("follower 2", &["follower; Depends: blocked"])
        .source("unbuildable 2; Build-Depends: gone-dev", &["unbuildable"])
        .source("static 2", &["static; Built-Using: gone-src (= 1)"])
        .target("going 1", &["going"])
        .source("going 2", &["going"])
        .hint("remove going/1")
        .target("ahead 2", &["ahead"])
        .source("ahead 1", &["ahead"])
        .source("empty 2", &[])
}

/// An archive in the ubuntu dialect in which every code of its own policies appears.
fn everything_of_ubuntu() -> Archive {
    let built = |name: &str| format!(r#""{name}": {{"2": {{"amd64": {{"buildd": true, "uid": "daemon"}}}}}}"#);
    let by_daemons = ["lost", "lib2"].map(built).join(", ");
    let by_hand = r#""data": {"2": {"all": {"buildd": false, "uid": "anna"}}}"#;
    archive()
        .config("CHECK_BUILDD = yes")
        .source("lost 2", &["lost; Depends: gone"])
        .target("lib 1", &["lib1"])
        .source("lib 2", &["lib2"])
        .both("user 1", &["user; Depends: lib1"])
        .source("data 2", &["data; Architecture: all"])
        .signers(&format!("{{{by_daemons}, {by_hand}}}"))
        .source("held 2", &["held"])
        .block_bug("held", "42")
        .source("linux 2", &["linux-image"])
        .both("linux-meta 1", &["linux-generic"])
}

fn all(ran: &Ran<'_>) -> Vec<Blocker> {
    let explanations = ran.explainer().all_stayed().unwrap();
    blockers(ran.context, ran.excuses, explanations.values())
}

#[test]
fn every_code_appears_as_it_is_declared() {
    let mut made = everything().run(|ran| all(&ran));
    let world = archive().target("a 1", &["a"]).source("a 2", &["a"]).source("y 2", &["y"]);
    made.extend(world.run_only(Some(&["y"]), |ran| all(&ran)));
    made.extend(everything_of_ubuntu().run(|ran| all(&ran)));
    assert_eq!(departures::<Code>(&made), Vec::<String>::new());
    for blocker in &made {
        let ends = blocker.text().ends_with(['.', '…']) || blocker.text().contains("; see https://");
        assert!(ends && blocker.text().chars().count() <= 200, "{blocker:?}");
        assert!(!blocker.look_again().topics_and_jobs().is_empty(), "{blocker:?}");
        assert!(blocker.since().is_none() && blocker.subject().to_string().starts_with("item:"));
    }
}

#[test]
fn ids_are_distinct_and_the_order_is_that_of_lists() {
    let made = everything().run(|ran| all(&ran));
    let ids: std::collections::BTreeSet<_> = made.iter().map(Blocker::id).collect();
    assert_eq!(ids.len(), made.len());
    assert!(made.is_sorted_by(|a, b| a.listing_order(b).is_le()));
    let again = everything().run(|ran| all(&ran));
    assert_eq!(made, again);
}

#[test]
fn an_item_that_is_too_young_says_when_it_is_not() {
    let made = archive().source("foo 2", &["foo"]).days_old("foo 2", 2).run(|ran| {
        let [blocker] = blockers_of(ran.context, &ran.excuses["foo"]).try_into().unwrap();
        serde_json::to_value(blocker).unwrap()
    });
    let id = made["id"].clone();
    assert_eq!(
        made,
        serde_json::json!({
            "id": id,
            "code": "migrate.age",
            "level": "hold",
            "subject": "item:foo",
            "text": "It is too young: 2 of 5 days.",
            "evidence": [{"kind": "number", "id": "age", "text": "2 days", "url": null, "at": null}],
            "since": null,
            "who": [
                {"kind": "nobody", "name": "nobody", "mail": null, "can": "time: it comes of age by itself"},
                {"kind": "role", "name": "migrate.hinter", "mail": null, "can": "shorten the wait"},
            ],
            "look_again": {"at": "2026-11-23T19:00:00.000000Z", "on": ["migrate.hint.changed"]},
            "actions": [
                {"title": "See what time changes", "url": null, "command": "tidegate migrate what-if --days +3"},
                {
                    "title": "Try without the wait",
                    "url": null,
                    "command": "tidegate migrate what-if --hint 'age-days 0 foo/2'",
                },
            ],
            "details": {"verdict": "REJECTED_TEMPORARILY", "about": "", "until": 1_795_460_400},
        })
    );
}

#[test]
fn those_who_keep_the_source_are_named_with_their_address() {
    everything().run(|ran| {
        let [buggy] = blockers_of(ran.context, &ran.excuses["buggy"]).try_into().unwrap();
        assert_eq!(buggy.who()[0].kind, WhoKind::Source);
        assert_eq!(buggy.who()[0].mail.as_deref(), Some("buggy@example.org"));
        assert_eq!(buggy.evidence().len(), 2);
        assert!(buggy.actions()[0].command.as_deref().unwrap().contains("ignore-rc-bugs 42,43 buggy/2"));
        let [broken] = blockers_of(ran.context, &ran.excuses["broken"]).try_into().unwrap();
        assert_eq!(broken.who()[0].name, "broken");
        let log = "https://ci.example.org/results/autopkgtest-testing/testing/amd64/b/broken/run-broken/2/log.gz";
        assert_eq!(broken.evidence()[0].url.as_deref(), Some(log));
        let [awaited] = blockers_of(ran.context, &ran.excuses["awaited"]).try_into().unwrap();
        assert_eq!((awaited.code(), awaited.who()[0].kind), ("migrate.tests-running", WhoKind::Nobody));
        let [follower] = blockers_of(ran.context, &ran.excuses["follower"]).try_into().unwrap();
        assert_eq!(follower.who()[0].name, "blocked");
        assert_eq!(follower.actions()[0].command.as_deref(), Some("tidegate migrate explain blocked"));
        let [blocked] = blockers_of(ran.context, &ran.excuses["blocked"]).try_into().unwrap();
        assert_eq!(blocked.evidence()[0].id, "hints/anna:1");
    });
}

#[test]
fn policies_of_the_ubuntu_dialect_have_codes_of_their_own() {
    let held = everything_of_ubuntu().run(|ran| {
        let own = |name: &str| {
            let blockers = blockers_of(ran.context, &ran.excuses[name]);
            let of_policy = blockers.iter().rfind(|blocker| blocker.code().starts_with("migrate.policy-"));
            let blocker = of_policy.unwrap_or_else(|| panic!("{name}: {blockers:?}"));
            format!("{} {}: {}", blocker.code(), blocker.who()[0].name, blocker.text())
        };
        ["lost", "lib", "data", "held", "linux"].map(own)
    });
    assert_eq!(
        held,
        [
            "migrate.policy-depends lost: Nothing satisfies lost's relation `gone` on amd64.",
            "migrate.policy-implicit-deps lib: It would make user uninstallable on amd64, and nothing on its way would \
             mend that.",
            "migrate.policy-builtonbuildd data: data 2 for all architectures was built by anna, not by a build daemon.",
            "migrate.policy-block-bugs held: Bug 42 blocks it; see https://launchpad.net/bugs/42",
            "migrate.policy-linux linux-meta: It waits for a new version of linux-meta.",
        ]
    );
}

#[test]
fn a_forced_excuse_is_held_by_nothing() {
    let forced = archive().source("foo 2", &["foo"]).bug("foo", "42").hint("force foo/2");
    forced.run(|ran| assert_eq!(blockers_of(ran.context, &ran.excuses["foo"]), Vec::new()));
}

#[test]
fn an_unsatisfiable_relation_is_a_note_beside_the_reason_that_it_stayed() {
    everything().run(|ran| {
        let of_lost: Vec<(String, &str)> = all(&ran)
            .iter()
            .filter(|blocker| blocker.subject().id() == "lost")
            .map(|blocker| (blocker.code().to_owned(), blocker.level().name()))
            .collect();
        assert_eq!(of_lost, [("migrate.uninstallable".to_owned(), "hold"), (Code::Unsatisfiable.qualified(), "note")]);
    });
}
