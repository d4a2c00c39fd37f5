//! Whether a run went as its plan says.

use crate::model::{CallRow, CallState, Outcome, Plan, Snapshot};

/// Whether a success that left processes behind counts as a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LeakPolicy {
    /// As a success.
    #[default]
    Pass,
    /// As a failure.
    Fail,
}

/// Returns whether every call succeeded, failed as planned, or was skipped
/// because of a planned failure.
pub(crate) fn is_as_planned(last: &Snapshot, plan: &Plan, leaks: LeakPolicy) -> bool {
    let planned_skips = plan.planned_endings();
    let is_as_planned = |row: &CallRow| match row.state {
        CallState::Ended(Outcome::Succeeded) => !plan.expected_failures.contains(&row.name),
        CallState::Ended(Outcome::Leaked) => leaks == LeakPolicy::Pass,
        CallState::Ended(Outcome::Failed) => plan.expected_failures.contains(&row.name),
        CallState::Ended(Outcome::Skipped) => planned_skips.contains(&row.id),
        _ => false,
    };
    // An agent's calls are its own affair.
    let mut own = last.calls.iter().filter(|row| row.proxied.is_none());
    own.all(|row| is_as_planned(row))
}
