//! The times of a comparison's runs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::lab::statistics::{Interval, median};
use crate::lab::{BindingConstraint, IdleCause, Trial};
use crate::model::Cap;

/// Figures of the runs at one cap.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// The cap.
    pub cap: Cap,
    /// Runs.
    pub runs: usize,
    /// Seconds: the median of the runs.
    pub wall: Interval,
    /// How many times as fast as the lowest cap, block by block.
    pub speed_up: Interval,
    /// Lower bound on the time of a run, the median.
    pub lower_bound: Duration,
    /// Constraint that binds it in most runs.
    pub binding: BindingConstraint,
    /// Lower bound over wall time, the median; 1 is the best.
    pub efficiency: Option<f64>,
    /// Where the lane time went.
    pub shares: LaneShares,
}

/// Parts of the lane time; together they are 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaneShares {
    /// Calls ran, as long as they do at the lowest cap.
    pub work: f64,
    /// Calls ran longer than at the lowest cap.
    pub contention: f64,
    /// Lanes stood empty, by what kept them so.
    pub idle: BTreeMap<IdleCause, f64>,
}

/// The figures of one cap. A block has one run at each cap, in the order of
/// the caps, the lowest first. `is_waited_for` says that more blocks are run
/// until the intervals are narrow enough.
pub(super) fn timing(blocks: &[Vec<Trial>], place: usize, is_waited_for: bool) -> Option<Timing> {
    let runs: Vec<&Trial> = blocks.iter().filter_map(|block| block.get(place)).collect();
    let wall = |block: usize, place: usize| {
        let trial = blocks.get(block)?.get(place)?;
        Some(trial.wall.as_secs_f64())
    };
    let over = |statistic: &dyn Fn(usize) -> Option<f64>| {
        let values = (0..blocks.len()).filter_map(statistic);
        if is_waited_for {
            Interval::at_looks(values)
        } else {
            Interval::of_median(values)
        }
    };
    let bounds = runs
        .iter()
        .map(|trial| trial.bounds.lower_bound.as_secs_f64());
    Some(Timing {
        cap: runs.first()?.cap,
        runs: runs.len(),
        wall: over(&|block| wall(block, place))?,
        speed_up: over(&|block| {
            let (base, own) = (wall(block, 0)?, wall(block, place)?);
            (own > 0.0).then(|| base / own)
        })?,
        lower_bound: Duration::from_secs_f64(median(bounds)?),
        binding: commonest(&runs)?,
        efficiency: median(
            runs.iter()
                .filter_map(|trial| trial.bounds.efficiency(trial.wall)),
        ),
        shares: shares(blocks, &runs),
    })
}

fn commonest(runs: &[&Trial]) -> Option<BindingConstraint> {
    let mut counts: BTreeMap<&BindingConstraint, usize> = BTreeMap::new();
    for trial in runs {
        *counts.entry(&trial.bounds.binding).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(binding, _)| binding.clone())
}

/// Where the lane time of some runs went. Contention is what calls ran longer
/// than their median at the lowest cap.
fn shares(blocks: &[Vec<Trial>], runs: &[&Trial]) -> LaneShares {
    let lowest: Vec<&Trial> = blocks.iter().filter_map(|block| block.first()).collect();
    let calls = lowest.first().map_or(0, |trial| trial.calls.len());
    let usual: Vec<f64> = (0..calls)
        .map(|call| {
            let each = lowest.iter().filter_map(|trial| trial.calls.get(call));
            median(each.map(|call| call.run.as_secs_f64())).unwrap_or_default()
        })
        .collect();
    let mut shares = LaneShares::default();
    let whole: f64 = runs
        .iter()
        .map(|trial| trial.lane_time.whole.as_secs_f64())
        .sum();
    if whole <= 0.0 {
        return shares;
    }
    for trial in runs {
        let busy = trial.lane_time.busy.as_secs_f64();
        let ran: f64 = trial.calls.iter().map(|call| call.run.as_secs_f64()).sum();
        let longer: f64 = (trial.calls.iter().zip(&usual))
            .map(|(call, usual)| call.run.as_secs_f64() - usual)
            .sum();
        // Calls that read the final state back ran, but not in this time.
        let contention = (longer * busy / ran.max(f64::MIN_POSITIVE)).clamp(0.0, busy);
        shares.work += (busy - contention) / whole;
        shares.contention += contention / whole;
        for (kind, time) in &trial.lane_time.idle {
            *shares.idle.entry(*kind).or_default() += time.as_secs_f64() / whole;
        }
    }
    shares
}
