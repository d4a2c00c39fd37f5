//! What the dashboard recalls of earlier sessions.

use crate::record::PastRun;

/// What the dashboard recalls of earlier sessions; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// The last runs of the same plan, the latest first.
    pub runs: Vec<PastRun>,
}
