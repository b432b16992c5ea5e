//! Messages and deeds that did not go through at once, by receiver.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use tidegate_platform::auth::OPERATE;
use tidegate_platform::http::{Caller, FromParams, Page, Params, Problem, Query};
use tidegate_platform::relay::view;
use tidegate_platform::store::in_tx;
use tidegate_web::{Chip, Encoded, Hidden, Moment};

use super::super::{Head, OPERATIONS, Pages, hidden};

const STATES: [&str; 4] = ["waiting", "parked", "set_aside", "dropped"];

/// Which rows, and which page.
pub(in super::super) struct Asked {
    sink: String,
    state: String,
    page: Page,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    sinks: Vec<(String, bool)>,
    states: Vec<(&'static str, String, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
    hidden: Hidden,
}

struct Row {
    delivery: view::Delivery,
    state: Chip,
    next_at: Option<Moment>,
    is_held: bool,
}

impl FromParams for Asked {
    fn read(params: &mut Params) -> Option<Self> {
        let (sink, state) = (params.optional::<String>("sink"), params.optional::<String>("state"));
        let page = Page::read(params);
        let state = state?.unwrap_or_default();
        if !state.is_empty() && !STATES.contains(&state.as_str()) {
            params.refuse("state", "expected waiting, parked, set_aside or dropped");
            return None;
        }
        Some(Self { sink: sink?.unwrap_or_default(), state, page: page? })
    }
}

impl From<view::Delivery> for Row {
    fn from(delivery: view::Delivery) -> Self {
        Self {
            state: Chip::of(&delivery.state),
            next_at: delivery.next_at.map(Moment),
            is_held: delivery.state != "dropped",
            delivery,
        }
    }
}

/// Of the receiver that is asked for, or of the first that has something.
pub(in super::super) async fn show(
    State(pages): State<Pages>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Problem> {
    caller.demand(OPERATE)?;
    let before = asked.page.after()?.unwrap_or(i64::MAX);
    let (rows, given) = (asked.page.rows(), &asked);
    let read = pages.platform.db().read(|reader| {
        in_tx(async move {
            let sinks = view::sinks(reader).await?;
            let busiest = || sinks.iter().max_by_key(|sink| (sink.set_aside, sink.pending)).map(|sink| &sink.name);
            let chosen = Some(&given.sink).filter(|sink| !sink.is_empty()).or_else(busiest).cloned();
            let found = match &chosen {
                Some(sink) => view::deliveries(reader, sink, &given.state, before, rows).await?,
                None => Vec::new(),
            };
            Ok::<_, Problem>((sinks, chosen.unwrap_or_default(), found))
        })
    });
    let (sinks, chosen, found) = read.await?;
    let list = asked.page.list(found, |row| row.no);
    let here = format!("/ops/messages?sink={}&state={}", Encoded(&chosen), asked.state);
    let state = |state: &'static str| (state, state.replace('_', " "), state == asked.state);
    let page = MessagesPage {
        sinks: sinks.into_iter().map(|sink| (sink.name.clone(), sink.name == chosen)).collect(),
        states: STATES.into_iter().map(state).collect(),
        rows: list.items.into_iter().map(Row::from).collect(),
        next: list.next.map(|cursor| format!("{here}&cursor={}", Encoded(&cursor))),
        hidden: hidden(&caller, here),
    };
    let json = Some(format!("/api/v1/platform/messages?sink={}", Encoded(&chosen)));
    let head = Head { title: "Messages".to_owned(), place: OPERATIONS.path, json, live_after: None };
    pages.page(&caller, head, &page)
}
