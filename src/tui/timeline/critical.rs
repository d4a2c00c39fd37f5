//! The critical path: the chain of calls that decided the end of the last one.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{CallId, CallRow, Snapshot};

/// Longest chain that is followed; longer ones are cut at their beginning.
const LONGEST: usize = 10_000;

/// The call that ended last (or that runs longest), and before it always the
/// parent that ended last: by dependencies alone, as measured.
pub(super) fn chain(run: &Snapshot, last: Option<CallId>) -> BTreeSet<CallId> {
    let mut chain = BTreeSet::new();
    let mut next: Option<&CallRow> = last.and_then(|id| run.row(id)).map(AsRef::as_ref);
    while let Some(row) = next {
        if chain.len() >= LONGEST || !chain.insert(row.id) {
            break;
        }
        let parents = row.call.after.iter().filter_map(|edge| run.row(edge.call));
        let ran = parents.filter(|parent| parent.started.is_some());
        next = ran.max_by_key(|parent| end(parent)).map(AsRef::as_ref);
    }
    chain
}

/// Returns the end of a call; a call that has not ended sorts last.
pub(super) fn end(row: &CallRow) -> Duration {
    row.ended.unwrap_or(Duration::MAX)
}
