//! The run times of the calls of one tool.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::in_flight::InFlight;
use crate::model::{CallRow, CallState, Snapshot, ToolName, WaitReason};

/// Ended calls that are searched for those of one tool, so that a look costs
/// the same however many there are.
const SEARCHED: usize = 2_048;

/// The run times of the successful calls of one tool: of the last attempt each.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolTimes {
    /// The tool.
    pub tool: ToolName,
    /// Number of calls that ended, whatever their outcome.
    pub calls: usize,
    /// Number of those that failed.
    pub unsuccessful: usize,
    /// Time that the tool had.
    pub run: Percentiles,
    /// Time from when the call was ready to its end, further attempts included.
    pub from_ready: Percentiles,
    /// Attempts of it that were in flight at once.
    pub in_flight: InFlight,
}

/// Percentiles of measured times: each is one of them (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Percentiles {
    /// Half of them are no longer.
    pub p50: Duration,
    /// 95 % of them are no longer.
    pub p95: Duration,
    /// 99 % of them are no longer.
    pub p99: Duration,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let part = |share: f64| {
            let rank = (share * times.len() as f64).ceil() as usize;
            let time = times.get(rank.saturating_sub(1));
            time.copied().unwrap_or_default()
        };
        Self {
            p50: part(0.5),
            p95: part(0.95),
            p99: part(0.99),
        }
    }
}

/// Times of one tool while they are gathered.
#[derive(Debug, Default)]
struct Gathered<'r> {
    rows: Vec<&'r CallRow>,
    run: Vec<Duration>,
    from_ready: Vec<Duration>,
}

impl<'r> Gathered<'r> {
    fn add(&mut self, row: &'r CallRow) {
        let CallState::Ended(outcome) = row.state else {
            return;
        };
        let Some(time) = row.elapsed(Duration::ZERO) else {
            return;
        };
        self.rows.push(row);
        if outcome.is_success() {
            self.run.push(time);
            let answered = row.waited.under(WaitReason::ANSWER);
            let whole = row.ended.unwrap_or_default();
            let whole = whole.saturating_sub(row.admissible_at());
            self.from_ready.push(whole.saturating_sub(answered));
        }
    }

    fn sum(self, tool: &ToolName) -> Option<ToolTimes> {
        let calls = self.rows.len();
        (calls > 0).then(|| ToolTimes {
            tool: tool.clone(),
            calls,
            unsuccessful: calls - self.run.len(),
            in_flight: InFlight::of(self.rows.iter().copied()),
            run: Percentiles::of(self.run),
            from_ready: Percentiles::of(self.from_ready),
        })
    }
}

impl ToolTimes {
    /// Sums up the calls of each tool, in the order of the tools' names.
    pub(super) fn of(rows: &[&CallRow]) -> Vec<Self> {
        let mut tools: BTreeMap<&ToolName, Gathered<'_>> = BTreeMap::new();
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
