//! Blockers: what stands still, since when, and who can act.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::subject::NotASubject;
use tidegate_kernel::{Action, Blocker, BlockerId, Evidence, Timestamp};
use tidegate_platform::blockers::{self, Filter, Kept};
use tidegate_platform::http::{Caller, FromParams, Page, Params, Path, Problem, Query, When};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_web::{Age, Chip, Encoded, Moment};

use super::{BLOCKERS, Head, Pages, ROWS};

/// For how long it has held at least: what the filter offers, and what people read there.
const HELD: [(&str, &str); 4] = [("", "any time"), ("-1h", "an hour"), ("-24h", "a day"), ("-7d", "a week")];

/// What is asked for; an empty text is no condition.
pub(super) struct Asked {
    gate: String,
    code: String,
    subject: String,
    level: String,
    who: String,
    /// As it was written.
    before: String,
    since_before: Option<When>,
    q: String,
    page: Page,
}

#[derive(Template)]
#[template(path = "blockers.html")]
struct ListPage {
    asked: Asked,
    held: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
    is_filtered: bool,
}

/// A blocker in a list.
pub(super) struct Row {
    pub(super) level: Chip,
    pub(super) code: String,
    pub(super) url: String,
    pub(super) subject: String,
    pub(super) subject_url: String,
    pub(super) text: String,
    pub(super) who: Vec<String>,
    pub(super) age: Option<Age>,
}

#[derive(Template)]
#[template(path = "blocker.html")]
struct OnePage {
    row: Row,
    blocker: Blocker,
    gate: String,
    since: Option<Moment>,
    until: Option<Moment>,
    again_at: Option<Moment>,
    evidence: Vec<Shown>,
    actions: Vec<Action>,
    history: Vec<(Moment, Option<Moment>, String)>,
}

/// A piece of evidence.
struct Shown {
    kind: String,
    id: String,
    url: Option<String>,
    text: String,
    at: Option<Moment>,
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let mut text = |key| params.optional::<String>(key).map(Option::unwrap_or_default);
        let (gate, code, level, who) = (text("gate"), text("code"), text("level"), text("who"));
        let (subject, q) = (text("subject"), text("q"));
        let before = text("since_before")?;
        let since_before = match before.trim() {
            "" => None,
            text => match text.parse::<When>() {
                Ok(when) => Some(when),
                Err(error) => {
                    params.refuse("since_before", &error.to_string());
                    return None;
                }
            },
        };
        let page = Page::read(params);
        Some(Self {
            gate: gate?,
            code: code?,
            subject: subject?,
            level: level?,
            who: who?,
            before,
            since_before,
            q: q?,
            page: page?,
        })
    }
}

impl Asked {
    fn filter(&self, now: Timestamp) -> Result<Filter, Problem> {
        let given = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let list = |text: &str| given(text).into_iter().collect();
        let subject = given(&self.subject).map(|text| text.parse()).transpose();
        let subject = subject.map_err(|error: NotASubject| Problem::bad_value("query:subject", error.to_string()))?;
        Ok(Filter {
            gate: list(&self.gate),
            not_of: Vec::new(),
            code: list(&self.code),
            subject: subject.into_iter().collect(),
            level: list(&self.level),
            who: list(&self.who),
            q: self.q.trim().to_owned(),
            since_before: self.since_before.map(|when| when.from(now)),
        })
    }

    fn query(&self) -> String {
        let pairs = [
            ("gate", &self.gate),
            ("code", &self.code),
            ("subject", &self.subject),
            ("level", &self.level),
            ("who", &self.who),
            ("since_before", &self.before),
            ("q", &self.q),
        ];
        let given = pairs.iter().filter(|(_, text)| !text.is_empty());
        given.fold(String::new(), |query, (key, text)| query + key + "=" + &Encoded(text).to_string() + "&")
    }
}

impl Row {
    pub(super) fn of(blocker: &Blocker, now: Timestamp) -> Self {
        let subject = blocker.subject().to_string();
        Self {
            level: Chip::of(blocker.level().name()),
            code: blocker.code().to_owned(),
            url: format!("/blockers/{}", blocker.id()),
            subject_url: format!("/trail/{}", Encoded(&subject)),
            subject,
            text: blocker.text().to_owned(),
            who: blocker.who().iter().map(|who| format!("{} can {}", who.name, who.can)).collect(),
            age: blocker.since().map(|since| Age { since, now }),
        }
    }
}

pub(super) async fn list(
    State(pages): State<Pages>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Problem> {
    let db = pages.platform.db();
    let now = db.now();
    let (filter, after, rows) = (asked.filter(now)?, asked.page.after()?, asked.page.rows());
    let read = db.read(|reader| {
        let (filter, after) = (&filter, after.as_ref());
        in_tx(async move {
            let head = Feed::head(reader).await?;
            Ok::<_, Problem>((head, blockers::list(reader, filter, after, rows).await?))
        })
    });
    let (head, found) = read.await?;
    let list = asked.page.list(found, Kept::place);
    let query = asked.query();
    let page = ListPage {
        held: HELD.iter().map(|(value, name)| (*value, *name, *value == asked.before)).collect(),
        rows: list.items.iter().map(|kept| Row::of(&kept.blocker, now)).collect(),
        next: list.next.map(|cursor| format!("/blockers?{query}cursor={}", Encoded(&cursor))),
        is_filtered: !query.is_empty(),
        asked,
    };
    let json = format!("/api/v1/blockers?{query}");
    let head = Head { live_after: Some(head), ..Head::of(BLOCKERS, json.trim_end_matches(['?', '&'])) };
    pages.page(&caller, head, &page)
}

pub(super) async fn one(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let unknown = || Problem::not_found("there is no such blocker, or its history is not kept any more");
    let id: BlockerId = id.parse().map_err(|_| unknown())?;
    let db = pages.platform.db();
    let read = db.read(|reader| {
        in_tx(async move {
            let Some(kept) = blockers::one(reader, id).await? else { return Err(unknown()) };
            let (subject, code) = (kept.blocker.subject().clone(), kept.blocker.code().to_owned());
            let of = Filter { subject: vec![subject], code: vec![code], ..Filter::default() };
            let history = blockers::history(reader, &of, None, ROWS).await?;
            Ok::<_, Problem>((kept, history))
        })
    });
    let (kept, history) = read.await?;
    let Kept { blocker, gate, until, .. } = kept;
    let past = |kept: &Kept| {
        let since = kept.blocker.since()?;
        Some((Moment(since), kept.until.map(Moment), kept.blocker.text().to_owned()))
    };
    let page = OnePage {
        row: Row::of(&blocker, until.unwrap_or(db.now())),
        since: blocker.since().map(Moment),
        until: until.map(Moment),
        again_at: blocker.look_again().instant().map(Moment),
        history: history.iter().filter(|kept| kept.blocker.id() == id).filter_map(past).collect(),
        evidence: blocker.evidence().iter().map(Shown::from).collect(),
        actions: blocker
            .actions()
            .iter()
            .map(|action| Action { url: leads(action.url.as_ref()), ..action.clone() })
            .collect(),
        gate,
        blocker,
    };
    let json = Some(format!("/api/v1/blockers/{id}"));
    let title = page.row.code.clone();
    pages.page(&caller, Head { title, place: BLOCKERS.path, json, live_after: None }, &page)
}

impl From<&Evidence> for Shown {
    fn from(evidence: &Evidence) -> Self {
        let kind = serde_json::to_value(evidence.kind).ok();
        Self {
            kind: kind.and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
            id: evidence.id.clone(),
            url: leads(evidence.url.as_ref()),
            text: evidence.text.clone(),
            at: evidence.at.map(Moment),
        }
    }
}

/// An address, where it may become a link.
fn leads(url: Option<&String>) -> Option<String> {
    let is_own = |url: &str| url.starts_with('/') && !url.starts_with("//");
    url.filter(|url| is_own(url) || url.starts_with("https://") || url.starts_with("http://")).cloned()
}
