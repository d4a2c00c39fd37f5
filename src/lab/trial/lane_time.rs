//! Where the time of the lanes went: every lane-second of a run stands under
//! one heading, so that the headings add up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::CallRow;

/// Why a lane stood empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdleCause {
    /// A call waited for a lock.
    Locks,
    /// A call waited for its tool's rate.
    Rates,
    /// A call waited for another attempt.
    Retries,
    /// A call waited for claimed cores or memory.
    Claims,
    /// A call waited for the lane itself, its tool's limit or a reservation.
    Slots,
    /// The calls that waited did so for others or for their start time.
    Dependencies,
    /// No call waited: too few were left to fill the lanes.
    NothingLeft,
}

impl IdleCause {
    /// All of them, the one that is named first where several apply.
    pub const ALL: [Self; 7] = [
        Self::Locks,
        Self::Rates,
        Self::Retries,
        Self::Claims,
        Self::Slots,
        Self::Dependencies,
        Self::NothingLeft,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Locks => "locks",
            Self::Rates => "rates",
            Self::Retries => "retries",
            Self::Claims => "claims",
            Self::Slots => "slots",
            Self::Dependencies => "dependencies",
            Self::NothingLeft => "nothing left",
        }
    }

    fn of_heading(heading: &str) -> Option<Self> {
        match heading {
            "lock" => Some(Self::Locks),
            "rate" => Some(Self::Rates),
            "retry" => Some(Self::Retries),
            "memory" | "cpu" => Some(Self::Claims),
            "slot" => Some(Self::Slots),
            "after" => Some(Self::Dependencies),
            _ => None,
        }
    }
}

/// The time of all lanes of one run, from its first admissible call to its
/// last end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaneTime {
    /// Cap times wall time.
    pub whole: Duration,
    /// Calls ran.
    pub busy: Duration,
    /// Lanes stood empty, by what kept them so.
    pub idle: BTreeMap<IdleCause, Duration>,
}

/// A change at a moment: of the number of busy lanes, or of the calls that
/// wait for something.
type Change = (Duration, Option<IdleCause>, i64);

impl LaneTime {
    /// Goes through a run from change to change. A call whose older waits are
    /// forgotten counts as not waiting then.
    pub(super) fn of(rows: &[&CallRow], cap: u32, origin: Duration, end: Duration) -> Self {
        let mut changes: Vec<Change> = Vec::new();
        let mut add = |from: Duration, to: Duration, what| {
            let (from, to) = (from.max(origin), to.min(end));
            if from < to {
                changes.extend([(from, what, 1), (to, what, -1)]);
            }
        };
        for row in rows {
            for attempt in &row.attempts {
                add(attempt.started, attempt.ended.unwrap_or(end), None);
            }
            for wait in &row.waits {
                if let Some(idle) = IdleCause::of_heading(wait.heading) {
                    add(wait.from, wait.to, Some(idle));
                }
            }
        }
        changes.sort_unstable();
        let mut time = Self {
            whole: end.saturating_sub(origin) * cap,
            ..Self::default()
        };
        let mut busy = 0;
        let mut waiting: BTreeMap<IdleCause, i64> = BTreeMap::new();
        let mut at = origin;
        for (moment, what, by) in changes.into_iter().chain([(end, None, 0)]) {
            time.pass(moment.saturating_sub(at), busy, cap, &waiting);
            at = moment;
            match what {
                None => busy += by,
                Some(idle) => *waiting.entry(idle).or_default() += by,
            }
        }
        time
    }

    fn pass(&mut self, time: Duration, busy: i64, cap: u32, waiting: &BTreeMap<IdleCause, i64>) {
        let busy = u32::try_from(busy).unwrap_or(0);
        self.busy += time * busy;
        let empty = cap.saturating_sub(busy);
        if empty > 0 && !time.is_zero() {
            let mut kinds = IdleCause::ALL.into_iter();
            let waits = |kind: &IdleCause| waiting.get(kind).is_some_and(|count| *count > 0);
            let kind = kinds.find(waits).unwrap_or(IdleCause::NothingLeft);
            *self.idle.entry(kind).or_default() += time * empty;
        }
    }
}
