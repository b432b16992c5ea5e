//! Whether the slice says what the whole says.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use tidegate_migrate::compat::britney::config::{self, CommandLine};
use tidegate_migrate::facts::Facts;
use tidegate_migrate::hint::HintSet;
use tidegate_migrate::model::{ArchId, Verdict};
use tidegate_migrate::rules::Rules;
use tidegate_migrate::session::Session;

use crate::snapshot::{ARCHITECTURE, Texts};

/// No age is asked for: every excuse is about packages alone.
const RULES: &str = "TESTING = testing\nUNSTABLE = unstable\nARCHITECTURES = amd64\nNOBREAKALL_ARCHES = amd64\n\
                     ALL_BUILDARCH = amd64\nMINDAYS_MEDIUM = 0\nDEFAULT_URGENCY = medium\n\
                     SMOOTH_UPDATES = libs oldlibs\nIGNORE_CRUFT = 1\n";

/// What is said of the items, and which of testing's packages cannot be installed.
struct Judgement {
    excuses: BTreeMap<String, (Verdict, Vec<String>)>,
    uninstallable: BTreeSet<String>,
}

impl Judgement {
    fn of(texts: &Texts) -> Result<Self, Box<dyn Error>> {
        let command_line = CommandLine { series: "testing", distribution: None, overrides: &[] };
        let (config, _) = config::parse(RULES, "rules", &command_line).map_err(|errors| format!("{errors:?}"))?;
        let architectures = [ARCHITECTURE.to_owned()];
        let rules = Rules::from_config(&config, &architectures, 0);
        let suites = texts.for_engine();
        let session = Session::new(&architectures, &suites, &[], rules, HintSet::default(), Facts::default())?;
        let excuses = session.excuses();
        let said = excuses.into_iter().map(|(name, excuse)| (name, (excuse.verdict, excuse.notes)));
        let arch = ArchId(0);
        let dead = session.target.installability(arch).dead();
        Ok(Self {
            excuses: said.collect(),
            uninstallable: dead.map(|id| session.distribution.binary_text(arch, id)).collect(),
        })
    }
}

/// Refuses a slice in which an item has an excuse that is not word for word the one that it has in the whole, or in
/// which something cannot be installed that can be in the whole.
pub(crate) fn same_judgement(whole: &Texts, slice: &Texts) -> Result<(), Box<dyn Error>> {
    let (whole, slice) = (Judgement::of(whole)?, Judgement::of(slice)?);
    let mut differences = Vec::new();
    for (item, said) in &slice.excuses {
        match whole.excuses.get(item) {
            Some(there) if there == said => {}
            Some(there) => differences.push(format!("{item}: {there:?} in the whole, {said:?} in the slice")),
            None => differences.push(format!("{item} is no item in the whole")),
        }
    }
    differences
        .extend(slice.uninstallable.difference(&whole.uninstallable).map(|one| format!("{one} cannot be installed")));
    if !differences.is_empty() {
        return Err(format!("the slice says other things than the whole:\n{}", differences.join("\n")).into());
    }
    let valid = slice.excuses.values().filter(|(verdict, _)| !verdict.is_rejected()).count();
    eprintln!("{:5} items, {valid} candidates, each with the excuse that it has in the whole", slice.excuses.len());
    Ok(())
}
