//! From a hazard to the calls that make it and the lock that removes it.

use std::collections::BTreeSet;

use super::minimal_set::MinimalSet;
use super::reduction::reduce;
use super::remedy::{Remedy, remedies, suspects};
use super::results::{ParallelHazard, Results};
use super::subset::{Subset, abreast, with_ancestors};
use super::suspicion::runs_to_see;
use crate::lab::blocks::Pace;
use crate::lab::driver::Driver;
use crate::lab::{ExperimentError, RunPurpose};
use crate::model::{CallId, Cap, Plan};

/// Runs that a search may take.
const MOST_RUNS: usize = 200;
/// Rounds of locks that are added to one another.
const MOST_ROUNDS: usize = 4;

/// Why a search came to no end.
enum Ended {
    /// It took as many runs as it may.
    Runs,
    /// The experiment ended.
    Failed(ExperimentError),
}

impl From<ExperimentError> for Ended {
    fn from(error: ExperimentError) -> Self {
        Self::Failed(error)
    }
}

/// Calls of which something is known from the runs of the whole plan, by their
/// places in the plan that is run.
#[derive(Debug, Default)]
struct KnownCalls {
    /// They differ at the lowest cap already: they show nothing.
    unstable: BTreeSet<CallId>,
    /// They differ only above it: one run tells.
    blamed: BTreeSet<CallId>,
}

impl KnownCalls {
    /// Those of a part of the plan.
    fn of_part(&self, part: &Subset) -> Self {
        let own = |whole: &BTreeSet<CallId>| {
            let places = part.originals.iter().enumerate();
            let own = places.filter(|(_, original)| whole.contains(original));
            own.map(|(place, _)| CallId::from_index(place)).collect()
        };
        Self {
            unstable: own(&self.unstable),
            blamed: own(&self.blamed),
        }
    }
}

/// A search under way.
struct HazardSearch<'a, 'd> {
    driver: &'a mut Driver<'d>,
    lowest: Cap,
    cap: Cap,
    /// Runs after which silence counts as absence.
    tries: u32,
    known: KnownCalls,
    pace: Pace,
    runs: usize,
}

/// Looks for the calls that make a hazard, one of `hazards`, and for locks that
/// keep them apart. `results` are those of the whole plan.
///
/// # Errors
///
/// It was stopped; what was found until then is in the trace.
pub(super) fn pursue(
    plan: &Plan,
    results: &Results,
    hazards: &[ParallelHazard],
    hazard: &ParallelHazard,
    lowest: Cap,
    driver: &mut Driver<'_>,
) -> (MinimalSet, Option<ExperimentError>) {
    let unstable = results.unstable(lowest);
    let mut search = HazardSearch {
        driver,
        lowest,
        cap: hazard.cap,
        tries: runs_to_see(hazard.seen, hazard.runs),
        known: KnownCalls {
            unstable: unstable.into_iter().map(|it| it.call).collect(),
            blamed: hazards.iter().map(|it| it.call).collect(),
        },
        pace: Pace::default(),
        runs: 0,
    };
    let mut trace = MinimalSet {
        cap: hazard.cap,
        calls: Vec::new(),
        needed: Vec::new(),
        is_smallest: false,
        tries: search.tries,
        remedies: Vec::new(),
        tried: 0,
        runs: 0,
    };
    let ended = search.trace(plan, &mut trace);
    trace.runs = search.runs;
    match ended {
        Err(Ended::Failed(error)) => (trace, Some(error)),
        Err(Ended::Runs) | Ok(()) => (trace, None),
    }
}

impl HazardSearch<'_, '_> {
    fn trace(&mut self, plan: &Plan, trace: &mut MinimalSet) -> Result<(), Ended> {
        let mut plan = plan.clone();
        for round in 0..MOST_ROUNDS {
            let (calls, is_smallest) = self.smallest(&plan)?;
            let closure = with_ancestors(&plan, &calls);
            let beside = abreast(&plan, &closure);
            let beside = if beside.is_empty() { calls } else { beside };
            if round == 0 {
                let needed = closure.iter().filter(|id| !beside.contains(id));
                trace.needed = needed.copied().collect();
                trace.calls.clone_from(&beside);
                trace.is_smallest = is_smallest;
            }
            if beside.len() < 2 {
                return Ok(());
            }
            let Some((remedy, is_whole)) = self.remedy(&plan, &beside)? else {
                return Ok(());
            };
            plan = remedy.applied(&plan);
            trace.add(remedy);
            if is_whole {
                trace.tried = self.tries;
                return Ok(());
            }
        }
        Ok(())
    }

    /// The smallest set of calls that shows a difference, and whether it is
    /// known that it is the smallest.
    fn smallest(&mut self, plan: &Plan) -> Result<(Vec<CallId>, bool), Ended> {
        for pair in suspects(plan) {
            if self.runs < MOST_RUNS / 2 && self.shows(plan, &pair)? {
                return Ok((pair.to_vec(), true));
            }
        }
        let calls = plan.calls.iter().filter(|call| call.is_measured());
        let mut set: Vec<CallId> = calls.map(|call| call.id).collect();
        match reduce(&mut set, |set| self.shows(plan, set)) {
            Ok(()) => Ok((set, true)),
            Err(Ended::Runs) => Ok((set, false)),
            Err(failed) => Err(failed),
        }
    }

    /// A lock that keeps `calls` apart, and whether the whole plan then shows
    /// no difference any more.
    fn remedy(&mut self, plan: &Plan, calls: &[CallId]) -> Result<Option<(Remedy, bool)>, Ended> {
        let mut partial = None;
        for remedy in remedies(plan, calls) {
            let mended = remedy.applied(plan);
            if !self.differs(&mended, RunPurpose::Trying)? {
                return Ok(Some((remedy, true)));
            }
            if partial.is_none() {
                let part = Subset::of(&mended, calls);
                if !self.part_differs(&part, RunPurpose::Trying)? {
                    partial = Some((remedy, false));
                }
            }
        }
        Ok(partial)
    }

    /// Whether some calls with what they need show a difference.
    fn shows(&mut self, plan: &Plan, calls: &[CallId]) -> Result<bool, Ended> {
        let closure = with_ancestors(plan, calls);
        if abreast(plan, &closure).is_empty() {
            // One after another anyway: nothing can be different.
            return Ok(false);
        }
        self.part_differs(&Subset::of(plan, calls), RunPurpose::Reducing)
    }

    /// Whether a part of the plan shows a difference. Its calls have numbers of
    /// their own.
    fn part_differs(&mut self, part: &Subset, step: RunPurpose) -> Result<bool, Ended> {
        let own = self.known.of_part(part);
        let whole = std::mem::replace(&mut self.known, own);
        let differs = self.differs(&part.plan, step);
        self.known = whole;
        differs
    }

    /// Whether any of some runs at the cap differs from those at the lowest
    /// cap. A call that is not known to differ only above it gets as many runs
    /// there: it may be flaky.
    fn differs(&mut self, plan: &Plan, step: RunPurpose) -> Result<bool, Ended> {
        let mut results = Results::default();
        self.run(plan, self.lowest, step, &mut results)?;
        for _ in 0..self.tries {
            self.run(plan, self.cap, step, &mut results)?;
            while let Some(is_blamed) = self.difference(plan, &results) {
                if is_blamed || results.runs(self.lowest) > self.tries {
                    return Ok(true);
                }
                self.run(plan, self.lowest, step, &mut results)?;
            }
        }
        Ok(false)
    }

    /// Whether results differ, and then whether in a call that is known to
    /// differ only above the lowest cap.
    fn difference(&self, plan: &Plan, results: &Results) -> Option<bool> {
        let hazards = results.hazards(plan, self.lowest).into_iter();
        let calls = hazards.map(|hazard| hazard.call);
        let telling = calls.filter(|call| !self.known.unstable.contains(call));
        telling.map(|call| self.known.blamed.contains(&call)).max()
    }

    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        step: RunPurpose,
        results: &mut Results,
    ) -> Result<(), Ended> {
        if self.runs >= MOST_RUNS {
            return Err(Ended::Runs);
        }
        self.runs += 1;
        let trial = self.driver.run(plan, self.pace.progress(step, cap, None))?;
        self.pace.add(cap, trial.wall);
        results.add(&trial);
        Ok(())
    }
}
