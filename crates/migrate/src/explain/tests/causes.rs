//! What one cause holds back.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Cause, leaves, without};
use super::{Archive, Ran, archive};
use crate::blockers::Code;

fn cause(item: &str, code: Code) -> Cause {
    Cause { item: item.to_owned(), code }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// `lib` has a bug, `other` is blocked and young; `app` needs both, `plugin` only `lib`.
fn world() -> Archive {
    archive()
        .source("app 1", &["app; Depends: lib, other"])
        .source("plugin 1", &["plugin; Depends: lib"])
        .source("tail 1", &["tail; Depends: plugin"])
        .source("lib 2", &["lib"])
        .source("other 2", &["other"])
        .source("user 1", &["user; Depends: third"])
        .source("third 2", &["third"])
        .bug("lib", "42")
        .days_old("other 2", 1)
}

fn verdicts(ran: &Ran<'_>) -> BTreeMap<String, &'static str> {
    ran.excuses.iter().map(|(name, excuse)| (name.clone(), excuse.verdict.as_str())).collect()
}

#[test]
fn each_cause_frees_what_waits_for_it_alone() {
    world().hint("block other").hint("block third").run(|ran| {
        let expected = BTreeMap::from([
            (cause("lib", Code::Bugs), names(&["lib", "plugin", "tail"])),
            (cause("other", Code::Age), names(&[])),
            (cause("other", Code::Block), names(&[])),
            (cause("third", Code::Block), names(&["third", "user"])),
        ]);
        assert_eq!(leaves(ran.context, ran.excuses), expected);
    });
}

#[test]
fn what_is_freed_is_what_becomes_valid_without_the_cause() {
    world().hint("block other").hint("block third").run(|ran| {
        for (cause, freed) in leaves(ran.context, ran.excuses) {
            let then = without(ran.context, ran.excuses, &cause);
            let valid = then.iter().filter(|(name, excuse)| excuse.is_valid() && !ran.excuses[*name].is_valid());
            assert_eq!(valid.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), freed, "{cause:?}");
        }
    });
}

#[test]
fn without_a_block_the_excuses_are_those_of_a_run_without_it() {
    let fresh = world().hint("block other").run(|ran| verdicts(&ran));
    world().hint("block other").hint("block third").run(|ran| {
        let then = without(ran.context, ran.excuses, &cause("third", Code::Block));
        let lifted: BTreeMap<_, _> =
            then.iter().map(|(name, excuse)| (name.clone(), excuse.verdict.as_str())).collect();
        assert_eq!(lifted, fresh);
        assert!(then["user"].blocked_by.is_empty() && then["user"].reasons().is_empty());
        assert!(then["user"].notes.is_empty() || !then["user"].notes.iter().any(|note| note.contains("third")));
    });
}

#[test]
fn a_cause_that_is_not_there_changes_nothing() {
    world().run(|ran| {
        for absent in [cause("lib", Code::Age), cause("nothing", Code::Bugs), cause("app", Code::DependsOnInvalid)] {
            let then = without(ran.context, ran.excuses, &absent);
            for (name, excuse) in ran.excuses {
                assert_eq!(then[name].verdict, excuse.verdict, "{name}");
                assert_eq!(then[name].holds, excuse.holds, "{name}");
                assert_eq!(then[name].notes.len(), excuse.notes.len(), "{name}");
            }
        }
    });
}

#[test]
fn where_one_alternative_is_enough_one_cause_is() {
    let ubuntu = || {
        archive()
            .config("TIDEGATE_DIALECT = ubuntu")
            .source("app 1", &["app; Depends: x | y"])
            .source("x 1", &["x"])
            .source("y 1", &["y"])
            .hint("block x")
            .hint("block y")
    };
    ubuntu().run(|ran| {
        let leaves = leaves(ran.context, ran.excuses);
        assert_eq!(leaves[&cause("x", Code::Block)], names(&["app", "x"]));
        assert_eq!(leaves[&cause("y", Code::Block)], names(&["app", "y"]));
    });
}
