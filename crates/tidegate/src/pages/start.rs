//! The start page: what is stuck, and what moves.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::blockers::{self, Filter};
use tidegate_platform::http::{Caller, Problem, Query};
use tidegate_platform::outbox::{Entry, Feed, Post};
use tidegate_platform::relay::view as receivers;
use tidegate_platform::store::in_tx;
use tidegate_platform::wake::view as jobs;
use tidegate_web::{Chip, Moment};

use super::{Pages, START};

/// So many blockers are listed, and so many messages.
const BLOCKERS: i64 = 50;
const MESSAGES: usize = 20;
/// Tells every result, news or not; what it changed is told by another topic.
const NO_NEWS: &str = "resultsdb.result.new";
/// So far back in the feed it looks for them.
const BACK: i64 = 200;

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    failing: i64,
    paused: usize,
    down: usize,
    set_aside: i64,
    blockers: Vec<Stuck>,
    happened: Vec<Happened>,
}

/// Something that stands still.
struct Stuck {
    level: Chip,
    subject: String,
    text: String,
    who: String,
    since: Option<Moment>,
}

/// Something that was told.
struct Happened {
    topic: String,
    about: String,
    outcome: Option<Chip>,
    at: Moment,
}

impl Happened {
    fn of(entry: Entry) -> Option<Self> {
        let Post::Message(message) = entry.post else { return None };
        if message.topic.as_str() == NO_NEWS {
            return None;
        }
        let outcome = message.body.get("outcome").and_then(|outcome| outcome.as_str()).map(Chip::of);
        let about: Vec<_> = message.subjects.iter().take(2).map(ToString::to_string).collect();
        Some(Self { topic: message.topic.to_string(), about: about.join(", "), outcome, at: Moment(message.at) })
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let (db, names) = (pages.platform.db(), pages.platform.jobs());
    let now = db.now();
    let read = db.read(|reader| {
        in_tx(async move {
            let jobs = jobs::jobs(reader, names, now).await?;
            let receivers = receivers::sinks(reader).await?;
            let blockers = blockers::list(reader, &Filter::default(), None, BLOCKERS).await?;
            let head = Feed::head(reader).await?;
            let entries = Feed::messages(reader, (head - BACK).max(0), head, BACK).await?;
            Ok::<_, Problem>((jobs, receivers, blockers, entries))
        })
    });
    let (jobs, receivers, blockers, entries) = read.await?;
    let stuck = |kept: blockers::Kept| {
        let blocker = kept.blocker;
        let who: Vec<_> = blocker.who().iter().map(|who| format!("{} can {}", who.name, who.can)).collect();
        Stuck {
            level: Chip::of(blocker.level().name()),
            subject: blocker.subject().to_string(),
            text: blocker.text().to_owned(),
            who: who.join("; "),
            since: blocker.since().map(Moment),
        }
    };
    let start = StartPage {
        failing: jobs.iter().map(|job| job.failing).sum(),
        paused: jobs.iter().filter(|job| job.paused.is_some()).count(),
        down: receivers.iter().filter(|receiver| receiver.is_down).count(),
        set_aside: receivers.iter().map(|receiver| receiver.set_aside).sum(),
        blockers: blockers.into_iter().map(stuck).collect(),
        happened: entries.into_iter().rev().filter_map(Happened::of).take(MESSAGES).collect(),
    };
    pages.page(&caller, START, "/api/v1/events", &start)
}
