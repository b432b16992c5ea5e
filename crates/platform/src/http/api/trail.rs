//! Where a change went through all gates, and where it stands.

use std::collections::BTreeSet;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::{Evidence, Level, Relation, StepOutcome, StoredRelation, Subject, SubjectKind, Timestamp};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::Answer;
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, FromParams, Params, Path, Query};
use super::super::problem::{Problem, ProblemItem};
use super::super::route::{Access, Endpoint, Routes};
use super::blockers::Blocker;
use crate::auth::LINK;
use crate::blockers::{self, Kept};
use crate::store::{Reader, Result as StoreResult, in_tx};
use crate::trail::{self, Direction, StepOf, Walk};

/// So many links away a trail goes by itself, and at most.
const DEPTH: u32 = 8;
const DEEPEST: u32 = 64;
/// Of so many of the nearest subjects the steps and blockers are told.
const TOLD_OF: usize = 500;
/// So many steps and blockers are told.
const TOLD: i64 = 2_000;
/// A longer subject is none that a build system made.
const LONGEST: usize = 1_000;

/// The trail of a subject.
#[derive(Debug, Serialize, ToSchema)]
struct Trail {
    /// The subject.
    #[schema(value_type = String)]
    subject: Subject,
    /// What people call it.
    title: String,
    /// The gate of its oldest open hold, else of its last step; `null` where there is neither.
    stands_at: Option<String>,
    /// What it became and what became it, the nearest first.
    nodes: Vec<Node>,
    /// How one became the other.
    links: Vec<Link>,
    /// What gates did with it and with the nearest of its nodes, in order.
    steps: Vec<Stepped>,
    /// What holds it and the nearest of its nodes: holds first.
    blockers: Vec<Blocker>,
    /// Whether there is more than was followed.
    truncated: bool,
    /// The cursor of the next page of nodes; `null` on the last one.
    next: Option<String>,
    /// Gates that are off, so that nobody knows what they would say.
    missing_gates: Vec<String>,
}

/// Something that the subject became, or that became it.
#[derive(Debug, Serialize, ToSchema)]
struct Node {
    /// What it is.
    #[schema(value_type = String)]
    subject: Subject,
    /// What people call it.
    title: String,
    /// How many links away it is.
    distance: u32,
}

/// One became another.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    /// What was first.
    #[schema(value_type = String)]
    from: Subject,
    /// How it became the other.
    #[schema(value_type = String)]
    relation: Relation,
    /// What it became.
    #[schema(value_type = String)]
    to: Subject,
    /// The gate that saw it.
    gate: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What shows it.
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<Evidence>,
}

/// What a gate did with a subject.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Step)]
struct Stepped {
    /// The subject.
    #[schema(value_type = String)]
    subject: Subject,
    /// The gate.
    gate: String,
    /// Which step.
    step: String,
    /// What came of it.
    #[schema(value_type = String)]
    outcome: StepOutcome,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In one sentence.
    text: String,
    /// Where it can be seen.
    url: Option<String>,
    /// The message that told of it.
    message_id: Option<String>,
}

/// What is asked of a trail.
struct Asked {
    direction: Direction,
    kind: Vec<SubjectKind>,
    new: bool,
    depth: u32,
    cursor: Option<usize>,
}

/// A link that a build system saw.
#[derive(ToSchema)]
struct NewLink {
    /// The commit.
    #[schema(value_type = String)]
    from: Subject,
    /// The build or the source package that was made of it.
    #[schema(value_type = String)]
    to: Subject,
    /// What shows it.
    #[schema(value_type = Option<Vec<Object>>)]
    evidence: Vec<Evidence>,
}

/// A link as it was made.
#[derive(Debug, Serialize, ToSchema)]
struct Linked {
    /// The commit.
    #[schema(value_type = String)]
    from: Subject,
    /// `built_as`
    #[schema(value_type = String)]
    relation: Relation,
    /// What was made of it.
    #[schema(value_type = String)]
    to: Subject,
}

struct Kind(SubjectKind);

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = SubjectKind::ALL.into_iter().find(|kind| kind.name() == text);
        kind.map(Self).ok_or_else(|| format!("expected one of {}", SubjectKind::ALL.map(SubjectKind::name).join(", ")))
    }
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let (direction, kind) = (params.optional::<String>("direction"), params.list::<Kind>("kind"));
        let (new, depth, cursor) = (params.optional("new"), params.optional("depth"), params.optional("cursor"));
        let direction = match direction?.as_deref() {
            None | Some("both") => Direction::Both,
            Some("forward") => Direction::Forward,
            Some("backward") => Direction::Backward,
            Some(_) => {
                params.refuse("direction", "expected forward, backward or both");
                return None;
            }
        };
        let depth = depth?.unwrap_or(DEPTH);
        if !(1..=DEEPEST).contains(&depth) {
            params.refuse("depth", "expected 1 to 64");
            return None;
        }
        let kind = kind?.into_iter().map(|Kind(kind)| kind).collect();
        Some(Self { direction, kind, new: new?.unwrap_or(false), depth, cursor: cursor? })
    }
}

impl FromFields for NewLink {
    fn read(fields: &mut Fields) -> Option<Self> {
        let from = subject(fields, "from", &[SubjectKind::Commit]);
        let to = subject(fields, "to", &[SubjectKind::Build, SubjectKind::Source]);
        let evidence = fields.optional::<Vec<Evidence>>("evidence")?.unwrap_or_default();
        if evidence.len() > tidegate_kernel::Blocker::MAX_EVIDENCE {
            fields.refuse("evidence", "expected at most 20");
            return None;
        }
        Some(Self { from: from?, to: to?, evidence })
    }
}

fn subject(fields: &mut Fields, key: &'static str, kinds: &[SubjectKind]) -> Option<Subject> {
    let subject: Subject = fields.required(key)?;
    if subject.id().len() > LONGEST {
        fields.refuse(key, "expected at most 1000 bytes");
        return None;
    }
    if !kinds.contains(&subject.kind()) {
        let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        fields.refuse(key, &format!("expected a {}: other links are seen by the gates", kinds.join(" or ")));
        return None;
    }
    Some(subject)
}

pub(super) fn routes() -> Routes<Platform> {
    const QUERY: &[(&str, &str)] = &[
        ("direction", "`forward`, what it became; `backward`, what became it; `both`, unless it is said"),
        ("kind", "only nodes of that kind"),
        ("new", "of a compose, backward: without what the one before carries"),
        ("depth", "so many links away, at most 64"),
        ("cursor", "where the page of nodes begins, from `next`"),
    ];
    let show_route = Endpoint::get("/api/v1/trail/{subject}", Access::Read)
        .summary("Where a change went through all gates, and where it stands");
    let link_route = Endpoint::post("/api/v1/trail/links", Access::Needs(LINK))
        .summary("Says that a commit was built as a build or a source package");
    Routes::new()
        .route(show_route.query(QUERY).answers::<Trail>(200), show)
        .route(link_route.takes::<NewLink>().answers::<Linked>(201), link)
}

/// What of a trail is in the store.
struct Found {
    walk: Walk,
    steps: Vec<StepOf>,
    blockers: Vec<Kept>,
}

async fn show(
    State(platform): State<Platform>,
    Path(text): Path<String>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Trail>, Problem> {
    let trail = &platform.trail_for(&caller);
    let subject = &meant(&platform, trail, &text).await?;
    if asked.new {
        // what the compose before carries is known by no other gate
        let detail = "what is new in a compose is known by the gate catalog, which is off";
        return Err(Problem::new(404, "platform.gate-off", detail));
    }
    let (direction, depth) = (asked.direction, asked.depth);
    let begin = asked.cursor.unwrap_or(0).min(10 * trail::MOST);
    let most = begin + trail::MOST;
    let found: StoreResult<Found> =
        platform.db().read(|reader| in_tx(load(trail, reader, subject, direction, depth, most))).await;
    let Found { mut walk, steps, blockers } = found?;
    let next = (walk.truncated && walk.nodes.len() == most).then(|| most.to_string());
    let hidden = platform.hidden_from(&caller);
    let blockers: Vec<_> = blockers.into_iter().filter(|kept| !hidden.contains(&kept.gate)).collect();
    let stands_at = stands_at(subject, &blockers, &steps);
    let nodes = walk.nodes.drain(..).skip(begin).filter(|(node, _)| of_kind(&asked.kind, node));
    let nodes: Vec<Node> =
        nodes.map(|(subject, distance)| Node { title: title(&subject), subject, distance }).collect();
    let shown: BTreeSet<&Subject> = nodes.iter().map(|node| &node.subject).chain([subject]).collect();
    let has_ends = |link: &trail::Link| asked.kind.is_empty() || shown.contains(&link.from) || shown.contains(&link.to);
    let links = walk.links.into_iter().filter(has_ends).map(Link::from).collect();
    Ok(Json(Trail {
        subject: subject.clone(),
        title: title(subject),
        stands_at,
        nodes,
        links,
        steps: steps.into_iter().map(Stepped::from).collect(),
        blockers: blockers.into_iter().map(Blocker::from).collect(),
        truncated: walk.truncated,
        next,
        missing_gates: platform.missing_gates(),
    }))
}

fn of_kind(kinds: &[SubjectKind], subject: &Subject) -> bool {
    kinds.is_empty() || kinds.contains(&subject.kind())
}

/// The page of its trail.
pub(super) fn address(subject: &Subject) -> String {
    let encoded: String = form_urlencoded::byte_serialize(subject.to_string().as_bytes()).collect();
    // what stands for a blank in a form is itself in an address
    format!("/trail/{}", encoded.replace('+', "%20"))
}

/// What people call it, where no gate says more.
pub(super) fn title(subject: &Subject) -> String {
    subject.id().to_owned()
}

async fn load(
    trail: &trail::Trail,
    reader: &mut Reader,
    subject: &Subject,
    direction: Direction,
    depth: u32,
    most: usize,
) -> StoreResult<Found> {
    let walk = trail.walk(reader, subject, direction, depth, most).await?;
    let near = walk.nodes.iter().map(|(subject, _)| subject.clone()).take(TOLD_OF);
    let told_of: Vec<Subject> = std::iter::once(subject.clone()).chain(near).collect();
    let steps = trail.steps_of(reader, &told_of, TOLD).await?;
    let blockers = blockers::of_subjects(reader, &told_of, TOLD).await?;
    Ok(Found { walk, steps, blockers })
}

/// The gate of the subject's oldest open hold, else of its last step.
fn stands_at(subject: &Subject, blockers: &[Kept], steps: &[StepOf]) -> Option<String> {
    let holds = blockers.iter().filter(|kept| kept.blocker.subject() == subject && kept.blocker.level() == Level::Hold);
    let hold = holds.min_by_key(|kept| kept.blocker.since()).map(|kept| &kept.gate);
    let step = || steps.iter().rev().find(|of| of.subject == *subject).map(|of| &of.step.gate);
    hold.or_else(step).cloned()
}

/// The one subject of that text.
async fn meant(platform: &Platform, trail: &trail::Trail, text: &str) -> Result<Subject, Problem> {
    let known: StoreResult<Vec<Subject>> = platform.db().read(|reader| in_tx(trail.known(reader, text))).await;
    let mut known = known?;
    let unknown = |detail: String, others: &[Subject]| {
        let item = |subject: &Subject| ProblemItem::new("path", "platform.unknown-subject", subject.to_string());
        let errors = others.iter().map(item).collect();
        Problem { errors, ..Problem::new(404, "platform.unknown-subject", detail) }
    };
    match known.len() {
        1 => Ok(known.remove(0)),
        0 => {
            let near: StoreResult<Vec<Subject>> = match &text.parse::<Subject>() {
                Ok(subject) => platform.db().read(|reader| in_tx(trail.near(reader, subject))).await,
                Err(_) => platform.db().read(|reader| in_tx(trail.beginning(reader, text, 5))).await,
            };
            let near = near?;
            let hint = match near.as_slice() {
                [] => String::new(),
                near => format!(": near are {}", near.iter().map(Subject::to_string).collect::<Vec<_>>().join(", ")),
            };
            Err(unknown(format!("no gate has seen {text:?}{hint}"), &near))
        }
        _ => {
            let all = known.iter().map(Subject::to_string).collect::<Vec<_>>().join(", ");
            Err(unknown(format!("{text:?} may be {all}: say which"), &known))
        }
    }
}

async fn link(State(platform): State<Platform>, caller: Caller, Body(new): Body<NewLink>) -> Result<Answer, Problem> {
    let (caller, new) = (&caller, &new);
    let done = caller.write(&platform, "platform.trail.link", |tx| {
        in_tx(async move {
            let NewLink { from, to, evidence } = new;
            let is_new = tx.link(from, StoredRelation::BuiltAs, to, "platform", evidence).await?;
            let linked = Linked { from: from.clone(), relation: Relation::BuiltAs, to: to.clone() };
            if !is_new {
                return Ok(Answer::ok(&linked));
            }
            let change = json!({"linked": &linked});
            caller.record(tx, Record { permission: LINK, object: to.to_string(), reason: None, change });
            Ok(Answer::created(format!("/api/v1{}", address(from)), &linked))
        })
    });
    done.await
}

impl From<trail::Link> for Link {
    fn from(link: trail::Link) -> Self {
        let trail::Link { from, to, relation, gate, at, evidence } = link;
        Self { from, relation, to, gate, at, evidence }
    }
}

impl From<StepOf> for Stepped {
    fn from(of: StepOf) -> Self {
        let trail::Step { gate, step, at, outcome, text, url, message_id } = of.step;
        let message_id = message_id.map(|id| id.to_string());
        Self { subject: of.subject, gate, step, outcome, at, text, url, message_id }
    }
}
