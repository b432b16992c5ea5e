//! The real archive, where it is there: every candidate that stayed has a core, checked and minimal.

use std::path::Path;

use tidegate_archive::compression::{Compression, decompress_owned};

use super::super::relation::View;
use super::super::{Explainer, Why, leaves, without};
use crate::compat::britney::config::{self, CommandLine};
use crate::excuses::{Context, excuses};
use crate::facts::Facts;
use crate::hint::HintSet;
use crate::load::{IndexText, SuiteText, load};
use crate::model::{BinaryId, ClauseId};
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;
use crate::upgrade::{Plan, Upgrade};

fn read(folder: &Path, name: &str) -> String {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    String::from_utf8(decompress_owned(Compression::Zstd, bytes, 1 << 30).unwrap()).unwrap()
}

#[test]
fn every_candidate_that_stayed_in_the_snapshot_has_a_checked_minimal_core() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/debian");
    if !folder.is_dir() {
        println!("skipped: 1 test, as there is no ../shared/data/debian");
        return;
    }
    let archs = ["amd64".to_owned()];
    let texts = ["testing", "unstable"].map(|suite| {
        let folder = folder.join(suite);
        (suite, read(&folder, "Sources.zst"), read(&folder, "Packages_amd64.zst"))
    });
    let suites: Vec<SuiteText<'_>> = texts
        .iter()
        .map(|(label, sources, packages)| SuiteText {
            label: (*label).to_owned(),
            short: None,
            sources: vec![IndexText { file: "Sources", text: sources }],
            packages: vec![vec![IndexText { file: "Packages", text: packages }]],
            overlay: false,
        })
        .collect();
    let distribution = load(&archs, &suites, &[]).unwrap();
    let universe = Universe::build(&distribution);
    let target = Target::new(&distribution, &universe);
    let text = std::fs::read_to_string(folder.join("britney.conf")).unwrap();
    let (config, _) = config::parse(&text, "britney.conf", &CommandLine::default()).unwrap();
    let rules = Rules::from_config(&config, &archs, 1_795_246_742);
    let (hints, facts) = (HintSet::default(), Facts::default());
    let memo = crate::policy::Memo::default();
    let context = Context {
        distribution: &distribution,
        universe: &universe,
        target: &target,
        rules: &rules,
        hints: &hints,
        facts: &facts,
        memo: &memo,
    };
    relations_are_the_clauses(context);
    let excuses = excuses(context);
    let keep = std::collections::BTreeSet::new();
    let outcome = Upgrade::new(context, &excuses, &keep, &|_| {}).run(Plan::Everything);
    let mut explainer = Explainer::new(context, &keep, &excuses, &outcome);
    let explained = explainer.all_stayed().unwrap();
    assert_eq!(explained.len(), outcome.stayed.len());
    assert_eq!(explained.len(), 218);
    for explanation in explained.values() {
        match &explanation.why {
            Why::TrialOrder | Why::Impossible { .. } => {}
            Why::Breaks(breakage) => assert!(breakage.core.is_some(), "{explanation:?}"),
        }
    }
    for (cause, freed) in leaves(context, &excuses) {
        let then = without(context, &excuses, &cause);
        let newly = then.iter().filter(|(name, excuse)| excuse.is_valid() && !excuses[*name].is_valid());
        assert!(newly.map(|(name, _)| name).eq(&freed), "{cause:?}");
    }
}

/// What explanations read of the relations is what the engine decides by.
fn relations_are_the_clauses(context: Context<'_>) {
    let arch = context.distribution.arch_ids().next().unwrap();
    let view = View::new(context.distribution, context.universe, context.target, arch);
    let port = context.universe.port(arch);
    for id in (0..port.len()).map(BinaryId::at).filter(|&id| !port.is_never_installable(id)) {
        let sorted = |mut literals: Vec<BinaryId>| {
            literals.retain(|&literal| !port.is_never_installable(literal));
            literals.sort_unstable();
            literals
        };
        let mut written: Vec<_> = view.needs(id).into_iter().map(|need| sorted(need.by)).collect();
        let mut engine: Vec<_> =
            port.needs(id).map(|clause: ClauseId| sorted(port.literals(clause).collect())).collect();
        for sets in [&mut written, &mut engine] {
            sets.sort_unstable();
            sets.dedup();
        }
        assert_eq!(written, engine, "{}", context.distribution.binary_text(arch, id));
    }
}
