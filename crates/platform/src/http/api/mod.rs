//! The platform's own endpoints: one file a noun.

pub(super) mod entry;
mod events;
pub(super) mod grants;
pub(super) mod jobs;
pub(super) mod me;
pub(super) mod messages;
pub(super) mod teams;
pub(super) mod tokens;
mod topics;
pub(super) mod users;
mod writes;

use super::route::{Access, Endpoint, Routes};
use super::{Platform, health};

pub use entry::{LogIn, SetUp, log_in, make_admin};
pub(super) use events::Live;
pub use tokens::{CreateToken, create as create_token};
pub use topics::routes as topic_routes;

/// The platform's own routes, and the description of those and of the gates' routes.
pub fn routes(platform: Platform, gates: Routes) -> Routes {
    let own = health::routes()
        .and(entry::routes())
        .and(events::routes())
        .and(grants::routes())
        .and(jobs::routes())
        .and(me::routes())
        .and(messages::routes())
        .and(teams::routes())
        .and(tokens::routes())
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
