//! For tests only: real databases that belong to the test, and doubles of what is outside.
//!
//! A failure here is a failure of the machine that the tests run on, so everything panics with what was tried.

mod bench;
mod clock;
mod database;
mod ids;
mod postgres;
mod schema;

pub use bench::Bench;
pub use clock::TestClock;
pub use database::{Kind, TestDb};
pub use ids::TestIds;
pub use schema::{assert_same_schema, assert_statements_fit};
