//! ResultsDB 2.0: bodies, queries and lists as its clients know them.

mod body;
mod group;
mod list;
mod time;

pub(in crate::compat) use body::too_long;
pub use body::{Acceptance, parse_group, parse_result, parse_testcase};
pub use list::{Asked, GroupsAsked, LatestAsked, TestcasesAsked, groups, latest, page_links, results, testcases};
