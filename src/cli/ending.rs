//! The end of a run, as a command sees it.

use super::exit::{self, Exit};
use super::options::OutputOptions;
use crate::app::{self, LeakPolicy, Session};
use crate::model::{Plan, Snapshot};
use crate::record::ReportState;

/// Writes the last files of a run, and decides the exit code by how its calls
/// ended.
pub(super) fn closed(
    session: &mut Session,
    last: &Snapshot,
    state: ReportState,
    options: &OutputOptions,
) -> Exit {
    if let Err(error) = session.close(last, state) {
        return exit::cannot_run(&error);
    }
    verdict(last, &session.plan, options.leaks.into())
}

/// Returns the exit code of a run by how its calls ended.
pub(super) fn verdict(last: &Snapshot, plan: &Plan, leaks: LeakPolicy) -> Exit {
    if app::is_as_planned(last, plan, leaks) {
        Exit::Success
    } else {
        Exit::CallFailed
    }
}
