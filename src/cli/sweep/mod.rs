//! `fanout sweep`: which cap is worth using for a plan on this machine.

mod print;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::caps::Caps;
use super::exit::{self, Exit};
use super::experiment::{ConditionOptions, Exports, ProgressLine};
use super::options::{AnswerOptions, CatalogueOptions};
use super::recalled::Recalled;
use super::{completions, outputs};
use crate::app::{self, LiveRunner, SavedSweep, Signals, SweepName};
use crate::catalogue::Catalogue;
use crate::lab::sweep::{SweepFindings, SweepRequest, SweepRun};
use crate::lab::{
    self, ExperimentError, ExperimentFindings, ExperimentProgress, ExperimentRequest,
    MachineLimits, Observer, SimulationInput,
};
use crate::model::{Plan, Policy, plural};
use crate::tui::svg;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout sweep plan.toml
  fanout sweep plan.toml --caps 1,2,4,8 --blocks 7
  fanout sweep plan.toml --resume

Caps run once a block, each block in another order, after a warm-up that is not
counted: doubling ones first, then those between where the curve turns. A cap that
cannot be worth using is run no more. It ends once one cap is the smallest within
5 % of the best with a probability of 95 %, or after 10 blocks; below 90 % it is
inconclusive, and what may be it is named. Ctrl-C prints what is known so far;
--resume continues it.")]
pub(super) struct Sweep {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN", add = completions::plans())]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    answers: AnswerOptions,
    /// Caps to run, such as 1,2,8 or 1..16 [default: doubling ones until two are
    /// worse, and those between where the curve turns]
    #[arg(long, value_name = "LIST")]
    caps: Option<Caps>,
    /// Runs at least of each cap in the running; up to 10 where they do not tell
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    blocks: u16,
    /// Continue a sweep of the same plan that was stopped
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    conditions: ConditionOptions,
    #[command(flatten)]
    exports: Exports,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(super) fn run(self) -> Exit {
        let read = self.catalogue.and_plan(&self.plan);
        if let Err(clash) = outputs::clash(read, &self.exports.files()) {
            return exit::usage_text(&clash.to_string());
        }
        let opened = self.answers.read().and_then(|answers| {
            app::open_session(&self.plan, self.catalogue.files(), &answers, exit::warn)
        });
        let session = match opened {
            Ok(session) => session,
            Err(error) => return exit::not_opened(error),
        };
        let plan = Arc::new(session.plan.clone());
        let conditions = self.conditions.conditions();
        let mut runner = match LiveRunner::of_session(session, conditions, Signals::listen) {
            Ok(runner) => runner,
            Err(error) => return exit::cannot_run(&error),
        };
        let request = self.request(&plan);
        let name = SweepName::of(&plan, &request, &conditions, runner.catalogue());
        let runs = self.earlier_runs(&name);
        exit::complain(&forecast(
            &plan,
            runner.catalogue(),
            &request,
            conditions.time_scale,
        ));
        let mut observer = SweepObserver::begin(&name, &runs);
        let request = ExperimentRequest::Sweep(request, runs);
        let experiment = lab::conduct(&plan, request, &mut runner, &mut observer);
        observer.progress.clear();
        let ExperimentFindings::Sweep(findings) = &experiment.findings else {
            return Exit::CannotRun;
        };
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&findings.document(&plan), out)
        } else {
            print::print(&plan, findings, out)
        };
        let verdict = match (&findings.error, runner.take_interruption()) {
            (Some(error), _) if *error != ExperimentError::Stopped => {
                exit::experiment_failed(error)
            }
            (_, interruption) => interruption.map_or(Exit::Success, Exit::from),
        };
        observer.end(findings);
        let exported = self
            .exports
            .write(|| findings.csv(), || svg::sweep_chart(&plan, findings));
        let written = exit::first_failure(exit::written(written), exported);
        exit::first_failure(written, verdict)
    }

    /// Returns the runs to continue from; none unless that is wanted.
    fn earlier_runs(&self, name: &SweepName) -> Vec<SweepRun> {
        let runs = SavedSweep::unfinished(name);
        match (self.resume, runs.len()) {
            (true, 0) => exit::complain(
                "there is no unfinished sweep of this plan with these options; a new one begins",
            ),
            (false, 1..) => {
                let dropped = plural(runs.len(), "run");
                exit::complain(&format!(
                    "{dropped} of an unfinished sweep are dropped; --resume continues it"
                ));
                return Vec::new();
            }
            _ => {}
        }
        runs
    }

    fn request(&self, plan: &Plan) -> SweepRequest {
        let seed = self.conditions.seed;
        let mut request = SweepRequest::usual(plan, app::usable_cores(), seed);
        request.blocks = usize::from(self.blocks);
        if let Some(caps) = &self.caps {
            request.caps.clone_from(&caps.0);
            request.caps.sort_unstable();
            request.may_end_early = false;
        }
        request
    }
}

/// Returns about how many runs a sweep has, and about how long they take by the
/// plan's estimates and earlier runs.
fn forecast(plan: &Plan, catalogue: &Catalogue, request: &SweepRequest, time_scale: f64) -> String {
    let runs = plural(request.usual_runs(), "run");
    let mut plan = plan.clone();
    Recalled::recall(&mut plan, time_scale, true);
    let policy = Policy::default();
    let machine = MachineLimits {
        cores: Some(f64::from(request.cores)),
        memory_bytes: None,
    };
    let input = SimulationInput::of(&plan, catalogue.tools(), machine, policy, time_scale);
    if input.assumed > 0 {
        return format!("about {runs}; how long each takes is not known before the first");
    }
    let caps = request.usual_runs_at();
    let times = caps
        .iter()
        .map(|cap| lab::simulate(&input.with_cap(*cap)).makespan);
    let seconds = times.sum::<Duration>().as_secs_f64();
    let time = if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    };
    format!("about {runs}, ~{time}; twice as many or more where the times scatter")
}

/// Shows the progress of a sweep, and saves its runs.
struct SweepObserver {
    progress: ProgressLine,
    saved: SavedSweep,
}

impl SweepObserver {
    fn begin(name: &SweepName, runs: &[SweepRun]) -> Self {
        let saved = SavedSweep::begin(name, runs);
        Self {
            progress: ProgressLine::new(),
            saved: saved.unwrap_or_else(|error| {
                exit::complain(&cannot_resume(&error));
                SavedSweep::none()
            }),
        }
    }

    /// Removes the saved runs of a sweep that is complete, and says of another
    /// how to resume it.
    fn end(self, findings: &SweepFindings) {
        let Some(error) = &findings.error else {
            self.saved.remove();
            return;
        };
        if !findings.runs.is_empty() && self.saved.is_there() {
            let stopped = match error {
                ExperimentError::Stopped => "stopped; ",
                ExperimentError::RunFailed { .. } | ExperimentError::CallFailed { .. } => "",
            };
            exit::complain(&format!(
                "{stopped}the same command with --resume continues it"
            ));
        }
    }
}

impl Observer for SweepObserver {
    fn run_starting(&mut self, progress: &ExperimentProgress) {
        self.progress.run_starting(progress);
    }

    fn run_counted(&mut self, run: &SweepRun) {
        if let Err(error) = self.saved.add(run) {
            self.warned(&cannot_resume(&error));
        }
    }

    fn warned(&mut self, text: &str) {
        self.progress.warned(text);
    }
}

fn cannot_resume(error: &io::Error) -> String {
    format!("this sweep cannot be resumed: {error}")
}
