//! Medians and bootstrap intervals: what few measurements can say.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde_json::{Value, json};

/// Resamples of one bootstrap (B. Efron, 1979).
pub(super) const RESAMPLES: usize = 2_000;

/// An estimate with the interval that 95 % of the resamples fall into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub at: f64,
    /// 2.5 % of the resamples are lower.
    pub low: f64,
    /// 2.5 % of the resamples are higher.
    pub high: f64,
}

impl Interval {
    /// A statistic over blocks: its value for all of them, and where it lies
    /// when blocks are drawn with replacement. `None` where it has no value.
    pub fn over_blocks(
        blocks: usize,
        seed: u64,
        statistic: impl Fn(&[usize]) -> Option<f64>,
    ) -> Option<Self> {
        let all: Vec<usize> = (0..blocks).collect();
        let at = statistic(&all)?;
        let values: Vec<f64> = Resamples::new(blocks, seed)
            .filter_map(|drawn| statistic(&drawn))
            .collect();
        Some(Self::of(at, values))
    }

    /// An estimate and the values of its resamples.
    pub fn of(at: f64, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let quantile = |part: f64| {
            let place = part * values.len().saturating_sub(1) as f64;
            values.get(place.round() as usize).copied().unwrap_or(at)
        };
        Self {
            at,
            low: quantile(0.025),
            high: quantile(0.975),
        }
    }

    /// As JSON, in another unit: so many of it make one of its own.
    pub(super) fn document(&self, unit: f64) -> Value {
        json!({
            "median": self.at * unit,
            "low": self.low * unit,
            "high": self.high * unit,
        })
    }
}

/// Draws of blocks with replacement, [`RESAMPLES`] of them; the same for the
/// same seed.
#[derive(Debug)]
pub(super) struct Resamples {
    blocks: usize,
    left: usize,
    generator: Pcg64Mcg,
}

impl Resamples {
    /// Draws from so many blocks.
    pub(super) fn new(blocks: usize, seed: u64) -> Self {
        Self {
            blocks,
            left: if blocks == 0 { 0 } else { RESAMPLES },
            generator: Pcg64Mcg::seed_from_u64(seed),
        }
    }
}

impl Iterator for Resamples {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        self.left = self.left.checked_sub(1)?;
        let drawn = (0..self.blocks).map(|_| below(&mut self.generator, self.blocks));
        Some(drawn.collect())
    }
}

/// A number below `limit`, which must be more than 0.
fn below(generator: &mut Pcg64Mcg, limit: usize) -> usize {
    // With limits this small against 2^64 the bias is far below any noise.
    (generator.next_u64() % limit.max(1) as u64) as usize
}

/// A random order of the items (the shuffle of Fisher and Yates).
pub(super) fn shuffle<T>(items: &mut [T], generator: &mut Pcg64Mcg) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(generator, last + 1));
    }
}

/// The median; `None` of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.get(values.len() / 2 - 1)?;
    Some(f64::midpoint(*lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }

    #[test]
    fn an_interval_holds_the_estimate_and_is_the_same_for_the_same_seed() {
        let values = [10.0, 11.0, 9.5, 10.2, 30.0];
        let middle = |drawn: &[usize]| median(drawn.iter().map(|block| values[*block]));
        let interval = Interval::over_blocks(5, 3, middle).expect("five values");
        assert!((interval.at - 10.2).abs() < f64::EPSILON);
        assert!(interval.low >= 9.5 && interval.low <= interval.at);
        assert!(interval.high >= interval.at && interval.high <= 30.0);
        assert_eq!(Interval::over_blocks(5, 3, middle), Some(interval));
        assert_eq!(Interval::over_blocks(0, 3, middle), None);
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..20).collect();
        shuffle(&mut items, &mut Pcg64Mcg::seed_from_u64(5));
        assert_ne!(items, (0..20).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..20).collect::<Vec<_>>());
    }
}
