//! Demands of calls, interned: calls with the same demand are held back by the
//! same resources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::lock_table::LockClaim;
use super::moment::nanoseconds;
use super::tool_table::ToolNo;

/// Number of an interned demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct DemandNo(u32);

/// Number of a service on the far side: a tool server, or the host of an HTTP
/// tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceNo(pub u32);

/// Number of a kind of calls that are taken to need the same: those of a tool,
/// or those of a tool with the same arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NeedKind(pub u32);

/// Everything that a call needs beside a lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    /// Its tool, where that has limits.
    pub tool: Option<ToolNo>,
    /// Calls that are expected to need as much as it.
    pub kind: NeedKind,
    /// The service that does its work, where that is not this machine.
    pub service: Option<ServiceNo>,
    pub locks: LockClaim,
    /// Thousandths of a core.
    pub millicores: u64,
    /// Bytes.
    pub memory: u64,
    /// Its expected run time, rounded up.
    pub rounded_estimate: RoundedEstimate,
}

/// An expected run time, rounded up to 3 significant bits (at most 25 % over),
/// so that backfill candidates fall into few classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RoundedEstimate(u16);

impl RoundedEstimate {
    /// Rounds up. The mantissa keeps two bits: 4/4, 5/4, 6/4 and 7/4 of a
    /// power of two.
    pub(super) fn of(time: Duration) -> Self {
        let nanos = nanoseconds(time);
        let bits = 64 - nanos.leading_zeros();
        if bits <= 3 {
            return Self(nanos as u16);
        }
        let shift = bits - 3;
        let mantissa = (nanos >> shift) + u64::from(nanos & ((1 << shift) - 1) > 0);
        let (mantissa, shift) = if mantissa == 8 {
            (4, shift + 1)
        } else {
            (mantissa, shift)
        };
        Self((shift * 8) as u16 + mantissa as u16)
    }

    /// The time it was rounded up to.
    pub(super) fn time(self) -> Duration {
        let (mantissa, shift) = (u64::from(self.0 % 8), u32::from(self.0 / 8));
        let nanos = u128::from(mantissa) << shift;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The demands of the run.
#[derive(Debug, Default)]
pub(super) struct Demands {
    numbers: BTreeMap<Arc<Demand>, DemandNo>,
    all: Vec<Arc<Demand>>,
    latest: Option<DemandNo>,
}

impl Demands {
    /// Numbers a demand.
    pub(super) fn intern(&mut self, demand: Demand) -> DemandNo {
        // Calls often ask for what the call before them asked for.
        if let Some(latest) = self.latest
            && **self.get(latest) == demand
        {
            return latest;
        }
        let demand = Arc::new(demand);
        let next = DemandNo(self.all.len() as u32);
        let number = *self.numbers.entry(Arc::clone(&demand)).or_insert(next);
        if number == next {
            self.all.push(demand);
        }
        self.latest = Some(number);
        number
    }

    pub(super) fn get(&self, number: DemandNo) -> &Arc<Demand> {
        &self.all[number.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_round_up_by_at_most_a_quarter_and_keep_the_order() {
        let powers = (13..60).flat_map(|power| [(1u64 << power) - 1, (1 << power) + power]);
        let mut last = Duration::ZERO;
        for nanos in (0..5_000).chain(powers) {
            let time = Duration::from_nanos(nanos);
            let rounded = RoundedEstimate::of(time).time();
            assert!(rounded >= time && rounded <= time.mul_f64(1.25), "{nanos}");
            assert!(
                rounded >= last && RoundedEstimate::of(time) >= RoundedEstimate::of(last),
                "{nanos}"
            );
            last = rounded;
        }
    }
}
