//! What messages there are, with the schema and an example of each.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use tidegate_kernel::TopicFiles;
use utoipa::ToSchema;

use super::super::input::{Path, Query};
use super::super::list::List;
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};

/// A topic.
#[derive(Debug, Serialize, ToSchema)]
struct Topic {
    /// Its name.
    topic: &'static str,
    /// The version of its bodies.
    version: u32,
}

/// A topic with what its messages look like.
#[derive(Debug, Serialize, ToSchema)]
struct TopicShape {
    /// Its name.
    topic: &'static str,
    /// The version of its bodies.
    version: u32,
    /// JSON Schema 2020-12 of its bodies.
    schema: Value,
    /// A body that fits.
    example: Value,
}

type Topics = &'static [TopicFiles];

/// The routes that describe these topics.
pub fn routes(topics: Topics) -> Routes {
    let list_route = Endpoint::get("/api/v1/events/topics", Access::Read).summary("What messages there are");
    let one_route = Endpoint::get("/api/v1/events/topics/{topic}", Access::Read);
    let one_route = one_route.summary("The schema of a topic's messages, and an example");
    Routes::new()
        .route(list_route.answers::<List<Topic>>(200), list)
        .route(one_route.answers::<TopicShape>(200), one)
        .with_state(topics)
}

async fn list(State(topics): State<Topics>, Query(()): Query<()>) -> Json<List<Topic>> {
    let items = topics.iter().map(|files| Topic { topic: files.topic, version: files.version }).collect();
    Json(List { items, next: None })
}

async fn one(
    State(topics): State<Topics>,
    Path(topic): Path<String>,
    Query(()): Query<()>,
) -> Result<Json<TopicShape>, Problem> {
    let files = topics.iter().find(|files| files.topic == topic);
    let TopicFiles { topic, version, schema, example } =
        *files.ok_or_else(|| Problem::not_found(format!("there is no topic {topic:?}")))?;
    let parsed = |text: &str| serde_json::from_str(text).map_err(|error| Problem::fault(&error));
    Ok(Json(TopicShape { topic, version, schema: parsed(schema)?, example: parsed(example)? }))
}
