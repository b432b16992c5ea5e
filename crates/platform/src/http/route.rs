//! Routes, none of which can be added without saying who may use it.
//!
//! The list of all routes is generated from the same declarations and checked in; a test sends every line of it without a
//! token, without the permission and with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::form::door;
use super::guard::guard;
use crate::auth::Permission;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone: health, login, what has its own proof.
    Open,
    /// Everyone, unless reading needs a login.
    Read,
    /// Everyone with a login.
    SignedIn,
    /// Who has that permission on everything.
    Needs(Permission),
    /// Who has that permission on anything; the handler asks for the object.
    NeedsOn(Permission),
    /// Who has that permission; the handler asks, as the proof may lie in the body.
    Inside(Permission),
}

/// A route: what it is called, who may use it, and what the documentation says of it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [(&'static str, &'static str)],
    pub(super) takes: Option<SchemaOf>,
    pub(super) answers: Option<SchemaOf>,
    pub(super) status: u16,
    pub(super) max_body: Option<usize>,
    pub(super) endless: bool,
}

/// The schema of a type and of those that it is made of.
#[derive(Clone, Copy)]
pub(super) struct SchemaOf {
    pub(super) name: fn() -> String,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// A line of the list of routes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteLine {
    /// The path with its parameters in braces.
    pub path: String,
    /// The method.
    pub method: String,
    /// Who may use it.
    pub access: String,
}

/// Routes with the list of what they are.
pub struct Routes<S = ()> {
    pub(super) router: Router<S>,
    pub(super) endpoints: Vec<Endpoint>,
}

impl fmt::Debug for SchemaOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.name)())
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Read => f.write_str("read"),
            Self::SignedIn => f.write_str("signed-in"),
            Self::Needs(permission) | Self::Inside(permission) => permission.fmt(f),
            Self::NeedsOn(permission) => write!(f, "{permission} on the object"),
        }
    }
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6} {:50} {}", self.method, self.path, self.access)
    }
}

impl Endpoint {
    /// The route of that method and path, for those.
    pub fn new(method: Method, path: &'static str, access: Access) -> Self {
        Self {
            method,
            path,
            access,
            summary: "",
            parameters: &[],
            takes: None,
            answers: None,
            status: 200,
            max_body: None,
            endless: false,
        }
    }

    /// A GET, which answers HEAD too.
    pub fn get(path: &'static str, access: Access) -> Self {
        Self::new(Method::GET, path, access)
    }

    /// A POST.
    pub fn post(path: &'static str, access: Access) -> Self {
        Self::new(Method::POST, path, access)
    }

    /// A PATCH.
    pub fn patch(path: &'static str, access: Access) -> Self {
        Self::new(Method::PATCH, path, access)
    }

    /// A PUT.
    pub fn put(path: &'static str, access: Access) -> Self {
        Self::new(Method::PUT, path, access)
    }

    /// A DELETE.
    pub fn delete(path: &'static str, access: Access) -> Self {
        Self { status: 204, ..Self::new(Method::DELETE, path, access) }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What may stand after the question mark, each with its meaning.
    #[must_use]
    pub fn query(self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        Self { parameters, ..self }
    }

    /// The body that it takes.
    #[must_use]
    pub fn takes<T: ToSchema>(self) -> Self {
        Self { takes: Some(schema_of::<T>()), ..self }
    }

    /// What it answers when all went well.
    #[must_use]
    pub fn answers<T: ToSchema>(self, status: u16) -> Self {
        Self { answers: Some(schema_of::<T>()), status, ..self }
    }

    /// It answers nothing when all went well.
    #[must_use]
    pub fn answers_nothing(self) -> Self {
        Self { status: 204, ..self }
    }

    /// A largest body of its own, in bytes.
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        Self { max_body: Some(bytes), ..self }
    }

    /// Its answer is a stream without an end, so it has no time limit.
    #[must_use]
    pub fn endless(self) -> Self {
        Self { endless: true, ..self }
    }

    pub(super) fn line(&self) -> RouteLine {
        let (path, method) = (self.path.to_owned(), self.method.to_string());
        RouteLine { path, method, access: self.access.to_string() }
    }
}

fn schema_of<T: ToSchema>() -> SchemaOf {
    SchemaOf { name: || T::name().into_owned(), schema: <T as PartialSchema>::schema, parts: T::schemas }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { router: Router::new(), endpoints: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With that route too.
    ///
    /// # Panics
    ///
    /// The route exists, or its method is none that routes have: mistakes of the code.
    #[must_use]
    pub fn route<H: Handler<T, S>, T: 'static>(mut self, endpoint: Endpoint, handler: H) -> Self {
        let method = MethodFilter::try_from(endpoint.method.clone()).expect("routes have the usual methods");
        let shared = Arc::new(endpoint.clone());
        let guarded = on(method, handler)
            .layer(axum::middleware::from_fn(move |request, next| guard(Arc::clone(&shared), request, next)));
        self.router = self.router.route(endpoint.path, guarded);
        self.endpoints.push(endpoint);
        self
    }

    /// With a form of a page too: what it says reaches the handler as JSON, and its browser goes on to a page.
    ///
    /// # Panics
    ///
    /// As for [`Self::route`].
    #[must_use]
    pub fn form<H: Handler<T, S>, T: 'static>(mut self, endpoint: Endpoint, handler: H) -> Self {
        let shared = Arc::new(endpoint.clone());
        let guarded = on(MethodFilter::POST, handler)
            .layer(axum::middleware::from_fn(move |request, next| guard(Arc::clone(&shared), request, next)))
            .layer(axum::middleware::from_fn(door));
        self.router = self.router.route(endpoint.path, guarded);
        self.endpoints.push(endpoint);
        self
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.endpoints.extend(others.endpoints);
        self
    }

    /// With what their handlers need.
    pub fn with_state(self, state: S) -> Routes<()> {
        Routes { router: self.router.with_state(state), endpoints: self.endpoints }
    }

    /// What they are, in order of their paths.
    pub fn lines(&self) -> Vec<RouteLine> {
        let mut lines: Vec<_> = self.endpoints.iter().map(Endpoint::line).collect();
        lines.sort();
        lines
    }
}

/// How long a handler may take; nothing for an endless one.
pub(super) fn limit_of(endpoint: &Endpoint, usual: Duration) -> Option<Duration> {
    (!endpoint.endless).then_some(usual)
}
