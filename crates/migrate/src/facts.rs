//! What policies know from outside the archive. Plain data: who reads it is `files.rs`, in the formats of
//! [`crate::compat::britney::state`], whose types it is kept in.

use crate::compat::britney::state::{AgeDates, Piuparts, RcBugs, Urgencies};
use crate::policy::autopkgtest::request::PendingTests;
use crate::policy::autopkgtest::results::TestResults;

/// Facts about packages.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// When versions were first seen in the source suite.
    pub first_seen: AgeDates,
    /// Urgencies of uploads.
    pub urgencies: Urgencies,
    /// Release-critical bugs in the target.
    pub target_bugs: RcBugs,
    /// Release-critical bugs in the primary source suite.
    pub source_bugs: RcBugs,
    /// Piuparts results of the target and of the primary source suite; none if the policy is off.
    pub piuparts: Option<(Piuparts, Piuparts)>,
    /// Results of tests.
    pub test_results: TestResults,
    /// Tests that were asked for and have not answered.
    pub pending_tests: PendingTests,
}
