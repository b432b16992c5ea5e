//! What every request passes: who asks, within which limits, and how the answer looks.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::caller::Caller;
use super::credentials::{self, CSRF_FIELD, CSRF_HEADER, Whence};
use super::form::Then;
use super::guard::Route;
use super::listen::Peer;
use super::problem::{self, Dialect, NativeDialect, Problem};
use super::route::Routes;
use super::{Platform, body, jsonp};
use crate::auth::{AuthError, Credentials, Principal, Shown};
use crate::writes::Via;

/// Path and query together are at most so long.
const LONGEST_TARGET: usize = 8 * 1024;

/// Paths whose errors have a dialect of their own.
#[derive(Clone, Default)]
pub struct Mounts {
    dialects: Vec<(&'static str, Arc<dyn Dialect>)>,
    /// Paths of gates that are off, with the gate's name.
    off: Vec<(&'static str, &'static str)>,
    hosts: Vec<Hosted>,
}

/// Hosts on which the paths of a mount are found at the root.
#[derive(Debug, Clone)]
struct Hosted {
    prefix: &'static str,
    /// Its own paths, with all that lies below them; `/` stands for itself alone.
    paths: &'static [&'static str],
    hosts: Arc<[String]>,
}

impl Hosted {
    fn owns(&self, host: &str, path: &str) -> bool {
        let covers = |own: &&str| {
            let rest = path.strip_prefix(own);
            if *own == "/" {
                rest == Some("")
            } else {
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        };
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) && self.paths.iter().any(covers)
    }
}

/// Marks a request that never crossed a network: it was made by whoever opened the store. No client can send it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FromTheStore;

#[derive(Clone)]
struct Shell {
    platform: Platform,
    mounts: Mounts,
}

impl Mounts {
    /// With that dialect for all paths that begin with the prefix.
    #[must_use]
    pub fn with(mut self, prefix: &'static str, dialect: impl Dialect) -> Self {
        self.dialects.push((prefix, Arc::new(dialect)));
        self
    }

    /// All paths that begin with the prefix are those of a gate that is off.
    #[must_use]
    pub fn off(mut self, prefix: &'static str, gate: &'static str) -> Self {
        self.off.push((prefix, gate));
        self
    }

    /// Why there is nothing at that path.
    fn missing(&self, path: &str) -> Problem {
        match self.off.iter().find(|(prefix, _)| covers(prefix, path)) {
            Some((_, gate)) => {
                let detail = format!("the gate {gate} is off: {gate}.enabled = false in the configuration");
                Problem::new(404, "platform.gate-off", detail)
            }
            None => Problem::not_found(format!("there is nothing at {path}")),
        }
    }

    /// With the paths of that mount at the root of these hosts; every other path is as on any host.
    #[must_use]
    pub fn hosted(mut self, prefix: &'static str, paths: &'static [&'static str], hosts: &[String]) -> Self {
        if !hosts.is_empty() {
            self.hosts.push(Hosted { prefix, paths, hosts: hosts.into() });
        }
        self
    }

    /// The request as it is routed: on a mount's own host below its prefix. The address that was asked for stays known.
    fn mapped(&self, mut request: Request) -> Request {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let Some(hosted) = self.hosts.iter().find(|hosted| hosted.owns(name, request.uri().path())) else {
            return request;
        };
        let asked = request.uri().clone();
        let target = asked.path_and_query().map_or("/", PathAndQuery::as_str);
        if let Ok(below) = format!("{}{target}", hosted.prefix).parse::<Uri>() {
            request.extensions_mut().insert(OriginalUri(asked));
            *request.uri_mut() = below;
        }
        request
    }

    fn dialect(&self, path: &str) -> &dyn Dialect {
        let found =
            self.dialects.iter().filter(|(prefix, _)| covers(prefix, path)).max_by_key(|(prefix, _)| prefix.len());
        found.map_or(&NativeDialect, |(_, dialect)| &**dialect)
    }
}

fn covers(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The service of these routes.
pub fn serve(platform: Platform, routes: Routes, mounts: Mounts) -> Router {
    let all = mounts.clone();
    let not_found = async move |request: Request| all.missing(request.uri().path());
    let not_allowed = async |request: Request| {
        let detail = format!("{} is not what {} takes", request.method(), request.uri().path());
        Problem::new(405, "platform.not-found", detail)
    };
    let shell = Shell { platform, mounts: mounts.clone() };
    let router = routes.router.fallback(not_found).method_not_allowed_fallback(not_allowed);
    let router = router.layer(axum::middleware::from_fn_with_state(shell, pass));
    if mounts.hosts.is_empty() {
        return router;
    }
    // where a request goes is decided before it is routed
    Router::new().fallback_service(router.map_request(move |request: Request| mounts.mapped(request)))
}

async fn pass(State(shell): State<Shell>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let platform = &shell.platform;
    let id: Arc<str> = platform.db().surroundings().ids.public_id(platform.db().now()).to_string().into();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let target = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let origin = request.headers().get(header::ORIGIN).cloned();
    let span = tracing::info_span!("request", request_id = &*id, %method, path);
    let dialect = shell.mounts.dialect(&path);
    let callback = if dialect.takes_callback() { jsonp::callback(request.uri()) } else { Ok(None) };
    let mut response = if let Err(problem) = &callback {
        problem.clone().into_response()
    } else {
        let answering = AssertUnwindSafe(answer(&shell, Arc::clone(&id), request, next)).catch_unwind();
        answering.instrument(span.clone()).await.unwrap_or_else(|_| {
            let _entered = span.enter();
            Problem::fault(&"a handler panicked").into_response()
        })
    };
    if let Some(problem) = response.extensions_mut().remove::<Box<Problem>>() {
        let from = response.extensions_mut().remove::<Then>();
        let rendered = problem::render(&problem, dialect, &id, from.as_ref().map_or(&*target, Then::as_str));
        let route = response.extensions().get::<Route>().copied();
        response = rendered;
        response.extensions_mut().extend(route.map(extension).unwrap_or_default());
    }
    if let Ok(Some(callback)) = callback {
        response = jsonp::wrap(&callback, response).await;
    }
    dress(&shell, response.headers_mut(), &id, origin.as_ref());
    let route = response.extensions().get::<Route>().map_or("none", |route| route.0);
    platform.metrics().answered(route, method.as_str(), response.status().as_u16(), begun.elapsed());
    if response.status().is_server_error() {
        tracing::debug!(parent: &span, status = response.status().as_u16(), "answered");
    }
    response
}

fn extension(route: Route) -> axum::http::Extensions {
    let mut extensions = axum::http::Extensions::new();
    extensions.insert(route);
    extensions
}

async fn answer(shell: &Shell, id: Arc<str>, mut request: Request, next: Next) -> Response {
    if let Some(response) = preflight(shell, &request) {
        return response;
    }
    match caller_of(shell, id, &mut request).await {
        Ok(caller) => {
            request.extensions_mut().insert(shell.platform.clone());
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn caller_of(shell: &Shell, request_id: Arc<str>, request: &mut Request) -> Result<Caller, Problem> {
    let (platform, settings) = (&shell.platform, shell.platform.settings());
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > LONGEST_TARGET {
        return Err(Problem::new(414, "platform.too-large", "path and query are longer than 8 KiB"));
    }
    if request.uri().path().contains("%00") {
        return Err(Problem::bad_value("path", "a path has no character U+0000"));
    }
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let whence = Whence::of(peer, request.headers(), settings);
    let principal = match request.extensions().get::<FromTheStore>() {
        Some(FromTheStore) => Ok(Arc::new(Principal::of_store(shell.platform.auth().rights()))),
        None => who(shell, &whence, request.headers()).await,
    };
    if principal.as_ref().map_or(true, |principal| principal.is_anonymous())
        && let Some(wait) = platform.inner.rate.take(whence.address, Instant::now())
    {
        let problem = Problem::new(429, "platform.rate-limited", "too many requests from this address");
        return Err(Problem { retry_after: Some(wait), ..problem });
    }
    let principal = principal?;
    if credentials::is_unsafe(request.method()) {
        // it may read the body, which is not waited for if it comes by the byte
        let checked = refuse_forged(request, &principal, &whence, settings.max_body);
        tokio::time::timeout(settings.handler_timeout, checked).await.unwrap_or_else(|_| Err(Problem::timeout()))?;
    }
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let via = match principal.shown() {
        Shown::Session { .. } => Via::Page,
        Shown::Store => Via::Cli,
        Shown::Nothing | Shown::Token(_) | Shown::Proxy if agent.starts_with("tidegate/") => Via::Cli,
        Shown::Nothing | Shown::Token(_) | Shown::Proxy => Via::Api,
    };
    let (address, origin) = (whence.address, whence.origin.into());
    Ok(Caller { principal, request_id, address, origin, via, repeated: None })
}

async fn who(shell: &Shell, whence: &Whence, headers: &HeaderMap) -> Result<Arc<Principal>, Problem> {
    let shown = credentials::shown(headers, whence, shell.platform.settings())?;
    match (shell.platform.auth().principal(&shown).await, shown) {
        // a session that ended is no reason to refuse what is open to everyone
        (Err(AuthError::NotAuthenticated), Credentials::Session(_)) => Ok(Arc::new(Principal::anonymous())),
        (found, _) => Ok(found?),
    }
}

/// A browser sends the cookie with whatever any page makes it send; only our own pages know the session's token.
async fn refuse_forged(
    request: &mut Request,
    principal: &Principal,
    whence: &Whence,
    limit: usize,
) -> Result<(), Problem> {
    let Shown::Session { csrf, .. } = principal.shown() else { return Ok(()) };
    let forged = || Problem::new(403, "platform.csrf", "this does not come from a page of this service: load it anew");
    if !credentials::is_same_origin(request.headers(), &whence.origin) {
        return Err(forged());
    }
    let is = |shown: &str| bool::from(shown.as_bytes().ct_eq(csrf.as_bytes()));
    if let Some(shown) = request.headers().get(CSRF_HEADER) {
        return if shown.to_str().is_ok_and(is) { Ok(()) } else { Err(forged()) };
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(forged());
    }
    let stream = std::mem::take(request.body_mut());
    let bytes = body::read(request.headers(), stream, limit).await?;
    let same = form_urlencoded::parse(&bytes).any(|(name, value)| name == CSRF_FIELD && is(&value));
    request.headers_mut().remove(header::CONTENT_ENCODING);
    *request.body_mut() = Body::from(bytes);
    if same { Ok(()) } else { Err(forged()) }
}

fn is_allowed(shell: &Shell, origin: &HeaderValue) -> bool {
    let origins = &shell.platform.settings().cors_origins;
    origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed.as_str() == origin))
}

/// The answer to a browser that asks whether a page of another origin may ask.
fn preflight(shell: &Shell, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let asks = request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(header::ORIGIN).filter(|_| asks)?;
    if !is_allowed(shell, origin) {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let allow = response.headers_mut();
    allow.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    let named = "authorization, content-type, idempotency-key, if-match, if-none-match";
    allow.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(named));
    allow.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Some(response)
}

/// The headers that every answer has.
fn dress(shell: &Shell, headers: &mut HeaderMap, id: &str, origin: Option<&HeaderValue>) {
    const POLICY: &str =
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    let mut usual = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    usual(header::CONTENT_SECURITY_POLICY, POLICY);
    usual(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    usual(header::REFERRER_POLICY, "same-origin");
    usual(header::CACHE_CONTROL, "no-cache");
    if shell.platform.settings().public_url.as_ref().is_some_and(crate::config::PublicUrl::is_https) {
        usual(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    if !shell.platform.settings().cors_origins.is_empty() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin.filter(|origin| is_allowed(shell, origin)) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let shown = HeaderValue::from_static("etag, location, retry-after, x-request-id, idempotency-replayed");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
        }
    }
}
