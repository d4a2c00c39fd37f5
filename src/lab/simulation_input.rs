//! The input of a simulation: calls with their run times, and how they are
//! scheduled.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::{CallCost, Capacity, TimeBounds, bounds};
use crate::model::{
    Cap, LockKey, Order, Plan, Policy, Tool, ToolAction, ToolName, UNKNOWN_RUN_TIME,
};
use crate::sched::{CallSpec, SchedulerSettings, ToolLimits};

/// Resources of the machine that calls claim.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MachineLimits {
    /// Usable cores; `None` where claims do not bind.
    pub cores: Option<f64>,
    /// Memory in bytes; `None` where claims do not bind.
    pub memory_bytes: Option<u64>,
}

/// One call to be simulated.
#[derive(Debug, Clone)]
pub struct SimulatedCall {
    /// The call as the scheduler knows it.
    pub spec: CallSpec,
    /// Time that it holds a lane.
    pub run: Duration,
}

/// Calls and how they are scheduled.
#[derive(Debug, Clone)]
pub struct SimulationInput {
    /// Settings of the scheduler.
    pub settings: SchedulerSettings,
    /// The calls; the one at index `i` has the id of that index.
    pub calls: Vec<SimulatedCall>,
    /// How many of the calls, the first ones, run already.
    pub running: usize,
    /// How many have no estimate and are taken to run one second.
    pub assumed: usize,
}

impl SimulationInput {
    /// Returns the simulation of a plan by its estimates. `scale` multiplies the start times
    /// and what recorded workflows wait, as it does in a real run.
    pub fn of<'t>(
        plan: &Plan,
        tools: impl Iterator<Item = &'t Tool>,
        machine: MachineLimits,
        policy: Policy,
        scale: f64,
    ) -> Self {
        let mut settings = SchedulerSettings::new(policy, Pcg64Mcg::seed_from_u64(0));
        settings.cores = machine.cores;
        settings.memory_bytes = machine.memory_bytes;
        let mut waiting = BTreeSet::new();
        for tool in tools {
            settings.tools.extend(ToolLimits::of(tool));
            if matches!(tool.action, ToolAction::Wait { .. }) {
                waiting.insert(&tool.name);
            }
        }
        let calls = plan.calls.iter().map(|call| {
            let is_wait = waiting.contains(&call.tool);
            let run = call.estimate.unwrap_or(UNKNOWN_RUN_TIME);
            let run = if is_wait { run.mul_f64(scale) } else { run };
            let mut spec = CallSpec::of(call);
            spec.start_after = call.start_after.map(|at| at.mul_f64(scale));
            spec.estimate = Some(run);
            // Nothing is known of when a call would print.
            spec.timeouts.idle = None;
            SimulatedCall { spec, run }
        });
        Self {
            settings,
            calls: calls.collect(),
            running: 0,
            assumed: plan
                .calls
                .iter()
                .filter(|call| call.estimate.is_none())
                .count(),
        }
    }

    /// Seeds what is random in a run: the delays before further attempts.
    pub fn seed(&mut self, seed: u64) {
        self.settings.generator = Pcg64Mcg::seed_from_u64(seed);
    }

    /// The same calls with another cap.
    #[must_use]
    pub fn with_cap(&self, cap: Cap) -> Self {
        let mut input = self.clone();
        input.settings.policy.cap = cap;
        input
    }

    /// The same calls in another order.
    #[must_use]
    pub fn with_order(&self, order: Order) -> Self {
        let mut input = self.clone();
        input.settings.policy.order = order;
        input
    }

    /// Without one lock, wherever it is asked for.
    pub(super) fn drop_lock(&mut self, key: &LockKey) {
        for call in &mut self.calls {
            call.spec.locks.write.retain(|held| held != key);
            call.spec.locks.read.retain(|held| held != key);
        }
    }

    /// Changes the limits of one tool.
    pub(super) fn change_tool(&mut self, tool: &ToolName, change: impl Fn(&mut ToolLimits)) {
        let limits = self.settings.tools.iter_mut();
        limits
            .filter(|limits| limits.tool == *tool)
            .for_each(change);
    }

    /// Each call as the bounds see it.
    pub fn costs(&self) -> Vec<CallCost> {
        self.calls.iter().map(cost).collect()
    }

    /// The bounds at the input's cap.
    pub fn bounds(&self, costs: &[CallCost]) -> TimeBounds {
        let capacity = Capacity {
            cap: self.settings.policy.cap.get(),
            cores: self.settings.cores,
            tools: &self.settings.tools,
        };
        bounds(costs, &capacity)
    }

    /// The sum of all run times.
    pub fn work(&self) -> Duration {
        self.calls.iter().map(|call| call.run).sum()
    }
}

fn cost(call: &SimulatedCall) -> CallCost {
    let spec = &call.spec;
    CallCost {
        run: call.run,
        cpu: None,
        starts: 1,
        backoff: Duration::ZERO,
        release: spec.start_after.unwrap_or_default(),
        after: spec.after.iter().map(|edge| edge.call.index()).collect(),
        tool: spec.tool.clone(),
        locks: spec.locks.clone(),
        cpus: spec.claims.cpus,
    }
}
