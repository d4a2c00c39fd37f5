//! The findings of a comparison so far, computed once for printing and drawing.

use std::time::Duration;

use super::figures::Timing;
use super::minimal_set::MinimalSet;
use super::request::CompareRequest;
use super::results::{ParallelHazard, Unstable};
use crate::lab::{ExperimentError, Trial};
use crate::model::{CallId, Cap, LaneId, Outcome};

/// Findings of a comparison so far.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareFindings {
    /// The request.
    pub request: CompareRequest,
    /// Whole blocks.
    pub blocks: usize,
    /// The figures of each cap, the lowest first; empty before the first whole
    /// block.
    pub timings: Vec<Timing>,
    /// Wall times of the whole blocks in seconds, one at each cap.
    pub walls: Vec<Vec<f64>>,
    /// How the run with the median wall time went, for each cap.
    pub typical: Vec<Typical>,
    /// Runs whose results were compared.
    pub runs: u32,
    /// Whether there are runs to compare: at the lowest cap and above it.
    pub is_comparable: bool,
    /// Results that differ only above the lowest cap.
    pub hazards: Vec<ParallelHazard>,
    /// Results that differed only above the lowest cap, too seldom to tell
    /// whether the calls are flaky.
    pub suspected: Vec<ParallelHazard>,
    /// Cause of the first hazard.
    pub trace: Option<MinimalSet>,
    /// Calls that differ at the lowest cap already.
    pub unstable: Vec<Unstable>,
    /// Calls whose outputs differ in nothing but times.
    pub times_left_out: usize,
    /// Least part of the runs at the highest cap in which a difference must come
    /// to be seen with 95 % in as many as there were.
    pub detectable: Option<f64>,
    /// Runs in which not every call ended as planned.
    pub unplanned: usize,
    /// Whether a call that can be compared did not end as planned: it fails at
    /// every cap.
    pub has_failures: bool,
    /// The most cores that other processes used during a run.
    pub foreign_cores: Option<f64>,
    /// Why it ended before its time.
    pub error: Option<ExperimentError>,
}

/// How one run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typical {
    /// Its cap.
    pub cap: Cap,
    /// Its wall time.
    pub wall: Duration,
    /// Its calls, in the order of their starts.
    pub spans: Vec<CallSpan>,
}

/// One call of a run: its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSpan {
    /// The call.
    pub call: CallId,
    /// The lane it ran in.
    pub lane: LaneId,
    /// When it started, from the first admissible call on.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Typical {
    pub(super) fn of(trial: &Trial) -> Self {
        let calls = trial.calls.iter().enumerate();
        let spans = calls.filter_map(|(index, call)| {
            let (lane, from, to) = call.span?;
            Some(CallSpan {
                call: CallId::from_index(index),
                lane,
                from,
                to,
                outcome: call.answer.outcome,
            })
        });
        let mut spans: Vec<CallSpan> = spans.collect();
        spans.sort_by_key(|span| span.from);
        Self {
            cap: trial.cap,
            wall: trial.wall,
            spans,
        }
    }
}

impl CompareFindings {
    /// Nothing has run yet.
    pub fn none(request: CompareRequest) -> Self {
        Self {
            request,
            blocks: 0,
            timings: Vec::new(),
            walls: Vec::new(),
            typical: Vec::new(),
            runs: 0,
            is_comparable: false,
            hazards: Vec::new(),
            suspected: Vec::new(),
            trace: None,
            unstable: Vec::new(),
            times_left_out: 0,
            detectable: None,
            unplanned: 0,
            has_failures: false,
            foreign_cores: None,
            error: None,
        }
    }

    /// Returns how many calls could not be compared.
    pub fn not_compared(&self) -> usize {
        self.unstable.len() + self.suspected.len()
    }

    /// The figures of the highest cap, where there is one to compare with.
    pub fn highest(&self) -> Option<&Timing> {
        self.timings.last().filter(|_| self.timings.len() > 1)
    }
}
