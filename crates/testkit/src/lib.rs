//! For tests only: real databases that belong to the test, and doubles of what is outside.
//!
//! A failure here is a failure of the machine that the tests run on, so everything panics with what was tried.

mod bench;
mod broker;
mod browser;
mod clock;
mod cost;
mod database;
pub mod figures;
mod ids;
mod messages;
mod own_postgres;
mod postgres;
mod proxy;
mod python;
mod schema;
mod smtp;
mod web;

pub use bench::Bench;
pub use broker::{Broker, Received};
pub use browser::{Browser, Node, Tab, Theme};
pub use clock::TestClock;
pub use cost::Cost;
pub use database::{Kind, TestDb};
pub use ids::TestIds;
pub use messages::assert_topics;
pub use own_postgres::OwnPostgres;
pub use proxy::{Proxy, Target};
pub use python::Python;
pub use schema::{assert_same_schema, assert_statements_fit};
pub use smtp::{Letter, MailFault, MailServer};
pub use web::{Answer, Request, Web, WebFault};
