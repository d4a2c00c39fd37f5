//! The bench that experiments run plans on: real runs, one after another,
//! each in a folder of its own, without anything kept between them.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::exit::{self, Exit};
use super::ground::{self, Ground};
use super::headless::{Signals, follow};
use super::kept_sweep::SweepName;
use super::options::{OrderChoice, PolicyOptions, parse_scale};
use super::session::{self, Session, SessionError};
use crate::catalogue::Catalogue;
use crate::engine::{self, Engine, Lifetime, Setup};
use crate::lab::{Bench, Halt, Progress, Step, Trial, sweep};
use crate::model::{CallId, Cap, Plan, Policy, Snapshot};
use crate::probe;
use crate::sched::ToolLimits;

/// Runs plans for experiments. Every run has a ground of its own, its servers
/// included: nothing that one run leaves is there in the next.
pub(super) struct LiveBench<O> {
    runtime: Runtime,
    catalogue: Arc<Catalogue>,
    conditions: Conditions,
    limits: Vec<ToolLimits>,
    pub(super) overseer: O,
    /// What it was stopped by, as the exit code of that.
    pub(super) interrupted: Option<Exit>,
}

/// Who looks on, and may stop it.
pub(super) trait Overseer {
    /// Starts a run and waits for its end, and stops it where that is wanted:
    /// its last snapshot, and what it was stopped by.
    async fn follow(
        &mut self,
        start: impl FnOnce() -> Engine,
    ) -> Result<(Arc<Snapshot>, Option<Exit>), SessionError>;

    /// Hears how far the experiment is.
    fn show(&mut self, progress: &Progress);

    /// Hears of something that is no reason to stop.
    fn complain(&mut self, text: &str);
}

/// What is the same for every run.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Conditions {
    /// In which order ready calls of equal priority start
    #[arg(long, value_name = "ORDER", default_value = "critical-path")]
    order: OrderChoice,
    /// Seed of the order of the caps in each block
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Factor on waits that a plan records or asks for, such as 0.01
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_scale)]
    time_scale: f64,
}

/// Files that findings are written to besides.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Exports {
    /// Write a line for each cap to this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw a chart into this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Exports {
    /// Writes the files that were asked for; complains of what fails.
    pub(super) fn write(&self, csv: impl FnOnce() -> String, svg: impl FnOnce() -> String) -> Exit {
        let csv = self.csv.as_ref().map(|path| (path, csv()));
        let svg = self.svg.as_ref().map(|path| (path, svg()));
        for (path, text) in csv.into_iter().chain(svg) {
            if let Err(error) = std::fs::write(path, text) {
                let path = path.display();
                exit::complain(&format!("{path} cannot be written: {error}"));
                return Exit::CannotRun;
            }
        }
        Exit::Success
    }
}

impl Conditions {
    /// Those of a run that is shown on the dashboard.
    pub(super) fn of(policy: &PolicyOptions) -> Self {
        Self {
            order: policy.order,
            seed: policy.seed,
            time_scale: policy.time_scale,
        }
    }
}

impl LiveBench<Terminal> {
    /// A bench for the plan of a session, which ends with that.
    pub(super) fn on_terminal(
        session: Session,
        conditions: Conditions,
    ) -> Result<Self, SessionError> {
        session.ground.close_servers();
        let catalogue = Arc::clone(&session.catalogue);
        drop(session);
        Self::new(catalogue, conditions, Terminal::listen)
    }

    /// Leaves the line of the progress clean.
    pub(super) fn finish(&mut self) {
        self.overseer.clear();
    }
}

impl<O: Overseer> LiveBench<O> {
    /// A bench; the overseer is made inside of its runtime.
    pub(super) fn new(
        catalogue: Arc<Catalogue>,
        conditions: Conditions,
        overseer: impl FnOnce() -> Result<O, SessionError>,
    ) -> Result<Self, SessionError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SessionError::Runtime)?;
        let overseer = {
            let _inside = runtime.enter();
            overseer()?
        };
        Ok(Self {
            runtime,
            limits: catalogue.tools().filter_map(ToolLimits::of).collect(),
            catalogue,
            conditions,
            overseer,
            interrupted: None,
        })
    }

    /// What a sweep on it is known by.
    pub(super) fn name_of_sweep(&self, plan: &Plan, request: &sweep::Request) -> SweepName {
        SweepName::of(plan, request, &self.conditions, &self.catalogue)
    }

    /// A run with all that belongs to it; none if it was suspended: caches have
    /// cooled and others have moved on, so its figures are of no use.
    fn conduct(&mut self, plan: &Plan, cap: Cap) -> Result<Option<Trial>, String> {
        let others = Others::begin();
        let trial = self.conduct_alone(plan, cap);
        // By now all that belonged to it has ended, the servers of its tools too.
        let foreign_cores = others.and_then(|others| others.cores());
        trial.map(|trial| {
            trial.map(|trial| Trial {
                foreign_cores,
                ..trial
            })
        })
    }

    fn conduct_alone(&mut self, plan: &Plan, cap: Cap) -> Result<Option<Trial>, String> {
        let overseer = &mut self.overseer;
        let ground = Ground::prepare_telling(&self.catalogue, &mut |text| overseer.complain(text));
        let ground = ground.map_err(|error| exit::chain(&error))?;
        let servers = ground::servers_of(plan, &self.catalogue);
        let started = ground.runtime.block_on(ground.servers.start(&servers));
        let failed = started.into_iter().find_map(Result::err);
        let trial = match failed {
            Some(error) => Err(error.to_string()),
            None => self
                .conduct_on(&ground, plan, cap)
                .map_err(|error| exit::chain(&error)),
        };
        let overseer = &mut self.overseer;
        ground.close_servers_telling(&mut |text| overseer.complain(text));
        trial
    }

    fn conduct_on(
        &mut self,
        ground: &Ground,
        plan: &Plan,
        cap: Cap,
    ) -> Result<Option<Trial>, SessionError> {
        let conditions = self.conditions;
        let policy = Policy {
            cap,
            on_failure: plan.on_failure.unwrap_or_default(),
            order: conditions.order.into(),
            ..Policy::default()
        };
        let setup = Setup {
            run: ground.folder.run.clone(),
            plan: plan.clone(),
            policy,
            seed: conditions.seed,
            time_scale: conditions.time_scale,
            lifetime: Lifetime::UntilEnded,
            catalogue: Arc::clone(&self.catalogue),
            cores: session::usable_cores(),
            spawner: ground.attempts(),
            store: ground.store.clone(),
            probe: probe::start(session::sample_period()).map_err(SessionError::Probe)?,
            learned: Vec::new(),
            surroundings: ground.surroundings.clone(),
            recorder: None,
            tape: None,
        };
        let start = || {
            let _inside = ground.runtime.enter();
            engine::start(setup)
        };
        let followed = self.overseer.follow(start);
        let (last, interruption) = self.runtime.block_on(followed)?;
        self.interrupted = interruption;
        if !last.suspended_for.is_zero() {
            return Ok(None);
        }
        let output = |id: CallId| -> Option<Value> {
            let tool = last.row(id).and_then(|row| self.catalogue.get(&row.tool));
            let kind = tool.map(|tool| tool.output).unwrap_or_default();
            let (value, _) = engine::output_value(&ground.store, kind, id);
            value.map(Arc::unwrap_or_clone)
        };
        let trial = Trial::of(plan, &last, &self.limits, conditions.time_scale, &output);
        Ok(Some(trial))
    }
}

impl<O: Overseer> Bench for LiveBench<O> {
    fn run(&mut self, plan: &Plan, cap: Cap) -> Result<Trial, Halt> {
        loop {
            let trial = self.conduct(plan, cap);
            if self.interrupted.is_some() {
                return Err(Halt::Stopped);
            }
            if let Some(trial) = trial.map_err(Halt::Impossible)? {
                return Ok(trial);
            }
            let overseer = &mut self.overseer;
            overseer.complain("a run that was suspended does not count; it is done again");
        }
    }

    fn tell(&mut self, progress: &Progress) {
        self.overseer.show(progress);
    }
}

/// What others use of the machine while a run is on.
struct Others {
    begun: Instant,
    machine: Duration,
    own: Duration,
}

impl Others {
    fn begin() -> Option<Self> {
        Some(Self {
            machine: probe::machine_cpu_time()?,
            own: probe::own_cpu_time()?,
            begun: Instant::now(),
        })
    }

    /// Cores in use on average by neither this process nor those under it, all
    /// of which have ended.
    fn cores(&self) -> Option<f64> {
        let machine = probe::machine_cpu_time()?.saturating_sub(self.machine);
        let own = probe::own_cpu_time()?.saturating_sub(self.own);
        let others = machine.saturating_sub(own);
        let time = self.begun.elapsed().as_secs_f64();
        (time > 0.0).then(|| others.as_secs_f64() / time)
    }
}

/// Signals, and one line of progress on standard error, on a terminal only.
pub(super) struct Terminal {
    signals: Signals,
    is_seen: bool,
    is_shown: bool,
}

impl Terminal {
    fn listen() -> Result<Self, SessionError> {
        Ok(Self {
            signals: Signals::listen()?,
            is_seen: io::stderr().is_terminal(),
            is_shown: false,
        })
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Overseer for Terminal {
    async fn follow(
        &mut self,
        start: impl FnOnce() -> Engine,
    ) -> Result<(Arc<Snapshot>, Option<Exit>), SessionError> {
        follow(start(), &mut self.signals, None).await
    }

    fn show(&mut self, progress: &Progress) {
        if self.is_seen {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", line(progress));
            self.is_shown = true;
        }
    }

    fn complain(&mut self, text: &str) {
        self.clear();
        exit::complain(text);
    }
}

/// How far an experiment is, in one line.
fn line(progress: &Progress) -> String {
    let step = match progress.step {
        Step::WarmUp => "warm-up".to_owned(),
        Step::Block { number, of } => format!("block {number}/{of}"),
        Step::Confirming => "confirming".to_owned(),
        Step::Reducing => "looking for the smallest set of calls".to_owned(),
        Step::Trying => "trying a lock".to_owned(),
    };
    let (number, cap) = (progress.done + 1, progress.cap);
    match progress.left {
        Some(left) => format!(
            "{step}, run {number}/{} at cap {cap}, ~{:.0} s left; Ctrl-C tells what is known",
            progress.of,
            left.as_secs_f64()
        ),
        None => format!("{step}, run {number} at cap {cap}"),
    }
}
