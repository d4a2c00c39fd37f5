//! The result of the search for a hazard's cause.

use super::remedy::Remedy;
use crate::model::{CallId, Cap};

/// The smallest set of calls that a hazard was traced to, and locks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimalSet {
    /// The cap at which it was looked for.
    pub cap: Cap,
    /// The calls that must run beside one another for it.
    pub calls: Vec<CallId>,
    /// Calls that these need before them.
    pub needed: Vec<CallId>,
    /// Whether the search came to its end: without any one of the calls, the
    /// hazard was not seen.
    pub is_smallest: bool,
    /// Locks with which the whole plan shows it no more, tried.
    pub remedies: Vec<Remedy>,
    /// Runs without a difference that the remedies were tried with; 0 where
    /// nothing helped.
    pub tried: u32,
    /// Runs that the search took.
    pub runs: usize,
}
