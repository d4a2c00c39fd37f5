//! Measures one step: takes the news of its calls, and keeps no more of them
//! than histograms and counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::figures::{self, CatalogueWaits, Check, ErrorCount, Spread, StepFigures};
use super::{Expression, LoadLevel, Metric, ToolUsage};
use crate::model::{CallRow, CallState, Outcome};

/// Significant digits of the times that are kept.
const DIGITS: u8 = 3;

/// A call that this machine or fanout starts later than this is late.
const LATE: Duration = Duration::from_millis(10);

/// Longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_hours(24 * 7);

/// Bytes of an error's message that are kept.
const MESSAGE_BYTES: usize = 512;

/// The measurement of one step.
#[derive(Debug)]
pub(super) struct StepMeter {
    level: LoadLevel,
    began: Duration,
    last_end: Duration,
    latency: Histogram<u64>,
    service: Histogram<u64>,
    errors: BTreeMap<&'static str, (u64, Arc<str>)>,
    unfinished: u64,
    late: u64,
    /// Sums of the waits of all calls.
    waits: CatalogueWaits,
    in_flight: InFlight,
    /// CPU time of calls that were processes of their own.
    cpu_ms: Option<u64>,
    memory_bytes: Option<u64>,
    /// Use by the tool's server when the step began.
    used_before: ToolUsage,
    used: ToolUsage,
}

/// A call that ended by itself, as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasuredCall {
    /// Its number within its step, from 1.
    pub number: u64,
    /// When it should have started, from the step's begin.
    pub due: Duration,
    /// From then to when its outcome was known.
    pub latency: Duration,
    /// From its start to then.
    pub service: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The kind of its error.
    pub error: Option<&'static str>,
}

/// Number of calls that run, over time.
#[derive(Debug, Default)]
struct InFlight {
    now: u32,
    most: u32,
    since: Duration,
    /// Sum of the run times so far.
    sum: Duration,
}

impl InFlight {
    fn step(&mut self, at: Duration, change: impl Fn(u32) -> u32) {
        self.sum += at.saturating_sub(self.since) * self.now;
        self.since = self.since.max(at);
        self.now = change(self.now);
        self.most = self.most.max(self.now);
    }
}

impl StepMeter {
    /// Begins to measure.
    pub(super) fn new(level: LoadLevel, now: Duration, used: ToolUsage) -> Self {
        Self {
            level,
            began: now,
            last_end: now,
            latency: times(),
            service: times(),
            errors: BTreeMap::new(),
            unfinished: 0,
            late: 0,
            waits: CatalogueWaits::default(),
            in_flight: InFlight {
                since: now,
                ..InFlight::default()
            },
            cpu_ms: None,
            memory_bytes: None,
            used_before: used,
            used,
        }
    }

    /// Takes the start of a call.
    pub(super) fn started(&mut self, at: Duration) {
        self.in_flight.step(at, |now| now + 1);
    }

    /// Takes a look at the server of the tool.
    pub(super) fn look(&mut self, used: ToolUsage) {
        self.used.cpu_ms = used.cpu_ms.or(self.used.cpu_ms);
        self.used.memory_bytes = self.used.memory_bytes.max(used.memory_bytes);
    }

    /// Takes the end of a call that was due at `since`, and whether it had been
    /// started. Returns how it counts, unless it was stopped.
    pub(super) fn ended(
        &mut self,
        row: &CallRow,
        number: u64,
        since: Duration,
        was_started: bool,
    ) -> Option<MeasuredCall> {
        let ended = row.ended?;
        if was_started {
            self.in_flight.step(ended, |now| now.saturating_sub(1));
        }
        let CallState::Ended(outcome) = row.state else {
            return None;
        };
        if outcome.counted_as() == Outcome::Cancelled {
            self.unfinished += 1;
            return None;
        }
        self.last_end = self.last_end.max(ended);
        let waits = CatalogueWaits {
            lock: row.waited.under("lock"),
            rate: row.waited.under("rate"),
            slot: row.waited.under("slot"),
        };
        self.note_start(row, since, waits);
        let asked = row.attempts.last().map(|it| it.asked.until(ended));
        let started = row.started.unwrap_or(ended);
        let call = MeasuredCall {
            number,
            due: since.saturating_sub(self.began),
            latency: ended.saturating_sub(since),
            service: ended
                .saturating_sub(started)
                .saturating_sub(asked.unwrap_or_default()),
            outcome,
            error: figures::error_kind(row, outcome),
        };
        record(&mut self.latency, call.latency);
        record(&mut self.service, call.service);
        if let Some(kind) = call.error {
            let (count, _) = self.errors.entry(kind).or_insert_with(|| (0, message(row)));
            *count += 1;
        }
        self.note_usage(row);
        Some(call)
    }

    fn note_start(&mut self, row: &CallRow, since: Duration, waits: CatalogueWaits) {
        self.waits.lock += waits.lock;
        self.waits.rate += waits.rate;
        self.waits.slot += waits.slot;
        if let (LoadLevel::Rate(_), Some(started)) = (self.level, row.started) {
            // A limit of the catalogue is neither this machine nor fanout.
            let limits = waits.lock + waits.rate;
            let delay = started.saturating_sub(since).saturating_sub(limits);
            self.late += u64::from(delay > LATE);
        }
    }

    fn note_usage(&mut self, row: &CallRow) {
        if row.launch.is_none() {
            return;
        }
        if let Some(cpu_ms) = row.cpu_ms() {
            self.cpu_ms = Some(self.cpu_ms.unwrap_or(0) + cpu_ms);
        }
        self.memory_bytes = self.memory_bytes.max(row.memory_bytes());
    }

    /// Returns the number of calls that ended by themselves.
    pub(super) fn calls(&self) -> u64 {
        self.latency.len()
    }

    /// Returns the figures so far, with what becomes of these conditions.
    pub(super) fn figures<'e>(
        &self,
        conditions: impl IntoIterator<Item = &'e Expression>,
    ) -> StepFigures {
        let time = self.last_end.saturating_sub(self.began);
        let seconds = time.as_secs_f64();
        let mean = |sum: Duration| sum.div_f64(self.calls().max(1) as f64);
        let of_server = self.used.cpu_ms.zip(self.used_before.cpu_ms);
        let of_server = of_server.map(|(now, before)| now.saturating_sub(before));
        let cpu_ms = self.cpu_ms.or(of_server);
        let errors = self.errors.iter();
        let errors = errors.map(|(kind, (count, first))| ErrorCount {
            kind,
            count: *count,
            first: Arc::clone(first),
        });
        let mut figures = StepFigures {
            level: self.level,
            calls: self.calls(),
            unfinished: self.unfinished,
            time,
            latency: Spread::of(&self.latency),
            service: Spread::of(&self.service),
            errors: errors.collect(),
            in_flight_mean: if seconds > 0.0 {
                self.in_flight.sum.as_secs_f64() / seconds
            } else {
                0.0
            },
            in_flight_most: self.in_flight.most,
            cpu_cores: cpu_ms
                .filter(|_| seconds > 0.0)
                .map(|cpu_ms| cpu_ms as f64 / 1000.0 / seconds),
            memory_bytes: self.memory_bytes.max(self.used.memory_bytes),
            waits: CatalogueWaits {
                lock: mean(self.waits.lock),
                rate: mean(self.waits.rate),
                slot: mean(self.waits.slot),
            },
            late: self.late,
            checks: Vec::new(),
        };
        let checks = conditions.into_iter().map(|it| self.check(*it, &figures));
        figures.checks = checks.collect();
        figures
    }

    fn check(&self, expression: Expression, figures: &StepFigures) -> Check {
        let is_any = !self.latency.is_empty();
        let value = match expression.metric {
            Metric::Percentile(percent) => {
                Some(self.latency.value_at_percentile(percent) as f64 / 1e6)
            }
            Metric::Mean => Some(self.latency.mean() / 1e6),
            Metric::Max => Some(self.latency.max() as f64 / 1e6),
            Metric::Errors => figures.error_share(),
            Metric::Rate => Some(figures.throughput()),
            Metric::Memory => figures.memory_bytes.map(|bytes| bytes as f64),
        };
        let value = value.filter(|_| is_any);
        Check {
            expression,
            value,
            is_kept: expression.is_kept_by(value),
        }
    }
}

/// An empty histogram of times in microseconds; it grows with the longest.
pub(super) fn times() -> Histogram<u64> {
    // The only error is a number of digits that there is not.
    Histogram::new(DIGITS).unwrap_or_else(|_error| unreachable!("{DIGITS} digits are allowed"))
}

pub(super) fn record(times: &mut Histogram<u64>, time: Duration) {
    let micros = time.min(LONGEST).as_micros() as u64;
    // It grows for what is no longer than that.
    let _ = times.record(micros);
}

/// The first words of why a call did not succeed.
fn message(row: &CallRow) -> Arc<str> {
    let reason = row.reason.as_deref();
    let line = row.error_line();
    let text = match (reason, line) {
        (Some(reason), Some(line)) => format!("{reason}: {line}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => String::new(),
    };
    let end = text.floor_char_boundary(MESSAGE_BYTES);
    text.get(..end).unwrap_or_default().into()
}
