//! The limits of tools: how many of their calls may run at once, and how
//! often they may start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::moment::Moment;
use super::settings::ToolLimits;
use crate::model::{Rate, ToolName};

/// Number of a tool that has limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ToolNo(pub u32);

/// One tool that has limits.
#[derive(Debug)]
pub(super) struct LimitedTool {
    pub name: ToolName,
    pub max: Option<u32>,
    /// Its calls that hold a lane.
    pub busy: u32,
    pub gate: Option<RateGate>,
    /// Its entry among the timers.
    pub due: Moment,
}

/// A rate limit: the generic cell rate algorithm (ITU-T I.371). A start
/// conforms at or after `TAT - (burst - 1) * T` and moves the theoretical
/// arrival time `TAT` to `max(TAT, now) + T`.
#[derive(Debug)]
pub(super) struct RateGate {
    /// Time between starts.
    interval: Duration,
    /// How much earlier than its theoretical time a start may come.
    tolerance: Duration,
    arrival: Moment,
    /// The rate as it is shown, such as `3/s`.
    pub text: Arc<str>,
}

impl RateGate {
    fn new(rate: Rate) -> Self {
        let interval = rate.per / rate.starts.max(1);
        Self {
            interval,
            tolerance: interval * (rate.burst.max(1) - 1),
            arrival: Moment::START,
            text: text(rate).into(),
        }
    }

    /// One that lets every start pass.
    fn open() -> Self {
        Self {
            interval: Duration::ZERO,
            tolerance: Duration::ZERO,
            arrival: Moment::START,
            text: "as the service asked".into(),
        }
    }

    /// When the next start conforms.
    pub(super) fn opens(&self) -> Moment {
        Moment::from(Duration::from(self.arrival).saturating_sub(self.tolerance))
    }

    fn pass(&mut self, now: Moment) {
        self.arrival = self.arrival.max(now).plus(self.interval);
    }

    /// Keeps the gate shut for a while: what the service asked for.
    fn hold(&mut self, now: Moment, time: Duration) {
        self.arrival = self.arrival.max(now.plus(time).plus(self.tolerance));
    }
}

fn text(rate: Rate) -> String {
    match (rate.per.as_secs(), rate.per.subsec_nanos()) {
        (1, 0) => format!("{}/s", rate.starts),
        (60, 0) => format!("{}/min", rate.starts),
        (3600, 0) => format!("{}/h", rate.starts),
        _ => format!("{}/{:?}", rate.starts, rate.per),
    }
}

/// The tools that have limits.
#[derive(Debug, Default)]
pub(super) struct ToolTable {
    numbers: BTreeMap<ToolName, ToolNo>,
    tools: Vec<LimitedTool>,
}

impl ToolTable {
    pub(super) fn new(limits: &[ToolLimits]) -> Self {
        let mut table = Self::default();
        for limits in limits {
            let number = ToolNo(table.tools.len() as u32);
            table.numbers.insert(limits.tool.clone(), number);
            table.tools.push(LimitedTool {
                name: limits.tool.clone(),
                max: limits.max_parallel.map(|max| max.max(1)),
                busy: 0,
                gate: limits.rate.map(RateGate::new),
                due: Moment::NEVER,
            });
        }
        table
    }

    /// The number of a tool, if it has limits.
    pub(super) fn number(&self, tool: &ToolName) -> Option<ToolNo> {
        self.numbers.get(tool).copied()
    }

    pub(super) fn get(&self, tool: ToolNo) -> &LimitedTool {
        &self.tools[tool.0 as usize]
    }

    pub(super) fn get_mut(&mut self, tool: ToolNo) -> &mut LimitedTool {
        &mut self.tools[tool.0 as usize]
    }

    /// How many have an entry among the timers.
    #[cfg(debug_assertions)]
    pub(super) fn due(&self) -> usize {
        self.tools.iter().filter(|tool| tool.due.is_set()).count()
    }

    /// Counts a start.
    pub(super) fn take(&mut self, tool: ToolNo, now: Moment) {
        let tool = self.get_mut(tool);
        tool.busy += 1;
        if let Some(gate) = &mut tool.gate {
            gate.pass(now);
        }
    }

    /// Counts an end.
    pub(super) fn release(&mut self, tool: ToolNo) {
        self.get_mut(tool).busy -= 1;
    }

    /// Sets a tool's rate limit forward; one without gets one that binds for
    /// that time only.
    pub(super) fn hold(&mut self, tool: ToolNo, now: Moment, time: Duration) {
        let gate = self.get_mut(tool).gate.get_or_insert_with(RateGate::open);
        gate.hold(now, time);
    }
}

impl LimitedTool {
    /// Whether as many calls of it run as may.
    pub(super) fn is_full(&self) -> bool {
        self.max.is_some_and(|max| self.busy >= max)
    }

    /// When its rate allows another start, if that is after `now`.
    pub(super) fn opens_after(&self, now: Moment) -> Option<Moment> {
        let opens = self.gate.as_ref()?.opens();
        (opens > now).then_some(opens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from(Duration::from_millis(ms))
    }

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let mut gate = RateGate::new(Rate {
            starts: 2,
            per: Duration::from_secs(1),
            burst: 3,
        });
        for _ in 0..3 {
            assert!(gate.opens() <= at(10_000));
            gate.pass(at(10_000));
        }
        assert_eq!(gate.opens(), at(10_500));
        gate.pass(at(10_500));
        assert_eq!(gate.opens(), at(11_000));
        gate.hold(at(10_500), Duration::from_secs(7));
        assert_eq!(gate.opens(), at(17_500));
        assert_eq!(&*gate.text, "2/s");
    }
}
