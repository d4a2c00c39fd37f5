//! Use of the cores by calls, and by everything, from reading to reading.

use super::super::input::MachineReading;
use super::super::moment::Moment;
use super::others::CoreUse;
use super::usage::CoreTime;
use crate::model::PressureSource;

/// Part of the calls' CPU time whose waits have to be known.
const WATCHED: f64 = 0.5;

/// Time of calls and of everything else on the cores.
#[derive(Debug)]
pub(super) struct CoreLoad {
    /// Times since the last reading.
    latest: CoreTime,
    read_at: Moment,
    /// Whether the last reading told how long calls waited.
    is_watched: bool,
    /// Whether calls were held up at the last reading.
    is_held_up: bool,
    /// Busy part of the machine that calls kept busy at the last reading.
    own_busy: f64,
    /// Sums since the period began, in core-seconds.
    ran: f64,
    runnable: f64,
    busy: Option<f64>,
    seconds: f64,
}

impl Default for CoreLoad {
    fn default() -> Self {
        Self {
            latest: CoreTime::default(),
            read_at: Moment::START,
            is_watched: false,
            is_held_up: false,
            own_busy: 0.0,
            ran: 0.0,
            runnable: 0.0,
            busy: None,
            seconds: 0.0,
        }
    }
}

impl CoreLoad {
    /// Adds time of an attempt.
    pub(super) fn add(&mut self, time: CoreTime) {
        self.latest.add(time);
    }

    /// Takes a reading of the machine. Returns the pressure that calls make
    /// themselves, whoever else is there: by so much of the cores more of their
    /// threads could run than there are. `None` where that is not known.
    pub(super) fn read(
        &mut self,
        now: Moment,
        reading: &MachineReading,
        cores: f64,
    ) -> Option<f64> {
        let time = std::mem::take(&mut self.latest);
        let seconds = now.since(std::mem::replace(&mut self.read_at, now));
        let seconds = seconds.as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let waited = waited(time, reading.pressure);
        self.is_watched = time.watched >= time.ran * WATCHED;
        let runnable = time.ran + waited;
        self.is_held_up = runnable > time.ran * super::others::HELD_UP;
        self.own_busy = time.ran / seconds / cores;
        self.ran += time.ran;
        self.runnable += runnable;
        self.seconds += seconds;
        self.busy = reading
            .busy
            .map(|busy| self.busy.unwrap_or_default() + busy * seconds);
        let beyond = (runnable / seconds - cores) / cores;
        let is_known = self.is_watched || time.ran > 0.0 && reading.pressure.is_some();
        is_known.then(|| beyond.clamp(0.0, 1.0))
    }

    /// Returns the busy part of the cores, without what others use beyond what
    /// is left to them and calls do not feel.
    pub(super) fn filled(&self, busy: f64, taken: f64, cores: f64) -> f64 {
        if self.is_held_up || !self.is_watched {
            return busy;
        }
        busy.min(self.own_busy + taken / cores + super::others::TOLERATED)
    }

    /// Returns where the pressure comes from; `None` where it is not the calls'
    /// own.
    pub(super) fn source(&self) -> Option<PressureSource> {
        self.is_watched.then_some(PressureSource::Measured)
    }

    /// Ends a period and returns the use of the cores in it; `None` where not
    /// enough is known.
    pub(super) fn end_period(&mut self, cores: f64) -> Option<CoreUse> {
        let seconds = std::mem::take(&mut self.seconds);
        let ran = std::mem::take(&mut self.ran);
        let runnable = std::mem::take(&mut self.runnable);
        let busy = self.busy.take()?;
        (seconds > 0.0).then(|| CoreUse {
            cores,
            busy: busy / seconds * cores,
            ran: ran / seconds,
            runnable: runnable / seconds,
        })
    }
}

/// Returns the seconds that calls waited for a core: as measured, scaled up to
/// all of their CPU time, or by the machine's pressure.
fn waited(time: CoreTime, pressure: Option<f64>) -> f64 {
    if time.watched >= time.ran * WATCHED && time.watched > 0.0 {
        time.waited * time.ran / time.watched
    } else {
        time.ran * pressure.unwrap_or_default()
    }
}
