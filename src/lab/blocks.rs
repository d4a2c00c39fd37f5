//! Randomised blocks: every cap once a block, each block in another order, so
//! that a machine that gets slower or faster meanwhile favours no cap.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::statistics::{median, shuffle};
use super::{ExperimentProgress, RunPurpose};
use crate::model::Cap;

/// Seed of the order of the caps in each block; the default of `fanout compare`
/// and `fanout sweep`, too.
pub const SEED: u64 = 1;

/// The order of the caps in a block, from 1; the same for the same seed.
pub fn block_order(caps: &[Cap], seed: u64, number: usize) -> Vec<Cap> {
    let mixed = seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut order = caps.to_vec();
    shuffle(&mut order, &mut Pcg64Mcg::seed_from_u64(mixed));
    order
}

/// Counts runs and estimates how long the rest takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    done: usize,
    walls: BTreeMap<Cap, Vec<f64>>,
}

impl Pace {
    /// Counts a run.
    pub(super) fn add(&mut self, cap: Cap, wall: Duration) {
        self.done += 1;
        self.walls.entry(cap).or_default().push(wall.as_secs_f64());
    }

    /// Returns the progress before the next run; `rest` are the caps still to
    /// come after `cap`, if they are known.
    pub(super) fn progress(
        &self,
        step: RunPurpose,
        cap: Cap,
        rest: Option<&[Cap]>,
    ) -> ExperimentProgress {
        let time = |cap: &Cap| {
            let own = self.walls.get(cap).cloned();
            let walls = own.unwrap_or_else(|| self.walls.values().flatten().copied().collect());
            median(walls)
        };
        let left = rest.and_then(|rest| {
            let times: Option<Vec<f64>> = rest.iter().chain([&cap]).map(time).collect();
            Some(Duration::from_secs_f64(times?.into_iter().sum()))
        });
        ExperimentProgress {
            step,
            cap,
            done: self.done,
            of: self.done + 1 + rest.map_or(0, <[Cap]>::len),
            left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_has_every_cap_and_an_order_of_its_own() {
        let caps: Vec<Cap> = (1..=8).filter_map(Cap::new).collect();
        let orders: Vec<Vec<Cap>> = (1..=5).map(|block| block_order(&caps, 7, block)).collect();
        for order in &orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, caps);
        }
        assert!(orders.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(block_order(&caps, 7, 3), orders[2]);
    }

    #[test]
    fn the_rest_is_estimated_from_the_runs_so_far() {
        let cap = |lanes| Cap::new(lanes).expect("a cap");
        let mut pace = Pace::default();
        let first = pace.progress(RunPurpose::WarmUp, cap(1), Some(&[cap(2)]));
        assert_eq!((first.done, first.of, first.left), (0, 2, None));
        pace.add(cap(1), Duration::from_secs(8));
        pace.add(cap(2), Duration::from_secs(4));
        let next = pace.progress(RunPurpose::WarmUp, cap(1), Some(&[cap(2), cap(2)]));
        assert_eq!((next.done, next.of), (2, 5));
        assert_eq!(next.left, Some(Duration::from_secs(16)));
    }
}
