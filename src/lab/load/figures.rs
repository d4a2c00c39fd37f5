//! The figures of one step.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Expression, LoadLevel};
use crate::model::{CallRow, Outcome};

/// Part of the schedule that may be late before a rate counts as not offered.
pub(super) const LATE_SHARE: f64 = 0.01;

/// The figures of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepFigures {
    /// Its cap or rate.
    pub level: LoadLevel,
    /// Calls that ended by themselves.
    pub calls: u64,
    /// Calls that were stopped before their end, and count nowhere else.
    pub unfinished: u64,
    /// Time from the first call's due time to the last end.
    pub time: Duration,
    /// From when a call should have started to when its outcome was known.
    pub latency: Spread,
    /// From the start of a call to when its outcome was known.
    pub service: Spread,
    /// Calls that did not succeed, by kind.
    pub errors: Vec<ErrorCount>,
    /// Mean number of calls that ran at once.
    pub in_flight_mean: f64,
    /// Highest number of calls that ran at once.
    pub in_flight_most: u32,
    /// Cores that the tool or its server used on average; `None` where it runs
    /// elsewhere.
    pub cpu_cores: Option<f64>,
    /// The most memory that one process tree of it had, in bytes.
    pub memory_bytes: Option<u64>,
    /// Mean parts of the latency that limits of the catalogue made.
    pub waits: CatalogueWaits,
    /// Calls that this machine or fanout started too late.
    pub late: u64,
    /// Results of the conditions.
    pub checks: Vec<Check>,
}

/// How times are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// The mean.
    pub mean: Duration,
    /// The median.
    pub p50: Duration,
    /// Nine in ten are below.
    pub p90: Duration,
    /// 95 in a hundred are below.
    pub p95: Duration,
    /// 99 in a hundred are below.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

/// Mean time of a call under a limit of the catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatalogueWaits {
    /// Waiting for a lock.
    pub lock: Duration,
    /// Waiting for its tool's rate.
    pub rate: Duration,
    /// Waiting because as many calls of its tool ran as may.
    pub slot: Duration,
}

/// Calls that did not succeed in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCount {
    /// The way.
    pub kind: &'static str,
    /// Their number.
    pub count: u64,
    /// The first message of one. Untrusted text.
    pub first: Arc<str>,
}

/// Result of a condition in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// The condition.
    pub expression: Expression,
    /// The value; `None` where it is not known.
    pub value: Option<f64>,
    /// Whether it was kept.
    pub is_kept: bool,
}

/// Name of the kind of errors by which a service asks to be called less.
pub const THROTTLED: &str = "throttled";

impl StepFigures {
    /// Returns the number of calls per second that ended.
    pub fn throughput(&self) -> f64 {
        let seconds = self.time.as_secs_f64();
        if seconds > 0.0 {
            self.calls as f64 / seconds
        } else {
            0.0
        }
    }

    /// Returns the number of calls that did not succeed.
    pub fn error_count(&self) -> u64 {
        self.errors.iter().map(|it| it.count).sum()
    }

    /// Returns the share of calls that did not succeed; `None` without calls.
    pub fn error_share(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.error_count() as f64 / self.calls as f64)
    }

    /// Returns whether its rate could be offered: this machine or fanout was
    /// not late by more than a small part of the schedule.
    pub fn is_offered(&self) -> bool {
        self.late as f64 <= self.calls as f64 * LATE_SHARE
    }

    /// Returns whether it kept every condition, and its rate was offered.
    pub fn is_kept(&self) -> bool {
        let is_offered = matches!(self.level, LoadLevel::Cap(_)) || self.is_offered();
        is_offered && self.checks.iter().all(|check| check.is_kept)
    }
}

impl Spread {
    /// Of times in microseconds.
    pub(super) fn of(times: &Histogram<u64>) -> Self {
        let at = |part: f64| Duration::from_micros(times.value_at_quantile(part));
        Self {
            mean: Duration::from_secs_f64(times.mean() / 1e6),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            max: Duration::from_micros(times.max()),
        }
    }
}

/// Returns the kind of error that a call ended with; `None` of a success.
pub(super) fn error_kind(row: &CallRow, outcome: Outcome) -> Option<&'static str> {
    if outcome.is_success() {
        return None;
    }
    let ending = row.attempts.last().and_then(|it| it.ending.as_ref());
    let asks = ending.is_some_and(|ending| ending.retry_after.is_some());
    let reason = row.reason.as_deref().unwrap_or_default();
    let is_throttled = |code: &str| reason.contains(&format!("status {code}"));
    if asks || is_throttled("429") || is_throttled("503") {
        Some(THROTTLED)
    } else {
        Some(outcome.counted_as().word())
    }
}
