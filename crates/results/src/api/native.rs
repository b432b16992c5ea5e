//! Our own interface: `/api/v1/results/…`, one file a noun.

use std::sync::Arc;

use tidegate_kernel::Timestamp;
use tidegate_platform::http::Routes;

use super::{Gate, announcements, import, named, records, subjects, updates};

pub(super) fn routes() -> Routes<Arc<Gate>> {
    records::routes()
        .and(announcements::routes())
        .and(import::routes())
        .and(named::routes())
        .and(subjects::routes())
        .and(updates::routes())
}

/// An instant as our own interface shows it.
pub(super) fn instant(microseconds: i64) -> Option<String> {
    Timestamp::from_microseconds(microseconds).map(|at| at.to_string())
}
