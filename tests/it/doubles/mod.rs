//! Stand-ins for other machines, on loopback and on free ports.
//!
//! [`web`] is a server of files whose answers can be spoilt, [`swift`] fills it with test results as an object store lists
//! them and [`launchpad`] with who uploaded what; [`broker`] is a real `RabbitMQ` of its own, [`smtp`] a mail server that
//! records, refuses and hangs.

pub(crate) mod broker;
pub(crate) mod launchpad;
pub(crate) mod smtp;
pub(crate) mod swift;
pub(crate) mod web;
