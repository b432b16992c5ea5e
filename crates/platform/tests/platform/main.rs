//! The platform on both databases.

mod outbox;
mod schema;
mod store;
mod wake;
