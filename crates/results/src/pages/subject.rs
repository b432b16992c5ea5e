//! One subject: how every test case and variant of it stands.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde_json::Value;
use tidegate_kernel::Timestamp;
use tidegate_platform::http::{Caller, Path, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Encoded, Moment, Tone};

use super::Pages;
use crate::announce::key::shared_name;
use crate::compat::render::in_path;
use crate::store::{self, StateRow};
use crate::subject;

/// So many variants are shown.
const MOST: i64 = 1_000;

#[derive(Template)]
#[template(path = "subject.html")]
struct SubjectPage {
    kind: String,
    counts: Vec<(Chip, usize)>,
    testcases: Vec<Testcase>,
    is_cut: bool,
    trail: Option<String>,
    all: String,
}

struct Testcase {
    name: String,
    url: String,
    variants: Vec<Standing>,
}

/// How a variant stands.
struct Standing {
    variant: String,
    outcome: Option<Chip>,
    /// What is on its way.
    progress: Option<Chip>,
    result: Option<i64>,
    since: Option<Moment>,
    changes: i64,
    repeats: i64,
}

impl From<&StateRow> for Standing {
    fn from(row: &StateRow) -> Self {
        Self {
            variant: row.variant().to_string(),
            outcome: row.outcome.as_deref().map(Chip::of),
            progress: row.progress_outcome.as_deref().map(Chip::of),
            result: row.result_id,
            since: row.changed_at.and_then(Timestamp::from_microseconds).map(Moment),
            changes: row.seq,
            repeats: row.suppressed,
        }
    }
}

/// How often each outcome is there, the worst first.
fn counts(rows: &[StateRow]) -> Vec<(Chip, usize)> {
    let mut counts: BTreeMap<(u8, &str), usize> = BTreeMap::new();
    for outcome in rows.iter().filter_map(|row| row.progress_outcome.as_deref().or(row.outcome.as_deref())) {
        let rank = match Tone::of(outcome) {
            Tone::Bad => 0,
            Tone::Warn => 1,
            Tone::Busy => 2,
            Tone::Calm => 3,
            Tone::Good => 4,
        };
        *counts.entry((rank, outcome)).or_default() += 1;
    }
    counts.into_iter().map(|((_, outcome), count)| (Chip::of(outcome), count)).collect()
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path((kind, item)): Path<(String, String)>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let kind = shared_name(&kind).to_owned();
    let of = item.as_str();
    let read = pages.gate.platform.db().read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let rows = store::states_of_item(reader, of, "", MOST).await?;
            Ok::<_, Problem>((head, rows))
        })
    });
    let (head, mut rows) = read.await?;
    let is_cut = i64::try_from(rows.len()).is_ok_and(|count| count == MOST);
    rows.retain(|row| row.key_parts.0.get("type").and_then(Value::as_str) == Some(kind.as_str()));
    if rows.is_empty() {
        return Err(Problem::not_found(format!("no result about the {kind} {item} has come yet")));
    }
    let mut testcases: BTreeMap<&str, Vec<Standing>> = BTreeMap::new();
    for row in &rows {
        testcases.entry(&row.testcase).or_default().push(Standing::from(row));
    }
    let testcase = |(name, mut variants): (&str, Vec<Standing>)| {
        variants.sort_by(|one, other| one.variant.cmp(&other.variant));
        Testcase { name: name.to_owned(), url: format!("/results/testcases/{}", in_path(name)), variants }
    };
    let page = SubjectPage {
        counts: counts(&rows),
        testcases: testcases.into_iter().map(testcase).collect(),
        is_cut,
        trail: subject::of(&kind, &item).map(|subject| format!("/trail/{}", Encoded(&subject.to_string()))),
        all: format!("/results?item={}&type={}", Encoded(&item), Encoded(&kind)),
        kind,
    };
    let json = format!("/api/v1/results/announcements/state?item={}", Encoded(&item));
    pages.page(&caller, item, json, Some(head), &page)
}
