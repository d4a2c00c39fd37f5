//! How certain it is which cap is worth using.
//!
//! Logarithms of wall times scatter alike at all caps. With their medians, one
//! scale for all of them, and nothing known before, the true medians are drawn
//! again and again (a posterior by simulation); the cap that is worth using is
//! looked up in each draw. As in racing (O. Maron and A. Moore, 1994), a cap that
//! cannot be it, nor the best, is run no more.

use std::f64::consts::TAU;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::lab::statistics::median;

/// Draws of the true medians.
const DRAWS: usize = 1_000;
/// Factor on the best time within which another is as good: 5 %.
pub(super) const MARGIN: f64 = 1.05;
/// The standard error of a median by that of a mean, for many values.
const OF_MEDIAN: f64 = 1.2533;
/// Standard deviation by the median of absolute deviations, of a normal
/// distribution.
const OF_DEVIATIONS: f64 = 1.4826;
/// Scale where nothing is known of it.
const UNKNOWN_SCALE: f64 = 0.05;
const LEAST_SCALE: f64 = 1e-4;
/// Normal draws that stand for the uncertainty of the scale, at most.
const MOST_FREEDOM: usize = 30;

/// Probabilities of one cap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Chance {
    /// That it is the smallest within 5 % of the best.
    pub right: f64,
    /// That it is within 5 % of the best.
    pub within: f64,
    /// That it is the best.
    pub best: f64,
}

/// Returns the probabilities of each cap, from the wall times of its runs; the
/// lowest cap first. The same for the same seed.
pub(super) fn chances(walls: &[Vec<f64>], seed: u64) -> Vec<Chance> {
    let logs: Vec<Vec<f64>> = walls
        .iter()
        .map(|walls| walls.iter().map(|wall| wall.max(1e-9).ln()).collect())
        .collect();
    let Some(centres) = logs
        .iter()
        .map(|logs| median(logs.iter().copied()))
        .collect::<Option<Vec<f64>>>()
    else {
        return vec![Chance::default(); walls.len()];
    };
    let scale = Scale::of(&logs, &centres);
    let mut normal = Normal(Pcg64Mcg::seed_from_u64(seed));
    let mut chances = vec![Chance::default(); walls.len()];
    for _ in 0..DRAWS {
        let scale = scale.draw(&mut normal);
        let truths: Vec<f64> = centres
            .iter()
            .zip(&logs)
            .map(|(centre, logs)| centre + scale * error_factor(logs.len()) * normal.draw())
            .collect();
        count(&mut chances, &truths);
    }
    for chance in &mut chances {
        for part in [&mut chance.right, &mut chance.within, &mut chance.best] {
            *part /= DRAWS as f64;
        }
    }
    chances
}

fn count(chances: &mut [Chance], truths: &[f64]) {
    let best = truths.iter().copied().fold(f64::INFINITY, f64::min);
    let mut is_first = true;
    for (chance, truth) in chances.iter_mut().zip(truths) {
        if *truth > best + MARGIN.ln() {
            continue;
        }
        chance.within += 1.0;
        chance.right += f64::from(u8::from(is_first));
        chance.best += f64::from(u8::from(*truth <= best));
        is_first = false;
    }
}

/// Standard error of a median of so many values, by their scale.
fn error_factor(values: usize) -> f64 {
    let of_median = if values > 2 { OF_MEDIAN } else { 1.0 };
    of_median / (values.max(1) as f64).sqrt()
}

/// The scale of all runs, with what is known of it.
#[derive(Debug)]
struct Scale {
    value: f64,
    freedom: usize,
}

impl Scale {
    fn of(logs: &[Vec<f64>], centres: &[f64]) -> Self {
        let several = logs.iter().zip(centres).filter(|(logs, _)| logs.len() > 1);
        let mut deviations: Vec<f64> = several
            .clone()
            .flat_map(|(logs, centre)| logs.iter().map(move |log| (log - centre).abs()))
            .collect();
        deviations.sort_by(f64::total_cmp);
        // A median is one of its values, or between two: that says nothing.
        let own = several.count();
        let told = deviations.get(own..).unwrap_or_default();
        let value = median(told.iter().copied()).map_or(UNKNOWN_SCALE, |it| it * OF_DEVIATIONS);
        Self {
            value: value.max(LEAST_SCALE),
            freedom: (told.len() / 2 + 1).min(MOST_FREEDOM),
        }
    }

    fn draw(&self, normal: &mut Normal) -> f64 {
        let squares = (0..self.freedom).map(|_| normal.draw().powi(2));
        let mean = squares.sum::<f64>() / self.freedom as f64;
        self.value / mean.max(1e-3).sqrt()
    }
}

/// Draws of the standard normal distribution (G. Box, M. Muller, 1958).
#[derive(Debug)]
pub(super) struct Normal(pub(super) Pcg64Mcg);

impl Normal {
    fn part(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(super) fn draw(&mut self) -> f64 {
        let radius = (-2.0 * self.part().ln()).sqrt();
        radius * (TAU * self.part()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_within_five_percent_of_the_best_is_the_likely_one() {
        let walls = [20.0, 10.3, 10.0, 10.1];
        let runs = walls.map(|wall| vec![wall, wall * 1.004, wall * 0.997]);
        let found = chances(&runs, 1);
        let right: Vec<f64> = found.iter().map(|it| it.right).collect();
        assert!(right[1] > 0.9 && right[0] < 0.01, "{right:?}");
        assert!((right.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{right:?}");
        assert_eq!(found, chances(&runs, 1));
    }

    #[test]
    fn runs_that_scatter_leave_it_open() {
        let walls = [11.0, 10.0, 10.2];
        let runs = walls.map(|wall| vec![wall, wall * 1.15, wall * 0.9]);
        assert!(chances(&runs, 1).iter().all(|it| it.right < 0.9));
    }
}
