//! How a run is to be conducted: cap, failure policy and order.

use serde::{Deserialize, Serialize};

use super::{Cap, CapControl};

/// Cap, failure policy and order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// How many lanes may be busy at most.
    pub cap: Cap,
    /// Whether the cap is fixed or automatic.
    #[serde(default)]
    pub control: CapControl,
    /// Effect of a failure on other calls.
    pub on_failure: FailurePolicy,
    /// In which order ready calls start.
    pub order: Order,
}

/// Effect of the failure of one call on other calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailurePolicy {
    /// Its dependents are skipped, transitively.
    #[default]
    Skip,
    /// Its dependents run, unless they need its missing output.
    Continue,
    /// Nothing more is admitted; running calls finish.
    Stop,
}

/// In which order ready calls of equal priority start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The longest chain of dependents first; calls that join later are behind
    /// by as much as they are younger.
    #[default]
    CriticalPath,
    /// The order of the plan.
    Fifo,
}
