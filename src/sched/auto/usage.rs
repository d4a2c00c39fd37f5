//! Cores and memory that a running attempt uses, as readings of it show.

use std::time::Duration;

use super::super::input::CallReading;
use super::super::moment::Moment;
use super::need::Need;

/// Weight of the latest reading where an attempt uses less than before.
const WEIGHT: f64 = 0.7;
/// A process of less than this many bytes is not expected to grow much.
const SMALL: u64 = 32 << 20;
/// An attempt has to run for so long before its readings tell anything: a
/// program that is being loaded waits for the disk.
const SETTLE: Duration = Duration::from_millis(250);

/// Use of one attempt up to its last reading.
#[derive(Debug, Clone, Copy)]
pub(in crate::sched) struct AttemptUsage {
    begun: Moment,
    at: Moment,
    cpu: Duration,
    waited: Duration,
    memory: u64,
    /// Cores that it keeps busy, in thousandths; `None` before it is known.
    millicores: Option<f64>,
    /// Whether its memory hardly grew between two readings.
    is_settled: bool,
    need: Option<Need>,
}

/// Time on a core, and waiting for one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::sched) struct CoreTime {
    /// Seconds on a core.
    pub ran: f64,
    /// The part of `ran` in which waiting was seen, too.
    pub watched: f64,
    /// Seconds that threads could run and waited for a core.
    pub waited: f64,
}

impl CoreTime {
    /// Returns the time of `cpu`, of which `waited` is known or not.
    pub(super) fn of(cpu: Duration, waited: Option<Duration>) -> Self {
        let ran = cpu.as_secs_f64();
        Self {
            ran,
            watched: waited.map_or(0.0, |_| ran),
            waited: waited.map_or(0.0, |it| it.as_secs_f64()),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.ran += other.ran;
        self.watched += other.watched;
        self.waited += other.waited;
    }
}

impl AttemptUsage {
    /// Returns the use of an attempt that begins now.
    pub(in crate::sched) fn begin(now: Moment) -> Self {
        Self {
            begun: now,
            at: now,
            cpu: Duration::ZERO,
            waited: Duration::ZERO,
            memory: 0,
            millicores: None,
            is_settled: false,
            need: None,
        }
    }

    /// Takes a reading. Returns the time since the last one.
    pub(super) fn take(&mut self, now: Moment, reading: &CallReading) -> CoreTime {
        let cpu = reading.cpu.saturating_sub(self.cpu);
        let waited = reading.waited.map(|it| it.saturating_sub(self.waited));
        let wall = now.since(self.at);
        if let Some(cores) = cores_alone(cpu, waited, wall) {
            let latest = cores * 1000.0;
            self.millicores = Some(match self.millicores {
                Some(before) if latest < before => before + WEIGHT * (latest - before),
                _ => latest,
            });
        }
        let memory = reading.rss_bytes;
        self.is_settled |= memory <= (self.memory + self.memory / 10).max(SMALL);
        self.memory = memory;
        self.cpu = self.cpu.max(reading.cpu);
        self.waited = self.waited.max(reading.waited.unwrap_or_default());
        self.at = now;
        CoreTime::of(cpu, waited)
    }

    /// Returns the time after the last reading, of an attempt that used `cpu`
    /// and waited for `waited` in all.
    pub(super) fn rest(&self, cpu: Duration, waited: Option<Duration>) -> CoreTime {
        let waited = waited.map(|it| it.saturating_sub(self.waited));
        CoreTime::of(cpu.saturating_sub(self.cpu), waited)
    }

    /// Returns the cores that it kept busy since it began, as if nothing had
    /// been in its way; `None` where that is not known.
    pub(super) fn cores(&self, reading: &CallReading) -> Option<f64> {
        let wall = self.at.since(self.begun);
        let is_long = wall >= SETTLE;
        cores_alone(reading.cpu, reading.waited, wall).filter(|_| is_long)
    }

    /// Returns whether its readings tell how much memory it has.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled && self.at.since(self.begun) >= SETTLE
    }

    /// Thousandths of a core that it keeps busy now.
    pub(super) fn millicores(&self) -> Option<f64> {
        let is_long = self.at.since(self.begun) >= SETTLE;
        self.millicores.filter(|_| is_long)
    }

    /// Bytes that it has.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Returns its need as it is counted; `None` while that of calls like it
    /// counts.
    pub(in crate::sched) fn need(&self) -> Option<Need> {
        self.need
    }

    /// Sets the need that counts.
    pub(super) fn set_need(&mut self, need: Need) {
        self.need = Some(need);
    }
}

/// Returns the cores that something kept busy while it neither waited for one
/// nor was held up otherwise; `None` where the waits are not known.
pub(super) fn cores_alone(cpu: Duration, waited: Option<Duration>, wall: Duration) -> Option<f64> {
    let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
    let waited = waited?.as_secs_f64();
    if wall <= 0.0 {
        return None;
    }
    // So many threads wanted a core at once, on average.
    let at_once = ((cpu + waited) / wall).max(1.0);
    let alone = wall - waited / at_once;
    (alone > 0.0).then(|| cpu / alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallId, Epoch};

    fn reading(cpu_ms: u64, waited_ms: u64, mib: u64) -> CallReading {
        CallReading {
            id: CallId::from_index(0),
            epoch: Epoch(1),
            cpu: Duration::from_millis(cpu_ms),
            waited: Some(Duration::from_millis(waited_ms)),
            rss_bytes: mib << 20,
        }
    }

    fn at(ms: u64) -> Moment {
        Moment::from(Duration::from_millis(ms))
    }

    #[test]
    fn one_that_stops_computing_soon_counts_for_little() {
        let mut usage = AttemptUsage::begin(Moment::START);
        usage.take(at(500), &reading(500, 0, 10));
        assert_eq!(usage.millicores(), Some(1000.0));
        usage.take(at(1_000), &reading(500, 0, 10));
        usage.take(at(1_500), &reading(500, 0, 10));
        assert!(usage.millicores() < Some(100.0), "{usage:?}");
        usage.take(at(2_000), &reading(1_500, 0, 10));
        assert_eq!(usage.millicores(), Some(2000.0), "more counts at once");
    }

    #[test]
    fn waiting_for_a_core_is_no_lightness() {
        let mut usage = AttemptUsage::begin(Moment::START);
        let time = usage.take(at(1_000), &reading(500, 500, 10));
        assert_eq!((time.ran, time.waited), (0.5, 0.5));
        assert_eq!(usage.millicores(), Some(1000.0));
    }

    #[test]
    fn what_grows_is_not_settled() {
        let mut usage = AttemptUsage::begin(Moment::START);
        for (ms, mib, is_settled) in [
            (100, 100, false),
            (500, 600, false),
            (1_000, 1_000, false),
            (1_500, 1_010, true),
        ] {
            usage.take(at(ms), &reading(0, 0, mib));
            assert_eq!(usage.is_settled(), is_settled, "after {ms} ms");
        }
    }
}
