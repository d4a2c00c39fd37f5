//! The load of a run over time, in columns of a chart: its cap, its running and
//! waiting calls and the pressure on the machine.

use std::time::Duration;

use crate::model::{Cap, History, LoadSample, PressureSource};

/// Readings further apart than so many times the usual have a gap between them.
const GAP: u32 = 3;

/// A smaller part of a column is a rounding error.
const NOTHING: f64 = 1e-6;

/// Load during the time of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct LoadColumn {
    /// The cap at its end.
    pub(in crate::tui) cap: f64,
    /// Calls that held a lane, on average.
    pub(in crate::tui) running: f64,
    /// Calls that waited, on average.
    pub(in crate::tui) queued: f64,
    /// CPU pressure, 0 to 1, on average; `None` where it was not read.
    pub(in crate::tui) pressure: Option<f64>,
    /// Calls that ended a second, on average.
    pub(in crate::tui) rate: f64,
    /// Their median run time in seconds; `None` where none ended.
    pub(in crate::tui) median: Option<f64>,
}

/// A run's load in columns of equal time.
#[derive(Debug)]
pub(in crate::tui) struct LoadCurve {
    /// Each column's figures; `None` where there was no reading.
    pub(in crate::tui) columns: Vec<Option<LoadColumn>>,
    /// When the first column begins and the last one ends, on the run's clock.
    pub(in crate::tui) span: (Duration, Duration),
    /// Usual time between two readings; `None` of a single one.
    pub(in crate::tui) period: Option<Duration>,
    /// The latest reading.
    pub(in crate::tui) latest: LoadSample,
    /// The highest cap, and the most running and waiting calls at once.
    pub(in crate::tui) most: (Cap, u32, u32),
    /// Whether a pressure is estimated.
    pub(in crate::tui) is_estimated: bool,
}

impl LoadCurve {
    /// The load in so many columns; `None` before two moments are known.
    pub(in crate::tui) fn of(load_samples: &History<LoadSample>, columns: u16) -> Option<Self> {
        let read: Vec<LoadSample> = load_samples.iter().flatten().copied().collect();
        let (first, latest) = (*read.first()?, *read.last()?);
        let period = usual(&read);
        let from = first.at.saturating_sub(period);
        let length = latest.at.saturating_sub(from);
        if length.is_zero() || columns == 0 {
            return None;
        }
        let mut sums = vec![Sum::default(); usize::from(columns)];
        let mut before = from;
        for pulse in &read {
            // A reading tells of the time since the one before, if it was not missed.
            let is_gap = pulse.at.saturating_sub(before) > period * GAP;
            let since = if is_gap {
                pulse.at.saturating_sub(period)
            } else {
                before
            };
            let column = |at: Duration| {
                let part = at.saturating_sub(from).as_secs_f64() / length.as_secs_f64();
                part * f64::from(columns)
            };
            spread(&mut sums, column(since), column(pulse.at), pulse);
            before = pulse.at;
        }
        let most = |count: fn(&LoadSample) -> u32| read.iter().map(count).max().unwrap_or(0);
        let mut sources = read.iter().filter_map(|it| Some(it.pressure?.source));
        Some(Self {
            columns: sums.iter().map(Sum::moment).collect(),
            span: (from, latest.at),
            period: (read.len() > 1).then_some(period),
            latest,
            most: (
                read.iter().map(|it| it.cap).max()?,
                most(|it| it.running),
                most(|it| it.queued),
            ),
            is_estimated: sources.any(|it| it == PressureSource::Estimated),
        })
    }
}

/// The median time between two readings; of a single one, since the start.
fn usual(read: &[LoadSample]) -> Duration {
    let apart = read
        .windows(2)
        .map(|two| two[1].at.saturating_sub(two[0].at));
    let mut apart: Vec<Duration> = apart.collect();
    apart.sort_unstable();
    let median = apart.get(apart.len() / 2).copied();
    let first = read.first().map(|it| it.at);
    median.or(first).unwrap_or_default()
}

/// Sum of readings in a column, each weighted by the part that it covers.
#[derive(Debug, Clone, Default)]
struct Sum {
    weight: f64,
    running: f64,
    queued: f64,
    cap: f64,
    pressure: f64,
    pressure_weight: f64,
    rate: f64,
    median: Option<f64>,
}

impl Sum {
    fn moment(&self) -> Option<LoadColumn> {
        (self.weight > NOTHING).then(|| LoadColumn {
            cap: self.cap,
            running: self.running / self.weight,
            queued: self.queued / self.weight,
            pressure: (self.pressure_weight > NOTHING)
                .then(|| self.pressure / self.pressure_weight),
            rate: self.rate / self.weight,
            median: self.median,
        })
    }
}

/// Adds a reading to the columns from one place to another.
fn spread(sums: &mut [Sum], from: f64, to: f64, pulse: &LoadSample) {
    let first = from.floor() as usize;
    for (sum, column) in sums.iter_mut().zip(0_u32..).skip(first) {
        let left = f64::from(column);
        let weight = to.min(left + 1.0) - from.max(left);
        if weight <= 0.0 {
            break;
        }
        sum.weight += weight;
        sum.running += weight * f64::from(pulse.running);
        sum.queued += weight * f64::from(pulse.queued);
        sum.rate += weight * pulse.pace.per_second();
        sum.median = pulse.pace.median.map(|median| median.as_secs_f64());
        sum.cap = f64::from(pulse.cap.get());
        if let Some(pressure) = pulse.pressure {
            sum.pressure += weight * f64::from(pressure.cpu);
            sum.pressure_weight += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Pace, Pressure};
    use crate::tui::views::experiments::load_curve::*;

    fn pulse(at_ms: u64, running: u32, pressure: Option<f32>) -> LoadSample {
        LoadSample {
            at: Duration::from_millis(at_ms),
            cap: Cap::new(4).expect("a cap"),
            running,
            queued: 2,
            pressure: pressure.map(|cpu| Pressure {
                cpu,
                memory_full: None,
                source: PressureSource::Measured,
            }),
            pace: Pace::default(),
        }
    }

    fn curve(load_samples: &[LoadSample], columns: u16) -> Option<LoadCurve> {
        let mut history = History::new(100);
        for pulse in load_samples {
            history.push(Some(*pulse));
        }
        LoadCurve::of(&history, columns)
    }

    #[test]
    fn a_missed_reading_leaves_a_gap_and_an_unknown_pressure_another() {
        let load_samples = [
            pulse(500, 1, Some(0.5)),
            pulse(1_000, 3, None),
            pulse(1_500, 3, Some(0.0)),
            pulse(5_000, 2, Some(1.0)),
        ];
        let curve = curve(&load_samples, 10).expect("four readings");
        let read = |figure: fn(&LoadColumn) -> Option<f64>| -> Vec<Option<f64>> {
            let columns = curve.columns.iter().map(|it| figure(it.as_ref()?));
            columns
                .map(|it| Some((it? * 100.0).round() / 100.0))
                .collect()
        };
        let running = read(|it| Some(it.running));
        let gap = [None; 6];
        assert_eq!(running[..3], [Some(1.0), Some(3.0), Some(3.0)]);
        assert_eq!(running[3..9], gap);
        assert_eq!(running[9], Some(2.0));
        let pressure = read(|it| it.pressure);
        assert_eq!(pressure[..3], [Some(0.5), None, Some(0.0)]);
    }

    #[test]
    fn a_column_is_the_average_of_its_readings() {
        let load_samples = [pulse(500, 1, None), pulse(1_000, 4, None)];
        let curve = curve(&load_samples, 1).expect("two readings");
        let running = curve.columns[0].map(|it| it.running);
        assert_eq!((running, curve.most.1), (Some(2.5), 4));
    }

    #[test]
    fn nothing_is_drawn_before_time_has_passed() {
        assert!(curve(&[], 10).is_none());
        assert!(curve(&[pulse(0, 1, None)], 10).is_none());
    }
}
