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
    /// Runs in which it was not seen, each time.
    pub tries: u32,
    /// Locks with which runs of the whole plan showed no hazard.
    pub remedies: Vec<Remedy>,
    /// Runs without a difference that the remedies were tried with; 0 where
    /// nothing helped.
    pub tried: u32,
    /// Runs that the search took.
    pub runs: usize,
}

impl MinimalSet {
    /// Adds a lock; one key stands once, with all its calls.
    pub(super) fn add(&mut self, remedy: Remedy) {
        let known = self.remedies.iter_mut().find(|it| it.key == remedy.key);
        let Some(known) = known else {
            self.remedies.push(remedy);
            return;
        };
        known.calls.extend(remedy.calls);
        known.calls.sort_unstable();
        known.calls.dedup();
    }
}
