//! Programs that are killed at every step: this test program runs itself, as one of its tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate_kernel::{RandomIds, SystemClock};
use tidegate_platform::MIGRATIONS;
use tidegate_platform::chance::SystemRng;
use tidegate_platform::store::{Db, StoreOptions, Surroundings};
use tidegate_testkit::{Kind, TestDb};

use crate::wake::PLATFORM;

/// A test that is a program where it is told its store, with what else it is told.
pub(crate) struct Program<'p> {
    /// Its name, with its modules.
    pub(crate) test: &'p str,
    /// A variable of its own, and its value.
    pub(crate) told: (&'p str, &'p str),
}

/// One program after the other: the first is not disturbed, each further one is killed at another of its steps.
pub(crate) struct Kills {
    kind: Kind,
    /// At most so many steps, spread over all of them, are killed at.
    sample: usize,
    folder: TempDir,
    steps: Vec<String>,
    at: usize,
}

impl Kills {
    /// Over stores of that kind.
    pub(crate) fn over(kind: Kind, sample: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let steps = vec![format!("record:{}", folder.path().join("steps").display())];
        Self { kind, sample, folder, steps, at: 0 }
    }

    /// Where files can be kept for as long as all of it takes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is done at the present step; nothing after the last one.
    pub(crate) fn step(&self) -> Option<String> {
        self.steps.get(self.at).cloned()
    }

    /// Whether the present program is not disturbed.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.at == 0
    }

    /// Runs the program with the present step, and once more to its end. Says no where PostgreSQL is not installed.
    pub(crate) async fn run(&self, program: &Program<'_>) -> bool {
        let (store, loose) = match self.kind {
            Kind::Sqlite => (format!("sqlite:{}", self.folder().join(format!("store-{}", self.at)).display()), None),
            Kind::Postgres => {
                // a database of its own for each
                let Some(url) = TestDb::loose(PLATFORM).await else { return false };
                (url.clone(), Some(url))
            }
        };
        let this = &self.steps[self.at];
        tokio::task::block_in_place(|| {
            assert_eq!(program.run(&store, this), self.is_undisturbed(), "{this}");
            assert!(program.run(&store, ""), "{this}");
        });
        if let Some(url) = loose {
            TestDb::drop_loose(&url).await;
        }
        true
    }

    /// Goes on to the next step. The steps are those of the program that was not disturbed, which has one of that name.
    pub(crate) fn next(&mut self, known: &str) {
        if self.is_undisturbed() {
            let all = recorded(&self.folder().join("steps"));
            assert!(all.iter().any(|step| step.starts_with(known)), "{all:?}");
            let every = all.len().div_ceil(self.sample).max(1);
            self.steps.extend(all.iter().step_by(every).map(|step| format!("kill:{step}")));
        }
        self.at += 1;
    }
}

impl Program<'_> {
    /// Whether it came to its end; else it was killed.
    fn run(&self, store: &str, steps: &str) -> bool {
        let this = std::env::current_exe().expect("a test knows where it is");
        let ran = Command::new(this)
            .args(["--exact", self.test, "--nocapture"])
            .env("HARBOUR_STORE", store)
            .env(self.told.0, self.told.1)
            .env("TIDEGATE_STEPS", steps)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() || ran.status.code().is_none(), "{steps}: {text}");
        ran.status.success()
    }
}

/// The steps of a run that is not disturbed: `NAME#n`, each with how often it came before.
fn recorded(file: &Path) -> Vec<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let text = std::fs::read_to_string(file).expect("the run was recorded");
    let step = |name: &str| {
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        format!("{name}#{count}")
    };
    text.lines().map(step).collect()
}

/// The store of the program that this process is, with the system around it; nothing where it is a mere test.
pub(crate) async fn own_store() -> Option<Db> {
    let store = std::env::var("HARBOUR_STORE").ok()?;
    let options = StoreOptions { waive_fsync: true, ..StoreOptions::parse(&store).expect("an address") };
    let surroundings =
        Surroundings { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng), ids: Arc::new(RandomIds(SystemRng)) };
    let db = Db::open(&options, surroundings).await.expect("the store opens");
    db.migrate(&[MIGRATIONS]).await.expect("the migrations run");
    Some(db)
}
