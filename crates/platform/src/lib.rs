//! The I/O that every gate needs.
//!
//! A gate changes its rows in a transaction of the [`store`], and says in the same transaction what follows from that: an
//! announcement or a deed for the [`outbox`], a wake-up of a job. From there on the platform sees to it that each of them
//! happens, also when the process is killed at any instant.

pub mod auth;
pub mod backoff;
pub mod blockers;
pub mod chance;
pub mod config;
mod digest;
pub mod events;
pub mod fault;
pub mod hooks;
pub mod http;
pub mod inbox;
pub mod notices;
pub mod outbox;
pub mod relay;
pub mod retention;
pub mod secret;
pub mod sinks;
pub mod step;
pub mod store;
pub mod trail;
pub mod wake;
pub mod writes;

/// The platform's own tables.
pub const MIGRATIONS: store::Migrations = migrations!("platform";
    1 "messages" = "0001_messages.sql",
    2 "wake_ups" = "0002_wake_ups.sql",
    3 "trail" = "0003_trail.sql",
    4 "people" = "0004_people.sql",
    5 "idempotency" = "0005_idempotency.sql",
    6 "operations" = "0006_operations.sql",
    7 "notices" = "0007_notices.sql",
);

/// Every fixed statement of the platform, for the test that prepares them all.
pub const STATEMENTS: &[&[store::Statement]] = &[
    auth::STATEMENTS,
    blockers::STATEMENTS,
    hooks::STATEMENTS,
    http::STATEMENTS,
    inbox::STATEMENTS,
    notices::STATEMENTS,
    outbox::STATEMENTS,
    relay::STATEMENTS,
    relay::view::STATEMENTS,
    retention::STATEMENTS,
    trail::STATEMENTS,
    wake::STATEMENTS,
    wake::view::STATEMENTS,
    writes::STATEMENTS,
];
