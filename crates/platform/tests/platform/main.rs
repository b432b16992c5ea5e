//! The platform on both databases.

mod auth;
mod config;
mod outbox;
mod schema;
mod store;
mod wake;
