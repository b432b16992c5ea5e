//! The real archive for tests, where it is there: Debian on amd64.

use std::path::{Path, PathBuf};

use tidegate_archive::compression::{Compression, decompress_owned};

use crate::compat::britney::config::{self, CommandLine};
use crate::facts::Facts;
use crate::hint::HintSet;
use crate::load::{IndexText, SuiteText};
use crate::rules::Rules;
use crate::session::Session;

/// The texts of both suites and the configuration.
pub(crate) struct Snapshot {
    config: String,
    suites: [(&'static str, String, String); 2],
}

impl Snapshot {
    /// Reads it; without it says so.
    pub(crate) fn read() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/debian");
        if !folder.is_dir() {
            println!("skipped: 1 test, as there is no ../shared/data/debian");
            return None;
        }
        let text = |path: PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            String::from_utf8(decompress_owned(Compression::Zstd, bytes, 1 << 30).unwrap()).unwrap()
        };
        let suites = ["testing", "unstable"].map(|suite| {
            let folder = folder.join(suite);
            (suite, text(folder.join("Sources.zst")), text(folder.join("Packages_amd64.zst")))
        });
        Some(Self { config: std::fs::read_to_string(folder.join("britney.conf")).unwrap(), suites })
    }

    /// Loads it with hints.
    pub(crate) fn session(&self, hints: HintSet) -> Session {
        let archs = ["amd64".to_owned()];
        let suites = self.suites.iter().map(|(label, sources, packages)| SuiteText {
            label: (*label).to_owned(),
            short: None,
            sources: vec![IndexText { file: "Sources", text: sources }],
            packages: vec![vec![IndexText { file: "Packages", text: packages }]],
            overlay: false,
        });
        let (config, _) = config::parse(&self.config, "britney.conf", &CommandLine::default()).unwrap();
        let rules = Rules::from_config(&config, &archs, 1_795_246_742);
        Session::new(&archs, &suites.collect::<Vec<_>>(), &[], rules, hints, Facts::default()).unwrap()
    }
}
