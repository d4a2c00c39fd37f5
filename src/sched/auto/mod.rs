//! The automatic cap: how many calls run follows from what they need.
//!
//! Three layers. Before a start, a call's expected need is compared with the
//! budget that is left (feed-forward); running calls count with what they use.
//! Cores that other programs take from calls are left to them, as long as half
//! of the machine's time stays with the calls. And the budget is corrected by the pressure that calls make
//! themselves, slowly and with a dead band (feedback), for needs that no
//! estimate covers. One call is always admitted.

mod core_load;
mod far_side;
mod latency;
mod memory_gate;
mod need;
mod needs;
mod others;
mod pressure;
mod usage;

use std::sync::Arc;
use std::time::Duration;

pub(super) use self::far_side::{FarCall, FarEnd};
pub(super) use self::need::Need;
pub(super) use self::usage::AttemptUsage;

use self::core_load::CoreLoad;
use self::far_side::FarSide;
use self::memory_gate::MemoryGate;
use self::needs::Needs;
use self::others::OtherPrograms;
use self::pressure::{Observation, PressureController};
use self::usage::cores_alone;
use super::demand::{Demand, NeedKind, ServiceNo};
use super::input::{CallReading, MachineReading, ResourceUsage};
use super::moment::Moment;
use crate::model::{
    ArgsFingerprint, AutoCap, Cap, CapCause, CapControl, CapStep, LearnedNeed, PressureSource,
    ServiceShare, ToolName,
};

/// Share of the memory that is free, or calls' own, that calls may have.
const MEMORY_SHARE: f64 = 0.8;
/// Under this pressure a call ran as if it were alone.
const CALM: f64 = 0.10;
/// Part of the cores by which those left to other programs have to change to be
/// told.
const TOLD: f64 = 0.05;
/// The estimate of lanes moves once it is off by more than this share.
const STALE: f64 = 0.2;

/// State of the automatic cap. What tools need is learned while it is off, too.
#[derive(Debug)]
pub(super) struct Auto {
    control: CapControl,
    cores: f64,
    needs: Needs,
    pressure: PressureController,
    others: OtherPrograms,
    /// The cores that were left to other programs when it was last told.
    told_taken: f64,
    load: CoreLoad,
    /// Cores that running attempts have kept busy so far, since the reading
    /// before.
    shown: Vec<(Arc<Demand>, f64)>,
    gate: MemoryGate,
    far_side: FarSide,
    stalls: StallIntegral,
    /// Bytes that calls may be expected to have together.
    memory_room: u64,
    lanes: Cap,
}

/// Time the machine had stalled for want of cores when an attempt began and
/// ended, in seconds; `None` where nobody saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct StallSpan {
    pub start: Option<f64>,
    pub end: Option<f64>,
}

/// Time stalled so far: the integral of the pressure.
#[derive(Debug, Default)]
struct StallIntegral {
    seconds: f64,
    latest: Option<f64>,
    at: Option<Moment>,
    source: PressureSource,
}

impl StallIntegral {
    fn until(&self, now: Moment) -> Option<f64> {
        let since = now.since(self.at?).as_secs_f64();
        Some(self.seconds + self.latest? * since)
    }

    fn take(&mut self, now: Moment, reading: &MachineReading) {
        self.seconds = match self.at {
            // The pressure of a reading is that of the time up to it.
            Some(at) => {
                self.seconds + reading.pressure.unwrap_or(1.0) * now.since(at).as_secs_f64()
            }
            None => 0.0,
        };
        self.latest = reading.pressure;
        self.at = Some(now);
        self.source = reading.pressure_source;
    }
}

impl Auto {
    pub(super) fn new(cores: Option<f64>, learned: &[LearnedNeed], control: CapControl) -> Self {
        let cores = cores.unwrap_or(1.0).max(1.0);
        Self {
            control,
            cores,
            needs: Needs::new(learned, cores),
            pressure: PressureController::default(),
            others: OtherPrograms::default(),
            told_taken: 0.0,
            load: CoreLoad::default(),
            shown: Vec::new(),
            gate: MemoryGate::default(),
            far_side: FarSide::default(),
            stalls: StallIntegral::default(),
            memory_room: u64::MAX,
            lanes: Cap::new(cores as u32).unwrap_or(Cap::ONE),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.control == CapControl::Auto
    }

    /// Switches it on or off. It starts without prejudice.
    pub(super) fn switch(&mut self, control: CapControl, ceiling: Cap) {
        if self.control != control {
            self.control = control;
            self.pressure = PressureController::default();
            self.others = OtherPrograms::default();
            self.told_taken = 0.0;
        }
        self.lanes = self.estimate(ceiling);
    }

    /// The number under which the needs of such calls are kept.
    pub(super) fn kind(&mut self, tool: &ToolName, args: Option<ArgsFingerprint>) -> NeedKind {
        self.needs.kind(tool, args)
    }

    /// The number under which a service's share is kept.
    pub(super) fn service(&mut self, name: &Arc<str>) -> ServiceNo {
        self.far_side.number(name)
    }

    /// Returns the share of a service.
    pub(super) fn share(&self, service: ServiceNo) -> ServiceShare {
        self.far_side.share(service)
    }

    /// Returns whether as many calls of a service run as may.
    pub(super) fn is_full(&self, service: ServiceNo) -> bool {
        self.far_side.is_full(service)
    }

    /// Expected need of a call.
    pub(super) fn need(&self, demand: &Demand) -> Need {
        self.needs.of(demand)
    }

    /// Returns whether a call's expected need is claimed or measured, and not
    /// guessed.
    pub(super) fn is_known(&self, demand: &Demand) -> bool {
        self.needs.is_known(demand)
    }

    /// Counts a call that has not ended.
    pub(super) fn opened(&mut self, demand: &Demand) {
        self.needs.opened(demand);
        if let Some(service) = demand.service {
            self.far_side.opened(service);
        }
    }

    /// Counts a call no longer.
    pub(super) fn closed(&mut self, demand: &Demand) {
        self.needs.closed(demand);
        if let Some(service) = demand.service {
            self.far_side.closed(service);
        }
    }

    pub(super) fn take(&mut self, demand: &Demand) {
        self.needs.take(demand);
        if let Some(service) = demand.service {
            self.far_side.take(service);
        }
    }

    pub(super) fn release(&mut self, demand: &Demand, usage: &AttemptUsage) {
        self.needs.release(demand, usage);
        if let Some(service) = demand.service {
            self.far_side.release(service);
        }
    }

    /// Returns whether what calls of its tool need is still being measured at
    /// those that run.
    pub(super) fn is_measuring(&self, demand: &Demand) -> bool {
        self.needs.is_measuring(demand)
    }

    /// Takes a reading of a running attempt.
    pub(super) fn observe(
        &mut self,
        demand: &Arc<Demand>,
        usage: &mut AttemptUsage,
        now: Moment,
        reading: &CallReading,
    ) {
        let time = self.needs.observe(demand, usage, now, reading);
        self.load.add(time);
        if let Some(cores) = usage.cores(reading) {
            self.shown.push((Arc::clone(demand), cores));
        }
    }

    /// Expected need of the running calls together.
    pub(super) fn used(&self) -> Need {
        self.needs.used()
    }

    /// Thousandths of a core that running calls may be expected to need.
    pub(super) fn room_millicores(&self) -> u64 {
        (self.room_cores() * 1000.0) as u64
    }

    fn room_cores(&self) -> f64 {
        (self.cores - self.others.taken()) * self.pressure.factor()
    }

    /// Bytes that running calls may be expected to have.
    pub(super) fn memory_room(&self) -> u64 {
        if self.gate.is_shut() {
            0
        } else {
            self.memory_room
        }
    }

    /// Whether `used` stays within the cores' room. The last call, which needs
    /// `last`, may stand out by half: lanes are rounded to the nearest number,
    /// not down.
    pub(super) fn has_cores(&self, used: Need, last: Need) -> bool {
        used.millicores <= self.room_millicores() + last.millicores / 2
    }

    /// Whether `used` stays within the memory's room.
    pub(super) fn has_memory(&self, used: Need) -> bool {
        !self.gate.is_shut() && used.memory <= self.memory_room
    }

    /// Time stalled up to now, in seconds; to be handed back to [`Self::learn`].
    pub(super) fn stalled(&self, now: Moment) -> Option<f64> {
        self.stalls.until(now)
    }

    /// Learns from an attempt that took `wall`. Waiting for a core is no use of
    /// one: where nobody knows how long that was, only an attempt that hardly
    /// waited tells anything. Otherwise contention would make calls look
    /// light, more would be let in, and contention would grow.
    pub(super) fn learn(
        &mut self,
        demand: &Demand,
        used: ResourceUsage,
        wall: Duration,
        stalls: StallSpan,
        usage: &AttemptUsage,
    ) {
        self.load.add(usage.rest(used.cpu, used.waited));
        if wall.is_zero() {
            return;
        }
        let seconds = wall.as_secs_f64();
        let cores = if used.waited.is_some() {
            cores_alone(used.cpu, used.waited, wall)
        } else {
            let stalled = stalls.end.zip(stalls.start).map(|(end, start)| end - start);
            let is_calm = stalled.is_some_and(|stalled| stalled / seconds < CALM);
            is_calm.then_some(used.cpu.as_secs_f64() / seconds)
        };
        self.needs.learn(demand, cores, used.peak_rss_bytes);
    }

    /// Takes the end of a call of a service, which still counts as running.
    pub(super) fn answered(
        &mut self,
        demand: &Demand,
        call: FarCall,
        now: Moment,
        ceiling: Cap,
    ) -> Option<CapStep> {
        let service = demand.service.filter(|_| self.is_on())?;
        let tool = self.needs.tool_number(demand);
        let cause = self.far_side.ended(service, tool, call, now)?;
        Some(self.service_step(service, cause, ceiling))
    }

    fn service_step(&mut self, service: ServiceNo, cause: CapCause, ceiling: Cap) -> CapStep {
        let before = self.lanes;
        self.lanes = self.estimate(ceiling);
        CapStep {
            before,
            cap: self.lanes,
            cause,
            auto: self.figures(ceiling),
            service: Some(self.far_side.tell(service)),
        }
    }

    /// Tells the shares of services that have grown.
    pub(super) fn grown(&mut self, ceiling: Cap) -> Vec<CapStep> {
        if !self.is_on() {
            return Vec::new();
        }
        let grown = self.far_side.grown().into_iter();
        grown
            .map(|service| self.service_step(service, CapCause::ServiceAnswered, ceiling))
            .collect()
    }

    /// Takes a reading of the machine. `is_short_of_cores` says that a call
    /// waits for nothing but its share of the cores, `is_alone` that no two calls
    /// run.
    pub(super) fn read(
        &mut self,
        now: Moment,
        reading: &MachineReading,
        is_short_of_cores: bool,
        is_alone: bool,
        ceiling: Cap,
    ) -> Option<CapStep> {
        self.stalls.take(now, reading);
        if let Some(available) = reading.memory_available_bytes {
            let room = available.saturating_add(reading.calls_rss_bytes);
            self.memory_room = (room as f64 * MEMORY_SHARE) as u64;
        }
        let gated = self.gate.read(now, reading);
        self.needs.learn_running(&std::mem::take(&mut self.shown));
        let own_pressure = self.load.read(now, reading, self.cores);
        if !self.is_on() {
            return None;
        }
        let room = self.room_millicores() as f64;
        let used = self.used().millicores as f64;
        let observation = Observation {
            pressure: own_pressure.or(reading.pressure),
            busy: reading.busy.map(|busy| {
                let taken = self.others.taken();
                self.load.filled(busy, taken, self.cores)
            }),
            cores: self.cores,
            is_short_of_cores,
            is_overbooked: used > self.cores * 1000.0,
            filled: if is_alone { 0.0 } else { used / room.max(1.0) },
        };
        let trimmed = self.pressure.observe(now, &observation);
        if trimmed.is_some()
            && let Some(core_use) = self.load.end_period(self.cores)
        {
            self.others.observe(now, core_use);
        }
        let before = self.lanes;
        let estimate = self.estimate(ceiling);
        // Shares of services are told by themselves.
        let is_here = self.needs.mean_millicores().is_some();
        let is_stale = {
            let (old, new) = (f64::from(before.get()), f64::from(estimate.get()));
            trimmed.is_some() && is_here && (new - old).abs() > old * STALE
        };
        let trimmed = trimmed.and_then(|seen| seen.cause);
        let learned = is_stale.then_some(CapCause::Learned);
        let cause = gated.or(self.others_cause()).or(trimmed).or(learned)?;
        self.lanes = estimate;
        Some(CapStep {
            before,
            cap: estimate,
            cause,
            auto: self.figures(ceiling),
            service: None,
        })
    }

    /// Returns why there is more or less left to other programs, if that is
    /// much since it was last told.
    fn others_cause(&mut self) -> Option<CapCause> {
        let taken = self.others.taken();
        let change = taken - self.told_taken;
        if change.abs() < (self.cores * TOLD).max(0.25) && (taken > 0.0 || change >= 0.0) {
            return None;
        }
        self.told_taken = taken;
        Some(if change > 0.0 {
            CapCause::OthersCame
        } else {
            CapCause::OthersLeft
        })
    }

    /// Figures of the automatic cap; `None` while it is off.
    pub(super) fn figures(&self, ceiling: Cap) -> Option<AutoCap> {
        self.is_on().then(|| AutoCap {
            lanes: self.lanes,
            ceiling,
            trim: self.room_cores() / self.cores,
            taken_cores: self.others.taken(),
            used_cores: self.used().millicores as f64 / 1000.0,
            room_cores: self.room_millicores() as f64 / 1000.0,
            pressure: self.pressure.pressure(),
            source: self.load.source().unwrap_or(self.stalls.source),
            is_memory_short: self.gate.is_shut(),
        })
    }

    /// Measured needs of tools.
    pub(super) fn learned(&self) -> Vec<LearnedNeed> {
        self.needs.learned()
    }

    fn estimate(&self, ceiling: Cap) -> Cap {
        let here = self.needs.mean_millicores();
        let there = self.far_side.lanes() as f64;
        if here.is_none() && there == 0.0 {
            return self.lanes.min(ceiling);
        }
        let here = here.map_or(0.0, |mean| {
            (self.room_millicores() as f64 / mean).round().max(1.0)
        });
        let lanes = (here + there).max(1.0);
        let lanes = Cap::new(lanes.min(f64::from(Cap::MAX)) as u32);
        lanes.unwrap_or_default().min(ceiling)
    }

    /// How many lanes are kept ready.
    pub(super) fn lanes(&self) -> Cap {
        self.lanes
    }

    /// Recounts what runs, in debug builds.
    #[cfg(debug_assertions)]
    pub(super) fn check<'d>(
        &self,
        running: impl Iterator<Item = (&'d Demand, &'d AttemptUsage)>,
        open: usize,
    ) {
        self.needs.check(running, open);
    }
}
