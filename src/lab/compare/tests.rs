//! Comparisons on a runner on which two calls disturb one another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::lab::{
    CallCost, CallResult, Capacity, Experiment, ExperimentProgress, ExperimentRequest, LaneTime,
    Observer, PlanRunner, TrialCall, bounds,
};
use crate::model::{
    Call, CallId, CallName, Edge, EdgeKind, IgnoredPart, LaneId, Outcome, ToolName,
};

/// Runs nothing: calls that touch the same `path` without a lock lose all but
/// one of their updates above cap 1, and what reads the state back tells.
struct ScriptedRunner {
    runs: usize,
    told: Vec<ExperimentProgress>,
    /// Stops in the place of this run.
    stops_at: Option<usize>,
    /// Prints something else in every run.
    noisy: Option<&'static str>,
}

impl ScriptedRunner {
    fn new() -> Self {
        Self {
            runs: 0,
            told: Vec::new(),
            stops_at: None,
            noisy: None,
        }
    }

    fn balance(plan: &Plan, cap: Cap) -> u64 {
        let mut by_locks: BTreeMap<bool, u64> = BTreeMap::new();
        for call in plan.calls.iter().filter(|call| call.tool.as_str() == "add") {
            *by_locks.entry(!call.locks.write.is_empty()).or_default() += 1;
        }
        let bare = by_locks.get(&false).copied().unwrap_or(0);
        let locked = by_locks.get(&true).copied().unwrap_or(0);
        let is_alone = cap == Cap::ONE || bare + locked < 2;
        if is_alone || bare == 0 {
            bare + locked
        } else {
            locked.max(1)
        }
    }
}

impl PlanRunner for ScriptedRunner {
    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        _observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError> {
        self.runs += 1;
        if self.stops_at == Some(self.runs) {
            return Err(ExperimentError::Stopped);
        }
        let run = Duration::from_millis(100);
        let calls = plan.calls.iter().map(|call| {
            let output = if call.is_verify {
                json!(Self::balance(plan, cap))
            } else if self.noisy == Some(call.name.as_str()) {
                json!({ "at": self.runs })
            } else {
                Value::Null
            };
            TrialCall {
                answer: CallResult::new(Some(Outcome::Succeeded), Some(output), &call.comparison),
                run,
                span: Some((LaneId(0), Duration::ZERO, run)),
            }
        });
        let costs: Vec<CallCost> = plan
            .calls
            .iter()
            .map(|call| CallCost::once(call, run))
            .collect();
        let capacity = Capacity {
            cap: cap.get(),
            cores: None,
            tools: &[],
        };
        let wall = run * (plan.calls.len() as u32).div_ceil(cap.get());
        Ok(Trial {
            cap,
            wall,
            bounds: bounds(&costs, &capacity),
            lane_time: LaneTime {
                whole: wall * cap.get(),
                busy: wall,
                idle: BTreeMap::new(),
            },
            calls: calls.collect(),
            foreign_cores: None,
        })
    }
}

/// Keeps the progress before each run.
#[derive(Default)]
struct ProgressLog(Vec<ExperimentProgress>);

impl Observer for ProgressLog {
    fn run_starting(&mut self, progress: &ExperimentProgress) {
        self.0.push(progress.clone());
    }
}

fn compared(plan: &Plan, request: CompareRequest, runner: &mut ScriptedRunner) -> Comparison {
    let asked = ExperimentRequest::Compare(request.clone());
    let experiment = Experiment::new(Arc::new(plan.clone()), asked);
    let mut log = ProgressLog::default();
    let comparison = compare(
        plan,
        request,
        &mut Driver::new(experiment, runner, &mut log),
    );
    runner.told.extend(log.0);
    comparison
}

/// So many calls, of which those at `adding` add to one file, and one that
/// reads it back.
fn plan(count: usize, adding: &[usize]) -> Plan {
    let mut calls: Vec<Call> = (0..=count)
        .map(|index| {
            let tool = match index {
                it if it == count => "read",
                it if adding.contains(&it) => "add",
                _ => "fetch",
            };
            let args = match tool {
                "fetch" => json!({ "url": format!("https://a.example/{index}") }),
                _ => json!({ "path": "run:sum" }),
            };
            let name = CallName::new(format!("call-{index}"));
            Call::new(CallId::from_index(index), name, ToolName::new(tool), args)
        })
        .collect();
    if let Some(last) = calls.last_mut() {
        last.is_verify = true;
        let others = (0..count).map(CallId::from_index);
        let on = EdgeKind::Done;
        last.after = others.map(|call| Edge { call, on }).collect();
    }
    Plan {
        name: "plan".to_owned(),
        calls: calls.into_iter().map(Arc::new).collect(),
        ..Plan::default()
    }
}

fn request(caps: &[u32], blocks: usize) -> CompareRequest {
    CompareRequest {
        until: None,
        caps: caps.iter().filter_map(|cap| Cap::new(*cap)).collect(),
        blocks,
        seed: 1,
    }
}

fn indices(calls: &[CallId]) -> Vec<usize> {
    calls.iter().map(|id| id.index()).collect()
}

#[test]
fn a_lost_update_is_traced_to_two_calls_and_a_lock_that_was_tried() {
    let mut runner = ScriptedRunner::new();
    let comparison = compared(&plan(9, &[2, 6]), request(&[1, 4], 3), &mut runner);
    assert_eq!(comparison.error, None);
    let [hazard] = &comparison.hazards[..] else {
        panic!("{:?}", comparison.hazards);
    };
    assert_eq!((hazard.call.index(), hazard.seen, hazard.runs), (9, 7, 7));
    assert!(!hazard.is_outcome() && !hazard.is_consequence);
    let trace = comparison.trace.expect("a trace");
    assert_eq!(indices(&trace.calls), [2, 6]);
    assert!(trace.is_smallest && trace.tried >= 3);
    let lines: Vec<String> = trace.remedies.iter().map(Remedy::line).collect();
    assert_eq!(lines, [r#"locks = { write = ["file:run:sum"] }"#]);
    assert_eq!(indices(&trace.remedies[0].calls), [2, 6]);
}

#[test]
fn a_lock_goes_to_every_call_that_names_the_same() {
    let mut runner = ScriptedRunner::new();
    let comparison = compared(&plan(6, &[0, 1, 2, 3, 5]), request(&[1, 4], 2), &mut runner);
    let trace = comparison.trace.expect("a trace");
    assert_eq!(trace.calls.len(), 2);
    assert_eq!(indices(&trace.remedies[0].calls), [0, 1, 2, 3, 5]);
    assert!(trace.tried >= 3);
}

#[test]
fn with_the_lock_nothing_is_found() {
    let mut runner = ScriptedRunner::new();
    let remedy = Remedy {
        key: crate::model::LockKey::new("sum"),
        calls: vec![CallId::from_index(2), CallId::from_index(6)],
    };
    let plan = remedy.applied(&plan(9, &[2, 6]));
    let comparison = compared(&plan, request(&[1, 4, 8], 3), &mut runner);
    assert!(comparison.hazards.is_empty() && comparison.trace.is_none());
    // A warm-up, and three blocks of three.
    assert_eq!(runner.runs, 10);
    let timings = comparison.timings();
    assert_eq!(timings.len(), 3);
    assert!((timings[1].speed_up.at - 10.0 / 3.0).abs() < 1e-9);
    let (first, last) = (&runner.told[0], &runner.told[9]);
    assert_eq!(
        (first.step, first.of, first.left),
        (RunPurpose::WarmUp, 10, None)
    );
    assert_eq!((last.done, last.of), (9, 10));
    assert!(last.left.is_some());
}

#[test]
fn what_differs_from_run_to_run_is_no_hazard_and_can_be_ignored() {
    let mut plan = plan(4, &[]);
    let mut runner = ScriptedRunner::new();
    runner.noisy = Some("call-1");
    let comparison = compared(&plan, request(&[1, 2], 2), &mut runner);
    assert!(comparison.hazards.is_empty());
    let [unstable] = &comparison.findings(&plan).unstable[..] else {
        panic!("{:?}", comparison.findings(&plan).unstable);
    };
    assert_eq!(
        (unstable.call.index(), &unstable.pointers[..]),
        (1, &["/at".to_owned()][..])
    );
    Arc::make_mut(&mut plan.calls[1])
        .comparison
        .ignore
        .push(IgnoredPart::Pointer("/at".to_owned()));
    let comparison = compared(&plan, request(&[1, 2], 2), &mut runner);
    assert!(comparison.findings(&plan).unstable.is_empty());
}

#[test]
fn a_single_run_is_not_enough_for_a_difference() {
    let mut runner = ScriptedRunner::new();
    runner.noisy = Some("call-0");
    let plan = plan(3, &[]);
    let comparison = compared(&plan, request(&[1, 2], 1), &mut runner);
    assert!(comparison.hazards.is_empty());
    assert_eq!(comparison.findings(&plan).unstable.len(), 1);
}

#[test]
fn what_was_found_stays_when_it_is_stopped() {
    let mut runner = ScriptedRunner::new();
    runner.stops_at = Some(4);
    let comparison = compared(&plan(4, &[0, 1]), request(&[1, 2], 3), &mut runner);
    assert_eq!(comparison.error, Some(ExperimentError::Stopped));
    assert_eq!(
        (comparison.blocks.len(), comparison.suspected.len()),
        (1, 1)
    );
    assert!(comparison.hazards.is_empty());
    assert_eq!(comparison.trace, None);
}
