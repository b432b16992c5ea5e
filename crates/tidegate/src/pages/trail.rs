//! The trail of a subject: what gates did with it, what holds it, where it came from and what became of it.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::{Subject, SubjectKind};
use tidegate_platform::http::{Caller, Path, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_platform::{blockers, trail};
use tidegate_web::{Chip, Encoded, Moment};

use super::blockers::Row;
use super::{Head, Pages, ROWS};

#[derive(Template)]
#[template(path = "trail.html")]
struct TrailPage {
    stands_at: Option<String>,
    steps: Vec<Step>,
    blockers: Vec<Row>,
    came_from: Vec<Link>,
    became: Vec<Link>,
    results: Option<String>,
}

struct Step {
    gate: String,
    step: String,
    outcome: Chip,
    text: String,
    url: Option<String>,
    at: Moment,
}

struct Link {
    subject: String,
    url: String,
    relation: String,
    gate: String,
    at: Moment,
}

impl From<trail::Step> for Step {
    fn from(step: trail::Step) -> Self {
        let leads_here = |url: &String| url.starts_with('/') && !url.starts_with("//") || url.starts_with("https://");
        Self {
            gate: step.gate,
            step: step.step,
            outcome: Chip::of(step.outcome.name()),
            text: step.text,
            url: step.url.filter(leads_here),
            at: Moment(step.at),
        }
    }
}

impl From<trail::Link> for Link {
    fn from(link: trail::Link) -> Self {
        let subject = link.subject.to_string();
        let url = format!("/trail/{}", Encoded(&subject));
        Self { subject, url, relation: link.relation.name().replace('_', " "), gate: link.gate, at: Moment(link.at) }
    }
}

/// Where the results about a subject are, if there can be any.
fn results_of(subject: &Subject) -> Option<String> {
    let kind = match subject.kind() {
        SubjectKind::Build => "koji_build",
        SubjectKind::Update => "bodhi_update",
        SubjectKind::Compose => "compose",
        SubjectKind::Artifact => "artifact",
        SubjectKind::Item => {
            let (kind, id) = subject.id().split_once('/')?;
            return Some(format!("/results/subjects/{}/{}", Encoded(kind), Encoded(id)));
        }
        SubjectKind::Pr | SubjectKind::Commit | SubjectKind::Source | SubjectKind::Package | SubjectKind::Event => {
            return None;
        }
    };
    Some(format!("/results/subjects/{kind}/{}", Encoded(subject.id())))
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
    let of = &subject;
    let read = db.read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let steps = trail::steps(reader, of, ROWS).await?;
            let blockers = blockers::of_subject(reader, of).await?;
            let came_from = trail::backward(reader, of, ROWS).await?;
            let became = trail::forward(reader, of, ROWS).await?;
            Ok::<_, Problem>((head, steps, blockers, came_from, became))
        })
    });
    let (head, steps, blockers, came_from, became) = read.await?;
    let holds = blockers.iter().filter(|kept| kept.blocker.level() == tidegate_kernel::Level::Hold);
    let oldest = holds.min_by_key(|kept| kept.blocker.since()).map(|kept| kept.gate.clone());
    let page = TrailPage {
        stands_at: oldest.or_else(|| steps.last().map(|step| step.gate.clone())),
        blockers: blockers.iter().map(|kept| Row::of(&kept.blocker, db.now())).collect(),
        steps: steps.into_iter().map(Step::from).collect(),
        came_from: came_from.into_iter().map(Link::from).collect(),
        became: became.into_iter().map(Link::from).collect(),
        results: results_of(&subject),
    };
    let json = Some(format!("/api/v1/trail/{}", Encoded(&text)));
    let head = Head { json, live_after: Some(head), ..Head::titled(subject.to_string()) };
    pages.page(&caller, head, &page)
}
