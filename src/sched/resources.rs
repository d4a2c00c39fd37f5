//! Everything that a call needs beside a lane, taken together or not at all.
//!
//! Owns the locks, the caps and rates of tools, the claims of cores and memory,
//! and the needs that the automatic cap has learned. A [`Demand`] that was
//! taken is released exactly once, so that all of them agree on what runs.

use std::sync::Arc;
use std::time::Duration;

use super::auto::{AttemptUsage, Auto, FarCall, Need, StallSpan};
use super::demand::{Demand, DemandNo, Demands, RoundedEstimate, ServiceNo};
use super::input::{CallReading, CallSpec, MachineReading, ResourceUsage};
use super::lock_table::{Conflict, LockClaim, LockTable};
use super::machine_claims::MachineClaims;
use super::moment::Moment;
use super::settings::SchedulerSettings;
use super::sub_queue::Resource;
use super::tool_table::{ToolNo, ToolTable};
use crate::model::{CallId, Cap, CapStep, LockMode, LockSet, Policy, WaitReason};

/// Reason that a demand cannot be met now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocker {
    pub resource: Resource,
    /// Whether it holds back everyone who waits for the same.
    pub is_exhausted: bool,
}

/// Sum of what several calls use at once.
#[derive(Debug, Default)]
pub(super) struct ProjectedUsage {
    lanes: u32,
    millicores: u64,
    /// Bytes.
    memory: u64,
    tools: Vec<ToolNo>,
    /// Sum of what they are expected to need.
    need: Need,
}

/// The resources of the run.
#[derive(Debug)]
pub(super) struct Resources {
    demands: Demands,
    locks: LockTable,
    tools: ToolTable,
    claims: MachineClaims,
    auto: Auto,
}

impl Resources {
    /// Resources of which nothing is taken.
    pub(super) fn new(settings: &SchedulerSettings) -> Self {
        let policy = settings.policy;
        let mut auto = Auto::new(settings.cores, &settings.learned, policy.control);
        auto.switch(policy.control, policy.cap);
        Self {
            demands: Demands::default(),
            locks: LockTable::default(),
            tools: ToolTable::new(&settings.tools),
            claims: MachineClaims::new(settings.cores, settings.memory_bytes),
            auto,
        }
    }

    /// Interns the demand of a new call, and counts the call as open.
    pub(super) fn open(&mut self, spec: &CallSpec, estimate: Duration) -> DemandNo {
        let claims = &spec.claims;
        let (millicores, memory) = self.claims.clamped(claims.cpus, claims.memory_bytes);
        let demand = Demand {
            tool: self.tools.number(&spec.tool),
            kind: self.auto.kind(&spec.tool, spec.args),
            service: spec.service.as_ref().map(|name| self.auto.service(name)),
            locks: self.locks.intern(&spec.locks),
            millicores,
            memory,
            rounded_estimate: RoundedEstimate::of(estimate),
        };
        self.auto.opened(&demand);
        self.demands.intern(demand)
    }

    /// Counts a call as ended.
    pub(super) fn close(&mut self, demand: DemandNo) {
        self.auto.closed(self.demands.get(demand));
    }

    /// Returns the same demand with other locks.
    pub(super) fn with_locks(&mut self, demand: DemandNo, locks: &LockSet) -> DemandNo {
        let mut demand = Demand::clone(self.demands.get(demand));
        demand.locks = self.locks.intern(locks);
        self.demands.intern(demand)
    }

    /// Returns an interned demand.
    pub(super) fn demand(&self, number: DemandNo) -> &Arc<Demand> {
        self.demands.get(number)
    }

    /// Takes everything that a demand names; [`Self::blocked_by`] has been
    /// asked.
    pub(super) fn take(&mut self, demand: &Demand, now: Moment) {
        self.locks.take(&demand.locks);
        self.claims.take(demand);
        self.auto.take(demand);
        if let Some(tool) = demand.tool {
            self.tools.take(tool, now);
        }
    }

    /// Gives everything back that a demand names, and calls `freed` with each
    /// resource that others may wait for.
    pub(super) fn release(
        &mut self,
        demand: &Demand,
        usage: &AttemptUsage,
        mut freed: impl FnMut(Resource),
    ) {
        self.locks.release(&demand.locks);
        self.claims.release(demand);
        self.auto.release(demand, usage);
        for (lock, _) in &demand.locks {
            for folder in self.locks.and_folders_above(*lock) {
                freed(Resource::Lock(folder));
            }
        }
        if let Some(tool) = demand.tool {
            self.tools.release(tool);
            freed(Resource::Tool(tool));
        }
        if let Some(service) = demand.service {
            freed(Resource::Service(service));
        }
        if demand.memory > 0 {
            freed(Resource::Memory);
        }
        if demand.millicores > 0 {
            freed(Resource::Cores);
        }
    }

    /// Returns the first thing that keeps a demand from being met now while
    /// `busy` lanes are busy. Its rate comes first, as that takes its time
    /// whatever others do.
    pub(super) fn blocked_by(&self, demand: &Demand, now: Moment, busy: u32) -> Option<Blocker> {
        let blocker = |resource, is_exhausted| {
            Some(Blocker {
                resource,
                is_exhausted,
            })
        };
        if let Some(number) = self.closed_rate(demand, now) {
            return blocker(Resource::Rate(number), true);
        }
        if let Some(conflict) = self.locks.first_conflict(&demand.locks) {
            let is_exhausted = conflict.held == LockMode::Exclusive;
            return blocker(Resource::Lock(conflict.at), is_exhausted);
        }
        if let Some(number) = demand.tool
            && self.tools.get(number).is_full()
        {
            return blocker(Resource::Tool(number), true);
        }
        if let Some(service) = self.full_service(demand) {
            return blocker(Resource::Service(service), true);
        }
        if !self.claims.has_memory(demand) {
            return blocker(Resource::Memory, false);
        }
        if !self.claims.has_cores(demand) {
            return blocker(Resource::Cores, false);
        }
        let resource = self.beyond_room(demand, busy)?;
        blocker(resource, false)
    }

    /// Returns the demand's service if as many of its calls run as may under the
    /// automatic cap.
    fn full_service(&self, demand: &Demand) -> Option<ServiceNo> {
        let service = demand.service.filter(|_| self.auto.is_on());
        service.filter(|service| self.auto.is_full(*service))
    }

    /// Returns what a call does not find room for under the automatic cap. One
    /// call is always let through.
    fn beyond_room(&self, demand: &Demand, busy: u32) -> Option<Resource> {
        if !self.auto.is_on() || busy == 0 {
            return None;
        }
        let need = self.auto.need(demand);
        let used = self.auto.used().plus(need);
        if !self.auto.has_memory(used) || self.auto.is_measuring(demand) {
            return Some(Resource::Room);
        }
        (!self.auto.has_cores(used, need)).then_some(Resource::Share)
    }

    /// Returns the demand's tool if its rate allows no start now.
    pub(super) fn closed_rate(&self, demand: &Demand, now: Moment) -> Option<ToolNo> {
        let is_closed = |number: &ToolNo| self.tools.get(*number).opens_after(now).is_some();
        demand.tool.filter(is_closed)
    }

    /// Returns when a tool's rate allows another start, and the timer entry of
    /// the tool.
    pub(super) fn rate_timer(&mut self, number: ToolNo, now: Moment) -> (Moment, &mut Moment) {
        let tool = self.tools.get_mut(number);
        (tool.opens_after(now).unwrap_or(now), &mut tool.due)
    }

    /// Keeps the tool of a demand from starting for `time`, as its service
    /// asked for.
    pub(super) fn hold_tool(&mut self, demand: DemandNo, now: Moment, time: Duration) {
        if let Some(tool) = self.demands.get(demand).tool {
            self.tools.hold(tool, now, time);
        }
    }

    /// Returns whether holding one claim keeps the other from being taken.
    pub(super) fn is_conflict(&self, held: &LockClaim, asked: &LockClaim) -> bool {
        let is_conflict = |asked| held.iter().any(|held| self.locks.is_conflict(*held, asked));
        asked.iter().copied().any(is_conflict)
    }

    /// Returns whether a claim holds the lock that a conflict is about.
    pub(super) fn is_holder(&self, held: &LockClaim, conflict: Conflict) -> bool {
        let mut held = held.iter();
        held.any(|held| self.locks.is_conflict(*held, conflict.asked))
    }

    /// Adds a call to a projection, with the need that is known of it if it
    /// runs.
    pub(super) fn project(&self, usage: &mut ProjectedUsage, demand: &Demand, need: Option<Need>) {
        let need = need.unwrap_or_else(|| self.auto.need(demand));
        usage.need = usage.need.plus(need);
        usage.lanes += 1;
        usage.millicores = usage.millicores.saturating_add(demand.millicores);
        usage.memory = usage.memory.saturating_add(demand.memory);
        usage.tools.extend(demand.tool);
    }

    /// Takes a call out of a projection, as it was added.
    pub(super) fn withdraw(&self, usage: &mut ProjectedUsage, demand: &Demand, need: Option<Need>) {
        let need = need.unwrap_or_else(|| self.auto.need(demand));
        usage.need = usage.need.minus(need);
        usage.lanes -= 1;
        usage.millicores -= demand.millicores;
        usage.memory -= demand.memory;
        if let Some(tool) = demand.tool
            && let Some(at) = usage.tools.iter().position(|held| *held == tool)
        {
            usage.tools.swap_remove(at);
        }
    }

    /// Returns whether a projection stays within what there is under `cap`; of
    /// the tools, the one of `last` is looked at, the call that joins last.
    pub(super) fn is_within(&self, usage: &ProjectedUsage, last: &Demand, cap: Cap) -> bool {
        let is_tool_free = last.tool.is_none_or(|tool| {
            let busy = usage.tools.iter().filter(|held| **held == tool).count() as u32;
            self.tools.get(tool).max.is_none_or(|max| busy <= max)
        });
        usage.lanes <= cap.get()
            && self.claims.covers(usage.millicores, usage.memory)
            && is_tool_free
            && self.is_within_room(usage, last)
    }

    /// Returns the same for the room under the automatic cap.
    fn is_within_room(&self, usage: &ProjectedUsage, last: &Demand) -> bool {
        let last = self.auto.need(last);
        !self.auto.is_on()
            || usage.lanes <= 1
            || (self.auto.has_memory(usage.need) && self.auto.has_cores(usage.need, last))
    }

    /// Returns the automatic cap, to be asked.
    pub(super) fn auto(&self) -> &Auto {
        &self.auto
    }

    /// Switches the automatic cap as a new policy says.
    pub(super) fn switch_auto(&mut self, policy: Policy) {
        self.auto.switch(policy.control, policy.cap);
    }

    /// Tells the automatic cap how the machine is doing.
    pub(super) fn read_machine(
        &mut self,
        now: Moment,
        reading: &MachineReading,
        is_short_of_cores: bool,
        is_alone: bool,
        ceiling: Cap,
    ) -> Vec<CapStep> {
        let step = self
            .auto
            .read(now, reading, is_short_of_cores, is_alone, ceiling);
        step.into_iter().chain(self.auto.grown(ceiling)).collect()
    }

    /// Tells the automatic cap how a call of a service ended that still counts
    /// as running.
    pub(super) fn answered(
        &mut self,
        demand: DemandNo,
        call: FarCall,
        now: Moment,
        ceiling: Cap,
    ) -> Option<CapStep> {
        let demand = Arc::clone(self.demands.get(demand));
        self.auto.answered(&demand, call, now, ceiling)
    }

    /// Learns from an attempt that took `wall` what calls like it need.
    pub(super) fn learn(
        &mut self,
        demand: DemandNo,
        used: ResourceUsage,
        wall: Duration,
        stalls: StallSpan,
        usage: &AttemptUsage,
    ) {
        self.auto
            .learn(self.demands.get(demand), used, wall, stalls, usage);
    }

    /// Takes a reading of a running attempt.
    pub(super) fn observe(
        &mut self,
        demand: DemandNo,
        usage: &mut AttemptUsage,
        now: Moment,
        reading: &CallReading,
    ) {
        let demand = Arc::clone(self.demands.get(demand));
        self.auto.observe(&demand, usage, now, reading);
    }

    /// Returns why a demand waits for a resource, in the words of the model;
    /// `holder` finds the call that holds a lock.
    pub(super) fn wait_reason(
        &self,
        demand: &Demand,
        resource: Resource,
        now: Moment,
        holder: impl FnOnce(Conflict) -> Option<CallId>,
    ) -> Option<WaitReason> {
        Some(match resource {
            Resource::Lock(_) => {
                let conflict = self.locks.first_conflict(&demand.locks)?;
                WaitReason::Lock {
                    key: self.locks.key(conflict.asked.0).clone(),
                    holder: holder(conflict)?,
                }
            }
            Resource::Tool(number) => {
                let tool = self.tools.get(number);
                WaitReason::ToolCap {
                    tool: tool.name.clone(),
                    busy: tool.busy,
                    max: tool.max?,
                }
            }
            Resource::Service(number) => {
                let share = self.auto.share(number);
                WaitReason::Service {
                    service: share.name,
                    busy: share.running,
                    share: share.share,
                }
            }
            Resource::Rate(number) => {
                let tool = self.tools.get(number);
                WaitReason::Rate {
                    tool: tool.name.clone(),
                    limit: tool.gate.as_ref()?.text.clone(),
                    at: tool.opens_after(now)?.into(),
                }
            }
            Resource::Memory => self.claims.memory_reason(),
            Resource::Cores => self.claims.cores_reason(),
            Resource::Room if self.auto.is_measuring(demand) => WaitReason::Measuring,
            Resource::Room => WaitReason::Memory {
                used_bytes: self.auto.used().memory,
                total_bytes: self.auto.memory_room(),
            },
            Resource::Share => WaitReason::Cpu {
                used_cores: self.auto.used().millicores as f64 / 1000.0,
                total_cores: self.auto.room_millicores() as f64 / 1000.0,
            },
            Resource::Reservation => return None,
        })
    }

    /// Recounts what runs, in debug builds.
    #[cfg(debug_assertions)]
    pub(super) fn check<'d>(
        &self,
        running: impl Iterator<Item = (&'d Demand, &'d AttemptUsage)>,
        open: usize,
    ) {
        self.claims.check();
        self.auto.check(running, open);
    }

    /// Number of tools that have an entry among the timers.
    #[cfg(debug_assertions)]
    pub(super) fn timers(&self) -> usize {
        self.tools.due()
    }
}
