//! The platform on both databases.

mod store;
