//! Run times of calls that a service answers, by those at low load.

use std::collections::VecDeque;
use std::time::Duration;

/// Run times whose median counts.
const WINDOW: usize = 8;
/// Recent calls of a service whose median counts.
const RECENT: usize = 16;
/// Fewer tell nothing yet.
const FEWEST: usize = 8;
/// A window that is slower moves the lowest median by this factor at most: a
/// service that has become slower for good is not waited for.
const FADING: f64 = 1.02;

/// Lowest median of a tool's run times.
#[derive(Debug, Default)]
pub(super) struct LatencyBaseline {
    window: Vec<f64>,
    lowest: Option<f64>,
}

impl LatencyBaseline {
    /// Takes a run time. Returns it by the lowest median so far.
    pub(super) fn ratio(&mut self, took: Duration) -> f64 {
        let took = took.as_secs_f64().max(1e-6);
        self.window.push(took);
        let median = median(&self.window);
        let known = self.lowest.unwrap_or(f64::INFINITY);
        let lowest = if self.window.len() < WINDOW {
            // The first calls are all there is to go by.
            self.lowest.unwrap_or(median)
        } else {
            self.window.clear();
            let lowest = median.min(known * FADING);
            self.lowest = Some(lowest);
            lowest
        };
        took / lowest
    }
}

/// Latest run times of a service's calls, each by its tool's lowest median.
#[derive(Debug, Default)]
pub(super) struct RecentRatios(VecDeque<f64>);

impl RecentRatios {
    pub(super) fn push(&mut self, ratio: f64) {
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(ratio);
    }

    /// Returns the median; `None` before there are enough.
    pub(super) fn median(&self) -> Option<f64> {
        let ratios: Vec<f64> = self.0.iter().copied().collect();
        (ratios.len() >= FEWEST).then(|| median(&ratios))
    }
}

/// Returns the median; 0 of none.
fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_times_count_by_the_lowest_median_which_fades() {
        let mut baseline = LatencyBaseline::default();
        let mut ratios = |ms, calls: usize| {
            let mut last = 0.0;
            for _ in 0..calls {
                last = baseline.ratio(Duration::from_millis(ms));
            }
            (last * 10.0).round() / 10.0
        };
        assert_eq!(ratios(100, 8).to_bits(), 1.0_f64.to_bits());
        assert_eq!(ratios(300, 8).to_bits(), 2.9_f64.to_bits());
        assert!(ratios(300, 8 * 60) < 1.1, "it has become slower for good");
    }
}
