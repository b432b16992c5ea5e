//! What pages cost the store: a bound for each, whatever is on it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::json;
use tidegate_kernel::{Blocker, BlockerCode as _, BlockerId, LookAgain, Subject, Who, WhoKind};
use tidegate_platform::auth::{ADMIN_ROLE, AuthError, Credentials, Holder, Name, NewGrant, NewToken, NewUser};
use tidegate_platform::blockers::PlatformCode;
use tidegate_platform::config::Environment;
use tidegate_platform::fault::Fault;
use tidegate_platform::http::{HttpSettings, Platform, RouteLine, platform_routes, serve};
use tidegate_platform::outbox::{SEQUENCE, Sequence};
use tidegate_platform::relay::RELAY;
use tidegate_platform::store::{Result as StoreResult, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
use tidegate_testkit::{Cost, Kind, TestDb};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{gates, wiring};
use crate::settings::{Settings, load};

/// A page takes no more statements.
const MOST: usize = 15;

/// Rows of everything that pages show, beside results. The way of `build:a` is longer than a page follows it.
const ROWS: &str = include_str!("page_costs.sql");

/// Each page's route, an address of it, and whether it shows more where there is more.
const PAGES: [(&str, &str, bool); 21] = [
    ("/", "/", true),
    ("/account", "/account", true),
    ("/admin/grants", "/admin/grants", true),
    ("/admin/teams", "/admin/teams", true),
    ("/admin/users", "/admin/users", true),
    ("/blockers", "/blockers", true),
    ("/blockers/{id}", "/blockers/HELD", true),
    ("/errors/{code}", "/errors/platform.conflict", false),
    ("/login", "/login", false),
    ("/ops", "/ops", true),
    ("/ops/jobs/{job}", "/ops/jobs/platform.relay", true),
    ("/ops/messages", "/ops/messages?sink=s1", true),
    ("/ops/writes", "/ops/writes", true),
    ("/results", "/results", true),
    ("/results", "/results?item=b-*&testcase=t&outcome=PASSED", true),
    ("/results/records/{id}", "/results/records/1", false),
    ("/results/subjects/{kind}/{*item}", "/results/subjects/koji_build/a", true),
    ("/results/testcases/{*name}", "/results/testcases/t", true),
    ("/search", "/search?q=a", false),
    ("/setup", "/setup", false),
    ("/trail/{*subject}", "/trail/build:a", true),
];

/// The service over a store, for one admin.
struct Site<'t> {
    t: &'t TestDb,
    settings: Settings,
    token: String,
}

impl<'t> Site<'t> {
    async fn over(t: &'t TestDb) -> Self {
        let environment = Environment::of([("HOME", "/nonexistent"), ("TIDEGATE_DATA_DIR", "/nonexistent")]);
        let Ok(settings) = load(None, &environment) else { panic!("nothing is configured, so nothing is mistaken") };
        let token = admin(t, &settings).await;
        Self { t, settings, token }
    }

    /// The routes as a service has them, which has met nobody yet: so whoever asks is looked up.
    fn routes(&self) -> (Router, Vec<RouteLine>) {
        let Ok(auth) = wiring::keeper(&self.settings, &self.t.db) else { panic!("there are no grants to be mistaken") };
        let (_, stopping) = watch::channel(false);
        // what is slow on a busy machine is not counted
        let handler_timeout = Duration::from_secs(600);
        let http = HttpSettings { handler_timeout, ..HttpSettings::from(&self.settings.platform.http) };
        let platform = Platform::new(self.t.db.clone(), auth, http, vec![RELAY.as_str()], stopping);
        let (routes, mounts) = gates::routes(&self.settings, &platform, "http://h", Fault::default());
        let lines = routes.lines();
        (serve(platform.clone(), platform_routes(platform, routes), mounts), lines)
    }

    async fn ask(&self, request: axum::http::request::Builder, body: String) -> (StatusCode, String) {
        let request = request.header("authorization", format!("Bearer {}", self.token)).header("accept", "text/html");
        let request = request.body(Body::from(body)).expect("a request");
        let Ok(response) = self.routes().0.oneshot(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("an answer has an end");
        (status, String::from_utf8(body.to_vec()).expect("answers are text"))
    }

    /// Makes so many of everything.
    async fn fill(&self, numbers: RangeInclusive<usize>) {
        let line = |number: usize| {
            let of = |testcase: &str, item: &str| {
                let data = json!({"item": item, "type": "koji_build"});
                json!({"outcome": "PASSED", "testcase": testcase, "data": data}).to_string()
            };
            [of(&format!("t{number}"), "a"), of("t", &format!("b-{number}"))].join("\n")
        };
        let lines: Vec<_> = numbers.clone().map(line).collect();
        let import = Request::post("/api/v1/results/import?announce=all");
        let (status, answer) = self.ask(import, lines.join("\n")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let engine = Engine::new(self.t.db.clone(), Jobs::default().with(Sequence), Duration::from_secs(60));
        engine.run(SEQUENCE.as_str(), "feed", true).await.expect("the feed is numbered");
        let rows = ROWS.replace("$FROM", &numbers.start().to_string()).replace("$TO", &numbers.end().to_string());
        self.t.rows(&rows).await;
    }

    /// What each page cost, and how long it is.
    async fn costs(&self, held: BlockerId) -> BTreeMap<String, (usize, usize)> {
        let mut costs = BTreeMap::new();
        for (_, address, _) in PAGES {
            let address = address.replace("HELD", &held.to_string());
            let (cost, (status, text)) = Cost::of(self.ask(Request::get(&address), String::new())).await;
            assert!(status.is_success() || status.is_redirection(), "{address}: {status} {text}");
            costs.insert(address, (cost.statements, text.len()));
        }
        costs
    }
}

/// The token of the first admin.
async fn admin(t: &TestDb, settings: &Settings) -> String {
    let Ok(auth) = &wiring::keeper(settings, &t.db) else { panic!("there are no grants to be mistaken") };
    let name: &Name = &"ann".parse().expect("it is a name");
    let made: Result<(), AuthError> =
        t.db.write("test.admin", |tx| {
            in_tx(async move {
                auth.add_user(tx, &NewUser { name: name.clone(), title: None, mail: None, password: None }).await?;
                let holder = Holder::User(name.clone());
                auth.add_grant(tx, &NewGrant { holder, role: ADMIN_ROLE.to_owned(), object: None, only: None }).await?;
                let importer = "results.importer".to_owned();
                let holder = Holder::User(name.clone());
                auth.add_grant(tx, &NewGrant { holder, role: importer, object: None, only: None }).await.map(drop)
            })
        })
        .await;
    made.expect("an admin can be made");
    let principal = &*auth.principal(&Credentials::Proxy(name.to_string())).await.expect("the admin is known");
    let new = &NewToken { user: None, name: "ci".to_owned(), scopes: None, object: None, expires_at: None };
    let made: Result<_, AuthError> = t.db.write("test.token", |tx| in_tx(auth.add_token(tx, principal, new))).await;
    made.expect("a token can be made").1.expose().to_owned()
}

/// What holds `build:a`.
async fn hold(t: &TestDb) -> BlockerId {
    let subject: &Subject = &"build:a".parse().expect("it is a subject");
    let who = Who::new(WhoKind::Role, "platform.operator", "mend it");
    let held =
        &Blocker::new(PlatformCode::JobFailing, subject.clone(), "It fails.", who, LookAgain::on(RELAY.as_str()));
    let set: StoreResult<usize> =
        t.db.write("test.hold", |tx| {
            in_tx(async move { tx.set_blockers(subject, PlatformCode::GATE, std::slice::from_ref(held)).await })
        })
        .await;
    set.expect("it is held");
    held.id()
}

#[test]
fn a_page_takes_few_statements_whatever_is_on_it() {
    TestDb::on(Kind::Postgres, gates::MIGRATIONS, async |t| {
        let site = Site::over(t).await;
        let is_page = |line: &RouteLine| {
            line.method == "GET"
                && !["/api/", "/assets/", "/resultsdb"].iter().any(|place| line.path.starts_with(place))
        };
        let routes: Vec<_> = site.routes().1.into_iter().filter(is_page).map(|line| line.path).collect();
        let mut listed: Vec<_> = PAGES.iter().map(|(route, ..)| *route).collect();
        listed.dedup();
        assert_eq!(routes, listed, "every page is asked for");

        let held = hold(t).await;
        site.fill(1..=10).await;
        let few = site.costs(held).await;
        site.fill(11..=100).await;
        let many = site.costs(held).await;
        let mut broken = Vec::new();
        for (address, (_, _, grows)) in many.keys().zip(PAGES) {
            let ((few, short), (many, long)) = (few[address], many[address]);
            if many > MOST || few > MOST || many > few {
                broken.push(format!("{address}: {few} and {many} statements"));
            }
            if grows && long <= short {
                broken.push(format!("{address}: shows no more"));
            }
        }
        assert!(broken.is_empty(), "{broken:#?}");
    });
}
