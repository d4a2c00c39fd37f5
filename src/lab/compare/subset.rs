//! A part of a plan that can run by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Call, CallId, Edge, Plan};

/// Some calls of a plan with all they wait for, and those that read the final
/// state back.
#[derive(Debug, Clone)]
pub(super) struct Subset {
    /// The part as a plan of its own.
    pub(super) plan: Plan,
    /// Id of each of its calls in the whole plan.
    pub(super) originals: Vec<CallId>,
}

impl Subset {
    /// The part of `plan` that `calls` need.
    pub(super) fn of(plan: &Plan, calls: &[CallId]) -> Self {
        let mut kept = with_ancestors(plan, calls);
        let verify = plan.calls.iter().filter(|call| call.is_verify);
        kept.extend(verify.map(|call| call.id));
        let originals: Vec<CallId> = kept.into_iter().collect();
        let place = |id: CallId| originals.binary_search(&id).ok().map(CallId::from_index);
        let calls = originals.iter().enumerate().filter_map(|(index, id)| {
            let mut call = Call::clone(plan.calls.get(id.index())?);
            call.id = CallId::from_index(index);
            let after = call.after.iter().filter_map(|edge| {
                let call = place(edge.call)?;
                Some(Edge { call, on: edge.on })
            });
            call.after = after.collect();
            Some(Arc::new(call))
        });
        Self {
            plan: Plan {
                calls: calls.collect(),
                ..plan.clone()
            },
            originals,
        }
    }
}

/// Calls and everything that they wait for, directly or not; the calls that
/// read the final state back bring nothing along.
pub(super) fn with_ancestors(plan: &Plan, calls: &[CallId]) -> BTreeSet<CallId> {
    let mut reached = BTreeSet::new();
    let mut open = calls.to_vec();
    while let Some(id) = open.pop() {
        if reached.insert(id)
            && let Some(call) = plan.calls.get(id.index())
            && !call.is_verify
        {
            open.extend(call.after.iter().map(|edge| edge.call));
        }
    }
    reached
}

/// Those of `calls` that some other of them need not wait for: the ones that
/// can run beside another.
pub(super) fn abreast(plan: &Plan, calls: &BTreeSet<CallId>) -> Vec<CallId> {
    let above = |id: CallId| with_ancestors(plan, &[id]);
    let each: Vec<(CallId, BTreeSet<CallId>)> = calls.iter().map(|id| (*id, above(*id))).collect();
    let is_abreast = |(id, above): &(CallId, BTreeSet<CallId>)| {
        each.iter()
            .any(|(other, others)| other != id && !above.contains(other) && !others.contains(id))
    };
    let abreast = each.iter().filter(|call| is_abreast(call));
    abreast.map(|(id, _)| *id).collect()
}
