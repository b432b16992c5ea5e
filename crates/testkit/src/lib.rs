//! For tests only: real databases that belong to the test, and doubles of what is outside.
//!
//! A failure here is a failure of the machine that the tests run on, so everything panics with what was tried.

mod bench;
mod broker;
mod browser;
mod clock;
mod database;
mod http;
mod ids;
mod postgres;
mod python;
mod schema;
mod smtp;

pub use bench::Bench;
pub use broker::{Broker, Received};
pub use browser::{Browser, Node, Tab, Theme};
pub use clock::TestClock;
pub use database::{Kind, TestDb};
pub use http::{Receiver, Reply, Request};
pub use ids::TestIds;
pub use python::Python;
pub use schema::{assert_same_schema, assert_statements_fit};
pub use smtp::{Letter, Smtp};
