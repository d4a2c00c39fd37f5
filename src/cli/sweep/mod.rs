//! `fanout sweep`: which cap is worth using for a plan on this machine.

mod print;

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::caps::Caps;
use super::exit::{self, Exit};
use super::experiment::{Conditions, Exports, LiveBench};
use super::kept_sweep::{KeptSweep, SweepName};
use super::options::CatalogueOptions;
use super::{run, session};
use crate::lab::Halt;
use crate::lab::sweep::{Request, Run, Sweep as Swept};
use crate::model::{Plan, plural};
use crate::tui::svg;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout sweep plan.toml
  fanout sweep plan.toml --caps 1,2,4,8 --blocks 7
  fanout sweep plan.toml --resume

Every cap runs once a block, each block in another order, after a warm-up that
is not counted. The smallest cap that is as good as the best (within 5 %, in at
least half of 2000 resamples of the blocks) is recommended. Ctrl-C tells what
is known so far; --resume goes on from there.")]
pub(super) struct Sweep {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    /// Caps to run, such as 1,2,8 or 1..16 [default: about 1.4 times as many
    /// each time, until two are worse]
    #[arg(long, value_name = "LIST")]
    caps: Option<Caps>,
    /// Blocks at least; up to 10 are run where these are inconclusive
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    blocks: u16,
    /// Go on with a sweep of the same plan that was stopped
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    exports: Exports,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(super) fn run(self) -> Exit {
        let session = match run::prepare(&self.plan, &self.catalogue) {
            Ok(session) => session,
            Err(exit) => return exit,
        };
        let plan = session.plan.clone();
        let mut bench = match LiveBench::on_terminal(session, self.conditions) {
            Ok(bench) => bench,
            Err(error) => return exit::cannot_run(&error),
        };
        let request = self.request(&plan);
        let name = bench.name_of_sweep(&plan, &request);
        let mut swept = Swept::new(request, self.earlier_runs(&name));
        let kept = KeptSweep::begin(&name, &swept.runs);
        let mut kept = kept.unwrap_or_else(|error| {
            cannot_go_on(&error);
            KeptSweep::nowhere()
        });
        swept.conduct(&plan, &mut bench, &mut |run| {
            kept.add(run).unwrap_or_else(|error| cannot_go_on(&error));
        });
        bench.finish();
        let may_go_on = swept.halt.is_some() && !swept.runs.is_empty() && kept.is_there();
        if swept.halt.is_none() {
            kept.forget();
        }
        let findings = swept.findings();
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&findings.document(&plan), out)
        } else {
            print::print(&plan, &findings, out)
        };
        let verdict = match &swept.halt {
            Some(halt @ (Halt::Impossible(_) | Halt::Failed(_))) => exit::halted(halt),
            _ => bench.interrupted.unwrap_or(Exit::Success),
        };
        if may_go_on {
            let stopped = match &swept.halt {
                Some(Halt::Stopped) => "stopped; ",
                _ => "",
            };
            exit::complain(&format!(
                "{stopped}the same command with --resume goes on from here"
            ));
        }
        let exported = self
            .exports
            .write(|| findings.csv(), || svg::sweep_chart(&plan, &findings));
        let written = exit::first_failure(exit::written(written), exported);
        exit::first_failure(written, verdict)
    }

    /// The runs to go on from; none unless that is wanted.
    fn earlier_runs(&self, name: &SweepName) -> Vec<Run> {
        let runs = KeptSweep::unfinished(name);
        match (self.resume, runs.len()) {
            (true, 0) => exit::complain(
                "there is no unfinished sweep of this plan with these options; a new one begins",
            ),
            (false, 1..) => {
                let dropped = plural(runs.len(), "run");
                exit::complain(&format!(
                    "{dropped} of an unfinished sweep are given up; --resume goes on with them"
                ));
                return Vec::new();
            }
            _ => {}
        }
        runs
    }

    fn request(&self, plan: &Plan) -> Request {
        let seed = self.conditions.seed;
        let mut request = Request::usual(plan, session::usable_cores(), seed);
        request.blocks = usize::from(self.blocks);
        if let Some(caps) = &self.caps {
            request.caps.clone_from(&caps.0);
            request.caps.sort_unstable();
            request.may_end_early = false;
        }
        request
    }
}

fn cannot_go_on(error: &io::Error) {
    exit::complain(&format!("this sweep cannot be gone on with: {error}"));
}
