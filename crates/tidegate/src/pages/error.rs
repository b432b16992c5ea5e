//! Errors of pages, for people, and what each code means.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use tidegate_platform::http::{Caller, Dialect, Path, Problem, Query, Then};
use tidegate_web::{Encoded, Frame, Hidden, Page, Visitor};

use super::enter::LoginForm;
use super::{Head, Pages};

/// Errors as pages.
pub(crate) struct ErrorPages(pub(crate) Arc<Frame>);

/// What a code says to people: what happened, and what they can do.
struct Meaning {
    code: &'static str,
    title: &'static str,
    happened: &'static str,
    can: &'static str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'p> {
    problem: &'p Problem,
    request_id: &'p str,
    back: Option<&'p str>,
    login: Option<LoginForm>,
}

#[derive(Template)]
#[template(path = "meaning.html")]
struct MeaningPage {
    meaning: &'static Meaning,
}

const MEANINGS: [Meaning; 24] = [
    Meaning {
        code: "platform.unknown-parameter",
        title: "Something is named that is not asked for",
        happened: "The query or the body has a name that this address does not know.",
        can: "Look at the name in the answer; it says which known one is near. The API's description lists them all.",
    },
    Meaning {
        code: "platform.bad-value",
        title: "A value is not what it should be",
        happened: "A field, a parameter or a header has a value that does not fit.",
        can: "The answer names each place and what was expected there. Mend them all and ask again.",
    },
    Meaning {
        code: "platform.bad-json",
        title: "The body is no JSON",
        happened: "The body cannot be read as JSON.",
        can: "The answer says in which line and column reading stopped.",
    },
    Meaning {
        code: "platform.too-large",
        title: "The request is too large",
        happened: "Body, path or query are larger than this service takes.",
        can: "Send less at once. Imports are streams without an end, with a limit for each line.",
    },
    Meaning {
        code: "platform.too-deep",
        title: "The JSON is nested too deeply",
        happened: "Objects and lists lie in each other more than 64 levels deep.",
        can: "Send flatter JSON.",
    },
    Meaning {
        code: "platform.not-found",
        title: "There is nothing there",
        happened: "Nothing has this name, or this address does not take this method.",
        can: "Look for it by the search field. What was removed does not come back.",
    },
    Meaning {
        code: "platform.unknown-subject",
        title: "Nothing is known of this subject",
        happened: "No gate has met it yet.",
        can: "Look for a typing error. What a gate has not heard of yet appears as soon as it has.",
    },
    Meaning {
        code: "platform.gate-off",
        title: "This gate is switched off",
        happened: "The configuration has switched this gate off. Its data are kept.",
        can: "Whoever runs the service can set enabled = true in the gate's table.",
    },
    Meaning {
        code: "platform.not-authenticated",
        title: "This needs a login",
        happened: "Nobody is logged in, or the token or session is not valid any more.",
        can: "Log in, or show a token that is not expired and not revoked.",
    },
    Meaning {
        code: "platform.forbidden",
        title: "You may not do this",
        happened: "You are known, but no role of yours permits this, or the token is narrowed.",
        can: "The answer names the permission. An admin gives roles, to you or to a team that you are in.",
    },
    Meaning {
        code: "platform.csrf",
        title: "This does not come from a page of this service",
        happened: "A form came from another origin, or from a page that was loaded before you logged in.",
        can: "Load the page anew and send the form again.",
    },
    Meaning {
        code: "platform.conflict",
        title: "Something else is there already",
        happened: "The name is taken, or what is asked for does not go together with what is there.",
        can: "Take another name, or change what is there.",
    },
    Meaning {
        code: "platform.precondition-failed",
        title: "It was changed meanwhile",
        happened: "Somebody changed the same thing after you read it, or the request does not say what it read.",
        can: "Read it again and decide anew. A program sends the version in If-Match.",
    },
    Meaning {
        code: "platform.idempotency-conflict",
        title: "This key was used for another request",
        happened: "An Idempotency-Key belongs to one request, and this one differs from the first.",
        can: "Take a new key for a new request.",
    },
    Meaning {
        code: "platform.rate-limited",
        title: "Too many requests",
        happened: "More requests or failed logins came from you than are let through.",
        can: "Wait as long as Retry-After says. With a login the limit for addresses does not count.",
    },
    Meaning {
        code: "platform.timeout",
        title: "This took too long",
        happened: "The answer was not ready in time, and the work was given up.",
        can: "Try again, or ask for less.",
    },
    Meaning {
        code: "platform.unavailable",
        title: "What is needed is away",
        happened: "The store or another service does not answer at the moment. Nothing was changed.",
        can: "Try again after a moment; Retry-After says when.",
    },
    Meaning {
        code: "platform.fault",
        title: "This is a fault of the service",
        happened: "Something went wrong on our side.",
        can: "Tell whoever runs the service the request's id; its log has more under it.",
    },
    Meaning {
        code: "results.not-found",
        title: "There is no such result",
        happened: "No result, test case or group has this id or name.",
        can: "Results are kept as long as keep.results says. Names are told apart by small and capital letters.",
    },
    Meaning {
        code: "results.import-stopped",
        title: "The import was stopped",
        happened: "Too many of its lines cannot be read, so it was given up. What was taken before is stored.",
        can: "Mend the lines that the answer lists, and send the whole again with the same id: nothing is stored twice.",
    },
    Meaning {
        code: "results.import-overtaken",
        title: "Another request does this import",
        happened: "Two requests imported under one id, and the other one was first. What it stored stays.",
        can: "Send the whole again with the same id: it goes on behind what is stored, and nothing is stored twice.",
    },
    Meaning {
        code: "results.not-for-tests",
        title: "This store is not for tests",
        happened: "It was asked to empty itself, and was not made with test.hooks = true, so it may hold what somebody needs.",
        can: "Run the tests on a service with a data_dir of its own.",
    },
    Meaning {
        code: "results.login-not-configured",
        title: "Nobody can log in by a provider here",
        happened: "The service has no provider that could be asked who you are.",
        can: "Send a token of this service instead; your account's page makes one.",
    },
    Meaning {
        code: "results.too-slow",
        title: "This list takes too long",
        happened: "The filter leaves too much to look through within the time of a query.",
        can: "Add a filter by item or test case.",
    },
];

impl ErrorPages {
    fn of(&self, problem: &Problem, request_id: &str, target: Option<&str>) -> Response {
        let meaning = MEANINGS.iter().find(|meaning| meaning.code == problem.code);
        let status = || problem.status_code().canonical_reason().unwrap_or("Error");
        let title = meaning.map_or_else(status, |meaning| meaning.title).to_owned();
        let then = Then::of(target.unwrap_or_default());
        let login = (problem.status == 401).then(|| LoginForm {
            problem: None,
            name: String::new(),
            hidden: Hidden { csrf: None, then: then.as_str().to_owned() },
            is_empty: false,
        });
        let back = target.filter(|_| problem.status == 400 || problem.status == 409 || problem.status == 412);
        let visitor = if problem.status == 401 { Visitor::Nobody } else { Visitor::Unknown };
        let content = ErrorPage { problem, request_id, back, login }.render();
        let page = content.and_then(|content| self.0.render(&Page { title, content, visitor, ..Page::default() }));
        match page {
            Ok(html) => Html(html).into_response(),
            Err(_) => problem.detail.clone().into_response(),
        }
    }
}

impl Dialect for ErrorPages {
    fn render(&self, problem: &Problem, request_id: &str) -> Response {
        self.of(problem, request_id, None)
    }

    fn render_at(&self, problem: &Problem, request_id: &str, target: &str) -> Response {
        self.of(problem, request_id, Some(target))
    }
}

/// The page to which an error's `type` leads.
pub(super) async fn explain(
    State(pages): State<Pages>,
    caller: Caller,
    Path(code): Path<String>,
    Query(()): Query<()>,
) -> Result<Html<String>, Problem> {
    let meaning = MEANINGS.iter().find(|meaning| meaning.code == code);
    let meaning = meaning.ok_or_else(|| Problem::not_found(format!("there is no error {}", Encoded(&code))))?;
    pages.page(&caller, Head::titled(meaning.title), &MeaningPage { meaning })
}
