//! Which cap is worth using, and the curve beside it.

use super::certainty::chances;
use super::usl::Usl;
use crate::lab::statistics::{Interval, Resamples, drift, median};
use crate::model::Cap;

/// Blocks that are run where fewer are inconclusive.
pub const MOST_BLOCKS: usize = 10;
/// Probability that a recommendation has at least.
const LIKELY: f64 = 0.9;
/// Probability at which no more blocks are run.
pub(super) const CERTAIN: f64 = 0.95;
/// Below this it is not named as a tie.
const UNLIKELY: f64 = 0.03;

/// Wall times in seconds: blocks of runs, one at each cap that was still in the
/// running then.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BlockTable<'a> {
    pub(super) caps: &'a [Cap],
    pub(super) blocks: Vec<Vec<Option<f64>>>,
    pub(super) seed: u64,
}

/// Figures of one cap over the blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapFigures {
    /// The cap.
    pub cap: Cap,
    /// Seconds: the median of the runs.
    pub wall: Interval,
    /// Seconds: the shortest and the longest run.
    pub extremes: (f64, f64),
    /// Its median by the best cap's.
    pub ratio: f64,
    /// Probability that it is within 5 % of the best.
    pub within: f64,
    /// Probability that it is the smallest within 5 % of the best.
    pub right: f64,
    /// Probability that it is the best.
    pub best: f64,
}

/// Which cap is worth using.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The smallest cap that is as good as the best; `None`: inconclusive.
    pub cap: Option<Cap>,
    /// Others that may be that.
    pub ties: Vec<Cap>,
}

/// The curve with its intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The fit to the medians.
    pub usl: Usl,
    /// Contention.
    pub alpha: Interval,
    /// Coherency.
    pub beta: Interval,
    /// Where it peaks; `None` where it does not.
    pub peak: Option<Interval>,
    /// The largest residual, as a part of the wall time there.
    pub residual: f64,
    /// Noise: the median relative deviation of runs from their median.
    pub noise: f64,
}

impl CapFigures {
    /// Whether it is the smallest within 5 % of the best with this probability. One
    /// run says nothing of how runs scatter.
    pub(super) fn is_likely(&self, probability: f64) -> bool {
        self.wall.values > 1 && self.right >= probability
    }
}

impl Curve {
    /// Whether it is worth looking at: no residual exceeds twice the noise.
    pub fn fits(&self) -> bool {
        // Where nothing scatters, one percent is still no reason to doubt.
        self.residual <= (2.0 * self.noise).max(0.01)
    }
}

impl BlockTable<'_> {
    fn medians(&self, drawn: &[usize]) -> Vec<f64> {
        let places = 0..self.caps.len();
        let of = |place: usize| {
            let walls = drawn.iter().filter_map(|block| self.blocks[*block][place]);
            // A cap that ran in none of the drawn blocks has its own median.
            median(walls).or_else(|| median(self.walls(place)))
        };
        places
            .map(|place| of(place).unwrap_or(f64::INFINITY))
            .collect()
    }

    /// Wall times of the cap at this place.
    fn walls(&self, place: usize) -> impl Iterator<Item = f64> + Clone {
        self.blocks.iter().filter_map(move |block| block[place])
    }

    fn all(&self) -> Vec<usize> {
        (0..self.blocks.len()).collect()
    }

    /// The figures of each cap; empty without blocks.
    pub(super) fn figures(&self) -> Vec<CapFigures> {
        if self.blocks.is_empty() {
            return Vec::new();
        }
        let walls: Vec<Vec<f64>> = (0..self.caps.len())
            .map(|place| self.walls(place).collect())
            .collect();
        let best = least(&self.medians(&self.all()));
        let chances = chances(&walls, self.seed);
        let caps = self.caps.iter().zip(walls.iter().zip(chances));
        caps.filter_map(|(cap, (walls, chance))| {
            let runs = walls.iter().copied();
            let wall = Interval::of_median(runs.clone())?;
            Some(CapFigures {
                cap: *cap,
                within: chance.within,
                right: chance.right,
                best: chance.best,
                extremes: (
                    runs.clone().fold(f64::INFINITY, f64::min),
                    runs.fold(0.0, f64::max),
                ),
                ratio: wall.at / best,
                wall,
            })
        })
        .collect()
    }

    /// The curve, fitted to the medians and to each resample's.
    pub(super) fn curve(&self) -> Option<Curve> {
        let fit = |drawn: &[usize]| {
            let medians = self.medians(drawn);
            let points: Vec<(Cap, f64)> = self.caps.iter().copied().zip(medians).collect();
            Usl::fit(&points)
        };
        let usl = fit(&self.all())?;
        let fits: Vec<Usl> = Resamples::new(self.blocks.len(), self.seed)
            .filter_map(|drawn| fit(&drawn))
            .collect();
        let blocks = self.blocks.len();
        let over = |at: f64, of: fn(&Usl) -> f64| {
            Interval::resampled(at, blocks, fits.iter().map(of).collect())
        };
        let peak = usl.peak().map(|at| {
            let never = f64::INFINITY;
            Interval::resampled(
                at,
                blocks,
                fits.iter().map(|it| it.peak().unwrap_or(never)).collect(),
            )
        });
        let medians = self.medians(&self.all());
        let residuals = self
            .caps
            .iter()
            .zip(&medians)
            .map(|(cap, wall)| (usl.wall(f64::from(cap.get())) / wall - 1.0).abs());
        let deviations = self.blocks.iter().flat_map(|block| {
            let pairs = block.iter().zip(&medians);
            pairs.filter_map(|(run, usual)| Some(((*run)? / usual - 1.0).abs()))
        });
        Some(Curve {
            usl,
            alpha: over(usl.alpha, |it| it.alpha),
            beta: over(usl.beta, |it| it.beta),
            peak,
            residual: residuals.fold(0.0, f64::max),
            noise: median(deviations).unwrap_or(0.0),
        })
    }

    /// By how much the runs got slower from the first block to the last, as a
    /// part; `None` where there is no trend.
    pub(super) fn drift(&self) -> Option<f64> {
        let usual = self.medians(&self.all());
        let blocks: Vec<f64> = self
            .blocks
            .iter()
            .map(|block| {
                let pairs = block.iter().zip(&usual);
                let ratios = pairs.filter_map(|(run, usual)| Some((*run)? / usual));
                median(ratios).unwrap_or(1.0)
            })
            .collect();
        drift(&blocks)
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The cap that is most likely the smallest within 5 % of the best, if that is
/// likely enough.
pub(super) fn verdict(figures: &[CapFigures]) -> Verdict {
    let cap = figures.iter().find(|it| it.is_likely(LIKELY));
    let cap = cap.map(|it| it.cap);
    let may = figures
        .iter()
        .filter(|it| it.right >= UNLIKELY && Some(it.cap) != cap);
    Verdict {
        cap,
        ties: may.map(|it| it.cap).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(caps: &[u32]) -> Vec<Cap> {
        caps.iter().filter_map(|cap| Cap::new(*cap)).collect()
    }

    /// Blocks around some times, each a little off in its own way.
    fn blocks(walls: &[f64], noise: f64) -> Vec<Vec<Option<f64>>> {
        let offs = [0.0, 0.6, -0.4, 1.0, -1.0];
        let block = |number: usize| {
            let off = |place: usize| 1.0 + noise * offs[(number + place * 2) % 5];
            let walls = walls.iter().enumerate();
            walls.map(|(place, wall)| Some(wall * off(place))).collect()
        };
        (0..5).map(block).collect()
    }

    #[test]
    fn the_smallest_cap_on_a_plateau_is_recommended() {
        let caps = caps(&[1, 2, 4, 8, 16]);
        let blocks = blocks(&[80.0, 40.0, 20.0, 10.0, 10.1], 0.01);
        let table = BlockTable {
            caps: &caps,
            blocks,
            seed: 1,
        };
        let verdict = verdict(&table.figures());
        assert_eq!(verdict.cap.map(Cap::get), Some(8));
        assert!(verdict.ties.is_empty(), "{verdict:?}");
        assert_eq!(table.drift(), None);
    }

    #[test]
    fn a_kinked_machine_is_not_left_to_the_curve() {
        let caps = caps(&[1, 2, 3, 4, 6, 8, 12, 16, 24]);
        let walls = [80.0, 40.0, 26.7, 20.0, 13.3, 10.0, 11.3, 12.6, 15.0];
        let table = BlockTable {
            caps: &caps,
            blocks: blocks(&walls, 0.01),
            seed: 1,
        };
        let verdict = verdict(&table.figures());
        assert_eq!(verdict.cap.map(Cap::get), Some(8));
        let curve = table.curve().expect("a curve");
        assert!(!curve.fits(), "{curve:?}");
    }

    #[test]
    fn a_curve_that_is_there_fits() {
        let caps = caps(&[1, 2, 4, 8, 16]);
        let truth = Usl {
            gamma: 0.02,
            alpha: 0.04,
            beta: 0.002,
        };
        let walls: Vec<f64> = caps
            .iter()
            .map(|cap| truth.wall(f64::from(cap.get())))
            .collect();
        let table = BlockTable {
            caps: &caps,
            blocks: blocks(&walls, 0.02),
            seed: 1,
        };
        let curve = table.curve().expect("a curve");
        assert!(curve.fits(), "{curve:?}");
        assert!(
            curve.alpha.low <= 0.04 && curve.alpha.high >= 0.03,
            "{curve:?}"
        );
    }

    #[test]
    fn a_machine_that_gets_slower_is_noticed() {
        let caps = caps(&[1, 2]);
        let slower = |number: u32| f64::from(number).mul_add(0.02, 1.0);
        let blocks =
            (0..5).map(|number| vec![Some(10.0 * slower(number)), Some(5.0 * slower(number))]);
        let table = BlockTable {
            caps: &caps,
            blocks: blocks.collect(),
            seed: 1,
        };
        let drift = table.drift().expect("a drift");
        assert!((drift - 0.08).abs() < 0.001, "{drift}");
    }
}
