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
        blocks: 3,
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
fn the_cap_at_the_kink_is_found_between_those_that_double() {
    let mut runner = ScriptedRunner::new(6.0);
    let sweep = swept(&mut runner);
    assert_eq!(sweep.error, None);
    assert_eq!(sweep.blocks(), 4);
    assert_eq!(sweep.verdict().cap.map(Cap::get), Some(6));
    assert!(sweep.verdict().ties.is_empty());
    let numbers = |caps: &[Cap]| -> Vec<u32> { caps.iter().map(|cap| cap.get()).collect() };
    assert_eq!(numbers(&sweep.caps), [1, 2, 4, 6, 8, 12, 16, 32]);
    assert!(sweep.left_out().is_empty());
    let worse = swept(&mut ScriptedRunner::new(3.0));
    assert_eq!(numbers(worse.left_out()), [24, 32]);
    assert_eq!(worse.verdict().cap.map(Cap::get), Some(3));
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
    let before = runner.runs;
    conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 4));
    // A warm-up and a block of six caps, and three blocks of eight, less the
    // warm-up and the block that were whole, and one run to warm up again.
    assert_eq!(runner.runs - before, 36 - 12 + 1);
    assert_eq!(sweep.verdict().cap.map(Cap::get), Some(6));
}

#[test]
fn a_block_beside_foreign_load_is_run_again() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 10..12;
    let sweep = swept(&mut runner);
    assert_eq!(sweep.set_aside, [1]);
    assert_eq!((sweep.blocks(), sweep.disturbed()), (4, 0));
}

#[test]
fn a_block_that_was_set_aside_stays_so_when_the_sweep_goes_on() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 10..12;
    runner.stops_at = Some(25);
    let stopped = swept(&mut runner);
    assert_eq!((&stopped.set_aside[..], stopped.blocks()), (&[1][..], 1));
    let mut sweep = Sweep::new(request(), stopped.runs);
    assert_eq!((&sweep.set_aside[..], sweep.blocks()), (&[1][..], 1));
    conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 4));
    assert_eq!((&sweep.set_aside[..], sweep.disturbed()), (&[1][..], 0));
}

#[test]
fn a_block_in_which_a_call_fails_is_broken_off_and_run_again() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.failing = vec![9, 20];
    let mut sweep = Sweep::new(request(), Vec::new());
    let kept = conduct(&mut sweep, &mut runner);
    assert_eq!((sweep.error.clone(), sweep.blocks()), (None, 4));
    assert_eq!((sweep.broken_off, sweep.runs.len()), (2, 36));
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
    let mut runner = ScriptedRunner::new(3.0);
    runner.foreign = 4..6;
    let sweep = swept(&mut runner);
    assert!(sweep.left_out().is_empty(), "{:?}", sweep.left_out());
}

#[test]
fn where_others_never_rest_the_blocks_count_all_the_same() {
    let mut runner = ScriptedRunner::new(6.0);
    runner.foreign = 0..usize::MAX;
    let sweep = swept(&mut runner);
    assert_eq!(sweep.set_aside.len(), MOST_SET_ASIDE);
    assert_eq!((sweep.blocks(), sweep.disturbed()), (4, 4));
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

/// Times in seconds at the caps 1, 2, 3, 4, 6, 8, 12 and 16.
const TRUTHS: [(&str, [f64; 8]); 6] = [
    (
        "kink at 8",
        [80.0, 40.0, 26.67, 20.0, 13.33, 10.0, 11.2, 12.4],
    ),
    (
        "plateau from 4",
        [80.0, 40.0, 26.67, 20.0, 20.0, 20.0, 20.0, 20.0],
    ),
    (
        "universal scalability law",
        [80.0, 42.16, 29.65, 23.48, 17.47, 14.62, 12.1, 11.15],
    ),
    ("nothing gains", [20.0; 8]),
    (
        "slow gains",
        [80.0, 40.0, 27.0, 10.8, 10.45, 10.2, 10.0, 10.0],
    ),
    (
        "one cap 6 % off",
        [80.0, 40.0, 27.0, 10.6, 10.0, 10.0, 10.0, 10.0],
    ),
];

/// A sweep whose runs take what a truth says, with noise.
fn simulated(walls: &[f64; 8], noise: f64, normal: &mut certainty::Normal) -> Sweep {
    let wanted = SweepRequest {
        caps: usual_caps(100, 16),
        ..request()
    };
    let mut sweep = Sweep::new(wanted, Vec::new());
    let mut run = |sweep: &mut Sweep, block, cap: Cap| {
        let place = sweep.request.caps.iter().position(|it| *it == cap);
        let wall = walls[place.expect("a cap of the truth")];
        sweep.runs.push(SweepRun {
            block,
            cap,
            seconds: wall * noise.mul_add(normal.draw(), 1.0),
            foreign_cores: None,
        });
    };
    for cap in race::doubling(&sweep.request.caps) {
        run(&mut sweep, 0, cap);
    }
    let mut number = 0;
    while sweep.wants_block() {
        number += 1;
        sweep.plan_block(number);
        for cap in sweep.alive.clone() {
            run(&mut sweep, number, cap);
        }
        sweep.judge(number);
    }
    sweep
}

/// The smallest cap within 5 % of the best.
fn worth_using(walls: &[f64; 8]) -> Cap {
    let best = walls.iter().copied().fold(f64::INFINITY, f64::min);
    let place = walls.iter().position(|wall| *wall <= best * 1.05);
    usual_caps(100, 16)[place.expect("the best is within 5 %")]
}

#[test]
fn it_is_right_or_names_the_tie_and_knows_how_certain_it_is() {
    const SWEEPS: usize = 12;
    let mut normal = certainty::Normal(rand_core::SeedableRng::seed_from_u64(18));
    let (mut said, mut held, mut recommended) = (0.0, 0_u32, 0_u32);
    for (name, walls) in TRUTHS {
        let right = worth_using(&walls);
        let mut found = 0;
        for noise in [0.01, 0.03, 0.05] {
            let mut runs = 0;
            for _ in 0..SWEEPS {
                let sweep = simulated(&walls, noise, &mut normal);
                let figures = sweep.figures();
                let verdict = verdict::verdict(&figures);
                runs += sweep.runs.len();
                found += usize::from(verdict.cap == Some(right) || verdict.ties.contains(&right));
                if let Some(own) = figures.iter().find(|it| Some(it.cap) == verdict.cap) {
                    said += own.right;
                    held += u32::from(own.cap == right);
                    recommended += 1;
                }
            }
            // Every cap in a warm-up and five blocks: the full grid.
            let is_clear = noise <= 0.01 && name != "slow gains";
            assert!(!is_clear || runs < SWEEPS * 48, "{name}: {runs} runs");
        }
        assert!(found * 10 >= SWEEPS * 3 * 9, "{name}: {found}");
    }
    let all = f64::from(recommended);
    let (said, held) = (said / all, f64::from(held) / all);
    assert!((said - held).abs() <= 0.1, "said {said:.2}, held {held:.2}");
}
