//! The trail of a subject: what gates did with it, what holds it, where it came from and what became of it.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::Subject;
use tidegate_platform::blockers;
use tidegate_platform::http::{Caller, Path, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_platform::trail::{self, Direction};
use tidegate_web::{Chip, Encoded, Moment};

use super::blockers::Row;
use super::{Head, Pages, ROWS};

/// So many links away the page goes, which are a statement each in both directions, and to so many subjects.
const DEPTH: u32 = 5;
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "trail.html")]
struct TrailPage {
    stands_at: Option<String>,
    steps: Vec<Step>,
    blockers: Vec<Row>,
    links: Vec<Link>,
    results: Option<String>,
}

struct Step {
    gate: String,
    name: String,
    outcome: Chip,
    text: String,
    url: Option<String>,
    at: Moment,
}

struct Link {
    from: Node,
    relation: String,
    to: Node,
    at: Moment,
}

/// An end of a link; without an address where it is the subject itself.
struct Node {
    subject: String,
    url: Option<String>,
}

impl From<trail::Step> for Step {
    fn from(step: trail::Step) -> Self {
        let leads_here = |url: &String| url.starts_with('/') && !url.starts_with("//") || url.starts_with("https://");
        Self {
            gate: step.gate,
            name: step.step,
            outcome: Chip::of(step.outcome.name()),
            text: step.text,
            url: step.url.filter(leads_here),
            at: Moment(step.at),
        }
    }
}

impl Link {
    fn of(link: trail::Link, subject: &Subject) -> Self {
        let node = |end: Subject| {
            let url = (end != *subject).then(|| format!("/trail/{}", Encoded(&end.to_string())));
            Node { subject: end.to_string(), url }
        };
        let relation = link.relation.name().replace('_', " ");
        Self { from: node(link.from), relation, to: node(link.to), at: Moment(link.at) }
    }
}

/// Where the results about a subject are, if there can be any.
fn results_of(subject: &Subject) -> Option<String> {
    let (kind, item) = tidegate_results::subject::named(subject)?;
    Some(format!("/results/subjects/{}/{}", Encoded(kind), Encoded(item)))
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path(text): Path<String>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let subject: Subject =
        text.parse().map_err(|error: tidegate_kernel::subject::NotASubject| Problem::not_found(error.to_string()))?;
    let db = pages.platform.db();
    let (of, trail, hidden) = (&subject, &pages.platform.trail_for(&caller), pages.platform.hidden_from(&caller));
    let read = db.read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let steps = trail.steps_of(reader, std::slice::from_ref(of), ROWS).await?;
            let blockers = blockers::of_subject(reader, of).await?;
            let walk = trail.walk(reader, of, Direction::Both, DEPTH, MOST).await?;
            Ok::<_, Problem>((head, steps, blockers, walk))
        })
    });
    let (head, steps, mut blockers, walk) = read.await?;
    blockers.retain(|kept| !hidden.contains(&kept.gate));
    let holds = blockers.iter().filter(|kept| kept.blocker.level() == tidegate_kernel::Level::Hold);
    let oldest = holds.min_by_key(|kept| kept.blocker.since()).map(|kept| kept.gate.clone());
    let page = TrailPage {
        stands_at: oldest.or_else(|| steps.last().map(|of| of.step.gate.clone())),
        blockers: blockers.iter().map(|kept| Row::of(&kept.blocker, db.now())).collect(),
        steps: steps.into_iter().map(|of| Step::from(of.step)).collect(),
        links: walk.links.into_iter().map(|link| Link::of(link, of)).collect(),
        results: results_of(&subject),
    };
    let json = Some(format!("/api/v1/trail/{}", Encoded(&text)));
    let head = Head { json, live_after: Some(head), ..Head::titled(subject.to_string()) };
    pages.page(&caller, head, &page)
}
