//! For tests only: real databases that belong to the test, and doubles of what is outside.
//!
//! A failure here is a failure of the machine that the tests run on, so everything panics with what was tried.

mod bench;
mod broker;
mod clock;
mod database;
mod ids;
mod postgres;
mod proxy;
mod python;
mod schema;
mod smtp;
mod web;

pub use bench::Bench;
pub use broker::{Broker, Received};
pub use clock::TestClock;
pub use database::{Kind, TestDb};
pub use ids::TestIds;
pub use proxy::{Proxy, Target};
pub use python::Python;
pub use schema::{assert_same_schema, assert_statements_fit};
pub use smtp::{Letter, MailFault, MailServer};
pub use web::{Answer, Request, Web, WebFault};
