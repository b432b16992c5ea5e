//! Blockers: what stands still, since when, and who can act.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_kernel::{Action, Blocker, BlockerId, Evidence, Timestamp};
use tidegate_platform::blockers::{self, Filter, Kept, Place};
use tidegate_platform::http::{Caller, FromParams, Page, Params, Path, Problem, Query};
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
    since_before: Option<Before>,
    q: String,
    page: Page,
}

/// An instant, or one so long before now: `-24h`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Before {
    Instant(Timestamp),
    Ago(Duration, String),
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

impl FromStr for Before {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a time such as 2026-11-21T08:00:00Z, or one before now such as -24h";
        let Some(ago) = text.strip_prefix('-') else { return text.parse().map(Self::Instant).map_err(|_| EXPECTED) };
        let (number, unit) = ago.split_at_checked(ago.len().saturating_sub(1)).ok_or(EXPECTED)?;
        let seconds = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(EXPECTED),
        };
        let number: u32 = number.parse().map_err(|_| EXPECTED)?;
        Ok(Self::Ago(Duration::from_secs(u64::from(number) * seconds), text.to_owned()))
    }
}

impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(instant) => instant.fmt(f),
            Self::Ago(_, text) => f.write_str(text),
        }
    }
}

impl Before {
    fn instant(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(*instant),
            Self::Ago(ago, _) => {
                let ago = i64::try_from(ago.as_micros()).ok()?;
                Timestamp::from_microseconds(now.as_microseconds() - ago)
            }
        }
    }
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let mut text = |key| params.optional::<String>(key).map(Option::unwrap_or_default);
        let (gate, code, level, who) = (text("gate"), text("code"), text("level"), text("who"));
        let (subject, q) = (text("subject"), text("q"));
        let before: String = text("since_before")?;
        let since_before = match before.as_str() {
            "" => None,
            other => match other.parse() {
                Ok(before) => Some(before),
                Err(error) => {
                    params.refuse("since_before", error);
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
            since_before,
            q: q?,
            page: page?,
        })
    }
}

impl Asked {
    fn filter(&self, now: Timestamp) -> Filter {
        let trimmed = |text: &str| text.trim().to_owned();
        Filter {
            gate: trimmed(&self.gate),
            code: trimmed(&self.code),
            level: trimmed(&self.level),
            who: trimmed(&self.who),
            q: trimmed(&self.q),
            since_before: self.since_before.as_ref().and_then(|before| before.instant(now)),
        }
    }

    fn query(&self) -> String {
        let before = self.before();
        let pairs = [
            ("gate", &self.gate),
            ("code", &self.code),
            ("subject", &self.subject),
            ("level", &self.level),
            ("who", &self.who),
            ("since_before", &before),
            ("q", &self.q),
        ];
        let given = pairs.iter().filter(|(_, text)| !text.is_empty());
        given.fold(String::new(), |query, (key, text)| query + key + "=" + &Encoded(text).to_string() + "&")
    }

    fn before(&self) -> String {
        self.since_before.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// Whether a blocker of one subject, which are few and read at once, is meant.
    fn takes(&self, filter: &Filter, kept: &Kept) -> bool {
        let Filter { gate, code, level, who, q, since_before } = filter;
        let blocker = &kept.blocker;
        let is = |asked: &str, found: &str| asked.is_empty() || asked == found;
        is(gate, &kept.gate)
            && is(code, blocker.code())
            && is(level, blocker.level().name())
            && (who.is_empty() || blocker.who().iter().any(|of| of.name == *who))
            && blocker.text().to_lowercase().contains(&q.to_lowercase())
            && since_before.is_none_or(|before| blocker.since().is_some_and(|since| since < before))
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
    let filter = asked.filter(now);
    let bad = || Problem::bad_value("query:cursor", "this is no cursor of this list");
    let after = match asked.page.after::<(Timestamp, BlockerId)>()? {
        Some((since, id)) => Some(Place { since, id }),
        None if asked.page.cursor.is_some() => return Err(bad()),
        None => None,
    };
    let subject = match asked.subject.trim() {
        "" => None,
        text => Some(text.parse().map_err(|error: tidegate_kernel::subject::NotASubject| {
            Problem::bad_value("query:subject", error.to_string())
        })?),
    };
    let (rows, subject) = (asked.page.rows(), &subject);
    let read = db.read(|reader| {
        let (filter, after) = (&filter, after.as_ref());
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let found = match subject {
                Some(subject) => blockers::of_subject(reader, subject).await?,
                None => blockers::list(reader, filter, after, rows).await?,
            };
            Ok::<_, Problem>((head, found))
        })
    });
    let (head, mut found) = read.await?;
    if subject.is_some() {
        found.retain(|kept| asked.takes(&filter, kept));
        found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    }
    let place = |kept: &Kept| (kept.blocker.since(), kept.blocker.id());
    let list = asked.page.list(found, place);
    let (query, before) = (asked.query(), asked.before());
    let page = ListPage {
        held: HELD.iter().map(|(value, name)| (*value, *name, *value == before)).collect(),
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
            let history = blockers::history(reader, kept.blocker.subject(), ROWS).await?;
            Ok::<_, Problem>((kept, history))
        })
    });
    let (kept, history) = read.await?;
    let Kept { blocker, gate, until } = kept;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_now_has_a_unit() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let of = |text: &str| text.parse::<Before>().map(|before| before.instant(now).map(|at| at.to_string()));
        assert_eq!(of("-24h"), Ok(Some("2026-11-20T08:00:00.000000Z".to_owned())));
        assert_eq!(of("2026-11-01T00:00:00Z"), Ok(Some("2026-11-01T00:00:00.000000Z".to_owned())));
        for text in ["-", "-h", "-1", "-1y", "-ü", "yesterday", "--1h"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
