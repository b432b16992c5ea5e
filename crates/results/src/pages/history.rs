//! The history of a test case as a picture: a lane for each variant, a column for each build, and how often it passed.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::http::{Caller, Path, Problem, Query};
use tidegate_platform::outbox::Feed;
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Shape, Tone};

use super::{Pages, Row, leads_somewhere};
use crate::compat::render::in_query;
use crate::history::{History, Lane, Share, Spot};
use crate::query::{Page, Pattern, ResultFilter, Sort, Start};
use crate::store;

/// So many results are looked at.
const LOOKED_AT: usize = 500;
/// So many builds and variants are in the picture.
const COLUMNS: usize = 36;
const LANES: usize = 16;
/// The newest are listed too.
const LISTED: usize = 20;
/// The trend is that of so many builds.
const WINDOW: usize = 5;
/// Widths and heights in the picture, in pixels.
const WIDE: usize = 28;
const HIGH: usize = 80;

/// What the shapes say.
const LEGEND: [(Shape, &str); 5] = [
    (Shape { tone: Tone::Good, has_moved: false }, "passed"),
    (Shape { tone: Tone::Bad, has_moved: false }, "failed"),
    (Shape { tone: Tone::Warn, has_moved: false }, "needs inspection"),
    (Shape { tone: Tone::Busy, has_moved: false }, "on its way"),
    (Shape { tone: Tone::Good, has_moved: true }, "changed without a new build"),
];

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    ref_url: Option<String>,
    history: History,
    width: usize,
    lanes: Vec<LaneView>,
    trend: Trend,
    /// Every fifth build, from the left.
    ticks: Vec<(usize, String)>,
    passed: Share,
    moved: Share,
    legend: Vec<(&'static str, Shape, &'static str)>,
    rows: Vec<Row>,
    looked_at: usize,
    all: String,
}

struct LaneView {
    lane: Lane,
    passed: Share,
    moved: Share,
    newest: Option<Chip>,
    marks: Vec<Mark>,
}

/// A spot in the picture.
struct Mark {
    id: i64,
    x: usize,
    shape: Shape,
    label: String,
}

/// The curve of how often it passed, as the paths of a line and of the area below it.
struct Trend {
    line: String,
    area: String,
}

impl LaneView {
    fn of(lane: Lane, items: &[String]) -> Self {
        let spots = lane.spots.iter().zip(items).enumerate();
        let mark = |(place, (spot, item)): (usize, (&Option<Spot>, &String))| {
            spot.as_ref().map(|spot| Mark::of(spot, &lane.name, item, place))
        };
        Self {
            marks: spots.filter_map(mark).collect(),
            passed: lane.passed(),
            moved: lane.moved(),
            newest: lane.newest().map(|spot| Chip::of(&spot.outcome)),
            lane,
        }
    }
}

impl Mark {
    fn of(spot: &Spot, lane: &str, item: &str, place: usize) -> Self {
        let day = spot.at.to_jiff().strftime("%Y-%m-%d %H:%M");
        let moved = if spot.has_moved { ", changed without a new build" } else { "" };
        Self {
            id: spot.id.0,
            x: place * WIDE + WIDE / 2,
            shape: Shape { tone: Tone::of(&spot.outcome), has_moved: spot.has_moved },
            label: format!("{} for {item} on {lane}, {day}{moved}", spot.outcome),
        }
    }
}

impl Trend {
    fn of(shares: &[Share]) -> Self {
        let known = shares.iter().enumerate().filter_map(|(place, share)| Some((place, share.percent()?)));
        let points: Vec<_> =
            known.map(|(place, percent)| (place * WIDE + WIDE / 2, HIGH - percent * HIGH / 100)).collect();
        let mut line = String::new();
        for (x, y) in &points {
            let _ = write!(line, "{}{x} {y}", if line.is_empty() { "M" } else { " L" });
        }
        let area = match (points.first(), points.last()) {
            (Some((first, _)), Some((last, _))) => format!("{line} L{last} {HIGH} L{first} {HIGH} Z"),
            _ => String::new(),
        };
        Self { line, area }
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Path(name): Path<String>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let gate = &*pages.gate;
    let filter = &ResultFilter { testcases: vec![Pattern::Exact(name.clone())], ..ResultFilter::default() };
    let page = Page { start: Start::Skip(0), limit: LOOKED_AT, sort: Sort::Descending };
    let (limits, named) = (&gate.rules.limits(), name.as_str());
    let read = gate.platform.db().read(|reader| {
        in_tx(async move {
            let head = Feed::head(reader).await?;
            let testcase = store::testcase(reader, named).await?;
            let results = store::results(reader, filter, page, limits).await?.results;
            Ok::<_, Problem>((head, testcase, results))
        })
    });
    let (head, testcase, results) = read.await?;
    let testcase = testcase.ok_or_else(|| Problem::not_found("there is no such test case"))?;
    let history = History::of(&results, &gate.rules.outcomes, COLUMNS, LANES);
    let items: Vec<_> = history.columns.iter().map(|column| column.item.clone()).collect();
    let tick = |(place, item): (usize, &String)| (place * WIDE + WIDE / 2, short(item));
    let page = HistoryPage {
        ref_url: testcase.ref_url.filter(|url| leads_somewhere(url)),
        width: items.len() * WIDE,
        lanes: history.lanes.iter().map(|lane| LaneView::of(lane.clone(), &items)).collect(),
        trend: Trend::of(&history.trend(WINDOW)),
        ticks: items.iter().enumerate().rev().step_by(5).map(tick).collect(),
        passed: history.passed(),
        moved: history.moved(),
        legend: LEGEND.iter().map(|(shape, word)| (shape.tone.class(), *shape, *word)).collect(),
        rows: results.iter().take(LISTED).map(Row::of).collect(),
        looked_at: results.len(),
        all: format!("/results?testcase={}", in_query(&name)),
        history,
    };
    let json = format!("/api/v1/results/records?testcases={}", in_query(&name));
    pages.page(&caller, name, json, Some(head), &page)
}

/// The end of a long name, which tells builds of one package apart.
fn short(item: &str) -> String {
    const MOST: usize = 16;
    let length = item.chars().count();
    if length <= MOST {
        item.to_owned()
    } else {
        format!("…{}", item.chars().skip(length - MOST).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_leaves_out_what_is_not_known() {
        let trend = Trend::of(&[Share { part: 1, of: 1 }, Share::default(), Share { part: 1, of: 2 }]);
        assert_eq!(trend.line, "M14 0 L70 40");
        assert_eq!(trend.area, "M14 0 L70 40 L70 80 L14 80 Z");
        assert_eq!(Trend::of(&[]).area, "");
    }

    #[test]
    fn a_long_name_is_told_by_its_end() {
        assert_eq!(short("nethack-9-1.fc44"), "nethack-9-1.fc44");
        assert_eq!(short("kernel-6.18.0-100.fc44"), "…-6.18.0-100.fc44");
    }
}
