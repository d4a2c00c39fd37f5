//! Orders calls that read the final state back after all others.

use super::parsed::ParsedCall;
use crate::catalogue::findings::Findings;
use crate::model::{CallId, Edge, EdgeKind};

/// Makes every call with `verify = true` wait for the end of all calls without,
/// and of the verifying call before it. No other call may wait for them.
pub(super) fn put_last(calls: &[ParsedCall], edges: &mut [Vec<Edge>], findings: &mut Findings<'_>) {
    let is_verify = |id: CallId| calls[id.index()].settings.is_verify;
    let (last, first): (Vec<CallId>, Vec<CallId>) = (0..calls.len())
        .map(CallId::from_index)
        .partition(|id| is_verify(*id));
    if last.is_empty() {
        return;
    }
    for id in &first {
        if edges[id.index()].iter().any(|edge| is_verify(edge.call)) {
            let problem = findings
                .at(
                    &calls[id.index()].span,
                    "this call waits for one with `verify = true`, which runs after all others",
                )
                .with_help("give it `verify = true` too");
            findings.push(problem);
            return;
        }
    }
    let mut before: Option<CallId> = None;
    for id in last {
        let own = &mut edges[id.index()];
        let others = first.iter().copied().chain(before);
        let new: Vec<CallId> = others
            .filter(|other| own.iter().all(|edge| edge.call != *other))
            .collect();
        own.extend(new.into_iter().map(|call| Edge {
            call,
            on: EdgeKind::Done,
        }));
        before = Some(id);
    }
}
