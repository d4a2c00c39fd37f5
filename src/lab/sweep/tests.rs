//! Sweeps on a runner whose runs take what a table says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::lab::{
    CallResult, Capacity, Experiment, ExperimentProgress, ExperimentRequest, LaneTime, Observer,
    PlanRunner, TimeBounds, Trial, TrialCall, bounds,
};
use crate::model::{Call, CallId, CallName, ComparisonRules, Outcome, ToolName};

/// A run takes the work over the lanes, but no less than `least` and some more
/// for each lane above `kink`.
struct ScriptedRunner {
    kink: f64,
    stops_at: Option<usize>,
    runs: usize,
    /// Runs in which others use the machine.
    foreign: std::ops::Range<usize>,
    /// Runs in which a call fails.
    failing: Vec<usize>,
    told: Vec<ExperimentProgress>,
}

impl ScriptedRunner {
    fn new(kink: f64) -> Self {
        Self {
            kink,
            stops_at: None,
            runs: 0,
            foreign: 0..0,
            failing: Vec::new(),
            told: Vec::new(),
        }
    }

    fn seconds(&self, cap: Cap) -> f64 {
        let lanes = f64::from(cap.get());
        let jitter = 1.0 + ((self.runs * 7) % 5) as f64 * 0.002;
        let beyond = (lanes - self.kink).max(0.0);
        (80.0 / lanes.min(self.kink) + beyond * 0.9) * jitter
    }
}

fn no_bounds() -> TimeBounds {
    let capacity = Capacity {
        cap: 1,
        cores: None,
        tools: &[],
    };
    bounds(&[], &capacity)
}

impl PlanRunner for ScriptedRunner {
    fn run(
        &mut self,
        _plan: &Plan,
        cap: Cap,
        _observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError> {
        self.runs += 1;
        if self.stops_at == Some(self.runs) {
            return Err(ExperimentError::Stopped);
        }
        let outcome = if self.failing.contains(&self.runs) {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        };
        let is_foreign = self.foreign.contains(&self.runs);
        Ok(Trial {
            cap,
            wall: Duration::from_secs_f64(self.seconds(cap)),
            bounds: no_bounds(),
            lane_time: LaneTime {
                whole: Duration::ZERO,
                busy: Duration::ZERO,
                idle: BTreeMap::new(),
            },
            calls: vec![TrialCall {
                answer: CallResult::new(Some(outcome), None, &ComparisonRules::default()),
                run: Duration::ZERO,
                span: None,
            }],
            foreign_cores: Some(if is_foreign { 1.5 } else { 0.0 }),
        })
    }
}

/// Keeps the progress before each run, and the runs that count.
#[derive(Default)]
struct RunLog {
    told: Vec<ExperimentProgress>,
    counted: Vec<SweepRun>,
}

impl Observer for RunLog {
    fn run_starting(&mut self, progress: &ExperimentProgress) {
        self.told.push(progress.clone());
    }

    fn run_counted(&mut self, run: &SweepRun) {
        self.counted.push(*run);
    }
}

/// Does the runs that are missing, and returns those that were done and count.
fn conduct(sweep: &mut Sweep, runner: &mut ScriptedRunner) -> Vec<SweepRun> {
    let asked = ExperimentRequest::Sweep(sweep.request.clone(), Vec::new());
    let experiment = Experiment::new(Arc::new(plan()), asked);
    let mut log = RunLog::default();
    sweep.conduct(&plan(), &mut Driver::new(experiment, runner, &mut log));
    runner.told.extend(log.told);
    log.counted
}

fn plan() -> Plan {
    Plan {
        name: "plan".to_owned(),
        calls: vec![Arc::new(Call::new(
            CallId::from_index(0),
            CallName::new("call"),
            ToolName::new("tool"),
            serde_json::json!({}),
        ))],
        ..Plan::default()
    }
}

fn request() -> SweepRequest {
    SweepRequest {
        caps: usual_caps(100, 32),
        may_end_early: true,
        blocks: 5,
        seed: 3,
        cores: 2,
    }
}

fn swept(runner: &mut ScriptedRunner) -> Sweep {
    let mut sweep = Sweep::new(request(), Vec::new());
    conduct(&mut sweep, runner);
    sweep
}

#[test]
fn the_cap_at_the_kink_is_recommended_and_higher_ones_are_left_out() {
    let mut runner = ScriptedRunner::new(6.0);
    let sweep = swept(&mut runner);
    assert_eq!(sweep.error, None);
    assert_eq!(sweep.blocks(), 5);
    assert_eq!(sweep.verdict().cap.map(Cap::get), Some(6));
    assert!(sweep.verdict().ties.is_empty());
    let left_out: Vec<u32> = sweep.left_out().iter().map(|cap| cap.get()).collect();
    assert_eq!(left_out, [16, 24, 32]);
    let last = runner.told.last().expect("progress");
    assert_eq!((last.done + 1, last.of), (runner.runs, runner.runs));
    assert!(last.left.is_some());
}

#[test]
fn a_stopped_sweep_goes_on_where_it_ended() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.stops_at = Some(20);
    let mut sweep = Sweep::new(request(), Vec::new());
    let kept = conduct(&mut sweep, &mut runner);
    assert_eq!(
        (sweep.error.clone(), kept.len()),
        (Some(ExperimentError::Stopped), 19)
    );
    assert_eq!(sweep.blocks(), 1);
    let mut sweep = Sweep::new(request(), kept);
    assert_eq!(sweep.blocks(), 1, "what was known stays");
    assert_eq!(sweep.left_out().len(), 3);
    let before = runner.runs;
    conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 5));
    // A warm-up and five blocks of seven caps, less the warm-up and the block
    // that were whole, and one run to warm up again.
    assert_eq!(runner.runs - before, 42 - 14 + 1);
    assert_eq!(sweep.verdict().cap.map(Cap::get), Some(6));
}

#[test]
fn a_block_beside_foreign_load_is_run_again() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 10..12;
    let sweep = swept(&mut runner);
    assert_eq!(sweep.set_aside, [1]);
    assert_eq!((sweep.blocks(), sweep.disturbed()), (5, 0));
}

#[test]
fn a_block_that_was_set_aside_stays_so_when_the_sweep_goes_on() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 10..12;
    runner.stops_at = Some(45);
    let stopped = swept(&mut runner);
    assert_eq!((&stopped.set_aside[..], stopped.blocks()), (&[1][..], 4));
    let mut sweep = Sweep::new(request(), stopped.runs);
    assert_eq!((&sweep.set_aside[..], sweep.blocks()), (&[1][..], 4));
    conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 5));
    assert_eq!((&sweep.set_aside[..], sweep.disturbed()), (&[1][..], 0));
}

#[test]
fn a_block_in_which_a_call_fails_is_broken_off_and_run_again() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.failing = vec![9, 20];
    let mut sweep = Sweep::new(request(), Vec::new());
    let kept = conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 5));
    assert_eq!((sweep.broken_off, sweep.runs.len()), (2, 42));
    assert_eq!(Sweep::new(request(), kept).runs, sweep.runs);

    runner.failing = (runner.runs + 8..).take(1_000).collect();
    let sweep = swept(&mut runner);
    assert!(
        matches!(sweep.error, Some(ExperimentError::CallFailed { .. })),
        "{:?}",
        sweep.error
    );
    assert_eq!(sweep.blocks(), 0);
}

#[test]
fn no_cap_is_left_out_for_what_others_did_during_the_warm_up() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 6..8;
    let sweep = swept(&mut runner);
    assert!(sweep.left_out().len() < 3, "{:?}", sweep.left_out());
}

#[test]
fn where_others_never_rest_the_blocks_count_all_the_same() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 0..usize::MAX;
    let sweep = swept(&mut runner);
    assert_eq!(sweep.set_aside.len(), 5);
    assert_eq!((sweep.blocks(), sweep.disturbed()), (5, 5));
}

#[test]
fn usual_caps_end_at_the_number_of_calls() {
    let caps = |calls, highest| -> Vec<u32> {
        usual_caps(calls, highest)
            .iter()
            .map(|cap| cap.get())
            .collect()
    };
    assert_eq!(caps(100, 16), [1, 2, 3, 4, 6, 8, 12, 16]);
    assert_eq!(caps(5, 16), [1, 2, 3, 4, 5]);
    assert_eq!(caps(0, 16), [1]);
}
