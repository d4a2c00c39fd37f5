//! What a plan would take at several caps.

use std::time::Duration;

use super::{Bounds, Case, Load, simulate};
use crate::model::{Cap, Order};

/// What a plan would take at one cap.
#[derive(Debug, Clone, PartialEq)]
pub struct AtCap {
    /// The cap.
    pub cap: Cap,
    /// With critical-path order.
    pub critical_path: Duration,
    /// In the order of the plan.
    pub fifo: Duration,
    /// What it could take at best, and why.
    pub bounds: Bounds,
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

/// What a plan would take at several caps.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The sum of all run times.
    pub work: Duration,
    /// One for each cap, in the order asked for.
    pub each: Vec<AtCap>,
}

impl Outlook {
    /// Simulates a case at each of the caps, in both orders.
    pub fn of(case: &Case, caps: impl IntoIterator<Item = Cap>) -> Self {
        let loads = case.loads();
        Self {
            work: case.work(),
            each: caps.into_iter().map(|cap| at(case, cap, &loads)).collect(),
        }
    }
}

fn at(case: &Case, cap: Cap, loads: &[Load]) -> AtCap {
    let case = case.with_cap(cap);
    let makespan = |order| simulate(&case.with_order(order)).makespan;
    AtCap {
        cap,
        critical_path: makespan(Order::CriticalPath),
        fifo: makespan(Order::Fifo),
        bounds: case.bounds(loads),
    }
}
