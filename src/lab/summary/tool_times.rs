//! The run times of the calls of one tool.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{CallRow, CallState, Snapshot, ToolName};

/// Ended calls that are searched for those of one tool, so that a look costs
/// the same however many there are.
const SEARCHED: usize = 2_048;

/// The run times of the successful calls of one tool: of the last attempt each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolTimes {
    /// The tool.
    pub tool: ToolName,
    /// Number of calls that ended, whatever their outcome.
    pub calls: usize,
    /// Number of those that failed.
    pub unsuccessful: usize,
    /// Half of the successful calls took no longer.
    pub p50: Duration,
    /// 95 % of them took no longer.
    pub p95: Duration,
    /// 99 % of them took no longer.
    pub p99: Duration,
}

/// Times of one tool while they are gathered.
#[derive(Debug, Default)]
struct Gathered {
    calls: usize,
    times: Vec<Duration>,
}

impl Gathered {
    fn add(&mut self, row: &CallRow) {
        let CallState::Ended(outcome) = row.state else {
            return;
        };
        let Some(time) = row.elapsed(Duration::ZERO) else {
            return;
        };
        self.calls += 1;
        if outcome.is_success() {
            self.times.push(time);
        }
    }

    fn sum(mut self, tool: &ToolName) -> Option<ToolTimes> {
        if self.calls == 0 {
            return None;
        }
        self.times.sort_unstable();
        let part = |share: f64| {
            // The nearest rank: a time that was measured.
            let rank = (share * self.times.len() as f64).ceil() as usize;
            let time = self.times.get(rank.saturating_sub(1));
            time.copied().unwrap_or_default()
        };
        Some(ToolTimes {
            tool: tool.clone(),
            calls: self.calls,
            unsuccessful: self.calls - self.times.len(),
            p50: part(0.5),
            p95: part(0.95),
            p99: part(0.99),
        })
    }
}

impl ToolTimes {
    /// Sums up the calls of each tool, in the order of the tools' names.
    pub(super) fn of(rows: &[&CallRow]) -> Vec<Self> {
        let mut tools: BTreeMap<&ToolName, Gathered> = BTreeMap::new();
        for row in rows {
            tools.entry(&row.tool).or_default().add(row);
        }
        let summed = tools.into_iter().filter_map(|(tool, it)| it.sum(tool));
        summed.collect()
    }
}

/// Sums up the latest calls of one tool in a run; `None` where none has ended.
pub fn times_of_tool(run: &Snapshot, tool: &ToolName) -> Option<ToolTimes> {
    let latest = run.finished.iter().take(SEARCHED);
    let rows = latest.filter_map(|id| run.row(*id)).map(Arc::as_ref);
    let mut gathered = Gathered::default();
    for row in rows.filter(|row| row.tool == *tool) {
        gathered.add(row);
    }
    gathered.sum(tool)
}
