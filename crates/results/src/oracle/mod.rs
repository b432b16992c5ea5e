//! Slow and obvious versions of what the gate decides, and the properties that compare them with it.

mod announcements;
pub(crate) mod history;
mod newest;
