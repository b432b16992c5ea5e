//! The platform's own endpoints: one file a noun.

mod blockers;
mod configuration;
mod entry;
mod events;
mod grants;
mod hooks;
mod inbox;
mod jobs;
mod me;
mod message;
mod messages;
mod search;
mod teams;
mod tokens;
mod topics;
mod trail;
mod users;
mod writes;

use super::route::{Access, Endpoint, Routes};
use super::{Platform, health};

pub use configuration::routes as config_routes;
pub(super) use events::Live;
pub use topics::routes as topic_routes;

/// The platform's own routes, and the description of those and of the gates' routes.
pub fn routes(platform: Platform, gates: Routes) -> Routes {
    let own = health::routes()
        .and(blockers::routes())
        .and(entry::routes())
        .and(events::routes())
        .and(grants::routes())
        .and(hooks::routes())
        .and(inbox::routes())
        .and(jobs::routes())
        .and(me::routes())
        .and(message::routes())
        .and(messages::routes())
        .and(search::routes())
        .and(teams::routes())
        .and(tokens::routes())
        .and(trail::routes())
        .and(users::routes())
        .and(writes::routes());
    let all = own.with_state(platform).and(gates);
    let document = serde_json::to_value(super::document(&all)).expect("the description has a JSON form");
    let answer = move || {
        let document = axum::Json(document.clone());
        async move { document }
    };
    all.route(Endpoint::get("/api/openapi.json", Access::Read).summary("The description of this API"), answer)
}
