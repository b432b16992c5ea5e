//! The policy builtonbuildd: who built the binaries.

use serde_json::{Value, json};

use super::case::Case;
use super::ubuntu::ubuntu;

/// foo 2 has a binary of its architecture and one for all.
fn signed(signers: &Value) -> Case {
    ubuntu()
        .set("CHECK_BUILDD", "yes")
        .testing("source foo 1\n+ foo\n+ foo-doc; arch=all")
        .unstable("source foo 2\n+ foo\n+ foo-doc; arch=all")
        .file("state/signers.json", &signers.to_string())
}

fn signers(amd64: bool, all: bool) -> Value {
    let signer = |buildd: bool| json!({"buildd": buildd, "uid": if buildd { "buildd_amd64" } else { "anna" }});
    json!({"foo": {"2": {"amd64": signer(amd64)}}, "foo-doc": {"2": {"all": signer(all)}}})
}

#[test]
fn what_daemons_built_passes() {
    let run = signed(&signers(true, true)).run();
    assert_eq!(run.verdict("foo"), "PASS");
    let by = json!({"all": "buildd_amd64", "amd64": "buildd_amd64"});
    assert_eq!(run.policy("foo", "builtonbuildd"), json!({"verdict": "PASS", "signed-by": by}));
}

#[test]
fn what_a_person_built_is_held() {
    for (amd64, all) in [(false, true), (true, false)] {
        let run = signed(&signers(amd64, all)).run();
        assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY builtonbuildd");
        assert!(run.excuse("foo")["excuses"].to_string().contains("anna"));
    }
}

#[test]
fn a_builder_who_is_not_known_may_still_be_found_out() {
    let run = signed(&json!({"foo": {"2": {"amd64": {"buildd": true, "uid": "buildd_amd64"}}}})).run();
    assert_eq!(run.verdict("foo"), "REJECTED_CANNOT_DETERMINE_IF_PERMANENT builtonbuildd");
    assert_eq!(run.policy("foo", "builtonbuildd")["signed-by"], json!({"amd64": "buildd_amd64"}));
}

#[test]
fn a_hint_allows_what_is_for_all_architectures_alone() {
    let hint = "allow-archall-maintainer-upload foo\n";
    let run = signed(&signers(true, false)).hints(hint).run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.moved(), "foo 2");
    let hints = run.excuse("foo")["hints"].clone();
    assert_eq!(hints, json!([{"hint-type": "allow-archall-maintainer-upload", "hint-from": "release"}]));
    let run = signed(&signers(false, true)).hints(hint).run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY builtonbuildd");
    let run = signed(&signers(true, false)).hints("allow-archall-maintainer-upload bar\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY builtonbuildd");
}

#[test]
fn without_daemons_for_all_architectures_only_the_others_count() {
    let run = signed(&signers(true, false)).set("HAS_ARCH_ALL_BUILDDS", "no").run();
    assert_eq!(run.verdict("foo"), "PASS");
}

#[test]
fn a_rebuild_is_asked_for_its_own_architecture() {
    let case = signed(&json!({"foo": {"1+b1": {"amd64": {"buildd": true, "uid": "buildd_amd64"}}}}))
        .unstable("source foo 1\n+ foo 1+b1\n+ foo-doc; arch=all");
    assert_eq!(case.run().verdict("foo/amd64"), "PASS");
}

#[test]
fn the_policy_is_off_unless_asked_for() {
    let run = signed(&signers(false, false)).unset("CHECK_BUILDD").run();
    assert_eq!(run.policy("foo", "builtonbuildd"), Value::Null);
    assert_eq!(run.moved(), "foo 2");
}
