//! The engine moves what the chapter's own words move, and leaves the target as they leave it.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::distribution::Distribution;
use crate::excuses::Excuses;
use crate::model::{self, ArchId};
use crate::oracle::generate::{Habits, cases, uploads};
use crate::oracle::notation::Archive;
use crate::oracle::slow_migration::{Item, Manners, Roles, Scope, Slow};
use crate::oracle::story::Story;
use crate::target::Target;

/// An item in plain texts.
fn plain(distribution: &Distribution, item: &model::Item) -> Item {
    Item {
        name: distribution.name(item.name).to_owned(),
        scope: match item.scope {
            model::Scope::Source => Scope::Source,
            model::Scope::Arch(arch) => Scope::Arch(arch.index()),
            model::Scope::Removal => Scope::Removal,
            model::Scope::Cruft(arch) => Scope::Cruft(arch.index()),
        },
        suite: item.suite.index(),
        version: distribution.text(item.version).to_owned(),
    }
}

fn candidates(distribution: &Distribution, excuses: &Excuses) -> Vec<Item> {
    excuses.values().filter(|excuse| excuse.is_valid()).map(|excuse| plain(distribution, &excuse.item)).collect()
}

/// Everything that the target holds, in texts: architecture, name, version.
fn holding(distribution: &Distribution, target: &Target) -> BTreeSet<(String, String, String)> {
    let mut holding = BTreeSet::new();
    for arch in distribution.arch_ids() {
        for entry in target.entries(arch) {
            let binary = distribution.entry_binary(arch, entry);
            let (name, version) = (distribution.name(binary.name), distribution.text(binary.version));
            holding.insert((distribution.arch_name(arch).to_owned(), name.to_owned(), version.to_owned()));
        }
    }
    for source in target.sources().map(|id| &distribution.sources[id.index()]).filter(|source| !source.fake) {
        let (name, version) = (distribution.name(source.name), distribution.text(source.version));
        holding.insert(("source".to_owned(), name.to_owned(), version.to_owned()));
    }
    holding
}

fn slow_holding(
    archive: &Archive,
    target: &crate::oracle::slow_migration::Suite,
) -> BTreeSet<(String, String, String)> {
    let binaries = target.binaries.iter();
    let mut holding: BTreeSet<_> = binaries
        .map(|((arch, name), row)| (archive.architectures[*arch].clone(), name.clone(), row.version.clone()))
        .collect();
    let sources = target.sources.iter().filter(|(_, (_, fake))| !fake);
    holding.extend(sources.map(|(name, (version, _))| ("source".to_owned(), name.clone(), version.clone())));
    holding
}

fn same_result(archive: &Archive, manners: &Manners) -> Result<(), TestCaseError> {
    let story = story(archive, manners);
    story.look(|context, excuses, outcome| {
        let distribution = context.distribution;
        let slow = Slow::new(&story.archive, manners).run(&candidates(distribution, excuses));
        let accepted: Vec<Item> = outcome.accepted.iter().map(|item| plain(distribution, item)).collect();
        let mut expected = slow.accepted;
        // Whether a removal was a candidate shows in the order of trials, not in the result.
        for item in &mut expected {
            item.scope = if item.scope == Scope::Obsolete { Scope::Removal } else { item.scope };
        }
        // An item that was accepted and comes again is listed once.
        let mut seen = BTreeSet::new();
        expected.retain(|item| seen.insert(item.clone()));
        prop_assert_eq!(&accepted, &expected, "{}", outcome.report);
        prop_assert_eq!(holding(distribution, &outcome.target), slow_holding(&story.archive, &slow.target));
        for (arch, names) in slow.uninstallable.iter().enumerate() {
            let ours = &outcome.after.ports[ArchId::at(arch).index()];
            let ours: BTreeSet<String> = ours.iter().map(|&name| distribution.name(name).to_owned()).collect();
            prop_assert_eq!(&ours, names);
        }
        Ok(())
    })
}

/// The roles of up to two architectures, and names that have to stay installable.
fn manners() -> impl Strategy<Value = Manners> {
    let rarely = |probability: f64| prop::bool::weighted(probability);
    let roles = (rarely(0.8), rarely(0.12), rarely(0.15), any::<bool>()).prop_map(
        |(no_break_all, out_of_sync, may_break, new)| Roles {
            no_break_all,
            out_of_sync,
            may_break,
            new: new && may_break,
        },
    );
    let names = subsequence(vec!["a", "b", "c", "liba1", "libb1", "b-data"], 0..=3);
    let sections = prop_oneof![4 => Just(Some("libs")), 1 => Just(None), 1 => Just(Some("misc"))];
    (vec(roles, 2), prop_oneof![2 => Just(Vec::new()), 1 => names], sections).prop_map(|(roles, names, sections)| {
        Manners {
            smooth_sections: sections.map(|section| BTreeSet::from([section.to_owned()])),
            keep_installable: names.into_iter().map(str::to_owned).collect(),
            roles,
        }
    })
}

/// The story of an archive whose every item of an additional suite is approved.
fn story(archive: &Archive, manners: &Manners) -> Story {
    let with = |role: fn(&Roles) -> bool| -> String {
        let pairs = archive.architectures.iter().zip(&manners.roles).filter(|(_, roles)| role(roles));
        pairs.map(|(arch, _)| arch.as_str()).collect::<Vec<_>>().join(" ")
    };
    let sections = manners
        .smooth_sections
        .as_ref()
        .map_or("ALL".to_owned(), |sections| sections.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    let mut story = Story::of(archive.clone())
        .set("SMOOTH_UPDATES", &sections)
        .set("NOBREAKALL_ARCHES", &with(|roles| roles.no_break_all))
        .set("OUTOFSYNC_ARCHES", &with(|roles| roles.out_of_sync))
        .set("BREAK_ARCHES", &with(|roles| roles.may_break))
        .set("NEW_ARCHES", &with(|roles| roles.new));
    for name in &manners.keep_installable {
        story = story.keep_installable(name);
    }
    for source in archive.suites.get(2).into_iter().flat_map(|suite| &suite.sources) {
        story = story.hint(&format!("unblock {}_tpu/{}", source.name, source.version));
    }
    story
}

fn plain_manners() -> Manners {
    Manners {
        smooth_sections: Some(BTreeSet::from(["libs".to_owned()])),
        keep_installable: BTreeSet::new(),
        roles: vec![Roles { no_break_all: true, ..Roles::default() }; 2],
    }
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn ordinary_uploads_move_as_the_chapter_says(archive in uploads(6, Habits::ORDINARY)) {
        same_result(&archive, &plain_manners())?;
    }

    #[test]
    fn hijacked_binaries_move_as_the_chapter_says(archive in uploads(5, Habits::HIJACKING)) {
        same_result(&archive, &plain_manners())?;
    }

    #[test]
    fn odd_archives_move_as_the_chapter_says(archive in uploads(5, Habits::ODD)) {
        same_result(&archive, &plain_manners())?;
    }

    #[test]
    fn architectures_have_the_roles_that_the_chapter_gives_them(archive in uploads(5, Habits::ODD), manners in manners()) {
        same_result(&archive, &manners)?;
    }
}
