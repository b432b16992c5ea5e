//! Items that may not move, and answers to whoever asks.

use super::super::{Answer, State, Tree};
use super::{Archive, archive};

fn tree(archive: Archive, item: &str) -> Tree {
    match archive.ask(item) {
        Answer::Invalid { tree, .. } => tree,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_holds_an_item_itself_is_told_at_once() {
    let answer = archive().source("foo 2", &["foo"]).days_old("foo 2", 2).bug("foo", "42").ask("foo");
    assert_eq!(
        answer.to_text(),
        "foo 2 may not migrate.\n  \
         It would bring release-critical bugs into the target: #42.\n  \
         It is too young: 2 of 5 days.\n"
    );
}

#[test]
fn followers_wait_for_the_same_cause_and_leaves_are_what_needs_work() {
    let archive = archive()
        .source("app 1", &["app; Depends: plugin, middle, lib, helper"])
        .source("plugin 1", &["plugin; Depends: lib"])
        .source("middle 1", &["middle; Depends: deep"])
        .source("deep 1", &["deep; Depends: lib"])
        .source("helper 1", &["helper; Depends: other"])
        .source("lib 2", &["lib"])
        .source("other 2", &["other"])
        .bug("lib", "42")
        .hint("block other");
    assert_eq!(
        archive.ask("app").to_text(),
        "app 1 may not migrate. It waits for:\n  \
         lib 2 (depends): it would bring release-critical bugs into the target: #42\n  \
         helper 1 (depends) waits for:\n    \
         other 2 (depends): anna blocks it (block)\n  \
         middle 1 (depends) waits for the same cause (lib)\n  \
         plugin 1 (depends) waits for the same cause (lib)\n"
    );
}

#[test]
fn a_circle_is_cut_and_named() {
    let tree = tree(
        archive()
            .source("one 1", &["one; Depends: two"])
            .source("two 1", &["two; Depends: three"])
            .source("three 1", &["three; Depends: one, lib"])
            .source("lib 2", &["lib"])
            .bug("lib", "42"),
        "one",
    );
    assert_eq!(
        tree.to_text(),
        "one 1 may not migrate. It waits for:\n  \
         two 1 (depends) waits for:\n    \
         three 1 (depends) waits for:\n      \
         lib 2 (depends): it would bring release-critical bugs into the target: #42\n      \
         one 1 (depends) stands above already: one -> two -> three -> one\n"
    );
    let circle = tree.nodes.iter().find_map(|node| match &node.state {
        State::Circle { path, length } => Some((path.clone(), *length)),
        State::Held { .. } | State::Waits | State::SameCause { .. } => None,
    });
    assert_eq!(circle.unwrap(), (["one", "two", "three", "one"].map(str::to_owned).to_vec(), 3));
}

/// Three thousand items, each of which needs the next.
fn long(first_again: bool) -> Archive {
    let last = 2_999;
    let mut archive = archive();
    for number in 0..last {
        let depends = format!("p{number:04}; Depends: p{:04}", number + 1);
        archive = archive.source(&format!("p{number:04} 1"), &[&depends]);
    }
    let end = if first_again { format!("p{last}; Depends: p0000, lib") } else { format!("p{last}; Depends: lib") };
    archive.source(&format!("p{last} 1"), &[&end]).source("lib 1", &["lib"]).bug("lib", "42")
}

#[test]
fn a_chain_and_a_circle_of_three_thousand_overflow_nothing() {
    let chain = tree(long(false), "p0000");
    assert_eq!(chain.nodes.len(), 3_001);
    assert_eq!(chain.nodes.last().unwrap().depth, 3_000);
    assert_eq!(chain.to_text().lines().count(), 3_001);
    assert!(serde_json::to_string(&chain).unwrap().len() > 3_000);

    let circle = tree(long(true), "p0000");
    let cut = circle.nodes.iter().find_map(|node| match &node.state {
        State::Circle { path, length } => Some((path.len(), *length)),
        State::Held { .. } | State::Waits | State::SameCause { .. } => None,
    });
    assert_eq!(cut, Some((11, 3_000)));
}

#[test]
fn the_tree_does_not_depend_on_the_order_of_the_indices() {
    let sources = ["app 1", "plugin 1", "lib 2", "other 2"];
    let binaries = ["app; Depends: plugin, lib, other", "plugin; Depends: lib", "lib", "other"];
    let told = |order: [usize; 4]| {
        let archive = order.into_iter().fold(archive(), |archive, at| archive.source(sources[at], &[binaries[at]]));
        archive.bug("lib", "42").hint("block other").ask("app").to_text()
    };
    assert_eq!(told([0, 1, 2, 3]), told([3, 1, 0, 2]));
}

#[test]
fn moved_same_and_unknown_have_their_answers() {
    let world = || {
        archive()
            .target("foo 1", &["foo"])
            .source("foo 2", &["foo", "libfoo"])
            .both("bar 1", &["bar"])
            .target("gone 1", &["gone"])
    };
    let told = |item: &str| world().ask(item).to_text();
    assert!(told("foo").starts_with("foo moved: the target had 1 and has 2.\n"), "{}", told("foo"));
    assert!(told("foo/2").starts_with("foo moved"), "{}", told("foo/2"));
    assert!(told("-gone").starts_with("-gone moved: 1 left the target.\n"), "{}", told("-gone"));
    assert_eq!(told("bar"), "bar 1 is in the target and in the source suite: there is nothing to migrate.\n");
    assert_eq!(told("libfoo"), "There is no item libfoo; near it: foo.\n");
    assert_eq!(told("gone"), "There is no item gone; near it: -gone.\n");
    assert_eq!(told("foo/3"), "There is no item foo/3; near it: foo.\n");
    assert_eq!(told("unheard-of"), "There is no item unheard-of.\n");
    let json = serde_json::to_value(world().ask("nothing")).unwrap();
    assert_eq!(json, serde_json::json!({"state": "unknown", "asked": "nothing", "near": []}));
}

#[test]
fn a_stayed_item_says_that_it_may_migrate() {
    let text = archive().source("foo 1", &["foo; Depends: gone"]).ask("foo").to_text();
    assert_eq!(
        text,
        "foo 1 may migrate, and stayed.\n  \
         Moving foo 1 brings in foo 1, which cannot be installed on amd64.\n  \
         foo 1 needs `gone`, which no suite has.\n"
    );
}
