//! Since when, until when, and only what changed.

use std::time::Duration;

use tidegate_kernel::catalogue::{catalogue, departures};
use tidegate_kernel::{Blocker, BlockerCode, Level, LookAgain, Subject, Timestamp, Who, WhoKind};
use tidegate_platform::blockers::{self, Filter, Kept, Place, PlatformCode};
use tidegate_platform::store::{Db, Result, in_tx};
use tidegate_testkit::TestDb;

use crate::outbox::PLATFORM;
use crate::wake::at;

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
        &[WhoKind::Nobody, WhoKind::User]
    }

    fn ends_with(&self) -> &'static str {
        "the next tide"
    }
}

fn ship(name: &str) -> Subject {
    Subject::source(name, "1")
}

fn low_water(subject: &Subject, text: &str) -> Blocker {
    let who = Who::nobody("the next tide");
    Blocker::new(LowWater, subject.clone(), text, who, LookAgain::on("harbour.tide.changed")).with_detail("feet", 3.5)
}

async fn set(db: &Db, subject: &Subject, all: &[Blocker]) -> usize {
    let set: Result<usize> = db.write("harbour.hold", |tx| in_tx(tx.set_blockers(subject, "harbour", all))).await;
    set.expect("it is committed")
}

async fn open(db: &Db, subject: &Subject) -> Vec<Kept> {
    let open: Result<_> = db.read(|reader| in_tx(blockers::of_subject(reader, subject))).await;
    open.expect("it can be read")
}

fn since(kept: &[Kept]) -> Vec<Option<Timestamp>> {
    kept.iter().map(|kept| kept.blocker.since()).collect()
}

/// Scenario 1.
#[test]
fn since_stays_with_another_text_and_is_new_after_an_end() {
    TestDb::both(PLATFORM, async |t| {
        let subject = &ship("rust");
        assert_eq!(set(&t.db, subject, &[low_water(subject, "Three feet.")]).await, 1);
        t.clock.advance(Duration::from_secs(60));
        assert_eq!(set(&t.db, subject, &[low_water(subject, "Three feet.")]).await, 0, "nothing changed");
        assert_eq!(set(&t.db, subject, &[low_water(subject, "Two feet.")]).await, 1);
        let now = open(&t.db, subject).await;
        assert_eq!((since(&now), now[0].blocker.text()), (vec![Some(at("08:00:00"))], "Two feet."));
        assert_eq!(set(&t.db, subject, &[]).await, 1);
        assert_eq!(open(&t.db, subject).await, []);
        t.clock.advance(Duration::from_secs(60));
        set(&t.db, subject, &[low_water(subject, "One foot.")]).await;
        assert_eq!(since(&open(&t.db, subject).await), [Some(at("08:02:00"))]);
        let of = &Filter { subject: vec![subject.clone()], ..Filter::default() };
        let history: Result<Vec<Kept>> = t.db.read(|reader| in_tx(blockers::history(reader, of, None, 10))).await;
        let history = history.unwrap();
        let spans: Vec<_> =
            history.iter().map(|kept| (kept.blocker.text(), kept.blocker.since(), kept.until)).collect();
        let before = ("Two feet.", Some(at("08:00:00")), Some(at("08:01:00")));
        assert_eq!(spans, [("One foot.", Some(at("08:02:00")), None), before]);
        let id = history[0].blocker.id();
        let one: Result<_> = t.db.read(|reader| in_tx(blockers::one(reader, id))).await;
        assert_eq!(one.unwrap().as_ref(), Some(&history[0]));
    });
}

#[test]
fn of_many_subjects_only_what_changed_is_written() {
    TestDb::both(PLATFORM, async |t| {
        let subjects: Vec<_> = (0..300).map(|number| ship(&number.to_string())).collect();
        let sets = |changed: usize| {
            let text = move |place: usize| if place < changed { "Two feet." } else { "Three feet." };
            let blocker =
                move |(place, subject): (usize, &Subject)| (subject.clone(), [low_water(subject, text(place))]);
            subjects.iter().enumerate().map(blocker).collect::<Vec<_>>()
        };
        for (changed, written) in [(0, 300), (10, 10), (10, 0)] {
            let all = sets(changed);
            let all: Vec<(&Subject, &[Blocker])> =
                all.iter().map(|(subject, blockers)| (subject, blockers.as_slice())).collect();
            let all = all.as_slice();
            let set: Result<usize> = t.db.write("harbour.hold", |tx| in_tx(tx.set_blockers_of("harbour", all))).await;
            assert_eq!(set.unwrap(), written);
        }
    });
}

#[test]
fn another_gate_and_another_subject_keep_theirs() {
    TestDb::both(PLATFORM, async |t| {
        let (one, long) = (&ship("rust"), &ship(&"x".repeat(3_000)));
        set(&t.db, one, &[low_water(one, "Low."), low_water(one, "Low.").with_discriminator("pier 2")]).await;
        set(&t.db, long, &[low_water(long, "Low.")]).await;
        let other: Result<usize> = t.db.write("quay.hold", |tx| in_tx(tx.set_blockers(one, "quay", &[]))).await;
        assert_eq!(other.unwrap(), 0);
        assert_eq!((open(&t.db, one).await.len(), open(&t.db, long).await.len()), (2, 1));
        assert_eq!(set(&t.db, one, &[]).await, 2);
        assert_eq!(open(&t.db, long).await[0].blocker.subject(), long);
    });
}

#[test]
fn lists_are_filtered_and_paged() {
    TestDb::both(PLATFORM, async |t| {
        for name in ["a", "b", "c"] {
            let subject = &ship(name);
            let who = Who::new(WhoKind::User, name, "wait");
            set(&t.db, subject, &[low_water(subject, &format!("Low at {name}.")).with_who(who)]).await;
            t.clock.advance(Duration::from_secs(60));
        }
        let list = async |filter: Filter, after: Option<Place>, limit| {
            let (filter, after) = (&filter, after.as_ref());
            let page: Result<Vec<Kept>> = t.db.read(|reader| in_tx(blockers::list(reader, filter, after, limit))).await;
            page.expect("it can be read")
        };
        let names = |page: &[Kept]| page.iter().map(|kept| kept.blocker.subject().id().to_owned()).collect::<Vec<_>>();
        let page = list(Filter::default(), None, 2).await;
        assert_eq!(names(&page), ["a/1", "b/1"]);
        assert_eq!(names(&list(Filter::default(), Some(page[1].place()), 2).await), ["c/1"]);
        let text = |text: &str| vec![text.to_owned()];
        let filters = [
            (Filter { who: text("b"), ..Filter::default() }, vec!["b/1"]),
            (Filter { who: vec!["b".to_owned(), "c".to_owned()], ..Filter::default() }, vec!["b/1", "c/1"]),
            (Filter { q: "LOW AT C".to_owned(), ..Filter::default() }, vec!["c/1"]),
            (
                Filter { code: text("harbour.low-water"), level: text("hold"), ..Filter::default() },
                vec!["a/1", "b/1", "c/1"],
            ),
            (Filter { gate: text("quay"), ..Filter::default() }, vec![]),
            (Filter { not_of: text("harbour"), ..Filter::default() }, vec![]),
            (Filter { subject: vec![ship("c"), ship("a")], ..Filter::default() }, vec!["a/1", "c/1"]),
            (Filter { since_before: Some(at("08:01:00")), ..Filter::default() }, vec!["a/1"]),
        ];
        for (filter, expected) in filters {
            assert_eq!(names(&list(filter.clone(), None, 10).await), expected, "{filter:?}");
        }
    });
}

/// Regenerates and compares: run with `TIDEGATE_BLESS=1` after a change that is meant.
#[test]
fn the_checked_in_list_of_codes_is_what_the_code_says() {
    crate::checked_in("blockers.toml", &catalogue::<PlatformCode>());
}

/// What the platform shows of itself, as other tests make it appear.
pub(crate) async fn of_platform(db: &Db) -> Vec<Blocker> {
    let filter = &Filter { gate: vec!["platform".to_owned()], ..Filter::default() };
    let open: Result<Vec<Kept>> = db.read(|reader| in_tx(blockers::list(reader, filter, None, 100))).await;
    let open: Vec<_> = open.expect("it can be read").into_iter().map(|kept| kept.blocker).collect();
    let wrong = departures::<PlatformCode>(&open);
    assert!(wrong.iter().all(|line| line.ends_with("never appears")), "{wrong:?}");
    open
}

/// The codes that are open, in order.
pub(crate) async fn codes(db: &Db) -> Vec<String> {
    let mut codes: Vec<_> = of_platform(db).await.iter().map(|blocker| blocker.code().to_owned()).collect();
    codes.sort();
    codes
}
