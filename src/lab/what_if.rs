//! Improvements: the same plan simulated again without each constraint in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{SimulatedRun, SimulationInput, simulate};
use crate::model::{CallId, Cap, LockKey, ToolName};

/// Calls simulated again in all, over all changes: what a person waits for.
const BUDGET: usize = 2_000_000;
/// Changes tried in any case.
const FEWEST: usize = 8;
/// Changes of one kind tried at most: the greatest first.
const OF_A_KIND: usize = 10;

/// A change of the plan or of how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhatIf {
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

/// Time that a change would save.
#[derive(Debug, Clone, PartialEq)]
pub struct Improvement {
    /// The change.
    pub what_if: WhatIf,
    /// Time of the plan then.
    pub makespan: Duration,
    /// Time that is saved.
    pub saved: Duration,
}

/// Every change that saves something, the one that saves most first; none where
/// calls would exceed their timeouts: then less time is no gain.
pub fn improvements(input: &SimulationInput) -> Vec<Improvement> {
    let run = simulate(input);
    if !run.unfinished.is_empty() {
        return Vec::new();
    }
    let most = (BUDGET / input.calls.len().max(1)).max(FEWEST);
    let what_ifs = what_ifs(input, &run);
    let mut improvements: Vec<Improvement> = what_ifs
        .into_iter()
        .take(most)
        .filter_map(|what_if| improvement(input, what_if, run.makespan))
        .collect();
    improvements.sort_by_key(|improvement| std::cmp::Reverse(improvement.saved));
    improvements
}

fn improvement(input: &SimulationInput, what_if: WhatIf, before: Duration) -> Option<Improvement> {
    let makespan = simulate(&changed(input, &what_if)).makespan;
    let saved = before.saturating_sub(makespan);
    (!saved.is_zero()).then_some(Improvement {
        what_if,
        makespan,
        saved,
    })
}

fn changed(input: &SimulationInput, what_if: &WhatIf) -> SimulationInput {
    let mut input = input.clone();
    match what_if {
        WhatIf::Cap { to, .. } => input.settings.policy.cap = *to,
        WhatIf::Lock(key) => input.drop_lock(key),
        WhatIf::ToolCap(tool) => input.change_tool(tool, |limits| limits.max_parallel = None),
        WhatIf::Rate(tool) => input.change_tool(tool, |limits| limits.rate = None),
        WhatIf::Cores => input.settings.cores = None,
        WhatIf::Memory => input.settings.memory_bytes = None,
        WhatIf::StartTimes => {
            for call in &mut input.calls {
                call.spec.start_after = None;
            }
        }
        WhatIf::Faster(id) => {
            let call = &mut input.calls[id.index()];
            call.run /= 2;
            call.spec.estimate = Some(call.run);
        }
    }
    input
}

/// The changes worth a try, of each kind the most promising first.
fn what_ifs(input: &SimulationInput, run: &SimulatedRun) -> Vec<WhatIf> {
    let mut what_ifs = Vec::new();
    let from = input.settings.policy.cap;
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
    what_ifs.extend(more.into_iter().map(|to| WhatIf::Cap { from, to }));
    let is_any =
        |is: fn(&crate::sched::CallSpec) -> bool| input.calls.iter().any(|call| is(&call.spec));
    if input.settings.cores.is_some() && is_any(|spec| spec.claims.cpus.is_some()) {
        what_ifs.push(WhatIf::Cores);
    }
    if input.settings.memory_bytes.is_some() && is_any(|spec| spec.claims.memory_bytes.is_some()) {
        what_ifs.push(WhatIf::Memory);
    }
    if is_any(|spec| spec.start_after.is_some()) {
        what_ifs.push(WhatIf::StartTimes);
    }
    what_ifs.extend(tool_limits(input));
    what_ifs.extend(locks(input));
    what_ifs.extend(longest_of_chain(input, run));
    what_ifs
}

fn tool_limits(input: &SimulationInput) -> Vec<WhatIf> {
    let is_used = |tool: &ToolName| input.calls.iter().any(|call| call.spec.tool == *tool);
    let limits = input
        .settings
        .tools
        .iter()
        .filter(|limits| is_used(&limits.tool));
    let what_ifs = limits.flat_map(|limits| {
        let max = limits
            .max_parallel
            .map(|_| WhatIf::ToolCap(limits.tool.clone()));
        let rate = limits.rate.map(|_| WhatIf::Rate(limits.tool.clone()));
        max.into_iter().chain(rate)
    });
    what_ifs.take(OF_A_KIND).collect()
}

/// The locks that are held longest in all.
fn locks(input: &SimulationInput) -> Vec<WhatIf> {
    let mut held: BTreeMap<&LockKey, Duration> = BTreeMap::new();
    for call in &input.calls {
        for (key, _) in call.spec.locks.iter() {
            *held.entry(key).or_default() += call.run;
        }
    }
    let mut held: Vec<(Duration, &LockKey)> =
        held.into_iter().map(|(key, time)| (time, key)).collect();
    held.sort_unstable_by(|a, b| b.cmp(a));
    let longest = held.into_iter().take(OF_A_KIND);
    longest.map(|(_, key)| WhatIf::Lock(key.clone())).collect()
}

fn longest_of_chain(input: &SimulationInput, run: &SimulatedRun) -> Vec<WhatIf> {
    let mut chain = run.chain(input);
    chain.sort_by_key(|id| std::cmp::Reverse(input.calls[id.index()].run));
    chain.truncate(OF_A_KIND);
    chain.into_iter().map(WhatIf::Faster).collect()
}
