//! The estimated time of a plan at several caps.

use std::time::Duration;

use super::{CallCost, SimulationInput, TimeBounds, simulate};
use crate::model::{CallId, Cap, Order};

/// The estimated time of a plan at one cap.
#[derive(Debug, Clone, PartialEq)]
pub struct AtCap {
    /// The cap.
    pub cap: Cap,
    /// With critical-path order.
    pub critical_path: Duration,
    /// In the order of the plan.
    pub fifo: Duration,
    /// Bounds on the time, and the constraint that binds.
    pub bounds: TimeBounds,
    /// Calls that would exceed a timeout, in either order, or not start for that
    /// reason. With any, the times are no times of the whole plan.
    pub unfinished: Vec<CallId>,
}

impl AtCap {
    /// The makespan in an order.
    pub fn makespan(&self, order: Order) -> Duration {
        match order {
            Order::CriticalPath => self.critical_path,
            Order::Fifo => self.fifo,
        }
    }
}

/// The estimated time of a plan at several caps.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// The sum of all run times.
    pub work: Duration,
    /// One for each cap, in the order asked for.
    pub each: Vec<AtCap>,
}

impl Forecast {
    /// Simulates an input at each of the caps, in both orders.
    pub fn of(input: &SimulationInput, caps: impl IntoIterator<Item = Cap>) -> Self {
        let costs = input.costs();
        Self {
            work: input.work(),
            each: caps.into_iter().map(|cap| at(input, cap, &costs)).collect(),
        }
    }
}

fn at(input: &SimulationInput, cap: Cap, costs: &[CallCost]) -> AtCap {
    let input = input.with_cap(cap);
    let run = |order| simulate(&input.with_order(order));
    let (by_chain, fifo) = (run(Order::CriticalPath), run(Order::Fifo));
    let mut unfinished = [by_chain.unfinished, fifo.unfinished].concat();
    unfinished.sort_unstable();
    unfinished.dedup();
    AtCap {
        cap,
        critical_path: by_chain.makespan,
        fifo: fifo.makespan,
        bounds: input.bounds(costs),
        unfinished,
    }
}
