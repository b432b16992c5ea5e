//! Laws of growth, as numbers of statements: what the server of the database was asked, by its own log.

use tidegate_kernel::{Blocker, BlockerCode, Level, LookAgain, Subject, Who, WhoKind};
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::Row;

use super::work::{Deed, LOAD, commit, store};

#[derive(Clone, Copy)]
struct LowWater;

impl BlockerCode for LowWater {
    const GATE: &'static str = "harbour";

    fn all() -> &'static [Self] {
        &[Self]
    }

    fn code(&self) -> &'static str {
        "low-water"
    }

    fn level(&self) -> Level {
        Level::Hold
    }

    fn sentence(&self) -> &'static str {
        "The water is too low."
    }

    fn who_kinds(&self) -> &'static [WhoKind] {
        &[WhoKind::Nobody]
    }

    fn ends_with(&self) -> &'static str {
        "the next tide"
    }
}

fn low_water(subject: &Subject, text: &str) -> Blocker {
    let who = Who::nobody("the next tide");
    Blocker::new(LowWater, subject.clone(), text, who, LookAgain::on("harbour.tide.changed"))
}

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let url = postgres.database("counts").await;
    // the tables are there before anything is counted
    store(&url).await.close().await;
    postgres.log_statements("counts").await;
    let db = store(&url).await;
    let plain = Deed { ship: "one".to_owned(), ..Deed::default() };
    let telling =
        Deed { told: vec![("a".to_owned(), "one".to_owned())], woken: vec![LOAD.key("one")], ..plain.clone() };
    // prepared statements and new connections are not what is counted
    for deed in [&plain, &telling] {
        commit(&db, deed).await;
    }
    let alone = counted(postgres, commit(&db, &plain)).await;
    let with = counted(postgres, commit(&db, &telling)).await;
    let mut rows = vec![Row::counts("statements of a write with a message and a wake-up", with, alone, "≤ 5 more")];
    let few = held(postgres, &db, 10, 10).await;
    let many = held(postgres, &db, 3_000, 10).await;
    rows.push(Row::counts("statements to set blockers of 3,000 subjects, 10 changed", many, few, "1"));
    rows
}

async fn counted(postgres: &OwnPostgres, work: impl Future<Output = ()>) -> usize {
    let statements = || {
        let log = postgres.log();
        log.lines().filter(|line| line.contains("LOG:  execute") || line.contains("LOG:  statement:")).count()
    };
    let before = statements();
    work.await;
    statements() - before
}

/// The statements that setting these blockers takes, when so many of them changed.
async fn held(postgres: &OwnPostgres, db: &Db, subjects: usize, changed: usize) -> usize {
    let name = |number: usize| Subject::source(&format!("ship-{subjects}-{number}"), "1");
    let all: Vec<_> = (0..subjects).map(name).collect();
    set(db, &all, 0).await;
    counted(postgres, set(db, &all, changed)).await
}

async fn set(db: &Db, subjects: &[Subject], changed: usize) {
    let blocker = |(number, subject): (usize, &Subject)| {
        let text = if number < changed { "Two feet." } else { "Three feet." };
        (subject.clone(), [low_water(subject, text)])
    };
    let all: Vec<_> = subjects.iter().enumerate().map(blocker).collect();
    let all: Vec<(&Subject, &[Blocker])> = all.iter().map(|(subject, list)| (subject, list.as_slice())).collect();
    let all = all.as_slice();
    let set: Result<usize> = db.write("harbour.hold", |tx| in_tx(tx.set_blockers_of("harbour", all))).await;
    set.expect("it is committed");
}
