//! Stand-ins for other machines, as the gates know them. What is not of one gate is in the test kit.
//!
//! [`swift`] fills a web server with test results as an object store lists them, [`launchpad`] with who uploaded what;
//! [`broker`] drives the test kit's `RabbitMQ` without futures.

pub(crate) mod broker;
pub(crate) mod launchpad;
pub(crate) mod swift;
