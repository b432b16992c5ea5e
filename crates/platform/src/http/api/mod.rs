//! The platform's own endpoints: one file a noun.

mod blockers;
mod configuration;
pub(super) mod entry;
mod events;
pub(super) mod grants;
mod hooks;
mod inbox;
pub(super) mod jobs;
pub(super) mod me;
mod message;
pub(super) mod messages;
mod search;
pub(super) mod teams;
pub(super) mod tokens;
mod topics;
mod trail;
pub(super) mod users;
mod writes;

use super::route::{Access, Endpoint, Routes};
use super::{Platform, health};

pub use configuration::routes as config_routes;
pub use entry::{LogIn, SetUp, log_in, make_admin};
pub(super) use events::Live;
pub use tokens::{CreateToken, create as create_token};
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
