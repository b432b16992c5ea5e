//! ResultsDB 3: one endpoint for each type of result, each with fields of its own.

mod body;
mod reference;
mod tables;

pub use body::{Submitted, parse_result};
pub use reference::html;
pub use tables::ResultType;
