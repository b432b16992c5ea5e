//! The platform on both databases.

mod config;
mod outbox;
mod schema;
mod store;
mod wake;
