//! The gate on both databases.

mod accepting;
mod gate;
mod history;
mod lists;
mod schema;
