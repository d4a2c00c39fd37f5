//! Limits on how often calls start.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A limit on starts per time, with bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Starts within `per`.
    pub starts: u32,
    /// The time they are spread over.
    pub per: Duration,
    /// Starts that may come at once after a rest; at least 1.
    pub burst: u32,
}
