//! What would help most: the same plan simulated again without each
//! constraint in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Case, Course, simulate};
use crate::model::{CallId, Cap, LockKey, ToolName};

/// Calls simulated again in all, over all changes: what a person waits for.
const BUDGET: usize = 2_000_000;
/// Changes tried in any case.
const FEWEST: usize = 8;
/// Changes of one kind tried at most: the greatest first.
const OF_A_KIND: usize = 10;

/// A change of the plan or of how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relief {
    /// More lanes.
    Cap {
        /// The cap now.
        from: Cap,
        /// The cap instead.
        to: Cap,
    },
    /// Without a lock.
    Lock(LockKey),
    /// As many calls of a tool at once as there are lanes.
    ToolCap(ToolName),
    /// A tool without its rate.
    Rate(ToolName),
    /// Claims of cores that do not bind.
    Cores,
    /// Claims of memory that do not bind.
    Memory,
    /// Every start time at once.
    StartTimes,
    /// One call at half its time.
    Faster(CallId),
}

/// What a change would save.
#[derive(Debug, Clone, PartialEq)]
pub struct Saving {
    /// The change.
    pub relief: Relief,
    /// What the plan would take then.
    pub makespan: Duration,
    /// How much less that is.
    pub saved: Duration,
}

/// Every change that saves something, the one that saves most first.
pub fn savings(case: &Case) -> Vec<Saving> {
    let course = simulate(case);
    let most = (BUDGET / case.calls.len().max(1)).max(FEWEST);
    let reliefs = reliefs(case, &course);
    let mut savings: Vec<Saving> = reliefs
        .into_iter()
        .take(most)
        .filter_map(|relief| saving(case, relief, course.makespan))
        .collect();
    savings.sort_by_key(|saving| std::cmp::Reverse(saving.saved));
    savings
}

fn saving(case: &Case, relief: Relief, before: Duration) -> Option<Saving> {
    let makespan = simulate(&relieved(case, &relief)).makespan;
    let saved = before.saturating_sub(makespan);
    (!saved.is_zero()).then_some(Saving {
        relief,
        makespan,
        saved,
    })
}

fn relieved(case: &Case, relief: &Relief) -> Case {
    let mut case = case.clone();
    match relief {
        Relief::Cap { to, .. } => case.settings.policy.cap = *to,
        Relief::Lock(key) => case.drop_lock(key),
        Relief::ToolCap(tool) => case.change_tool(tool, |limits| limits.max_parallel = None),
        Relief::Rate(tool) => case.change_tool(tool, |limits| limits.rate = None),
        Relief::Cores => case.settings.cores = None,
        Relief::Memory => case.settings.memory_bytes = None,
        Relief::StartTimes => {
            for call in &mut case.calls {
                call.spec.start_after = None;
            }
        }
        Relief::Faster(id) => {
            let call = &mut case.calls[id.index()];
            call.run /= 2;
            call.spec.estimate = Some(call.run);
        }
    }
    case
}

/// The changes worth a try, of each kind the most promising first.
fn reliefs(case: &Case, course: &Course) -> Vec<Relief> {
    let mut reliefs = Vec::new();
    let from = case.settings.policy.cap;
    let more = [
        from.get() + 1,
        from.get() + from.get().div_ceil(2),
        from.get() * 2,
    ];
    let mut more: Vec<Cap> = more
        .into_iter()
        .filter_map(Cap::new)
        .filter(|to| *to > from)
        .collect();
    more.dedup();
    reliefs.extend(more.into_iter().map(|to| Relief::Cap { from, to }));
    let is_any =
        |is: fn(&crate::sched::CallSpec) -> bool| case.calls.iter().any(|call| is(&call.spec));
    if case.settings.cores.is_some() && is_any(|spec| spec.claims.cpus.is_some()) {
        reliefs.push(Relief::Cores);
    }
    if case.settings.memory_bytes.is_some() && is_any(|spec| spec.claims.memory_bytes.is_some()) {
        reliefs.push(Relief::Memory);
    }
    if is_any(|spec| spec.start_after.is_some()) {
        reliefs.push(Relief::StartTimes);
    }
    reliefs.extend(tool_limits(case));
    reliefs.extend(locks(case));
    reliefs.extend(longest_of_chain(case, course));
    reliefs
}

fn tool_limits(case: &Case) -> Vec<Relief> {
    let is_used = |tool: &ToolName| case.calls.iter().any(|call| call.spec.tool == *tool);
    let limits = case
        .settings
        .tools
        .iter()
        .filter(|limits| is_used(&limits.tool));
    let reliefs = limits.flat_map(|limits| {
        let max = limits
            .max_parallel
            .map(|_| Relief::ToolCap(limits.tool.clone()));
        let rate = limits.rate.map(|_| Relief::Rate(limits.tool.clone()));
        max.into_iter().chain(rate)
    });
    reliefs.take(OF_A_KIND).collect()
}

/// The locks that are held longest in all.
fn locks(case: &Case) -> Vec<Relief> {
    let mut held: BTreeMap<&LockKey, Duration> = BTreeMap::new();
    for call in &case.calls {
        for (key, _) in call.spec.locks.iter() {
            *held.entry(key).or_default() += call.run;
        }
    }
    let mut held: Vec<(Duration, &LockKey)> =
        held.into_iter().map(|(key, time)| (time, key)).collect();
    held.sort_unstable_by(|a, b| b.cmp(a));
    let longest = held.into_iter().take(OF_A_KIND);
    longest.map(|(_, key)| Relief::Lock(key.clone())).collect()
}

fn longest_of_chain(case: &Case, course: &Course) -> Vec<Relief> {
    let mut chain = course.chain(case);
    chain.sort_by_key(|id| std::cmp::Reverse(case.calls[id.index()].run));
    chain.truncate(OF_A_KIND);
    chain.into_iter().map(Relief::Faster).collect()
}
