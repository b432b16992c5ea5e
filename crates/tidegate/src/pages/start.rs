//! The start page: what is stuck, and what moves.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::Timestamp;
use tidegate_platform::blockers;
use tidegate_platform::http::{Caller, Problem, Query};
use tidegate_platform::outbox::{Entry, Feed, Post};
use tidegate_platform::relay::view as receivers;
use tidegate_platform::store::in_tx;
use tidegate_platform::wake::view as jobs;
use tidegate_web::{Age, Chip, Encoded};

use super::blockers::Row;
use super::{Head, Pages, START};

/// So many messages are listed.
const MESSAGES: usize = 20;
/// Tells every result, news or not; what it changed is told by another topic.
const NO_NEWS: &str = "resultsdb.result.new";
/// So far back in the feed it looks for them.
const BACK: i64 = 200;

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    open: i64,
    failing: i64,
    paused: usize,
    down: usize,
    set_aside: i64,
    stuck: Vec<Stuck>,
    happened: Vec<Happened>,
}

/// All that stands still for one reason.
struct Stuck {
    count: i64,
    all: String,
    oldest: Row,
}

/// Something that was told.
struct Happened {
    /// The test case of a result, else the topic.
    what: String,
    about: Vec<(String, String)>,
    before: Option<Chip>,
    outcome: Option<Chip>,
    age: Age,
}

impl Happened {
    fn of(entry: Entry, now: Timestamp) -> Option<Self> {
        let Post::Message(message) = entry.post else { return None };
        if message.topic.as_str() == NO_NEWS {
            return None;
        }
        let word = |path: &[&str]| {
            let first = message.body.get(*path.first()?)?;
            let value = path[1..].iter().try_fold(first, |value, key| value.get(key))?;
            value.as_str().map(str::to_owned)
        };
        let about = message.subjects.iter().take(2).map(|subject| {
            let name = subject.to_string();
            let url = format!("/trail/{}", Encoded(&name));
            (name, url)
        });
        Some(Self {
            what: word(&["testcase", "name"]).unwrap_or_else(|| message.topic.to_string()),
            about: about.collect(),
            before: word(&["announcement", "prev_outcome"]).as_deref().map(Chip::of),
            outcome: word(&["outcome"]).as_deref().map(Chip::of),
            age: Age { since: message.at, now },
        })
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
            let head = Feed::head(reader).await?;
            let jobs = jobs::jobs(reader, names, now).await?;
            let receivers = receivers::sinks(reader).await?;
            let stuck = blockers::by_code(reader).await?;
            let entries = Feed::messages(reader, (head - BACK).max(0), head, BACK).await?;
            Ok::<_, Problem>((head, jobs, receivers, stuck, entries))
        })
    });
    let (head, jobs, receivers, stuck, entries) = read.await?;
    let of_code = |(kept, count): (blockers::Kept, i64)| Stuck {
        count,
        all: format!("/blockers?code={}", Encoded(kept.blocker.code())),
        oldest: Row::of(&kept.blocker, now),
    };
    let start = StartPage {
        open: stuck.iter().map(|(_, count)| count).sum(),
        failing: jobs.iter().map(|job| job.failing).sum(),
        paused: jobs.iter().filter(|job| job.paused.is_some()).count(),
        down: receivers.iter().filter(|receiver| receiver.is_down).count(),
        set_aside: receivers.iter().map(|receiver| receiver.set_aside).sum(),
        stuck: stuck.into_iter().map(of_code).collect(),
        happened: entries.into_iter().rev().filter_map(|entry| Happened::of(entry, now)).take(MESSAGES).collect(),
    };
    let head = Head { live_after: Some(head), ..Head::of(START, "/api/v1/events") };
    pages.page(&caller, head, &start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_many() {
        let figures = |count: i64| {
            let many = usize::try_from(count).unwrap();
            let (stuck, happened) = (Vec::new(), Vec::new());
            let page =
                StartPage { open: count, failing: count, paused: many, down: many, set_aside: count, stuck, happened };
            let html = page.render().unwrap();
            let figures = html.lines().filter(|line| line.starts_with("<li")).map(|line| {
                let words = line.rsplit("\">").next().unwrap_or_default();
                words.trim_end_matches("</a></li>").to_owned()
            });
            figures.collect::<Vec<_>>()
        };
        let one =
            ["blocker is open", "key of a job fails", "job is paused", "receiver is down", "message is set aside"];
        let many = [
            "blockers are open",
            "keys of jobs fail",
            "jobs are paused",
            "receivers are down",
            "messages are set aside",
        ];
        assert_eq!([figures(0), figures(1), figures(2)], [many, one, many]);
    }
}
