//! Medians, the intervals around them and the levels that these attain.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde_json::{Value, json};

/// Resamples of one bootstrap (B. Efron, 1979).
pub(super) const RESAMPLES: usize = 2_000;

/// Level that an interval comes as near to as its number of values allows.
const LEVEL: f64 = 0.95;
/// Below this attained level an interval is a plain range.
const LEAST_LEVEL: f64 = 0.8;

/// Numbers of values at which runs that go on until an interval is narrow
/// enough look whether it is.
pub(super) const LOOKS: [usize; 9] = [9, 12, 16, 22, 30, 40, 55, 75, 100];

/// An estimate with an interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub at: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Number of values that it rests on.
    pub values: usize,
    /// How it was found.
    pub method: IntervalMethod,
}

/// How an interval was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IntervalMethod {
    /// Two of the values in their order hold the true median between them with
    /// this probability, whatever the distribution (W. R. Thompson, 1936).
    OrderStatistics {
        /// The probability, from 0 to 1.
        level: f64,
    },
    /// The same, wide enough to hold at all looks together: whoever stops at the
    /// one that is narrow enough has this level still. Each look gets the same
    /// part of the doubt (C. E. Bonferroni, 1936).
    Sequential {
        /// The probability at least, from 0 to 1.
        level: f64,
    },
    /// The least and the greatest value: too few for a level.
    Range,
    /// The middle 95 % of the estimates from resampled blocks (B. Efron,
    /// 1979). They attain no known level.
    Resamples,
}

impl Interval {
    /// The median of independent values; `None` of nothing.
    pub fn of_median(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        Self::between_order_statistics(values, |count| {
            let (cut, level) = order_statistics(count);
            let method = if level < LEAST_LEVEL {
                IntervalMethod::Range
            } else {
                IntervalMethod::OrderStatistics { level }
            };
            (cut, method)
        })
    }

    /// The median of independent values that are looked at again and again, at
    /// [`LOOKS`], until the interval is narrow enough; `None` of nothing.
    pub(super) fn at_looks(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let doubt = (1.0 - LEVEL) / LOOKS.len() as f64;
        Self::between_order_statistics(values, |count| match cut_with_doubt(count, doubt) {
            Some(cut) => (cut, IntervalMethod::Sequential { level: LEVEL }),
            None => (0, IntervalMethod::Range),
        })
    }

    /// The median, and the values that are left as ends when as many are cut off
    /// at each end as `choose` says for their number; `None` of nothing.
    fn between_order_statistics(
        values: impl IntoIterator<Item = f64>,
        choose: impl FnOnce(usize) -> (usize, IntervalMethod),
    ) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = median_of_sorted(&values)?;
        let (cut, method) = choose(values.len());
        Some(Self {
            at,
            low: values[cut],
            high: values[values.len() - 1 - cut],
            values: values.len(),
            method,
        })
    }

    /// Returns how far the farther end is from the estimate, as a part of it.
    pub fn reach(&self) -> f64 {
        (self.high - self.at).max(self.at - self.low) / self.at
    }

    /// An estimate from so many blocks, and its values for resamples of them.
    pub(super) fn resampled(at: f64, blocks: usize, mut estimates: Vec<f64>) -> Self {
        estimates.sort_by(f64::total_cmp);
        let quantile = |part: f64| {
            let place = part * estimates.len().saturating_sub(1) as f64;
            estimates.get(place.round() as usize).copied().unwrap_or(at)
        };
        Self {
            at,
            low: quantile(0.025),
            high: quantile(0.975),
            values: blocks,
            method: IntervalMethod::Resamples,
        }
    }

    /// Returns the level that it attains; `None` where that is not known.
    pub fn level(&self) -> Option<f64> {
        match self.method {
            IntervalMethod::OrderStatistics { level } | IntervalMethod::Sequential { level } => {
                Some(level)
            }
            IntervalMethod::Range | IntervalMethod::Resamples => None,
        }
    }

    /// As JSON, in another unit: so many of it make one of its own.
    pub(super) fn document(&self, unit: f64) -> Value {
        json!({
            "median": self.at * unit,
            "low": self.low * unit,
            "high": self.high * unit,
            "n": self.values,
            "method": self.method.word(),
            "level": self.level(),
        })
    }
}

impl IntervalMethod {
    /// Its name in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::OrderStatistics { .. } => "order-statistics",
            Self::Sequential { .. } => "order-statistics-sequential",
            Self::Range => "range",
            Self::Resamples => "bootstrap",
        }
    }
}

/// Returns how many values are cut off at each end of `count` sorted ones, so
/// that the rest holds the median with a probability as near to [`LEVEL`] as
/// can be, and that probability.
///
/// The k-th least value is above the median where fewer than k of the values
/// are below it: the probability is `1 - 2 P(Binomial(count, 1/2) < k)`.
fn order_statistics(count: usize) -> (usize, f64) {
    let mut chance = 0.5f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut outside = 2.0 * chance;
    let mut best = (0, 1.0 - outside);
    for cut in 1..count.div_ceil(2) {
        chance *= (count - cut + 1) as f64 / cut as f64;
        outside += 2.0 * chance;
        let level = 1.0 - outside;
        if (level - LEVEL).abs() < (best.1 - LEVEL).abs() {
            best = (cut, level);
        }
    }
    best
}

/// Returns the most values that may be cut off at each end of `count` sorted ones
/// so that the rest holds the median but for this doubt; `None` where all of
/// them do not.
fn cut_with_doubt(count: usize, doubt: f64) -> Option<usize> {
    let mut chance = 0.5f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut outside = 2.0 * chance;
    let mut best = None;
    for cut in 0..count.div_ceil(2) {
        if cut > 0 {
            chance *= (count - cut + 1) as f64 / cut as f64;
            outside += 2.0 * chance;
        }
        if outside <= doubt {
            best = Some(cut);
        }
    }
    best
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
    median_of_sorted(&values)
}

fn median_of_sorted(values: &[f64]) -> Option<f64> {
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.get(values.len() / 2 - 1)?;
    Some(f64::midpoint(*lower, upper))
}

/// Returns by how much values in the order of time grew from the first to the
/// last, as a part; `None` where there is no trend (H. B. Mann, 1945: every
/// pair but at most one in ten goes the same way) or it is below 3 %.
pub(super) fn drift(values: &[f64]) -> Option<f64> {
    let (first, last) = (values.first()?, values.last()?);
    let pairs = (0..values.len()).flat_map(|two| (0..two).map(move |one| (one, two)));
    let signs: Vec<f64> = pairs
        .map(|(one, two)| (values[two] - values[one]).signum())
        .collect();
    let trend = signs.iter().sum::<f64>().abs() / signs.len().max(1) as f64;
    let change = last / first - 1.0;
    (values.len() >= 5 && trend >= 0.8 && change.abs() > 0.03).then_some(change)
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
    fn the_level_is_the_one_that_so_many_values_attain() {
        let levels = [2, 4, 5, 6, 8, 11, 20].map(order_statistics);
        let expected = [
            (0, 0.5),
            (0, 0.875),
            (0, 0.937_5),
            (0, 0.968_75),
            (1, 0.929_687_5),
            (2, 0.934_570_312_5),
            (5, 0.958_610_534_667_968_8),
        ];
        for (found, expected) in levels.iter().zip(expected) {
            assert_eq!(found.0, expected.0);
            assert!((found.1 - expected.1).abs() < 1e-9, "{found:?}");
        }
        assert_eq!(Interval::of_median([]), None);
    }

    /// Values of a distribution whose median is known.
    type Draw = fn(&mut Pcg64Mcg) -> f64;

    fn part(generator: &mut Pcg64Mcg) -> f64 {
        ((generator.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// A value of the standard normal distribution (G. Box, M. Muller, 1958).
    fn normal(generator: &mut Pcg64Mcg) -> f64 {
        let radius = (-2.0 * part(generator).ln()).sqrt();
        radius * (std::f64::consts::TAU * part(generator)).cos()
    }

    /// Median 1 of each: runs scatter by a tenth, have a long tail, or take one
    /// of two ways, the faster one a little less often than not.
    const DISTRIBUTIONS: [(&str, Draw); 3] = [
        ("normal", |it| 1.0 + 0.1 * normal(it)),
        ("log-normal", |it| (0.5 * normal(it)).exp()),
        ("bimodal", |it| {
            let is_fast = part(it) < 0.5;
            if is_fast {
                1.0 - 0.3 * part(it)
            } else {
                1.0 + 0.5 * part(it)
            }
        }),
    ];

    /// The ratio of two runs of one block has the median 1, where both are of
    /// one distribution.
    #[test]
    fn every_printed_level_is_attained_within_two_points() {
        const TRIALS: usize = 2_000;
        let mut generator = Pcg64Mcg::seed_from_u64(18);
        let mut holds = |count: usize, draw: &mut dyn FnMut(&mut Pcg64Mcg) -> f64| {
            let held = (0..TRIALS).filter(|_| {
                let values: Vec<f64> = (0..count).map(|_| draw(&mut generator)).collect();
                let interval = Interval::of_median(values).expect("values");
                interval.low <= 1.0 && 1.0 <= interval.high
            });
            held.count() as f64 / TRIALS as f64
        };
        for (name, draw) in DISTRIBUTIONS {
            for count in 1..=20 {
                let printed = Interval::of_median((0..count).map(|it| it as f64));
                let Some(level) = printed.and_then(|it| it.level()) else {
                    assert!(count < 4, "{count} values have a level");
                    continue;
                };
                let median = holds(count, &mut |it| draw(it));
                let ratio = holds(count, &mut |it| draw(it) / draw(it));
                for (what, attained) in [("median", median), ("ratio", ratio)] {
                    assert!(
                        (attained - level).abs() <= 0.02,
                        "{what} of {count} {name} values: {attained} for {level}"
                    );
                }
            }
        }
    }

    /// Stopping where it looks best costs nothing of the level.
    #[test]
    fn an_interval_that_is_waited_for_keeps_its_level() {
        const TRIALS: usize = 500;
        let mut generator = Pcg64Mcg::seed_from_u64(5);
        for (name, draw) in DISTRIBUTIONS {
            for until in [0.05, 0.2] {
                let held = (0..TRIALS).filter(|_| {
                    let values: Vec<f64> = (0..100).map(|_| draw(&mut generator)).collect();
                    let looks = LOOKS.iter();
                    let seen = looks.filter_map(|it| Interval::at_looks(values[..*it].to_vec()));
                    let seen: Vec<Interval> = seen.collect();
                    let first = seen.iter().find(|it| it.reach() <= until);
                    let stopped = first.or(seen.last()).expect("a look");
                    stopped.low <= 1.0 && 1.0 <= stopped.high
                });
                let attained = held.count() as f64 / TRIALS as f64;
                assert!(attained >= LEVEL - 0.01, "{name}, {until}: {attained}");
            }
        }
        let few = Interval::at_looks([1.0, 2.0]).expect("values");
        assert_eq!(few.level(), None, "two values hold no such level");
    }

    #[test]
    fn runs_that_drift_are_noticed() {
        assert_eq!(
            drift(&[1.0, 1.01, 1.03, 1.04, 1.06]).map(|it| it > 0.05),
            Some(true)
        );
        assert_eq!(drift(&[1.0, 1.05, 0.97, 1.02, 1.06]), None);
        assert_eq!(drift(&[1.0, 2.0]), None);
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
