//! An experiment as whoever watches it sees it: what was asked for, how far it
//! is, and what is known so far.

use std::sync::Arc;

use super::compare::{self, compare};
use super::sweep::{self, Sweep};
use super::{Bench, Found, Halt, Progress, Trial};
use crate::model::{Cap, Plan};

/// What is asked of the lab.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The plan at several caps.
    Compare(compare::Request),
    /// Which cap is worth using, going on from the runs of a sweep that was
    /// stopped; without any it begins anew.
    Sweep(sweep::Request, Vec<sweep::Run>),
}

impl Asked {
    /// Its caps, the lowest first.
    pub fn caps(&self) -> &[Cap] {
        match self {
            Self::Compare(request) => &request.caps,
            Self::Sweep(request, _) => &request.caps,
        }
    }

    /// Runs, the warm-up included: of a comparison at least, of a sweep about.
    pub fn runs(&self) -> usize {
        match self {
            Self::Compare(request) => request.least_runs(),
            Self::Sweep(request, runs) => request.usual_runs().saturating_sub(runs.len()).max(1),
        }
    }
}

/// An experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Whose calls are run.
    pub plan: Arc<Plan>,
    /// How far it is.
    pub stage: Stage,
    /// What is known so far.
    pub finding: Finding,
}

/// How far an experiment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is under way: the next run, once that is known.
    UnderWay(Option<Progress>),
    /// Nothing runs any more. Its findings tell if it ended before its time.
    Over,
}

/// What an experiment knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Of the plan at several caps.
    Comparison(compare::Findings),
    /// Of which cap is worth using.
    Sweep(sweep::Findings),
}

impl Finding {
    /// Why it ended before its time.
    pub fn halt(&self) -> Option<&Halt> {
        match self {
            Self::Comparison(findings) => findings.halt.as_ref(),
            Self::Sweep(findings) => findings.halt.as_ref(),
        }
    }

    /// Whole blocks, and how many are wanted at least.
    pub fn blocks(&self) -> (usize, usize) {
        match self {
            Self::Comparison(findings) => (findings.blocks, findings.request.blocks),
            Self::Sweep(findings) => (findings.blocks, findings.request.blocks),
        }
    }
}

impl Experiment {
    /// One that is about to begin.
    pub fn new(plan: Arc<Plan>, asked: Asked) -> Self {
        Self {
            plan,
            stage: Stage::UnderWay(None),
            finding: match asked {
                Asked::Compare(request) => Finding::Comparison(compare::Findings::none(request)),
                Asked::Sweep(request, runs) => Finding::Sweep(sweep::Findings::of(request, runs)),
            },
        }
    }

    /// A sweep that was stopped after these runs, to be gone on with.
    pub fn stopped(plan: Arc<Plan>, request: sweep::Request, runs: Vec<sweep::Run>) -> Self {
        let mut findings = sweep::Findings::of(request, runs);
        findings.halt = Some(Halt::Stopped);
        Self {
            plan,
            stage: Stage::Over,
            finding: Finding::Sweep(findings),
        }
    }

    /// The sweep of the same plan that it is, where it ended before its time.
    pub fn unfinished_sweep(&self, plan: &Plan) -> Option<&sweep::Findings> {
        match &self.finding {
            Finding::Sweep(it) if it.halt.is_some() && !it.runs.is_empty() => {
                (self.plan.calls == plan.calls).then_some(it)
            }
            _ => None,
        }
    }

    /// Whether its runs are under way.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::UnderWay(_))
    }
}

/// Does an experiment. `hear` gets it again whenever it is further, and `keep`
/// every run of a sweep.
pub fn conduct(
    plan: &Arc<Plan>,
    asked: Asked,
    bench: &mut dyn Bench,
    hear: &mut dyn FnMut(&Experiment),
    keep: &mut dyn FnMut(&sweep::Run),
) {
    let mut watched = Watched {
        bench,
        experiment: Experiment::new(Arc::clone(plan), asked.clone()),
        hear,
    };
    (watched.hear)(&watched.experiment);
    let finding = match asked {
        Asked::Compare(request) => {
            let comparison = compare(plan, request, &mut watched);
            Finding::Comparison(comparison.findings(plan))
        }
        Asked::Sweep(request, runs) => {
            let mut sweep = Sweep::new(request, runs);
            sweep.conduct(plan, &mut watched, keep);
            Finding::Sweep(sweep.findings())
        }
    };
    watched.experiment.finding = finding;
    watched.experiment.stage = Stage::Over;
    (watched.hear)(&watched.experiment);
}

/// A bench that passes on whatever it hears.
struct Watched<'a> {
    bench: &'a mut dyn Bench,
    experiment: Experiment,
    hear: &'a mut dyn FnMut(&Experiment),
}

impl Bench for Watched<'_> {
    fn run(&mut self, plan: &Plan, cap: Cap) -> Result<Trial, Halt> {
        self.bench.run(plan, cap)
    }

    fn tell(&mut self, progress: &Progress) {
        self.experiment.stage = Stage::UnderWay(Some(progress.clone()));
        (self.hear)(&self.experiment);
    }

    fn found(&mut self, found: Found<'_>) {
        match (found, &mut self.experiment.finding) {
            (Found::Comparison(comparison), finding) => {
                *finding = Finding::Comparison(comparison.findings(&self.experiment.plan));
            }
            (Found::Sweep(sweep), Finding::Sweep(findings)) => findings.renew(sweep),
            (Found::Sweep(sweep), finding) => *finding = Finding::Sweep(sweep.findings()),
        }
        (self.hear)(&self.experiment);
    }
}
