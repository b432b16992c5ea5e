//! What the demo adds to the service's pages: a link that logs in, and the excuses of the migration's run.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tidegate_platform::http::{Access, Endpoint, FromParams, Params, Problem, Query, Routes};
use tidegate_platform::secret::Secret;

/// Where the link leads that logs in.
pub(super) const ENTER: &str = "/demo/enter";
/// Where the excuses are.
pub(super) const EXCUSES: &str = "/demo/excuses";

/// What these pages work with.
pub(super) struct Visit {
    /// Whoever knows it is let in.
    pub(super) key: Secret,
    /// The cookie of the admin's session, once there is one.
    pub(super) cookie: OnceLock<HeaderValue>,
    /// The page that the run wrote.
    pub(super) excuses: String,
}

/// What a visitor shows at the door.
struct Shown(String);

impl FromParams for Shown {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(params.optional::<String>("key")?.unwrap_or_default()))
    }
}

/// The routes.
pub(super) fn routes(visit: Arc<Visit>) -> Routes {
    let enter_route = Endpoint::get(ENTER, Access::Open).summary("Logs the demo's visitor in");
    let excuses_route = Endpoint::get(EXCUSES, Access::Read).summary("The excuses of the demo's migration");
    Routes::new().route(enter_route, enter).route(excuses_route, excuses).with_state(visit)
}

async fn enter(State(visit): State<Arc<Visit>>, Query(Shown(key)): Query<Shown>) -> Result<Response, Problem> {
    let cookie = visit.cookie.get().filter(|_| visit.key.is(&key));
    let cookie = cookie.ok_or_else(|| Problem::not_found("this link is of another demo"))?;
    let start = HeaderValue::from_static("/");
    Ok((StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie.clone()), (header::LOCATION, start)]).into_response())
}

/// The page has a style of its own and nothing else that acts, so it is shown without rights.
async fn excuses(State(visit): State<Arc<Visit>>) -> Response {
    const HEADERS: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (HEADERS, visit.excuses.clone()).into_response()
}
