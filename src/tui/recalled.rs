//! What the dashboard recalls of earlier sessions.

use crate::record::PastRun;

/// What the dashboard recalls of earlier sessions; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// The last run of the same plan.
    pub run: Option<PastRun>,
}
