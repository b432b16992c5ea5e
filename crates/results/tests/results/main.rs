//! The gate on both databases.

mod accepting;
mod gate;
mod history;
mod hostile;
mod keeping;
mod lists;
mod native;
mod resultsdb_v2;
mod resultsdb_v3;
mod rights;
mod schema;
mod web;
