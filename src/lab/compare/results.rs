//! The results of each call at each cap, and their differences.

use std::collections::{BTreeMap, BTreeSet};

use crate::lab::{CallResult, Trial};
use crate::model::{CallId, Cap, EdgeKind, Plan};

/// Different answers that are kept of one call at one cap.
const MOST_ANSWERS: usize = 8;

/// The answers of every call at every cap.
#[derive(Debug, Clone, Default)]
pub struct Results {
    seen: BTreeMap<(Cap, CallId), Answers>,
    runs: BTreeMap<Cap, u32>,
}

/// The different answers of one call at one cap.
#[derive(Debug, Clone, Default)]
struct Answers {
    each: Vec<(CallResult, u32)>,
    /// Answers beyond those that are kept.
    beyond: u32,
    /// Whether some differed in nothing but times.
    are_times_left_out: bool,
}

/// A call that comes to something else only beside others.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelHazard {
    /// The call.
    pub call: CallId,
    /// The lowest cap at which it was seen.
    pub cap: Cap,
    /// How often it was seen at that cap.
    pub seen: u32,
    /// Of how many runs at that cap.
    pub runs: u32,
    /// Its result at the lowest cap.
    pub expected: CallResult,
    /// Its other result.
    pub found: CallResult,
    /// Whether a call that it waits for is a hazard too.
    pub is_consequence: bool,
}

impl ParallelHazard {
    /// Whether the outcome is another one, not only the output.
    pub fn is_outcome(&self) -> bool {
        self.expected.outcome != self.found.outcome
    }
}

/// A call that differs from run to run at the lowest cap already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstable {
    /// The call.
    pub call: CallId,
    /// Pointers at what differs in its output; empty where its outcome does.
    pub pointers: Vec<String>,
}

impl Results {
    /// Takes in a run.
    pub fn add(&mut self, trial: &Trial) {
        *self.runs.entry(trial.cap).or_default() += 1;
        for (index, call) in trial.calls.iter().enumerate() {
            let key = (trial.cap, CallId::from_index(index));
            self.seen.entry(key).or_default().add(&call.answer);
        }
    }

    /// Whether there are runs at the lowest cap and at another.
    pub fn are_comparable(&self, lowest: Cap) -> bool {
        self.runs(lowest) > 0 && self.runs.len() > 1
    }

    /// Runs at a cap.
    pub fn runs(&self, cap: Cap) -> u32 {
        self.runs.get(&cap).copied().unwrap_or(0)
    }

    /// Calls whose result at the lowest cap is not always the same.
    pub fn unstable(&self, lowest: Cap) -> Vec<Unstable> {
        let at_lowest = self.seen.iter().filter(|((cap, _), _)| *cap == lowest);
        let unstable = at_lowest.filter_map(|((_, call), answers)| {
            let ((first, _), others) = answers.each.split_first()?;
            if others.is_empty() {
                return None;
            }
            let is_outcome = others.iter().any(|(it, _)| it.outcome != first.outcome);
            let mut pointers: Vec<String> = Vec::new();
            if !is_outcome {
                let each = others.iter().flat_map(|(it, _)| first.differences(it));
                pointers.extend(each);
                pointers.sort();
                pointers.dedup();
            }
            Some(Unstable {
                call: *call,
                pointers,
            })
        });
        unstable.collect()
    }

    /// Number of calls whose outputs differ in nothing but times.
    pub(super) fn left_out_times(&self) -> usize {
        let seen = self.seen.iter().filter(|(_, it)| it.are_times_left_out);
        let calls: BTreeSet<CallId> = seen.map(|((_, call), _)| *call).collect();
        calls.len()
    }

    /// Calls of a run whose result none at the lowest cap explains.
    pub(super) fn unexplained(&self, trial: &Trial, lowest: Cap) -> Vec<CallId> {
        let calls = trial.calls.iter().enumerate();
        let unexplained = calls.filter_map(|(index, call)| {
            let id = CallId::from_index(index);
            let expected = self.seen.get(&(lowest, id))?;
            (!expected.explains(&call.answer)).then_some(id)
        });
        unexplained.collect()
    }

    /// Calls that differ only above the lowest cap; none before there is a run
    /// at that. Of a call whose output differs by itself only another outcome
    /// counts.
    pub fn hazards(&self, plan: &Plan, lowest: Cap) -> Vec<ParallelHazard> {
        let mut hazards: Vec<ParallelHazard> = Vec::new();
        for ((cap, call), answers) in &self.seen {
            let is_known = hazards.iter().any(|hazard| hazard.call == *call);
            if *cap == lowest || is_known {
                continue;
            }
            let Some(expected) = self.seen.get(&(lowest, *call)) else {
                continue;
            };
            let mut seen = 0;
            let mut found = None;
            for (answer, count) in &answers.each {
                if !expected.explains(answer) {
                    seen += count;
                    found.get_or_insert(answer);
                }
            }
            if let (Some(found), Some((first, _))) = (found, expected.each.first()) {
                hazards.push(ParallelHazard {
                    call: *call,
                    cap: *cap,
                    seen,
                    runs: self.runs(*cap),
                    expected: first.clone(),
                    found: found.clone(),
                    is_consequence: false,
                });
            }
        }
        hazards.sort_by_key(|hazard| hazard.call);
        mark_consequences(&mut hazards, plan);
        hazards
    }
}

impl Answers {
    fn add(&mut self, answer: &CallResult) {
        if let Some((known, count)) = self.each.iter_mut().find(|(known, _)| known == answer) {
            *count += 1;
            self.are_times_left_out |= known.differs_in_times(answer);
        } else if self.each.len() < MOST_ANSWERS {
            self.each.push((answer.clone(), 1));
        } else {
            self.beyond += 1;
        }
    }

    /// Whether an answer is no wonder after these.
    fn explains(&self, answer: &CallResult) -> bool {
        match &self.each[..] {
            [(only, _)] => only == answer,
            each => each
                .iter()
                .any(|(known, _)| known.outcome == answer.outcome),
        }
    }
}

pub(super) fn mark_consequences(hazards: &mut [ParallelHazard], plan: &Plan) {
    let calls: Vec<CallId> = hazards.iter().map(|hazard| hazard.call).collect();
    for hazard in hazards {
        let Some(call) = plan.calls.get(hazard.call.index()) else {
            continue;
        };
        // What reads the final state back waits for the end of everybody; that
        // makes it nobody's consequence.
        let mut after = call
            .after
            .iter()
            .filter(|edge| edge.on != EdgeKind::Done || !call.is_verify);
        hazard.is_consequence = after.any(|edge| calls.contains(&edge.call));
    }
}
