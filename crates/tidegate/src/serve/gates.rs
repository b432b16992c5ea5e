//! The gates: what each brings to the service.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use tidegate_kernel::TopicFiles;
use tidegate_platform::auth::{BadRights, Rights};
use tidegate_platform::fault::Fault;
use tidegate_platform::http::{GateState, Mounts, Platform, Routes, form_routes, topic_routes};
use tidegate_platform::inbox::Consume;
use tidegate_platform::retention::Retention;
use tidegate_platform::store::{Db, Migrations, StoreError, in_tx};
use tidegate_platform::trail::Trail;
use tidegate_results::jobs::UpdateBuilds;
use tidegate_results::trail::TestedSubjects;
use tidegate_results::{api, pages as of_results};
use tidegate_web::Frame;

use crate::pages;
use crate::settings::Settings;

/// The tables of all crates, in the order in which they are made. Those of a gate that is off are made too, so that
/// switching it on is no migration.
pub(super) const MIGRATIONS: &[Migrations] = &[tidegate_platform::MIGRATIONS, tidegate_results::store::MIGRATIONS];

/// Says of the gates' tables, which are new, that test suites may empty them.
pub(super) async fn allow_emptying(db: &Db) -> Result<(), StoreError> {
    db.write("results.rehearse", |tx| in_tx(tidegate_results::store::allow_emptying(tx))).await
}

/// What the platform and all gates tell.
static TOPICS: LazyLock<Vec<TopicFiles>> = LazyLock::new(|| {
    let all = [tidegate_platform::events::TOPICS.as_slice(), &tidegate_results::events::TOPICS];
    all.concat()
});

/// The name of the gate of results.
const RESULTS: &str = "results";

/// The rights of all gates.
pub(super) fn rights() -> Result<Rights, BadRights> {
    Rights::of(&[tidegate_results::rights::RIGHTS])
}

/// The gates of this program, and which of them are on.
pub(super) fn states(settings: &Settings) -> Vec<GateState> {
    vec![GateState { name: RESULTS, enabled: settings.results.enabled }]
}

/// What the gates that are on know of the ways of subjects.
pub(super) fn trail(settings: &Settings) -> Trail {
    let trail = Trail::default();
    if settings.results.enabled { trail.with(TestedSubjects) } else { trail }
}

/// Which gates anybody may read, or nobody without a login, whatever holds everywhere else.
pub(super) fn anonymous_read(settings: &Settings) -> BTreeMap<&'static str, bool> {
    let results = settings.results.anonymous_read.map(|may| (RESULTS, may));
    results.into_iter().collect()
}

/// The routes and pages of the gates that are on, of a service that is found at this address, and how errors look below
/// the mounts of others' interfaces and on pages. Test suites switch that fault of the bus.
pub(super) fn routes(settings: &Settings, platform: &Platform, url: &str, bus: Fault) -> (Routes, Mounts) {
    let (mut routes, mut mounts) = (topic_routes(&TOPICS), Mounts::default());
    let frame = Arc::new(frame(settings));
    if settings.results.enabled {
        let gate = api::Gate::new(platform.clone(), url, &settings.results);
        let test = &settings.platform.test;
        let gate = Arc::new(if test.hooks { gate.for_tests(&test.identity, bus) } else { gate });
        let of_gate = api::routes(Arc::clone(&gate)).and(of_results::routes(gate, Arc::clone(&frame)));
        routes = routes.and(of_gate.of(RESULTS));
        mounts = mounts.hosted(api::RESULTSDB, api::RESULTSDB_PATHS, &settings.results.hosts.resultsdb);
    } else {
        for path in ["/api/v1/results", api::RESULTSDB, of_results::PLACE.path] {
            mounts = mounts.off(path, RESULTS);
        }
        mounts = mounts.with(of_results::PLACE.path, pages::ErrorPages(Arc::clone(&frame)));
    }
    // their clients expect errors of that shape, also to hear that the gate is off
    mounts = mounts.with(api::RESULTSDB, api::ResultsDb);
    for link in frame.links.iter().filter(|link| link.path != pages::START.path) {
        mounts = mounts.with(link.path, pages::ErrorPages(Arc::clone(&frame)));
    }
    for place in pages::OTHERS {
        mounts = mounts.with(place, pages::ErrorPages(Arc::clone(&frame)));
    }
    (routes.and(form_routes(platform.clone())).and(pages::routes(platform.clone(), frame)), mounts)
}

/// The places of the navigation, in the order of the flow.
fn frame(settings: &Settings) -> Frame {
    let results = settings.results.enabled.then_some(of_results::PLACE);
    let links = [Some(pages::START), results, Some(pages::BLOCKERS), Some(pages::OPERATIONS)];
    Frame { links: links.into_iter().flatten().collect(), is_test: settings.platform.test.hooks }
}

/// How long the gates keep things.
pub(super) fn kept(settings: &Settings, retention: Retention) -> Retention {
    retention.with("results", tidegate_results::store::retention(settings.results.keep_results()))
}

/// Who has the effects of what comes from outside.
pub(super) fn consumers(settings: &Settings) -> Consume {
    let consumers = Consume::default();
    if settings.results.enabled { consumers.with(UpdateBuilds) } else { consumers }
}

/// Which consumer gets which topics of the bus.
pub(super) fn heard(settings: &Settings) -> Vec<(&'static str, Vec<String>)> {
    let updates = (UpdateBuilds::NAME, vec![tidegate_results::incoming::UPDATE_TOPICS.to_owned()]);
    if settings.results.enabled { vec![updates] } else { vec![] }
}
