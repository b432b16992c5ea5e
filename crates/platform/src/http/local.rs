//! The same API without a server: for whoever can open the store itself, which is more than any token gives.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::Platform;
use super::route::Routes;
use super::shell::{FromTheStore, Mounts, serve};

/// The longest answer that is read.
const LONGEST: usize = 64 * 1024 * 1024;

/// Asks the platform's own routes, with all rights, and gives status and body. What it changes is written down as done by
/// the program itself from the command line.
///
/// # Errors
///
/// The method and path make no request, or the answer cannot be read, both with why.
pub async fn ask_store(
    platform: &Platform,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<(StatusCode, Value), String> {
    let router: Router =
        serve(platform.clone(), super::platform_routes(platform.clone(), Routes::new()), Mounts::default());
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    let mut request = request.body(Body::from(body)).map_err(|error| format!("no request: {error}"))?;
    request.extensions_mut().insert(FromTheStore);
    let Ok(response) = router.oneshot(request).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), LONGEST).await.map_err(|error| format!("no answer: {error}"))?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}
