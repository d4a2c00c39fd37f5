//! Orders calls that set the state back before all others, and calls that read
//! it back after them.

use super::parsed::ParsedCall;
use crate::catalogue::findings::Findings;
use crate::model::{CallId, Edge, EdgeKind};

/// Makes every call without `reset = true` wait for the success of those with
/// it, and every call with `verify = true` for the end of all without. Among
/// themselves both run one after another, in the order of the plan.
pub(super) fn place(calls: &[ParsedCall], edges: &mut [Vec<Edge>], findings: &mut Findings<'_>) {
    let is_reset = |id: CallId| calls[id.index()].settings.is_reset;
    let is_verify = |id: CallId| calls[id.index()].settings.is_verify;
    let ids = || (0..calls.len()).map(CallId::from_index);
    for id in ids() {
        let call = &calls[id.index()];
        let message = if is_reset(id) && is_verify(id) {
            "this call has `reset = true` and `verify = true`: it cannot run before and after all others"
        } else if is_reset(id) && edges[id.index()].iter().any(|edge| !is_reset(edge.call)) {
            "this call has `reset = true`, so it runs before all others, and waits for another call"
        } else if !is_verify(id) && edges[id.index()].iter().any(|edge| is_verify(edge.call)) {
            "this call waits for one with `verify = true`, which runs after all others"
        } else {
            continue;
        };
        let help = if is_reset(id) {
            "leave one of them out"
        } else {
            "give it `verify = true` too"
        };
        let problem = findings.at(&call.span, message).with_help(help);
        findings.push(problem);
        return;
    }
    let resets: Vec<CallId> = ids().filter(|id| is_reset(*id)).collect();
    let verifies: Vec<CallId> = ids().filter(|id| is_verify(*id)).collect();
    let between: Vec<CallId> = ids()
        .filter(|id| !is_reset(*id) && !is_verify(*id))
        .collect();
    for (place, id) in resets.iter().enumerate() {
        wait_for(&mut edges[id.index()], &resets[..place], EdgeKind::Ok);
    }
    for id in between.iter().chain(&verifies) {
        wait_for(&mut edges[id.index()], &resets, EdgeKind::Ok);
    }
    for (place, id) in verifies.iter().enumerate() {
        wait_for(&mut edges[id.index()], &between, EdgeKind::Done);
        let before = place.checked_sub(1).map(|place| verifies[place]);
        wait_for(&mut edges[id.index()], before.as_slice(), EdgeKind::Done);
    }
}

/// Adds edges to calls that have none yet.
fn wait_for(own: &mut Vec<Edge>, others: &[CallId], on: EdgeKind) {
    let known: Vec<CallId> = own.iter().map(|edge| edge.call).collect();
    let new = others.iter().filter(|other| !known.contains(other));
    own.extend(new.map(|call| Edge { call: *call, on }));
}
