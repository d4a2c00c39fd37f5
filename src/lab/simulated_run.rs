//! How a simulated run went.

use std::time::Duration;

use super::SimulationInput;
use crate::model::CallId;

/// When each call would start and end.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedRun {
    /// Start and end of each call's attempt, by call; `None` for one that
    /// never started.
    pub spans: Vec<Option<(Duration, Duration)>>,
    /// Calls that exceed a timeout, or do not start for that reason.
    pub unfinished: Vec<CallId>,
    /// From the first moment a call could start to the last end; of the calls
    /// that end at all.
    pub makespan: Duration,
    /// Lanes in use over time, summed up while it went.
    pub lane_time: Duration,
    /// Steps of the scheduler.
    pub steps: usize,
}

impl SimulatedRun {
    /// Whether the lanes in use over time are the run times of all attempts
    /// (Little's law as an identity): what does not hold is a fault of the
    /// accounting.
    pub fn is_balanced(&self) -> bool {
        let spans = self.spans.iter().flatten();
        let ran: Duration = spans.map(|(start, end)| end.saturating_sub(*start)).sum();
        ran == self.lane_time
    }

    /// The calls that the makespan consists of: from the last that ended back,
    /// each time the one whose end let it start.
    pub fn chain(&self, input: &SimulationInput) -> Vec<CallId> {
        let mut by_end: Vec<(Duration, usize)> = (self.spans.iter().enumerate())
            .filter_map(|(index, span)| Some(((*span)?.1, index)))
            .collect();
        by_end.sort_unstable();
        let mut chain = Vec::new();
        let mut next = by_end.last().copied();
        while let Some((_, index)) = next {
            chain.push(CallId::from_index(index));
            let Some((start, _)) = self.spans[index] else {
                break;
            };
            next = self
                .before(input, index, start, &by_end)
                .filter(|_| !start.is_zero());
        }
        chain.reverse();
        chain
    }

    /// Of the calls that ended when this one started, a parent before others.
    fn before(
        &self,
        input: &SimulationInput,
        index: usize,
        start: Duration,
        by_end: &[(Duration, usize)],
    ) -> Option<(Duration, usize)> {
        let first = by_end.partition_point(|(end, _)| *end < start);
        let ended = by_end[first..].iter().take_while(|(end, _)| *end == start);
        let ended =
            ended.filter(|(_, other)| self.spans[*other].is_some_and(|span| span.0 < start));
        let after = &input.calls[index].spec.after;
        let is_parent = |other: usize| after.iter().any(|edge| edge.call.index() == other);
        ended
            .copied()
            .max_by_key(|(_, other)| (is_parent(*other), *other))
    }
}
