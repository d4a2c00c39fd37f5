//! Needs of a call: cores and memory.

use super::super::demand::Demand;

/// The least a call is taken to need, in thousandths of a core.
pub(super) const LEAST: f64 = 50.0;
/// Weight of the latest attempt.
pub(super) const WEIGHT: f64 = 0.3;
/// Thousandths of a core that a call of a service is taken to need here: the
/// service's own share bounds such calls.
const ELSEWHERE: u64 = 10;
/// After so many attempts it is known what is needed.
pub(super) const KNOWN: u64 = 8;

/// Expected need of one call, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sched) struct Need {
    /// Thousandths of a core.
    pub millicores: u64,
    /// Bytes.
    pub memory: u64,
}

impl Need {
    pub(in crate::sched) fn plus(self, other: Self) -> Self {
        Self {
            millicores: self.millicores.saturating_add(other.millicores),
            memory: self.memory.saturating_add(other.memory),
        }
    }

    pub(in crate::sched) fn minus(self, other: Self) -> Self {
        Self {
            millicores: self.millicores.saturating_sub(other.millicores),
            memory: self.memory.saturating_sub(other.memory),
        }
    }
}

/// Needs of a call that are not learned: a claim, or those of a call whose work
/// is done elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct FixedNeed {
    pub(super) millicores: Option<u64>,
    pub(super) memory: Option<u64>,
}

impl FixedNeed {
    pub(super) fn of(demand: &Demand) -> Self {
        let is_elsewhere = demand.service.is_some();
        let or = |claimed: u64, elsewhere| match claimed {
            0 => is_elsewhere.then_some(elsewhere),
            claimed => Some(claimed),
        };
        Self {
            millicores: or(demand.millicores, ELSEWHERE),
            memory: or(demand.memory, 0),
        }
    }

    pub(super) fn is_whole(self) -> bool {
        self.millicores.is_some() && self.memory.is_some()
    }
}

/// Thousandths of a core that attempts keep busy at first, until they are looked
/// at; a moving average.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StartNeed(Option<f64>);

impl StartNeed {
    pub(super) fn take(&mut self, latest: f64) {
        let known = self.0.unwrap_or(latest);
        self.0 = Some(known + WEIGHT * (latest - known));
    }

    /// Returns it, or 0 where it is not known.
    pub(super) fn millicores(self) -> u64 {
        self.0.unwrap_or_default().round() as u64
    }
}

/// Need as measured from attempts: a moving average of the cores, and the
/// highest memory peak, which fades by a tenth an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObservedNeed {
    pub(super) millicores: f64,
    pub(super) memory: u64,
    /// Attempts learned from, those of earlier runs counted as [`KNOWN`].
    pub(super) attempts: u64,
}

impl ObservedNeed {
    pub(super) fn earlier(cores: f64, memory: u64, most_millicores: f64) -> Self {
        Self {
            millicores: (cores * 1000.0).clamp(LEAST, most_millicores),
            memory,
            attempts: KNOWN,
        }
    }

    /// Takes in an attempt: thousandths of a core with a weight, and its peak.
    pub(super) fn take(&mut self, latest: Option<f64>, weight: f64, peak: Option<u64>) {
        if let Some(latest) = latest {
            self.millicores += weight * (latest - self.millicores);
            self.attempts += 1;
        }
        if let Some(peak) = peak {
            let faded = self.memory - self.memory / 10;
            self.memory = peak.max(faded);
        }
    }

    pub(super) fn need(&self) -> Need {
        Need {
            millicores: self.millicores.round() as u64,
            memory: self.memory,
        }
    }
}
