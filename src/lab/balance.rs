//! Little's law as an identity: the run times of all attempts together are the
//! lanes in use over time (J. D. C. Little, 1961).
//!
//! The two are summed up apart: the attempts from what their rows say, the
//! lanes from what the scheduler says, step by step. Where they differ, an
//! attempt was lost, counted twice, or held its lane longer than it is said to
//! have run: every figure of that run is in doubt.
//!
//! Calls of agents that only pass hold no lane, and are left out. Those that
//! were governed are timed by their proxies, on another clock: a run that has
//! any is not checked.

use std::time::Duration;

use crate::model::{AttemptRecord, Snapshot};

/// A run whose account does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run's account is wrong: its attempts ran {ran:?}, its lanes were busy {busy:?}")]
pub struct Imbalance {
    /// The run times of all attempts together.
    pub ran: Duration,
    /// Lanes in use over time.
    pub busy: Duration,
}

/// Checks the account of a run; an attempt that has not ended ran until now.
///
/// # Errors
///
/// The two sums, where they differ.
pub fn balance(run: &Snapshot) -> Result<(), Imbalance> {
    let ran = |attempt: &AttemptRecord| {
        let end = attempt.ended.unwrap_or(run.now);
        end.saturating_sub(attempt.lane_taken)
    };
    let mut of_agents = run.calls.iter().filter_map(|row| row.proxied.as_ref());
    if run.agents.forgotten_calls > 0 || of_agents.any(|call| !call.is_watched) {
        return Ok(());
    }
    let own = run.calls.iter().filter(|row| row.proxied.is_none());
    let attempts = own.flat_map(|row| &row.attempts);
    let (ran, busy) = (attempts.map(ran).sum(), run.lane_time);
    if ran == busy {
        Ok(())
    } else {
        Err(Imbalance { ran, busy })
    }
}
