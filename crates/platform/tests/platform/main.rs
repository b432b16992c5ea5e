//! The platform on both databases.

mod inbox;
mod outbox;
mod relay;
mod schema;
mod store;
mod wake;
