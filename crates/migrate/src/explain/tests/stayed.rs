//! Valid candidates that did not move.

use super::super::refute::{Constraint, Refutation, refute, satisfiable};
use super::super::relation::View;
use super::super::{Element, Explanation, Standing, Why};
use super::{Archive, archive};
use crate::model::ArchId;

fn core(explanation: &Explanation) -> &[Element] {
    match &explanation.why {
        Why::Breaks(breakage) => breakage.core.as_deref().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// `a 2` breaks what needs `a (<< 2)`, three steps away from `b`.
fn chain() -> Archive {
    archive()
        .target("a 1", &["a"])
        .source("a 2", &["a"])
        .both("b 1", &["b; Depends: other, c"])
        .both("c 1", &["c; Depends: d | nothing"])
        .both("d 1", &["d; Depends: other, a (<< 2)"])
        .both("other 1", &["other"])
}

#[test]
fn the_core_has_the_three_clauses_and_nothing_else() {
    let explanation = chain().stayed("a");
    let told: Vec<String> = core(&explanation).iter().filter_map(Element::sentence).collect();
    assert_eq!(
        told,
        [
            "b 1 needs `c`, for which there is only c 1.",
            "c 1 needs `d | nothing`, for which there is only d 1.",
            "d 1 needs `a (<< 2)`, and a 1 gives way to 2.",
        ]
    );
    assert!(matches!(&core(&explanation)[0], Element::Root { package } if package.name == "b"));
    assert_eq!(core(&explanation).len(), 4);
}

#[test]
fn leaving_out_any_element_makes_the_core_satisfiable() {
    chain().run(|ran| {
        let item = ran.excuses["a"].item;
        let mut explainer = ran.explainer();
        let distribution = ran.context.distribution;
        let broken = distribution.find_name("b").unwrap();
        let core = explainer.bench.try_out(&[item], &ran.outcome.after, |target, _| {
            let entry = target.entry(ArchId(0), broken).unwrap();
            let binary = distribution.entry(ArchId(0), entry).binary;
            match refute(View::new(distribution, ran.context.universe, target, ArchId(0)), binary) {
                Refutation::Core(core) => core,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(core.iter().filter(|one| matches!(one, Constraint::Needs { .. })).count(), 3);
        assert_eq!(satisfiable(&core), Some(false));
        for left_out in 0..core.len() {
            let mut rest = core.clone();
            rest.remove(left_out);
            assert_eq!(satisfiable(&rest), Some(true), "without {left_out}");
        }
    });
}

#[test]
fn what_would_fix_it_is_named_with_what_it_waits_for() {
    let explanation = archive()
        .target("a 1", &["a"])
        .source("a 2", &["a"])
        .target("b 1", &["b; Depends: a (<< 2)"])
        .source("b 3", &["b"])
        .days_old("b 3", 2)
        .stayed("a");
    assert_eq!(
        explanation.summary(),
        "moving a 2 breaks b 1 on amd64 (needs a (<< 2)); src:b's version 3 would fix it; \
         it waits (it is too young: 2 of 5 days)"
    );
    let Why::Breaks(breakage) = &explanation.why else { panic!() };
    let [remedy] = breakage.remedies.as_slice() else { panic!("{:?}", breakage.remedies) };
    assert!(remedy.mends && remedy.enough);
    assert_eq!(explanation.sentences().last().unwrap(), "All together would break nothing.");
}

#[test]
fn a_fix_that_waits_for_another_names_that_one() {
    let explanation = archive()
        .target("a 1", &["a"])
        .source("a 2", &["a"])
        .target("b 1", &["b; Depends: a (<< 2)"])
        .source("b 3", &["b; Depends: x"])
        .source("x 1", &["x"])
        .bug("x", "42")
        .stayed("a");
    let Why::Breaks(breakage) = &explanation.why else { panic!() };
    assert!(
        matches!(&breakage.remedies[0].standing, Standing::Invalid { cause, .. } if cause == "x"),
        "{:?}",
        breakage.remedies
    );
    assert!(
        explanation.summary().contains(
            "; src:b's version 3 would fix it, with x/1; it waits for x (it would bring release-critical bugs into"
        ),
        "{}",
        explanation.summary()
    );
}

#[test]
fn two_candidates_that_would_go_together_have_their_hint() {
    let world = archive()
        .target("a 1", &["a"])
        .source("a 2", &["a"])
        .target("b 1", &["b; Depends: a (<< 2)"])
        .source("b 2", &["b; Depends: a (>= 2)"]);
    let explanation = world.run_only(Some(&["a"]), |ran| ran.stayed("a"));
    assert_eq!(
        explanation.sentences(),
        [
            "Moving a 2 breaks b 1 on amd64.",
            "b 1 needs `a (<< 2)`, and a 1 gives way to 2.",
            "src:b's version 2 would fix it; it did not move either.",
            "All together would break nothing: `easy a/2 b/2`.",
        ]
    );
}

/// `foo 2` breaks `bar` and mends `baz`.
fn trade() -> Archive {
    archive()
        .target("foo 1", &["foo"])
        .source("foo 2", &["foo"])
        .both("bar 1", &["bar; Depends: foo (<< 2)"])
        .both("baz 1", &["baz; Depends: foo (>= 2)"])
}

#[test]
fn a_trade_is_accepted_and_a_constraint_outweighs_it_by_name() {
    trade().run(|ran| assert!(ran.outcome.stayed.is_empty()));
    let explanation =
        trade().both("qux 1", &["qux; Depends: foo (>= 2)"]).constraint("keep-bar", &["bar"]).stayed("foo");
    let Why::Breaks(breakage) = &explanation.why else { panic!() };
    assert!(breakage.constraint);
    assert_eq!(
        explanation.sentences(),
        [
            "Moving foo 2 breaks the constraint keep-bar on amd64.",
            "It would break bar there too.",
            "It would mend baz and qux, but a constraint outweighs that.",
            "keep-bar 1 needs `bar`, for which there is only bar 1.",
            "bar 1 needs `foo (<< 2)`, and foo 1 gives way to 2.",
            "No single item on its way would mend keep-bar 1.",
        ]
    );
}

#[test]
fn a_removal_stays_because_of_what_needs_it() {
    let explanation = archive().target("foo 1", &["foo"]).both("bar 1", &["bar; Depends: foo"]).stayed("-foo");
    assert_eq!(
        explanation.sentences(),
        [
            "Removing foo 1 breaks bar 1 on amd64.",
            "bar 1 needs `foo`, and foo 1 goes.",
            "No single item on its way would mend bar 1 (of src:bar).",
        ]
    );
}

#[test]
fn a_new_binary_that_nothing_satisfies_is_told_as_such() {
    let explanation = archive().source("foo 1", &["foo; Depends: gone"]).stayed("foo");
    assert_eq!(
        explanation.sentences(),
        [
            "Moving foo 1 brings in foo 1, which cannot be installed on amd64.",
            "foo 1 needs `gone`, which no suite has.",
        ]
    );
}

#[test]
fn what_never_can_be_installed_is_followed_to_its_reason() {
    let explanation =
        archive().source("foo 1", &["foo; Depends: bar"]).both("bar 1", &["bar; Depends: gone (>= 3)"]).stayed("foo");
    let told: Vec<String> = core(&explanation).iter().filter_map(Element::sentence).collect();
    assert_eq!(
        told,
        ["foo 1 needs `bar`, for which there is only bar 1.", "bar 1 needs `gone (>= 3)`, which no suite has."]
    );
}

#[test]
fn a_conflict_with_both_alternatives_of_the_essential_set_names_essential() {
    let world = |conflicts: &str| {
        archive()
            .both("base 1", &["base; Essential: yes; Depends: one | two"])
            .both("one 1", &["one"])
            .both("two 1", &["two"])
            .source("foo 1", &[&format!("foo; Conflicts: {conflicts}")])
    };
    world("one").run(|ran| assert!(ran.outcome.stayed.is_empty()));
    let explanation = world("one, two").stayed("foo");
    let told: Vec<String> = core(&explanation).iter().filter_map(Element::sentence).collect();
    assert_eq!(
        told,
        [
            "base 1 is essential: everything is installed with it.",
            "base 1 needs `one | two`, for which there is only one 1 and two 1.",
            "foo 1 and one 1 exclude each other (foo says `one`).",
            "foo 1 and two 1 exclude each other (foo says `two`).",
        ]
    );
}

#[test]
fn two_relations_on_one_name_are_one_need() {
    let explanation = archive()
        .both("low 1", &["low; Provides: x (= 1)"])
        .both("high 1", &["high; Provides: x (= 5)"])
        .source("foo 1", &["foo; Depends: x (>= 2), x (<< 4)"])
        .stayed("foo");
    let told: Vec<String> = core(&explanation).iter().filter_map(Element::sentence).collect();
    assert_eq!(told, ["foo 1 needs `x (>= 2), x (<< 4)`, which no suite has."]);
}

#[test]
fn an_item_that_comes_in_part_is_named_by_what_it_would_bring() {
    let explanation = archive()
        .source("foo 1", &["foo; Depends: lib"])
        .target("lib 1", &["old"])
        .source("lib 2", &["lib; Depends: gone"])
        .stayed("foo");
    assert_eq!(
        explanation.sentences().last().unwrap(),
        "src:lib's version 2 would bring lib 2, which is not enough; it did not move either."
    );
}

#[test]
fn a_downgrade_is_explained_and_the_rest_proceeds() {
    let world = archive()
        .target("a 1", &["a"])
        .source("a 2", &["a", "tool; Version: 2"])
        .target("z 1", &["z", "tool; Version: 3"])
        .source("z 1", &["z"])
        .target("y 1", &["y"])
        .source("y 2", &["y"]);
    world.run(|ran| {
        let explanation = ran.stayed("a");
        assert_eq!(explanation.sentences(), ["Moving a 2 is not possible: tool would go back from 3 to 2."],);
        assert_eq!(explanation.code(), crate::blockers::Code::Downgrade);
        assert!(ran.outcome.accepted.contains(&ran.excuses["y"].item));
    });
}

#[test]
fn what_would_be_accepted_now_was_a_matter_of_order() {
    let world = archive().target("a 1", &["a"]).source("a 2", &["a"]).target("y 1", &["y"]).source("y 2", &["y"]);
    world.run_only(Some(&["y"]), |ran| {
        let explanation = ran.stayed("a");
        assert_eq!(explanation.why, Why::TrialOrder);
        assert_eq!(
            explanation.sentences(),
            ["Moving a 2 would break nothing any more; the next run will try it again."]
        );
    });
}

#[test]
fn explaining_changes_nothing_and_says_the_same_again() {
    chain().both("e 1", &["e; Depends: a (<< 2)"]).run(|ran| {
        let mut explainer = ran.explainer();
        let first = explainer.all_stayed().unwrap();
        let again = explainer.all_stayed().unwrap();
        assert_eq!(first, again);
        assert_eq!(first["a"], ran.stayed("a"));
    });
}
